"""Numbers, times, timeframes, symbols and texts as senders write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from pinery.trading.messages.errors import Unreadable, shown

LARGEST = Decimal(10) ** 12
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?", re.IGNORECASE)
_ABSENT = frozenset({"", "null", "none", "undefined"})
_SYMBOL = re.compile(r"[A-Za-z0-9_.!:/&@^+\-]{1,64}")


def is_absent(raw: object) -> bool:
    return raw is None or (isinstance(raw, str) and raw.strip().casefold() in _ABSENT)


def number(raw: object, name: str, *, largest: Decimal = LARGEST) -> Decimal | None:
    """A number, or a number in text; None where nothing was said. Raises Unreadable."""
    if is_absent(raw):
        return None
    if isinstance(raw, bool) or not isinstance(raw, (str, Decimal)):
        raise Unreadable(f"{name} must be a number, not {shown(raw)}")
    if isinstance(raw, str):
        _refuse_placeholder(raw, name)
        written = raw.strip()
        if not _NUMBER.fullmatch(written):
            advice = " (write it with a point and without separators)" if "," in written else ""
            raise Unreadable(f"{name} must be a number, not {shown(raw)}{advice}")
        try:
            value = Decimal(written)
        except InvalidOperation:
            raise Unreadable(f"{name} must be a number, not {shown(raw)}") from None
    else:
        value = raw
    if not value.is_finite() or (value and not -30 <= value.adjusted() <= 30) or abs(value) > largest:
        raise Unreadable(f"{name} is not a possible number: {shown(raw)}")
    _, digits, exponent = value.as_tuple()
    if len(digits) > 40 or not isinstance(exponent, int) or exponent < -40:
        raise Unreadable(f"{name} has too many digits: {shown(raw)}")
    return value


def positive(raw: object, name: str) -> Decimal | None:
    value = number(raw, name)
    if value is not None and value <= 0:
        raise Unreadable(f"{name} must be above 0, not {format(value, 'f')}")
    return value


def text(raw: object, name: str, longest: int) -> str:
    """Printable text on one line, cut to ``longest`` characters."""
    if is_absent(raw) or isinstance(raw, (dict, list)):
        return ""
    said = format(raw, "f") if isinstance(raw, Decimal) and abs(raw.adjusted()) < 40 else str(raw)
    return "".join(char if char.isprintable() else " " for char in said[:longest]).strip()


def instant(raw: object, name: str) -> int | None:
    """Unix ms of a time: ISO 8601 (UTC where no offset is given), or Unix time in s, ms or µs.

    A date alone says nothing about when an alert fired, so it counts as absent.
    """
    if is_absent(raw):
        return None
    if isinstance(raw, str):
        _refuse_placeholder(raw, name)
        written = raw.strip()
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", written):
            return None
        if not _NUMBER.fullmatch(written):
            try:
                moment = datetime.fromisoformat(written)
                if moment.tzinfo is None:
                    moment = moment.replace(tzinfo=UTC)
                return _plausible(int(moment.timestamp() * 1000), raw, name)
            except (ValueError, OverflowError):
                raise Unreadable(f"{name} is not a time: {shown(raw)}; write it like 2025-06-02T13:31:00Z") from None
    value = number(raw, name, largest=Decimal(10) ** 30)
    assert value is not None
    factor = 1000 if value < 10**11 else 1 if value < 10**14 else Decimal("0.001")
    return _plausible(int(value * factor), raw, name)


def _plausible(ms: int, raw: object, name: str) -> int:
    if not 946_684_800_000 <= ms < 7_258_118_400_000:  # 2000 .. 2200
        raise Unreadable(f"{name} is not a time of this century: {shown(raw)}")
    return ms


_UNITS = {
    "s": "S", "sec": "S", "second": "S", "seconds": "S",
    "m": "", "min": "", "mins": "", "minute": "", "minutes": "",
    "h": "H", "hr": "H", "hour": "H", "hours": "H",
    "d": "D", "day": "D", "days": "D",
    "w": "W", "week": "W", "weeks": "W",
    "mo": "M", "mon": "M", "month": "M", "months": "M",
}  # fmt: skip


def timeframe(raw: object, *, tradingview: bool) -> str:
    """TradingView's notation ("1", "60", "1D", "5S", "1M"); empty where it is not understood: it changes no order.

    "1M" is a month in TradingView's own ``{{interval}}`` (``tradingview``). Everywhere else people write it for a
    minute, as in ``{"signal":"IN","instrument":"ES","timeframe":"1M"}``.
    """
    written = text(raw, "timeframe", 32)
    match = re.fullmatch(r"(\d{0,5})\s*([A-Za-z]*)", written)
    if not match or not written:
        return ""
    count = int(match[1] or 1)
    if not count:
        return ""
    unit = "M" if tradingview and match[2] == "M" else _UNITS.get(match[2].casefold() or "m")
    if unit is None:
        return ""
    return str(count * 60) if unit == "H" else f"{count}{unit}"


def symbol(raw: object, exchange: object = None) -> str:
    """EXCHANGE:TICKER or a name alone, as the sender says it. Delayed feeds are refused."""
    said = text(raw, "symbol", 200)
    market = text(exchange, "exchange", 64)
    for part in (said, market):
        _refuse_placeholder(part, "symbol")
    if not said:
        return ""
    if not _SYMBOL.fullmatch(said):
        raise Unreadable(f"{shown(said)} is not a symbol; write it like ES1! or BINANCE:ETHUSDT.P")
    name = said if ":" in said or not market else f"{market}:{said}"
    if not _SYMBOL.fullmatch(name):
        raise Unreadable(f"{shown(market)} is not an exchange")
    if any(part.upper().endswith(("_DL", "_DLY")) for part in name.split(":")):
        raise Unreadable(
            f"{shown(name)} comes from a delayed feed (its name ends in _DL or _DLY): such alerts are minutes late. "
            "Subscribe to realtime data of the exchange at TradingView, then make the alert again"
        )
    return name


def _refuse_placeholder(raw: str, name: str) -> None:
    if "{{" in raw or "}}" in raw:
        raise Unreadable(
            f"{name} is still the placeholder {shown(raw)}: TradingView fills {{{{strategy.…}}}} only in alerts of a "
            "strategy's order fills. Make the alert on the strategy, or use the message for indicators"
        )
