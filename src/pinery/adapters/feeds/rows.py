"""What a line of a growing file says: a complete bar, a trade, the names of the columns, or nothing usable."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from math import isfinite, nan
from typing import NamedTuple

_NAMES = {
    "time": ("time", "timestamp", "datetime", "date", "open_time", "opentime"),
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c"),
    "price": ("price", "last"),
    "volume": ("volume", "vol", "v", "size", "qty", "quantity"),
}
_BY_NAME = {name: meaning for meaning, names in _NAMES.items() for name in names}
_BAR = ("time", "open", "high", "low", "close", "volume")
_TRADE = ("time", "price", "volume")
_UNIX = re.compile(r"\d{9,19}(\.\d+)?")


class Row(NamedTuple):
    """A bar; of a trade all four prices are the same. ``time`` is Unix ms."""

    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float  # nan: not said


class Rows:
    """Reads lines. A first line of names says which column is which; else they are those of a bar or of a trade:
    time, open, high, low, close, volume, or time, price, volume; volume may be left out."""

    def __init__(self) -> None:
        self._columns: dict[str, int] | None = None
        self._is_first = True

    def begin(self) -> None:
        """Another file begins."""
        self._is_first = True
        self._columns = None

    def read(self, line: str) -> tuple[Row, bool] | None:
        """A row, and whether it is a trade; None for a line of names. Raises ValueError saying what is wrong."""
        cells = [cell.strip(' "') for cell in re.split(r"[,;\t]", line)]
        first, self._is_first = self._is_first, False
        if first:
            named = {
                _BY_NAME[plain]: i
                for i, cell in reversed(list(enumerate(cells)))
                if (plain := cell.lower().replace(" ", "_")) in _BY_NAME
            }
            if "time" in named:
                if "price" not in named and not {"open", "high", "low", "close"} <= set(named):
                    raise ValueError("the first line names neither open, high, low, close nor price")
                self._columns = named
                return None
        columns = self._columns or {name: i for i, name in enumerate(_BAR if len(cells) >= 5 else _TRADE)}
        if len(cells) <= max(i for name, i in columns.items() if name != "volume"):
            raise ValueError(f"it has {len(cells)} columns")
        is_trade = not {"open", "high", "low", "close"} <= set(columns)
        names = ("price",) * 4 if is_trade else ("open", "high", "low", "close")
        opened, high, low, close = prices = [_number(cells[columns[name]], name) for name in names]
        if high < max(prices) or low > min(prices):
            raise ValueError("its high or low does not enclose its prices")
        at = columns.get("volume", len(cells))
        volume = _number(cells[at], "volume") if at < len(cells) and cells[at] else nan
        return Row(_time(cells[columns["time"]]), opened, high, low, close, volume), is_trade


def _number(text: str, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"its {name} is no number: {text[:40]!r}") from None
    if not isfinite(value):
        raise ValueError(f"its {name} is no number: {text[:40]!r}")
    return value


def _time(text: str) -> int:
    """Unix s, ms, µs or ns, told apart by their size, or ISO 8601; without a zone it is UTC."""
    if _UNIX.fullmatch(text):
        value = float(text) if "." in text else int(text)
        for limit, factor in ((10**11, 1000.0), (10**14, 1.0), (10**17, 1e-3)):
            if value < limit:
                return round(value * factor)
        return round(value // 1_000_000)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"its time cannot be read: {text[:40]!r}") from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
