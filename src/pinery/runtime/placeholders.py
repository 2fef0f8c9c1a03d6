"""``{{close}}`` and its like in the messages of alerts.

Source: TradingView's help page on variable values in alerts. Text in double braces that is no
placeholder known here (``{{strategy.order.id}}``) stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pinery.runtime.context import Runtime
    from pinery.runtime.outputs import Outputs

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_NUMBERED = re.compile(r"plot_(\d+)")
_TITLED = re.compile(r"plot\(\s*(?:\"([^\"]*)\"|'([^']*)')\s*\)")
_PRICES = frozenset({"open", "high", "low", "close", "volume"})


def render(message: str, rt: Runtime, outputs: Outputs, extra: Mapping[str, str] | None = None) -> str:
    """The message with the values of the bar at hand, and those of ``extra`` by placeholder."""
    if "{{" not in message:
        return message
    more = extra or {}
    return _PLACEHOLDER.sub(
        lambda match: more[match[1]] if match[1] in more else _value(match[1], rt, outputs, match[0]), message
    )


def number_text(value: float) -> str:
    """The shortest decimal text that reads back as the same number; na is ``NaN``."""
    if value != value:
        return "NaN"
    if abs(value) == float("inf"):
        return "Infinity" if value > 0 else "-Infinity"
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = repr(value)
    return f"{value:.20f}".rstrip("0") if "e-" in text else text


def time_text(time: int) -> str:
    """Unix ms as ISO 8601 in UTC, to the second; years that ISO 8601 has no room for stay a number."""
    try:
        moment = datetime.fromtimestamp(time // 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return str(time)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _value(name: str, rt: Runtime, outputs: Outputs, written: str) -> str:
    if name in _PRICES:
        return number_text(getattr(rt, name))
    if name == "time":
        return time_text(rt.time)
    if name == "timenow":
        # What fired on history fired, as far as one can tell, when its bar closed, not when the script was loaded.
        return time_text(rt.timenow if rt.barstate.isrealtime else rt.time_close)
    if name == "ticker":
        return rt.instrument.ticker
    if name == "exchange":
        return rt.instrument.prefix
    if name == "interval":
        period: str = rt.timeframe.text(rt.version)
        return period
    if name == "syminfo.currency":
        return rt.instrument.currency
    if name == "syminfo.basecurrency":
        return rt.instrument.basecurrency
    if found := _NUMBERED.fullmatch(name):
        plots = outputs.plot_values()
        index = int(found[1])
        return number_text(plots[index][1]) if index < len(plots) else written
    if found := _TITLED.fullmatch(name):
        title = found[1] if found[1] is not None else found[2]
        return next((number_text(v) for t, v in outputs.plot_values() if t == title), written)
    return written
