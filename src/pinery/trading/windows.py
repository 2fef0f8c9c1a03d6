"""Trading hours: windows that a trader writes, and the sessions of exchanges with their holidays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from pinery.core.instrument import Instrument
from pinery.market.calendar import (
    cme_index_closures,
    cme_index_early_closes,
    nyse_early_closes,
    nyse_holidays,
)
from pinery.runtime.sessions import Segments, calendar_of, trading_calendar
from pinery.trading.contracts import Contract
from pinery.trading.deployments import Limits, Window

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY = timedelta(days=1)
_WEEK = 7 * 24 * 60  # minutes
_WINDOW = re.compile(
    r"(?P<h1>\d{1,2}):(?P<m1>\d{2})\s*[-–]\s*(?P<h2>\d{1,2}):(?P<m2>\d{2})\s+(?P<zone>\S+)(?:\s+(?P<days>\S.*))?",
    re.ASCII,
)
_OFFSET = re.compile(r"(?:UTC|GMT)(?:(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?)?", re.ASCII | re.I)
_HOW = 'write it as "06:30-12:30 UTC-8 Mon-Fri" or "09:30-16:00 America/New_York"'

#: Hours that are not the exchange's own. The E-mini S&P 500 keeps to the busiest hours of New York's winter time.
DEFAULT_WINDOWS: Mapping[str, tuple[Window, ...]] = MappingProxyType(
    {root: (Window(time(6, 30), time(12, 30), "UTC-8"),) for root in ("ES", "MES")}
)
_INDEX_ROOTS = frozenset({"ES", "MES", "NQ", "MNQ", "RTY", "M2K", "EMD", "YM", "MYM"})
_CME_GROUP = frozenset({"CME", "CME_MINI", "CBOT", "CBOT_MINI", "NYMEX", "NYMEX_MINI", "COMEX", "COMEX_MINI", "SYNTH"})


# --- windows --------------------------------------------------------------------------


def parse_window(text: str) -> Window:
    """The window that ``text`` says. Days are "Mon-Fri" (also without saying so), "Mon,Wed", "Sun-Thu" or "daily".

    24:00 is the midnight at the end; equal times are a whole day. Raises ValueError in words for people.
    """
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text.strip()[:60]!r} is no trading window: {_HOW}")
    zone_of(match["zone"])
    start = _clock(match["h1"], match["m1"], text)
    end = time(0, 0) if (match["h2"], match["m2"]) == ("24", "00") else _clock(match["h2"], match["m2"], text)
    return Window(start, end, match["zone"], _read_days(match["days"] or "Mon-Fri"))


def _clock(hours: str, minutes: str, text: str) -> time:
    try:
        return time(int(hours), int(minutes))
    except ValueError:
        raise ValueError(f"{hours}:{minutes} in {text.strip()!r} is no time of day") from None


def _read_days(text: str) -> frozenset[int]:
    """ISO weekdays."""
    found: set[int] = set()
    for part in re.split(r"[,\s]+", text.strip()):
        if part.casefold() in ("daily", "all"):
            return frozenset(range(1, 8))
        first, dash, last = part.partition("-")
        start = _weekday(first, text)
        end = _weekday(last, text) if dash else start
        found |= {(start - 1 + i) % 7 + 1 for i in range((end - start) % 7 + 1)}
    return frozenset(found)


def _weekday(name: str, text: str) -> int:
    for number, day in enumerate(DAYS, 1):
        if len(name) > 2 and day.casefold().startswith(name.casefold()):
            return number
    raise ValueError(f'{text.strip()[:40]!r} names no weekdays: write "Mon-Fri", "Mon,Wed" or "daily"')


def format_window(window: Window) -> str:
    """As ``parse_window`` reads it."""
    end = "24:00" if window.end == time(0, 0) else f"{window.end:%H:%M}"
    days = sorted(window.days)
    if days == [1, 2, 3, 4, 5]:
        named = "Mon-Fri"
    elif len(days) == 7:
        named = "daily"
    else:
        named = ",".join(DAYS[day - 1][:3] for day in days)
    return f"{window.start:%H:%M}-{end} {window.zone} {named}"


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo:
    """The zone of an IANA name or of "UTC-8", "UTC+5:30". Raises ValueError."""
    match = _OFFSET.fullmatch(name)
    if match:
        offset = timedelta(hours=int(match["hours"] or 0), minutes=int(match["minutes"] or 0))
        if offset > timedelta(hours=14) or int(match["minutes"] or 0) > 59:
            raise ValueError(f"{name!r} is no offset from UTC: they go from UTC-12 to UTC+14")
        return timezone(-offset if match["sign"] == "-" else offset)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name!r}: give a name such as America/New_York, or UTC-8") from None


def _spans(window: Window, now: int) -> list[tuple[int, int]]:
    """(start, end) in Unix ms of the window's days around ``now``."""
    zone = zone_of(window.zone)
    today = datetime.fromtimestamp(now / 1000, zone).date()
    spans = []
    for days in range(-2, 9):
        day = today + days * _DAY
        if day.isoweekday() in window.days:
            last = day + _DAY if window.end <= window.start else day
            spans.append((_ms(day, window.start, zone), _ms(last, window.end, zone)))
    return spans


def _ms(day: date, clock: time, zone: tzinfo) -> int:
    # Through UTC: a local time that the clocks skip becomes the one an hour later.
    return int(datetime.combine(day, clock, zone).astimezone(UTC).timestamp()) * 1000


def is_open(windows: Iterable[Window], now: int) -> bool:
    """True inside one of ``windows``, and always where there are none."""
    known = tuple(windows)
    return not known or any(start <= now < end for window in known for start, end in _spans(window, now))


def end_of_window(windows: Iterable[Window], now: int) -> int | None:
    """When trading ends that is open at ``now``: windows that touch or overlap count as one.

    None where it is closed, or does not close within the week.
    """
    spans = sorted(span for window in windows for span in _spans(window, now))
    end = None
    for first, last in spans:
        if first <= (now if end is None else end) < last:
            end = last
    return end if end is not None and end - now < _WEEK * 60_000 else None


def next_open(windows: Iterable[Window], now: int) -> int | None:
    """When the next of ``windows`` begins after ``now``; None where there are none."""
    return min((start for window in windows for start, _ in _spans(window, now) if start > now), default=None)


# --- sessions of exchanges ------------------------------------------------------------


@lru_cache(maxsize=1024)
def _closure(instrument: Instrument, day: date) -> time | str | None:
    """The name of the holiday if there is no session on ``day``, its early end (local time), or None.

    US exchanges only. CME Group's early closes are known of stock index futures; on such days its other futures
    close at other times, and are taken to close as always.
    """
    if instrument.type == "futures" and instrument.prefix in _CME_GROUP:
        closed = cme_index_closures(day.year).get(day)
        if closed is None and instrument.root in _INDEX_ROOTS:
            early = cme_index_early_closes(day.year).get(day)
            return early[0] if early else None
        return closed
    if instrument.type in ("stock", "fund", "index", "dr") and instrument.timezone == "America/New_York":
        if day in nyse_early_closes(day.year):
            return time(13, 0)
        return nyse_holidays(day.year).get(day)
    return None


def _hours(instrument: Instrument, week: tuple[Segments, ...], day: date) -> list[tuple[int, int]]:
    """(open, close) in Unix ms of the trading day ``day``; the evening before belongs to overnight sessions."""
    closure = _closure(instrument, day)
    if isinstance(closure, str):
        return []
    zone = ZoneInfo(instrument.timezone)
    cut = _ms(day, closure, zone) if closure is not None else None
    hours = []
    for first, last in week[day.weekday()]:
        start, end = _minute(day, first, zone), _minute(day, last, zone)
        end = min(end, cut) if cut is not None else end
        if start < end:
            hours.append((start, end))
    return hours


def _minute(day: date, minutes: int, zone: tzinfo) -> int:
    days, rest = divmod(minutes, 24 * 60)
    return _ms(day + days * _DAY, time(rest // 60, rest % 60), zone)


def _round_the_clock(instrument: Instrument) -> bool:
    return instrument.session.casefold() == "24x7"


def _today(instrument: Instrument, now: int) -> date:
    return datetime.fromtimestamp(now / 1000, ZoneInfo(instrument.timezone)).date()


def exchange_day(instrument: Instrument, now: int) -> date:
    """The exchange's trading day at ``now``: the evening session counts to the next day, Sunday's to Monday."""
    day = _today(instrument, now)
    if _round_the_clock(instrument):
        return day
    tomorrow = calendar_of(instrument).week[(day + _DAY).weekday()]
    opens = _minute(day + _DAY, tomorrow[0][0], ZoneInfo(instrument.timezone)) if tomorrow else None
    return day + _DAY if opens is not None and now >= opens else day


def exchange_open(instrument: Instrument, now: int, *, extended: bool = False) -> bool:
    """True inside the exchange's regular session, with ``extended`` also in the hours before and after it."""
    if _round_the_clock(instrument):
        return True
    week = (trading_calendar(instrument) if extended else calendar_of(instrument)).week
    today = _today(instrument, now)
    return any(start <= now < end for day in (today, today + _DAY) for start, end in _hours(instrument, week, day))


def session_end(contract: Contract, now: int) -> int | None:
    """When the exchange's trading day ends that is open at ``now``, pauses and early closes known.

    For stocks that is the end of the regular session, after it that of the extended hours. None where it is closed
    or never closes.
    """
    instrument = contract.instrument
    if _round_the_clock(instrument):
        return None
    today = _today(instrument, now)
    for calendar in (calendar_of(instrument), trading_calendar(instrument)):
        for day in (today, today + _DAY):
            hours = _hours(instrument, calendar.week, day)
            if any(start <= now < end for start, end in hours):
                return hours[-1][1]
    return None


def exchange_opens(instrument: Instrument, now: int) -> int | None:
    """When the next regular session begins after ``now``; None round the clock, or with none in the next ten days."""
    if _round_the_clock(instrument):
        return None
    week, today = calendar_of(instrument).week, _today(instrument, now)
    days = (today + i * _DAY for i in range(11))
    return next((start for day in days for start, _ in _hours(instrument, week, day) if start > now), None)


# --- which hours hold -----------------------------------------------------------------


def windows_for(
    contract: Contract, limits: Limits, configured: Mapping[str, Sequence[Window]] | None = None
) -> tuple[Window, ...] | None:
    """The windows that hold for entries: those of ``limits``, else of the symbol as configured, else the defaults.

    ``configured`` goes by root or ticker, with or without the exchange. (): always; None: the exchange's own session.
    """
    if limits.windows is not None:
        return limits.windows
    own = {name.upper(): tuple(windows) for name, windows in (configured or {}).items()}
    ticker = contract.symbol.rpartition(":")[2]
    for name in (contract.symbol, ticker, contract.root, f"{contract.instrument.prefix}:{contract.root}"):
        if name.upper() in own:
            return own[name.upper()]
    return DEFAULT_WINDOWS.get(contract.root)


def tradable(contract: Contract, windows: tuple[Window, ...] | None, now: int) -> bool:
    """True if entries are allowed at ``now`` by ``windows`` (of ``windows_for``) and by the exchange's hours.

    Windows of one's own may reach into extended hours, never into a holiday; () asks for no hours at all.
    """
    if windows is None:
        return exchange_open(contract.instrument, now)
    if not windows:
        return True
    return is_open(windows, now) and exchange_open(contract.instrument, now, extended=True)


def trading_end(contract: Contract, windows: tuple[Window, ...] | None, now: int) -> int | None:
    """When trading ends that is open at ``now``: the end of the window or of the session, whichever is first."""
    ends = [session_end(contract, now), end_of_window(windows, now) if windows else None]
    return min((end for end in ends if end is not None), default=None)
