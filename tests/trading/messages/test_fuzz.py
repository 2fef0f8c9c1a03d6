"""Whatever arrives: a signal or Unreadable, never anything else."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pinery.trading.messages import FORMATS, Unreadable, body_bytes, body_text, explain, read_message
from pinery.trading.messages.fields import FIELDS, PROTECTION, REFUSED
from pinery.trading.signals import Action
from tests.trading.messages.reading import deployment, message

NAMES = sorted({name for field in FIELDS.values() for name in field.names} | set(PROTECTION) | set(REFUSED))
PRESET_NAMES = [
    "bot_uuid",
    "bot_id",
    "email_token",
    "pair",
    "type",
    "value1",
    "sentiment",
    "takeProfit",
    "data",
    "token",
]
WORDS = ["buy", "sell", "IN", "OUT", "long", "short", "flat", "1", "-1", "0", "1%", "NaN", "limit", "{{x}}", "", "ES1!"]
EXAMPLES = [example for entry in FORMATS for example in entry.examples]

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(WORDS)
names = st.sampled_from(NAMES + PRESET_NAMES) | st.text(max_size=8)
objects = st.recursive(
    st.dictionaries(names, leaves, max_size=8),
    lambda inner: st.dictionaries(names, inner | leaves | st.lists(leaves, max_size=2), max_size=6),
    max_leaves=20,
)


def survives(body: str, **rules: Any) -> None:
    for preset in (None, *(["traderspost", "pickmytrade", "3commas", "3commas-dca", "freqtrade"] if not rules else [])):
        used = deployment(preset=preset, **rules) if preset else deployment(**rules)
        try:
            signal = read_message(message(body), used)
            explain(message(body), used)
        except Unreadable as refused:
            refused.reason.encode()
            assert refused.reason.isprintable()
            continue
        repr(signal).encode()
        assert signal.quantity is None or 0 < signal.quantity <= 10**12
        assert (signal.action is Action.TARGET) == (signal.target_side is not None)
        assert signal.target is None or signal.target_side == (signal.target > 0) - (signal.target < 0)


@settings(max_examples=150, deadline=None)
@given(objects)
def test_any_json(content: dict[str, Any]) -> None:
    survives(json.dumps(content))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    text = body_text(body)
    assert body_bytes(text) == body
    survives(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=100))
def test_any_text(body: str) -> None:
    survives(body)
    survives(body, template="{symbol} {action}:{comment}")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(EXAMPLES), st.integers(0, 400), st.integers(0, 3), st.text(max_size=3))
def test_messages_with_a_bit_of_them_damaged(example: str, place: int, cut: int, put: str) -> None:
    survives(example[:place] + put + example[place + cut :])
