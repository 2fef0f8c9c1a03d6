"""Formats of one's own, and the message to paste."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from pinery.trading.messages import check_template, template_for
from pinery.trading.signals import Action
from tests.trading.messages.reading import deployment, read, reason


def test_holes_take_what_stands_there() -> None:
    signal = read(
        "ALERT ES1! | IN | 2 @ 5932.25 (hello there)",
        template="ALERT {symbol} | {action} | {quantity} @ {price} ({comment})",
    )
    assert (signal.action, signal.symbol, signal.quantity) == (Action.ENTER_LONG, "ES1!", Decimal(2))
    assert (signal.price, signal.comment) == (Decimal("5932.25"), "hello there")


def test_the_text_pasted_into_tradingview_is_a_template_too() -> None:
    template = (
        "{{strategy.order.action}} {{ticker}} at {{strategy.order.price}} pos {{strategy.position_size}} {{plot_0}}"
    )
    signal = read("sell ES1! at 5932.25 pos -2 77", template=template)
    assert (signal.action, signal.symbol, signal.target) == (Action.TARGET, "ES1!", Decimal(-2))


def test_json_may_be_a_template() -> None:
    assert read('{"a": "buy", "b": "ES"}', template='{"a": "{action}", "b": "{symbol}"}').symbol == "ES"


@pytest.mark.parametrize("body", ["ES IN now", "now ES IN", "ES", "IN", "", '{"action":"buy"}'])
def test_anything_else_is_refused(body: str) -> None:
    assert "template" in reason(body, template="go {symbol} {action}!")


def test_values_are_checked_as_always() -> None:
    assert "Did you mean" in reason("ES bye", template="{symbol} {action}")
    assert "must be a number" in reason("buy much", template="{action} {quantity}")


@pytest.mark.parametrize(
    ("template", "finding"),
    [
        ("{symbol} {acton}", "no field {acton}"),
        ("{symbol} now", "needs {action}"),
        ("{symbol}{action}", "told apart"),
    ],
)
def test_bad_templates_are_found(template: str, finding: str) -> None:
    assert any(finding in said for said in check_template(template))
    assert "template cannot be used" in reason("x", template=template)


def test_a_good_template_has_no_findings() -> None:
    assert check_template("{action} {ignore} {symbol}") == []


def test_a_long_message_takes_no_long_time() -> None:
    assert "template" in reason("a " * 80_000, template="{action} {symbol} {comment} x {price} y {quantity} !")


#: What TradingView puts in.
FILLED = {
    "strategy.order.action": "sell", "strategy.order.contracts": "2", "strategy.order.price": "5932.25",
    "strategy.order.id": 'Short "B"', "strategy.market_position": "short", "strategy.market_position_size": "1",
    "strategy.prev_market_position": "long", "strategy.prev_market_position_size": "1", "exchange": "CME_MINI",
    "ticker": "ES1!", "interval": "5", "time": "2025-06-02T13:30:00Z", "timenow": "2025-06-02T13:35:00Z",
    "close": "5931.5",
}  # fmt: skip


def fill(template: str) -> str:
    for name, value in FILLED.items():
        template = template.replace("{{" + name + "}}", value)
    assert "{{" not in template
    return template


def test_the_message_to_paste_says_all_that_tells_alerts_apart() -> None:
    template = template_for(deployment(), strategy=True)
    json.loads(template)
    signal = read(fill(template))
    assert (signal.action, signal.target, signal.previous) == (Action.TARGET, Decimal(-1), Decimal(1))
    assert (signal.symbol, signal.order_id, signal.timeframe) == ("CME_MINI:ES1!", 'Short "B"', "5")
    assert signal.bar_time and signal.sent and signal.key.startswith("at:")


def test_the_message_of_an_indicator() -> None:
    signal = read(fill(template_for(deployment(), strategy=False)))
    assert (signal.action, signal.price) == (Action.ENTER_LONG, Decimal("5931.5"))


def test_a_template_of_ones_own_is_what_is_pasted() -> None:
    assert template_for(deployment(template="{{ticker}} IN"), strategy=True) == "{{ticker}} IN"
