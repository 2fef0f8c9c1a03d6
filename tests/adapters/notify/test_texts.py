"""What people read on a phone, in a mail, in a list."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinery.adapters.notify.dispatcher import digest
from pinery.adapters.notify.texts import HEADLINES, Texts, money, price
from pinery.trading.events import EVENTS, Event

AT = 1795414970123  # 2026-11-23 06:22:50.123 UTC


def test_a_signal_reads_as_one_glance() -> None:
    data = {"word": "OUT", "symbol": "CME_MINI:ES1!", "timeframe": "1M", "price": "5123.5", "tick": "0.25"}
    text = Texts().render(Event("signal.received", AT, "demo: OUT ES1! → sell 1", "demo", "paper", "s1", data))
    assert text.short == "OUT ES1! 1M at 5,123.50 · demo"
    assert text.subject == "Signal: OUT ES1! 1M at 5,123.50 (demo)"
    assert "demo: OUT ES1! → sell 1" in text.long and "5,123.50" in text.long and "s1" in text.long


def test_a_closed_position_says_what_it_brought() -> None:
    data = {"symbol": "CME_MINI:ESZ2026", "profit": "350", "currency": "USD", "role": "target"}
    event = Event("position.closed", AT, "demo: ESZ2026 closed by target, +350 USD", "demo", "paper", data=data)
    assert Texts().render(event).short == "ESZ2026 closed +350.00 USD by target · demo"


def test_real_money_is_named_wherever_it_is_told_of() -> None:
    data = {"symbol": "X:Y", "side": "buy", "quantity": "1", "role": "entry", "code": "BROKER_REJECTED"}
    text = Texts().render(Event("order.rejected", AT, "demo: refused", "demo", data=data).with_real_money())
    assert text.short.startswith("CRITICAL: LIVE REJECTED: buy 1 Y (entry)")
    assert text.subject.startswith("CRITICAL: Order rejected: LIVE REJECTED: ")
    assert "LIVE demo: refused" in text.long and "LIVE demo: refused" in text.html
    other = Texts().render(Event("state.changed", AT, "account:x is halted").with_real_money())
    assert other.short == "LIVE account:x is halted"


def test_what_somebody_should_look_at_now_says_so_first() -> None:
    data = {"symbol": "X:Y", "side": "buy", "quantity": "1", "role": "entry", "code": "BROKER_REJECTED"}
    text = Texts().render(Event("order.rejected", AT, "refused", "demo", data=data))
    assert text.short.startswith("CRITICAL: REJECTED: buy 1 Y (entry) BROKER_REJECTED")
    assert text.subject.startswith("CRITICAL: Order rejected: ")


def test_times_are_told_in_the_zone_asked_for() -> None:
    assert Texts().time(AT) == "2026-11-23 06:22:50 UTC"
    assert Texts("America/Chicago").time(AT) == "2026-11-23 00:22:50 CST"
    assert "2026-11-23 07:22:50 CET" in Texts("Europe/Berlin").render(Event("test", AT, "hello")).long


@pytest.mark.parametrize(
    ("value", "tick", "shown"),
    [("5123.5", "0.25", "5,123.50"), ("1.1", "0.00005", "1.10000"), ("104", "1", "104"), ("0.5", None, "0.5")],
)
def test_prices_have_the_decimals_of_the_tick(value: str, tick: str | None, shown: str) -> None:
    assert price(Decimal(value), Decimal(tick) if tick else None) == shown


def test_money_has_its_sign_and_currency() -> None:
    assert money(Decimal("350"), "USD", signed=True) == "+350.00 USD"
    assert money(Decimal("-1250.5"), "USD", signed=True) == "-1,250.50 USD"
    assert money(Decimal("2"), "") == "2.00"


def test_an_event_without_its_facts_says_its_sentence() -> None:
    for kind in EVENTS:
        assert "what happened" in Texts().render(Event(kind, AT, "what happened")).short, kind


def test_every_headline_belongs_to_an_event() -> None:
    assert HEADLINES.keys() <= EVENTS.keys()


def test_what_strangers_wrote_cannot_break_out_of_a_mail() -> None:
    text = Texts().render(Event("signal.unparsed", AT, "<script>\r\nBcc: x@y", "demo", data={"reason": "a\r\nb<b>"}))
    assert "<script>" not in text.html and "<b>" not in text.html
    assert "\n" not in text.subject + text.short and "\r" not in text.subject + text.short


def test_a_digest_counts_and_lists() -> None:
    events = [Event("order.filled", AT + n, f"fill {n}", "demo") for n in range(150)]
    events += [Event("signal.denied", AT, "denied", "demo")]
    event = digest(events, AT)
    text = Texts().render(event)
    assert event.deployment == "demo"
    assert text.short == "151 notifications: 150 × Order filled, 1 × Signal denied"
    assert "fill 99\n" in text.long and "fill 100\n" not in text.long and "51 more" in text.long


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.lists(st.text(max_size=3))


@given(
    st.sampled_from(sorted(EVENTS)),
    st.text(max_size=200),
    st.dictionaries(st.sampled_from(["symbol", "price", "tick", "profit", "quantity", "currency", "reason"]), VALUES),
)
def test_whatever_an_event_holds_it_can_be_read(kind: str, text: str, data: dict[str, object]) -> None:
    rendered = Texts().render(Event(kind, AT, text, data=data))
    assert len(rendered.short) <= 160
    assert "\n" not in rendered.subject
    (rendered.subject + rendered.short + rendered.long + rendered.html).encode()
