"""Order-fill alerts and their placeholders (TradingView's help, "Strategy alerts")."""

from __future__ import annotations

from collections.abc import Mapping

from pinery.emulator.state import Fill, Terms
from pinery.emulator.units import units_of
from pinery.runtime.context import Runtime
from pinery.runtime.outputs import AlertEvent
from pinery.runtime.placeholders import number_text, render


def order_alert(fill: Fill, template: str, texts: list[str], terms: Terms, rt: Runtime) -> AlertEvent:
    """The alert of one fill: the template rendered, else the order's ``alert_message`` as it is, else
    TradingView's standard text."""
    message = texts[fill.alert]
    if template:
        message = render(template, rt, rt.outputs, placeholders(fill, texts, terms))
    elif not message:
        action = "buy" if fill.direction > 0 else "sell"
        size, position = number_text(units_of(fill.qty, terms)), number_text(units_of(fill.after, terms))
        message = f"order {action} @ {size} filled on {rt.instrument.ticker}. New strategy position is {position}"
    title = texts[fill.comment] or texts[fill.id]
    return AlertEvent(fill.bar, fill.time, "order", title, message, "all", 0)


def show_bar(rt: Runtime, i: int) -> None:
    """Let placeholders read the bar of the fill, which the script has not been evaluated on yet."""
    columns = rt.columns
    rt.time, rt.time_close = columns.time[i], columns.time_close[i]
    rt.open, rt.high, rt.low, rt.close = columns.open[i], columns.high[i], columns.low[i], columns.close[i]
    rt.volume = columns.volume[i]


def placeholders(fill: Fill, texts: list[str], terms: Terms) -> Mapping[str, str]:
    def market(position: int) -> str:
        return "flat" if position == 0 else ("long" if position > 0 else "short")

    def units(steps: int) -> str:
        return number_text(units_of(steps, terms))

    return {
        "strategy.position_size": units(fill.after),
        "strategy.order.action": "buy" if fill.direction > 0 else "sell",
        "strategy.order.contracts": units(fill.qty),
        "strategy.order.price": number_text(fill.price),
        "strategy.order.id": texts[fill.id],
        "strategy.order.comment": texts[fill.comment] or texts[fill.id],
        "strategy.order.alert_message": texts[fill.alert],
        "strategy.market_position": market(fill.after),
        "strategy.market_position_size": units(abs(fill.after)),
        "strategy.prev_market_position": market(fill.before),
        "strategy.prev_market_position_size": units(abs(fill.before)),
    }
