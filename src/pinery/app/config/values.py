"""How values are written in ``pinery.toml``: durations, distances, sizes, trading hours.

Each ``read_…`` takes what TOML gave and raises ValueError with a sentence that names what it wants.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from pinery.trading.deployments import Distance, SizingKind, Window
from pinery.trading.distances import parse as parse_distance
from pinery.trading.windows import parse_window, zone_of

OFF = "off"
_SMALLEST, _LARGEST = Decimal("1e-12"), Decimal("1e15")
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*(ms|s|sec|m|min|h|d)?")
_MS = {"ms": 1, "s": 1000, "sec": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_AMOUNT = r"(\d[\d_,]{0,20}(?:\.\d{1,12})?)"
_SIZES = (
    (SizingKind.RISK, re.compile(rf"risk\s+{_AMOUNT}\s*([A-Za-z]{{2,6}})?")),
    (SizingKind.PERCENT_OF_EQUITY, re.compile(rf"{_AMOUNT}\s*%(?:\s+of\s+equity)?()")),
    (SizingKind.CASH, re.compile(rf"{_AMOUNT}\s*([A-Za-z]{{2,6}})")),
    (SizingKind.FIXED, re.compile(rf"{_AMOUNT}()")),
)
SIZE_FORMS = '1 (contracts), "5000 USD" (worth), "10%" (of equity) or "risk 250 USD" (lost if the stop is hit)'


def _number(value: Any) -> bool:
    """True for numbers of a size that anything here may have."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    number = Decimal(value)
    return number.is_finite() and (number == 0 or _SMALLEST <= abs(number) <= _LARGEST)


def read_number(value: Any) -> Decimal:
    if not _number(value):
        raise ValueError(f"{_short(value)} is not a number that can be used here")
    return Decimal(value)


def read_amount(value: Any) -> Decimal:
    number = read_number(value)
    if number <= 0:
        raise ValueError(f"{_short(value)} must be above 0")
    return number


def read_milliseconds(value: Any) -> int:
    """Numbers are seconds."""
    match = _DURATION.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if match is None and not (_number(value) and value >= 0):
        raise ValueError(f'{_short(value)} is not a duration; write "30s", "5m", "4h", "2d", or a number of seconds')
    ms = Decimal(match[1]) * _MS[match[2] or "s"] if match else Decimal(value) * 1000
    if ms != ms.to_integral_value():
        raise ValueError(f"{_short(value)} is finer than a millisecond")
    return int(ms)


def read_seconds(value: Any) -> int:
    ms = read_milliseconds(value)
    if ms % 1000:
        raise ValueError(f"{_short(value)} must be whole seconds")
    return ms // 1000


def read_seconds_or_off(value: Any) -> int | None:
    return None if value == OFF else read_seconds(value)


def read_minutes(value: Any) -> int:
    seconds = read_seconds(value)
    if seconds < 60 or seconds % 60:
        raise ValueError(f"{_short(value)} must be whole minutes, at least one")
    return seconds // 60


def read_percent(value: Any) -> Decimal:
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            value = Decimal(value.strip()[:-1].strip())
        except ArithmeticError:
            raise ValueError(f'{_short(value)} is not a percentage; write "2%"') from None
    if not _number(value) or value < 0:
        raise ValueError(f'{_short(value)} is not a percentage; write "2%" or 2')
    return Decimal(value)


def read_share(value: Any) -> Decimal:
    """A part of all, 0 to 1, from "5%" or 0.05."""
    share = read_percent(value) / 100 if isinstance(value, str) else read_number(value)
    if not 0 <= share <= 1:
        raise ValueError(f'{_short(value)} is not a share; write "5%" or 0.05')
    return share


def read_distance(value: Any) -> Distance:
    if not isinstance(value, str):
        raise ValueError(f'{_short(value)} has no unit; write "1%", "20 ticks" or "5 points"')
    return parse_distance(value)


def read_ticks(value: Any) -> Decimal:
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)\s*ticks?", value.strip().lower()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'{_short(value)} is not a number of ticks; write "1 tick"')
    return Decimal(match[1])


@dataclass(frozen=True, slots=True)
class Size:
    """``currency`` as written; empty: the account's."""

    kind: SizingKind = SizingKind.FIXED
    value: Decimal = Decimal(1)
    currency: str = ""


def read_size(value: Any) -> Size:
    text = str(value).strip() if isinstance(value, str) or _number(value) else ""
    for kind, pattern in _SIZES:
        match = pattern.fullmatch(text)
        if match:
            amount = Decimal(match[1].replace("_", "").replace(",", ""))
            if amount <= 0:
                raise ValueError("the size must be above 0")
            return Size(kind, amount, match[2] or "")
    raise ValueError(f"{_short(value)} is not a size; write {SIZE_FORMS}")


def read_hours(value: Any) -> tuple[Window, ...]:
    """ "always", one window, or a list of windows."""
    if value == "always":
        return ()
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise ValueError(f'{_short(value)}: write "06:30-12:30 UTC-8 Mon-Fri", a list of such, or "always"')
    return tuple(parse_window(text) for text in texts)


def read_time_of_day(value: Any) -> time:
    if isinstance(value, time):
        return value.replace(second=0, microsecond=0)
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", value.strip()) if isinstance(value, str) else None
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError(f'{_short(value)} is not a time of day; write "17:00"')
    return time(int(match[1]), int(match[2]))


def read_moment(value: Any) -> str:
    """ISO 8601, from text or from a date of TOML's own."""
    try:
        return value.isoformat() if isinstance(value, date) else datetime.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise ValueError(f'{_short(value)} is no moment; write "2026-01-05" or "2026-01-05T14:30:00Z"') from None


@dataclass(frozen=True, slots=True)
class DayStart:
    at: time = time(17, 0)
    zone: str = "America/Chicago"


def read_day_start(value: Any) -> DayStart:
    text, _, zone = value.strip().partition(" ") if isinstance(value, str) else ("", "", "")
    try:
        at = read_time_of_day(text)
        zone_of(zone.strip())
    except ValueError:
        raise ValueError(f'{_short(value)}: write a time and a time zone, as "17:00 America/Chicago"') from None
    return DayStart(at, zone.strip())


def _short(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _schema(kinds: list[str], examples: list[Any], **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": kinds[0] if len(kinds) == 1 else kinds, "examples": examples, **more})


def _validated(read: Callable[[Any], Any]) -> PlainValidator:
    return PlainValidator(read)


Number = Annotated[Decimal, _validated(read_number), _schema(["number"], [0, 1.5])]
Amount = Annotated[Decimal, _validated(read_amount), _schema(["number"], [1, 250.5], exclusiveMinimum=0)]
Percent = Annotated[Decimal, _validated(read_percent), _schema(["string", "number"], ["2%", 2])]
Share = Annotated[Decimal, _validated(read_share), _schema(["string", "number"], ["5%", 0.05])]
Milliseconds = Annotated[int, _validated(read_milliseconds), _schema(["string", "number"], ["50ms", "1s"])]
Seconds = Annotated[int, _validated(read_seconds), _schema(["string", "number"], ["30s", "5m"])]
SecondsOrOff = Annotated[int | None, _validated(read_seconds_or_off), _schema(["string", "number"], ["30s", "5m", OFF])]
Minutes = Annotated[int, _validated(read_minutes), _schema(["string", "number"], ["90m", "4h"])]
DistanceText = Annotated[
    Distance, _validated(read_distance), _schema(["string"], ["1%", "20 ticks", "5 points", "signal"])
]
Ticks = Annotated[Decimal, _validated(read_ticks), _schema(["string"], ["1 tick"])]
SizeText = Annotated[Size, _validated(read_size), _schema(["number", "string"], [1, "5000 USD", "10%", "risk 250 USD"])]
Hours = Annotated[
    tuple[Window, ...],
    _validated(read_hours),
    _schema(
        ["string", "array"],
        ["06:30-12:30 UTC-8 Mon-Fri", "always", ["09:30-11:00 America/New_York", "14:00-16:00 America/New_York"]],
        items={"type": "string"},
    ),
]
Moment = Annotated[str, _validated(read_moment), _schema(["string"], ["2026-01-05", "2026-01-05T14:30:00Z"])]
TimeOfDay = Annotated[time, _validated(read_time_of_day), _schema(["string"], ["03:00"])]
DayStartText = Annotated[DayStart, _validated(read_day_start), _schema(["string"], ["17:00 America/Chicago"])]
