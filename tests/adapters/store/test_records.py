from __future__ import annotations

import json
from decimal import Decimal
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinery.adapters.store.records import dumps, from_json, to_json
from pinery.trading.broker import Balance, Quote
from pinery.trading.events import EVENTS, Event
from pinery.trading.orders.model import Fill, Order, OrderChange
from pinery.trading.positions.model import Lot, Position, Trade
from pinery.trading.signals import Signal
from pinery.trading.store import Command, Message

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a field of type ``hint``."""
    if hint is Decimal:
        return DECIMALS
    if get_origin(hint) is UnionType:
        return st.one_of(*(st.none() if part is type(None) else values(part) for part in get_args(hint)))
    if get_origin(hint) is tuple:
        return st.lists(values(get_args(hint)[0]), max_size=3).map(tuple)
    if get_origin(hint) is not None:  # a mapping
        return st.dictionaries(st.text(), st.text() if get_args(hint)[1] is str else JSON, max_size=3)
    if isinstance(hint, type) and hasattr(hint, "__dataclass_fields__"):
        return records(hint)
    return st.text() if hint is str else st.from_type(hint)


def records(kind: type) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    fields = {name: values(hints[name]) for name in kind.__dataclass_fields__}
    if kind is Event:
        fields["kind"] = st.sampled_from(sorted(EVENTS))
    return st.builds(kind, **fields)


@pytest.mark.parametrize(
    "kind", [Signal, Event, Lot, Position, Trade, Order, OrderChange, Fill, Quote, Balance, Message, Command]
)
def test_records_come_back_from_json_as_they_were(kind: type) -> None:
    @settings(max_examples=50)
    @given(records(kind))
    def comes_back(record: Any) -> None:
        assert from_json(kind, json.loads(dumps(to_json(record)))) == record

    comes_back()


def test_decimals_keep_their_digits() -> None:
    event = Event("test", 1, "x", data={"price": Decimal("4100.250"), "codes": {"b": (1, Decimal("1E+3"))}})
    assert json.loads(dumps(event.data)) == {"price": "4100.250", "codes": {"b": [1, "1E+3"]}}


def test_fields_of_another_version_are_passed_over() -> None:
    assert from_json(Event, {"kind": "test", "at": 1, "text": "x", "mood": "good"}) == Event("test", 1, "x")


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes"):
        dumps({"a": b"x"})
