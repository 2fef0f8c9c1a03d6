"""What file names tell: TradingView and Binance name their downloads after symbol and timeframe."""

from __future__ import annotations

import re

from pinery.core.errors import PineRuntimeError
from pinery.runtime.timeframes import Timeframe

# "CME_MINI_ES1!, 5.csv", "BINANCE_ETHUSDT.P, 1D (2).csv": an exchange may have an underscore, a ticker has none.
_TRADINGVIEW = re.compile(r"(?P<exchange>[A-Z0-9_]+)_(?P<ticker>[A-Z0-9.!&-]+), (?P<frame>\d*[STDWM]?)(?=\W|_|$)")
# "BTCUSDT-1m-2024-01.zip"
_BINANCE = re.compile(r"(?P<ticker>[A-Z0-9]+)-(?P<count>\d+)(?P<unit>mo|[smhdwM])-\d{4}")
_BINANCE_UNITS = {"s": "S", "m": "", "d": "D", "w": "W", "mo": "M", "M": "M"}


def guess(name: str) -> tuple[str | None, Timeframe | None]:
    """Symbol and timeframe that a file's name tells; None for what it does not."""
    match = _TRADINGVIEW.match(name)
    if match:
        return f"{match['exchange']}:{match['ticker']}", _timeframe(match["frame"])
    match = _BINANCE.match(name)
    if match:
        count, unit = int(match["count"]), match["unit"]
        return f"BINANCE:{match['ticker']}", _timeframe(
            f"{count * 60}" if unit == "h" else f"{count}{_BINANCE_UNITS[unit]}"
        )
    return None, None


def _timeframe(text: str) -> Timeframe | None:
    try:
        return Timeframe.parse(text)
    except PineRuntimeError:
        return None
