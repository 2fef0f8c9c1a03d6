"""Trading sessions: what TradingView's session texts mean, trading days, and the ``session.*`` states.

A trading day is named by the date on which it ends: an overnight session ``1700-1600`` of Monday
begins on Sunday evening. Holidays are not known here; a day without trades is simply without bars.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from pinery.core.errors import PineRuntimeError
from pinery.lang.versions import for_version
from pinery.runtime.calendars import DAY, EPOCH_ORDINAL, MINUTE, Clock, clock

if TYPE_CHECKING:
    from pinery.core.instrument import Instrument
    from pinery.runtime.context import Runtime

WEEKDAYS = "23456"
_WHOLE_DAY = 24 * 60
_PERIOD = re.compile(r"(\d{2}):?(\d{2})(?:F\d+)?-(\d{2}):?(\d{2})(?:F\d+)?")

# A daily pause this short (minutes) does not move the intraday grid: bars of a 1705-1700 session
# stay on the full hours, on Sundays too, as the exports of such symbols show.
_SHORT_PAUSE = 10

Segments = tuple[tuple[int, int], ...]


class TradingDay:
    """One trading day: ``segments`` are its (open, close) times in Unix ms; ``since`` is the last close before.

    ``core_open`` and ``core_close`` bound its regular session; ``core_open`` and the days' bars
    include the pause before an opening that does not move the grid.
    """

    __slots__ = ("close", "core_close", "core_open", "grid", "open", "ordinal", "segments", "since")

    def __init__(self, ordinal: int, segments: Segments, since: int, pause: int, core: Segments) -> None:
        self.ordinal = ordinal  # of its date, as date.toordinal
        self.segments = segments
        self.since = since
        self.open = segments[0][0]
        self.close = segments[-1][1]
        self.grid = self.open - pause  # where intraday bars begin
        self.core_open = core[0][0] if core[0][0] > self.open else self.grid
        self.core_close = core[-1][1]

    def segment(self, time: int) -> tuple[int, int, int]:
        """(last close before, grid start, close) of the segment that holds ``time``, or of the next one."""
        since, grid = self.since, self.grid
        for first, last in self.segments:
            if time < last:
                return since, grid if first == self.open else first, last
            since = last
        return since, self.close, self.close

    def holds(self, time: int) -> bool:
        return any(first <= time < last for first, last in self.segments)


class SessionCalendar:
    """The trading days of one session text in one zone.

    ``week`` holds the (open, close) minutes of each weekday, Monday first, from midnight of the
    trading day; opening minutes are negative for overnight sessions.
    """

    __slots__ = ("_cached", "_clock", "_core", "_days", "trading", "week")

    def __init__(self, week: tuple[Segments, ...], clock: Clock, core: tuple[Segments, ...] | None = None) -> None:
        self.week = week
        self._core = core or week  # the regular session, where ``week`` holds more
        self._clock = clock
        self.trading = tuple(bool(segments) for segments in week)
        self._days: dict[int, TradingDay] = {}
        self._cached: TradingDay | None = None

    def is_trading(self, ordinal: int) -> bool:
        return self.trading[(ordinal - 1) % 7]

    def next_trading(self, ordinal: int) -> int:
        """The first trading date on or after a date."""
        while not self.trading[(ordinal - 1) % 7]:
            ordinal += 1
        return ordinal

    def previous_trading(self, ordinal: int) -> int:
        """The last trading date before a date."""
        ordinal -= 1
        while not self.trading[(ordinal - 1) % 7]:
            ordinal -= 1
        return ordinal

    def count(self, first: int, last: int) -> int:
        """Number of trading dates from ``first`` (included) to ``last`` (excluded)."""
        weeks, rest = divmod(last - first, 7)
        return weeks * sum(self.trading) + sum(self.trading[(last - 1 - i) % 7] for i in range(1, rest + 1))

    def on(self, ordinal: int) -> TradingDay:
        """The trading day of a trading date."""
        found = self._days.get(ordinal)
        if found is None:
            before = self.previous_trading(ordinal)
            closing = self.week[(before - 1) % 7][-1][1]
            minutes = self.week[(ordinal - 1) % 7]
            pause = (minutes[0][0] - closing) % _WHOLE_DAY
            found = TradingDay(
                ordinal,
                self._times(ordinal, minutes),
                self._at(before, closing),
                pause * MINUTE if pause <= _SHORT_PAUSE else 0,
                self._times(ordinal, self._core[(ordinal - 1) % 7] or minutes),
            )
            if len(self._days) > 20_000:
                self._days.clear()
            self._days[ordinal] = found
        return found

    def _times(self, ordinal: int, minutes: Segments) -> Segments:
        return tuple((self._at(ordinal, a), self._at(ordinal, b)) for a, b in minutes)

    def _at(self, ordinal: int, minutes: int) -> int:
        return self._clock.unix((ordinal - EPOCH_ORDINAL) * DAY + minutes * MINUTE)

    def day(self, time: int) -> TradingDay:
        """The trading day that ``time`` (Unix ms) belongs to; between two days, the later one."""
        found = self._cached
        if found is not None and found.since <= time < found.close:
            return found
        # Not by the clock's loaded day: calendars are shared, also by threads.
        found = self.on(self.next_trading((time + self._clock.offset(time)) // DAY + EPOCH_ORDINAL))
        while time >= found.close:
            found = self.on(self.next_trading(found.ordinal + 1))
        while time < found.since:
            found = self.on(self.previous_trading(found.ordinal))
        self._cached = found
        return found

    def holds(self, time: int) -> bool:
        """True inside a session: its start belongs to it, its end does not."""
        return self.day(time).holds(time)


@lru_cache(maxsize=512)
def calendar(session: str, zone_name: str, default_days: str = WEEKDAYS) -> SessionCalendar:
    """The calendar of a session text, for example ``"0930-1600:23456"``, ``"0900-1200,1300-1700"``,
    ``"1700-1600"``, ``"24x7"`` or ``"0900-1630|0900-1400:2"`` (Mondays differ).

    ``default_days`` are the days of periods that name none. Raises PineRuntimeError for other texts.
    """
    return SessionCalendar(_read_week(session, default_days), clock(zone_name))


def _read_week(session: str, default_days: str) -> tuple[Segments, ...]:
    text = session.strip().replace(" ", "")
    if text.lower() == "24x7":
        return (((0, _WHOLE_DAY),),) * 7
    week: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    named: set[int] = set()
    # Alternatives that name their days replace those that do not.
    for part in sorted(text.split("|"), key=lambda p: ":" in _without_clock_colons(p)):
        days_seen: set[int] = set()
        for period, days in _periods(session, part, default_days):
            explicit = ":" in _without_clock_colons(part)
            for day in days:
                index = (int(day) + 5) % 7  # 1 = Sunday becomes 6, 2 = Monday becomes 0
                if explicit and index not in named and index not in days_seen:
                    week[index] = []
                days_seen.add(index)
                week[index].append(period)
        if ":" in _without_clock_colons(part):
            named |= days_seen
    if not any(week):
        raise _invalid(session)
    return tuple(tuple(sorted(set(segments))) for segments in week)


def _without_clock_colons(part: str) -> str:
    """A part with ``09:30`` written as ``0930``, so that a colon left over introduces days."""
    return re.sub(r"(?<!\d)(\d{2}):(\d{2})(?=F?\d*-|,|:|$)", r"\1\2", part)


def _periods(session: str, part: str, default_days: str) -> list[tuple[tuple[int, int], str]]:
    """The periods of one alternative with their days; a period without days has those of the next that names them."""
    found: list[tuple[tuple[int, int], str]] = []
    days = default_days
    for item in reversed(_without_clock_colons(part).split(",")):
        if not item:
            continue
        period, colon, own = item.partition(":")
        if colon:
            if not re.fullmatch(r"[1-7]+", own):
                raise _invalid(session)
            days = own
        match = _PERIOD.fullmatch(period)
        if match is None:
            raise _invalid(session)
        start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
        if start > _WHOLE_DAY or end > _WHOLE_DAY:
            raise _invalid(session)
        end = end or _WHOLE_DAY
        if start >= end:
            start -= _WHOLE_DAY
        found.append(((start, end), "".join(sorted(set(days)))))
    return found


def _invalid(session: str) -> PineRuntimeError:
    return PineRuntimeError(f"Invalid session {session!r}", "write it like 0930-1600 or 0900-1200,1300-1700:23456")


def calendar_of(instrument: Instrument) -> SessionCalendar:
    """The calendar of an instrument's regular session; without days it trades Monday to Friday."""
    return calendar(instrument.session, instrument.timezone)


def trading_calendar(instrument: Instrument) -> SessionCalendar:
    """Everything the instrument trades: its hours before and after the market are segments of their own."""
    if not instrument.session_extended:
        return calendar_of(instrument)
    return _extended(instrument.session, instrument.session_extended, instrument.timezone)


@lru_cache(maxsize=512)
def _extended(regular: str, extended: str, zone_name: str) -> SessionCalendar:
    core = _read_week(regular, WEEKDAYS)
    week = []
    for inner, outer in zip(core, _read_week(extended, WEEKDAYS), strict=True):
        cuts = sorted({minute for segment in inner + outer for minute in segment})
        pieces = pairwise(cuts)
        week.append(tuple((a, b) for a, b in pieces if any(c <= a and b <= d for c, d in inner + outer)))
    return SessionCalendar(tuple(week), clock(zone_name), core)


def session_calendar(rt: Runtime, session: str | None, zone_name: str | None = None) -> SessionCalendar | None:
    """The calendar of a session argument; None where it means the symbol's own session.

    Without days a session holds all days from version 5 on, Monday to Friday before.
    """
    if session is None or session != session:
        return None
    text = session.strip()
    if not text:
        return None
    if text in ("regular", "extended"):
        return calendar_of(rt.instrument) if text == "regular" and rt.instrument.session_extended else None
    return calendar(text, zone_name or rt.instrument.timezone, for_version(rt.version).session_days)


# --- session.* --------------------------------------------------------------------------


def _shows_extended(rt: Runtime) -> bool:
    """True if the chart has bars outside the regular session."""
    if not rt.instrument.session_extended:
        return False
    shown = rt.cache.get("session extended")
    if shown is None:
        regular = calendar_of(rt.instrument)
        shown = rt.cache["session extended"] = any(not regular.holds(time) for time in rt.columns.time)
    return bool(shown)


def _day(rt: Runtime) -> TradingDay:
    return trading_calendar(rt.instrument).day(rt.time)


def isfirstbar(rt: Runtime) -> bool:
    if rt.timeframe.isdwm:
        return True
    day = _day(rt)
    if rt.bar_index > 0:
        return not day.since <= rt.columns.time[rt.bar_index - 1] < day.close
    return rt.time <= (day.grid if _shows_extended(rt) else day.core_open)


def islastbar(rt: Runtime) -> bool:
    if rt.timeframe.isdwm:
        return True
    day = _day(rt)
    return rt.time_close >= (day.close if _shows_extended(rt) else day.core_close)


def isfirstbar_regular(rt: Runtime) -> bool:
    if rt.timeframe.isdwm:
        return True
    day = _day(rt)
    if rt.time >= day.core_close or rt.time_close <= day.core_open:
        return False
    if rt.bar_index > 0:
        return not day.core_open <= rt.columns.time[rt.bar_index - 1] < day.core_close
    return rt.time <= day.core_open


def islastbar_regular(rt: Runtime) -> bool:
    if rt.timeframe.isdwm:
        return True
    return rt.time < _day(rt).core_close <= rt.time_close


def ismarket(rt: Runtime) -> bool:
    return not (ispremarket(rt) or ispostmarket(rt))


def ispremarket(rt: Runtime) -> bool:
    if rt.timeframe.isdwm or not rt.instrument.session_extended:
        return False
    return rt.time < _day(rt).core_open


def ispostmarket(rt: Runtime) -> bool:
    if rt.timeframe.isdwm or not rt.instrument.session_extended:
        return False
    return rt.time >= _day(rt).core_close


def trading_date(instrument: Instrument, time: int) -> date:
    """The date of the trading day that ``time`` (Unix ms) belongs to."""
    return date.fromordinal(trading_calendar(instrument).day(time).ordinal)
