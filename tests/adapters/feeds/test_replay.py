"""A replayed market: one market for all processes, from its history to what happens now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pinery.adapters.feeds.history import history_of
from pinery.adapters.feeds.loops import WEEK_MS, Track, period_of
from pinery.adapters.feeds.replay import ReplayMarket
from pinery.adapters.feeds.synthetic import synthetic_bars
from pinery.charts.feed import Beat, FeedEvent, Price
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.market.resample import resample
from pinery.market.symbols import lookup
from pinery.runtime.sessions import trading_calendar
from pinery.runtime.timeframes import Timeframe
from tests.adapters.feeds.clocks import SteppingClock

ES, ETH = "CME_MINI:ES1!", "BINANCE:ETHUSDT.P"
MINUTE, HOUR, DAY = Timeframe(1, ""), Timeframe(60, ""), Timeframe(1, "D")
BEGAN = 5_000_000
CHICAGO = ZoneInfo("America/Chicago")


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


START = ms("2025-10-08 14:30")  # a Wednesday
BARS = {ES: synthetic_bars(ES), ETH: synthetic_bars(ETH)}
COLUMNS = ("time", "open", "high", "low", "close", "volume")


def market(clock: SteppingClock, bars: dict[str, BarSeries] | None = None, **options: object) -> ReplayMarket:
    options = {"speed": 60.0, "start": START, "began": BEGAN} | options
    return ReplayMarket("m", bars or BARS, clock, lambda name, at: at, sleep=clock.sleep, **options)  # type: ignore[arg-type]


async def some(stream: AsyncIterator[FeedEvent], count: int) -> list[FeedEvent]:
    found = []
    async for event in stream:
        found.append(event)
        if len(found) == count:
            break
    await stream.aclose()  # type: ignore[attr-defined]
    return found


def first(made: ReplayMarket, count: int, *symbols: str) -> list[FeedEvent]:
    return asyncio.run(some(made.events([(symbol, MINUTE) for symbol in symbols]), count))


def prices(events: list[FeedEvent]) -> list[Price]:
    return [event for event in events if isinstance(event, Price)]


# --- time -----------------------------------------------------------------------------


def test_market_time_is_a_function_of_the_clock() -> None:
    clock = SteppingClock()
    made = market(clock)
    assert made.now() == START
    clock.seconds += 90
    assert made.now() == START + 90 * 60_000
    assert market(SteppingClock(clock.seconds)).now() == made.now()  # another process
    clock.seconds -= 60
    assert made.now() == START + 90 * 60_000  # a clock that was put back does not turn it back


def test_when_it_began_is_kept_once() -> None:
    kept: dict[str, int] = {}
    clock = SteppingClock()

    def opened() -> ReplayMarket:
        return ReplayMarket("demo", BARS, clock, kept.setdefault, speed=1.0, start=START, sleep=clock.sleep)

    assert opened().now() == START
    clock.seconds += 100
    assert opened().now() == START + 100_000
    assert kept == {"demo": 5_000_000}


def test_without_a_start_it_begins_where_all_have_bars() -> None:
    assert market(SteppingClock(), start=None).now() == max(int(bars.time[0]) for bars in BARS.values())


@pytest.mark.parametrize("opened", [0.0, 3_600.0, 500_000.0])
def test_closed_hours_are_jumped_over_alike_in_every_process(opened: float) -> None:
    """ES alone: an hour a day and the weekend are closed."""
    clock = SteppingClock(5_000.0 + opened)
    late, early = (market(clock, {ES: BARS[ES]}, skip_closed=True) for _ in range(2))
    early_clock = SteppingClock()
    from_the_start = market(early_clock, {ES: BARS[ES]}, skip_closed=True)
    from_the_start.now()
    early_clock.seconds += opened
    assert late.now() == early.now() == from_the_start.now()
    calendar = trading_calendar(lookup(ES))
    for _ in range(200):
        clock.seconds += 1_777.7
        assert calendar.holds(late.now())
    assert late.now() - START > clock.seconds - 5_000 - opened


def test_nothing_is_jumped_over_while_another_symbol_trades() -> None:
    clock = SteppingClock()
    made = market(clock, skip_closed=True)
    clock.seconds += 4 * 24 * 60  # four days of the market
    assert made.now() == START + 4 * 86_400_000


# --- prices ---------------------------------------------------------------------------


def test_prices_come_in_their_time() -> None:
    clock = SteppingClock()
    events = first(market(clock), 400, ES, ETH)
    moments = [event.now if isinstance(event, Beat) else event.time for event in events]
    assert moments == sorted(moments)
    assert {event.symbol for event in prices(events)} == {ES, ETH}
    assert abs((moments[-1] - START) / 60 - (clock.now() - BEGAN)) < 50
    beats = [event.now for event in events if isinstance(event, Beat)]
    assert all(40_000 < b - a < 80_000 for a, b in pairwise(beats))  # one for each second


def test_every_process_sees_the_same_prices() -> None:
    one, other = (prices(first(market(SteppingClock()), 100, ES, ETH)) for _ in range(2))
    assert one == other
    alone = prices(first(market(SteppingClock()), 60, ETH))
    assert alone[:20] == [price for price in one if price.symbol == ETH][:20]
    assert prices(first(market(SteppingClock(), seed=2), 40, ES)) != prices(first(market(SteppingClock()), 40, ES))


def test_a_slow_reader_loses_nothing() -> None:
    """It reads once an hour; another one reads all the time."""

    async def read(clock: SteppingClock, wait: float) -> list[Price]:
        found = []
        async for event in market(clock).events([(ES, MINUTE)]):
            clock.seconds += wait
            if isinstance(event, Price):
                found.append(event)
                if len(found) == 300:
                    break
        return found

    assert asyncio.run(read(SteppingClock(), 3_600.0)) == asyncio.run(read(SteppingClock(), 0.0))


def test_events_begin_when_they_are_asked_for_not_when_they_are_read() -> None:
    clock = SteppingClock()
    made = market(clock)

    async def later() -> list[FeedEvent]:
        stream = made.events([(ES, MINUTE)])
        clock.seconds += 10  # ten minutes of bars
        return await some(stream, 40)

    found = asyncio.run(later())
    assert found[:20] == prices(first(market(SteppingClock()), 25, ES))[:20]
    clock = SteppingClock(5_010.0)
    assert prices(first(market(clock), 3, ES))[0].time > START + 600_000


def test_a_closed_market_ends_its_readers() -> None:
    clock = SteppingClock()
    made = market(clock)

    async def read() -> int:
        count = 0
        async for _ in made.events([(ES, MINUTE)]):
            count += 1
            if count == 5:
                await made.close()
        return count

    assert asyncio.run(read()) == 5


def test_without_loop_beats_go_on_after_the_last_price() -> None:
    clock = SteppingClock()
    short = BARS[ES].slice(0, 3)
    made = market(clock, {ES: short}, loop=False, start=int(short.time[0]) - 1)
    events = first(made, 40, ES)
    assert len(prices(events)) == 12 and isinstance(events[-1], Beat)
    with pytest.raises(DataError, match="no bars from its start on"):
        market(clock, {ES: short}, loop=False).now()


def test_at_speed_zero_it_is_as_fast_as_its_reader_and_ends() -> None:
    clock = SteppingClock()
    short = BARS[ES].slice(0, 2)
    made = market(clock, {ES: short}, loop=False, start=int(short.time[0]), speed=0.0)
    seen = []

    async def read() -> None:
        async for event in made.events([(ES, MINUTE)]):
            seen.append((made.now(), event))

    asyncio.run(read())
    assert clock.seconds == 5_000.0 and isinstance(seen[-1][1], Beat)
    assert [now for now, _ in seen] == [e.now if isinstance(e, Beat) else e.time for _, e in seen]


def test_contract_months_have_the_prices_of_their_root() -> None:
    made = market(SteppingClock())
    assert made.covers("CME_MINI:ESZ2026") and made.covers("CME_MINI:ESH27") and made.covers(ETH)
    for other in ("CME_MINI:NQZ2026", "CME_MINI:MESZ2026", "BINANCE:ETHUSDT", "EUREX:ESZ2026"):
        assert not made.covers(other)
    dated = prices(first(made, 20, "CME_MINI:ESZ2026"))
    plain = prices(first(market(SteppingClock()), 20, ES))
    assert dated == [replace(price, symbol="CME_MINI:ESZ2026") for price in plain]
    with pytest.raises(DataError, match="has no bars of CME_MINI:NQ1!"):
        first(made, 1, "CME_MINI:NQ1!")


# --- going round ----------------------------------------------------------------------


def test_it_goes_round_by_whole_weeks_and_sessions_stay_at_their_hours() -> None:
    """Two loops of eight weeks: clocks are put back within, and forward after, the stored bars."""
    period = period_of([BARS[ES]])
    assert period == 8 * WEEK_MS
    track = Track(ES, BARS[ES], MINUTE, lookup(ES), period, 1)
    calendar = trading_calendar(lookup(ES))
    for loop in (-3, -1, 1, 2, 3, 9):
        times = track.times(loop)
        assert (np.diff(times) > 0).all()
        assert all(calendar.holds(time) for time in times[::97].tolist())
        opens = datetime.fromtimestamp(int(times[0]) / 1000, CHICAGO)
        assert (opens.weekday(), opens.hour, opens.minute) == (6, 17, 0)
    assert track.times(1)[0] > track.times(0)[-1] and track.times(0)[0] > track.times(-1)[-1]


def test_prices_rise_in_time_over_the_end_of_the_bars() -> None:
    clock = SteppingClock()
    short = BARS[ETH].slice(0, 3)
    made = market(clock, {ETH: short}, start=int(short.time[1]), speed=100_000.0)
    found = prices(first(made, 60, ETH))
    times = [price.time for price in found]
    assert times == sorted(set(times))
    assert found[7].time == int(short.time[0]) + WEEK_MS  # the rest of the second bar, the third, then the first
    assert [p.price for p in found[7:19]] == [p.price for p in found[19:31]]


# --- history --------------------------------------------------------------------------


@pytest.mark.parametrize("timeframe", ["1", "15", "60", "240", "D", "W"])
@pytest.mark.parametrize("symbol", [ES, ETH])
def test_history_is_what_was(symbol: str, timeframe: str) -> None:
    clock = SteppingClock(5_000.0 + 8.3)
    made = market(clock)
    frame = Timeframe.parse(timeframe)
    history = asyncio.run(made.history(symbol, frame, 100))
    expected = resample(BARS[symbol], lookup(symbol), MINUTE, frame)
    complete = expected.bars.slice(0, int(np.searchsorted(expected.time_close, made.now(), side="right")))
    count = min(len(complete) - 1, 100)  # in the first one of them there is the loop before, too
    for name in COLUMNS:
        got, want = getattr(history.bars, name), getattr(complete, name)
        assert count and np.array_equal(got[len(got) - count :], want[len(want) - count :])
    assert history.open is not None and history.open.now == made.now()
    assert history.open.time == int(expected.bars.time[len(complete)])


def test_history_goes_back_into_loops_before() -> None:
    made = market(SteppingClock())
    for frame in (HOUR, DAY):
        bars = asyncio.run(made.history(ES, frame, 700)).bars
        assert len(bars) == 700 and (np.diff(bars.time) > 0).all()
        assert bars.time[0] < BARS[ES].time[0]
    without = market(SteppingClock(), loop=False)
    assert len(asyncio.run(without.history(ES, DAY, 700)).bars) == 22


def test_long_timeframes_do_not_read_decades_of_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinery.adapters.feeds.history._MOST_BARS", 50_000)
    track = Track(ES, BARS[ES], MINUTE, lookup(ES), period_of([BARS[ES]]), 1)
    read: list[int] = []

    def bars(first: int, end: int) -> BarSeries:
        found = Track.bars(track, first, end)
        read.append(len(found))
        return found

    monkeypatch.setattr(track, "bars", bars)
    months = history_of(track, ES, Timeframe.parse("1M"), 240, int(BARS[ES].time[-1])).bars
    assert 1 <= len(months) < 240
    assert max(read) < 150_000


def test_history_of_what_cannot_be_made_is_an_error() -> None:
    hours = resample(BARS[ES], lookup(ES), MINUTE, Timeframe(15, "")).bars
    made = market(SteppingClock(), {ES: hours})
    for timeframe in ("5", "20", "30S"):
        with pytest.raises(DataError, match="cannot be made of those in 15"):
            asyncio.run(made.history(ES, Timeframe.parse(timeframe), 10))
    assert len(asyncio.run(made.history(ES, HOUR, 10)).bars) == 10


def test_there_is_always_a_next_price() -> None:
    track = Track(ES, BARS[ES], MINUTE, lookup(ES), period_of([BARS[ES]]), 1)
    for at in (ms("1999-01-01"), ms("2025-12-24 20:00"), ms("2040-06-01")):
        moments = list(islice(track.walk(at), 8))
        assert at < moments[0][0] < at + WEEK_MS
        before = track.at(at)
        assert before is not None and before[0] <= at
