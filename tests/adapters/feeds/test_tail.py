"""Files that another program writes: every whole line once, whatever happens to the file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from pinery.adapters.feeds.rows import Rows
from pinery.adapters.feeds.tail import TailMarket
from pinery.charts.building import BarBuilder
from pinery.charts.feed import Beat, Candle, FeedEvent, History, Price
from pinery.core.errors import DataError
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe
from tests.adapters.feeds.clocks import SteppingClock

ETH, ES = "BINANCE:ETHUSDT.P", "CME_MINI:ES1!"
MINUTE, FIVE = Timeframe(1, ""), Timeframe(5, "")
START = 1_767_780_000  # 2026-01-07 10:00 UTC
HEADER = "time,open,high,low,close,volume\n"


def bar(minute: int, close: float = 10.0) -> str:
    return f"{START + 60 * minute},10,{max(close, 10) + 1},{min(close, 10) - 1},{close},2\n"


def tail(path: Path, minutes: float = 3, symbol: str = ETH, **options: object) -> tuple[TailMarket, SteppingClock]:
    clock = SteppingClock(START + 60 * minutes + 0.5)
    return TailMarket("m", {symbol: path}, clock, sleep=clock.sleep, **options), clock  # type: ignore[arg-type]


def follow(made: TailMarket, *acts: Callable[[], object], symbol: str = ETH) -> list[FeedEvent]:
    """What is told after each of the acts, until nothing more comes for some seconds."""

    async def read() -> list[FeedEvent]:
        found = []
        todo, idle = list(acts), 0
        async for event in made.events([(symbol, MINUTE)]):
            if not isinstance(event, Beat):
                idle = 0
                found.append(event)
                continue
            idle += 1
            if todo:
                todo.pop(0)()
            elif idle >= 3:
                await made.close()
        return found

    return asyncio.run(read())


def minutes(events: list[FeedEvent]) -> list[int]:
    return [(event.time - START * 1000) // 60_000 for event in events if isinstance(event, Candle)]


def history(made: TailMarket, timeframe: Timeframe = MINUTE, count: int = 100) -> History:
    return asyncio.run(made.history(ETH, timeframe, count))


def append(path: Path, text: str) -> Callable[[], object]:
    def act() -> None:
        with path.open("a") as file:
            file.write(text)

    return act


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "eth.csv"
    path.write_text(HEADER + bar(0) + bar(1) + bar(2))
    return path


def test_what_was_there_is_history_and_what_is_added_is_told(path: Path) -> None:
    made, _ = tail(path)
    events = follow(made, append(path, bar(3, 12)), append(path, bar(4) + bar(5)))
    assert minutes(events) == [3, 4, 5]
    first = events[0]
    assert isinstance(first, Candle) and first.complete and first.timeframe == MINUTE
    assert (first.open, first.high, first.low, first.close, first.volume) == (10, 13, 9, 12, 2)
    assert first.now == first.time + 60_000
    assert len(history(tail(path, 6)[0]).bars) == 6


def test_history_and_events_leave_nothing_out_and_tell_nothing_twice(path: Path) -> None:
    """The longer bar that is open when they meet."""
    made, _ = tail(path)

    async def read() -> tuple[History, list[FeedEvent]]:
        stream = made.events([(ETH, FIVE)])
        found = await made.history(ETH, FIVE, 10)
        append(path, bar(3, 15) + bar(4, 8))()
        told: list[FeedEvent] = []
        async for event in stream:
            told.append(event)
            if isinstance(event, Beat):
                await made.close()
        return found, told

    found, told = asyncio.run(read())
    assert found.open is not None and (found.open.volume, found.open.now) == (6, (START + 180) * 1000)
    builder = BarBuilder(lookup(ETH), FIVE, found, symbol=ETH)
    updates = builder.begin() + [update for event in told for update in builder.take(event)]
    last = updates[-1]
    assert (last.open, last.high, last.low, last.close, last.volume, last.is_last) == (10, 16, 7, 8, 10, True)


def test_a_half_written_line_waits_for_its_end(path: Path) -> None:
    made, _ = tail(path)
    whole = bar(3, 12)
    events = follow(made, append(path, whole[:17]), append(path, whole[17:-1]), append(path, "\n"))
    assert minutes(events) == [3] and made.bad_lines == 0


def test_bad_lines_are_counted_and_cost_nothing_else(path: Path) -> None:
    made, _ = tail(path)
    bad = "what?\n1767780180,10,9,8,10,1\n\n1767780180,10\n1767780180,10,11,nan,10,1\n"
    events = follow(made, append(path, bad + bar(3)))
    assert minutes(events) == [3] and made.bad_lines == 4


def test_rows_that_are_not_newer_are_left_out(path: Path) -> None:
    made, _ = tail(path)
    assert minutes(follow(made, append(path, bar(1) + bar(3) + bar(3, 50) + bar(2)))) == [3]
    assert made.repeated == 3


def test_a_file_that_is_renamed_and_made_anew_is_followed(path: Path) -> None:
    made, _ = tail(path)

    def rotate() -> None:
        append(path, bar(3))()
        path.rename(path.with_suffix(".old"))
        append(path.with_suffix(".old"), bar(4))()
        path.write_text("time;close;low;high;open\n" + f"{START + 300};12;9;13;10\n")

    events = follow(made, rotate, append(path, f"{START + 360};12;9;13;10\n"))
    assert minutes(events) == [3, 4, 5, 6]
    assert isinstance(events[2], Candle) and (events[2].high, events[2].close) == (13, 12)
    assert made.bad_lines == 0


def test_a_file_that_is_cut_off_is_read_anew(path: Path) -> None:
    made, _ = tail(path)
    assert minutes(follow(made, lambda: path.write_text(HEADER + bar(3)), append(path, bar(4)))) == [3, 4]


def test_a_file_that_comes_later(tmp_path: Path) -> None:
    path = tmp_path / "later.csv"
    made, _ = tail(path)
    with pytest.raises(DataError, match=r"no bars of BINANCE:ETHUSDT.P yet"):
        history(made)
    made, _ = tail(path, timeframe=MINUTE)
    assert minutes(follow(made, append(path, HEADER), append(path, bar(3)), append(path, bar(4)))) == [3, 4]


def test_files_of_a_pattern_follow_each_other(tmp_path: Path) -> None:
    names = [tmp_path / f"eth-2026-01-0{day}.csv" for day in (6, 7, 8)]
    names[0].write_text(HEADER + bar(0))
    names[1].write_text(HEADER + bar(1))
    made, _ = tail(tmp_path / "eth-*.csv", 2)
    events = follow(made, append(names[1], bar(2)), append(names[2], HEADER + bar(3)), append(names[2], bar(4)))
    assert minutes(events) == [2, 3, 4]
    assert len(history(tail(tmp_path / "eth-*.csv", 5)[0]).bars) == 5


def test_trades_become_prices_and_history_bars_of_any_timeframe(tmp_path: Path) -> None:
    path = tmp_path / "ticks.csv"
    path.write_text("time,price,volume\n" + "".join(f"{START + 20 * i},{10 + i},1\n" for i in range(8)))
    made, _ = tail(path, 2.7)
    found = history(made)
    assert found.bars.close.tolist() == [12, 15] and found.bars.volume.tolist() == [3, 3]
    assert found.open is not None and (found.open.close, found.open.volume) == (17, 2)
    events = follow(tail(path, 2.7)[0], append(path, f"{START + 170},30,1\n{START + 170},30,1\n"))
    assert [(e.price, e.volume, e.time) for e in events if isinstance(e, Price)] == [(30, 1, (START + 170) * 1000)] * 2
    builder = BarBuilder(lookup(ETH), MINUTE, found, symbol=ETH)
    assert [u.volume for event in events for u in builder.take(event)][-1] == 4  # both count


def test_time_of_files_that_are_not_live_is_their_own(path: Path) -> None:
    made, _ = tail(path, 10_000, live=False)
    assert history(made).open is None
    assert made.now() == (START + 180) * 1000


def test_every_reader_gets_all(path: Path) -> None:
    made, _ = tail(path)

    async def one() -> list[int]:
        found: list[FeedEvent] = []
        async for event in made.events([(ETH, MINUTE)]):
            found.append(event)
            if len(minutes(found)) == 2:
                break
        return minutes(found)

    async def both() -> list[list[int]]:
        readers = [asyncio.create_task(one()) for _ in range(3)]
        for _ in range(20):
            await asyncio.sleep(0)
        while not made._loaded:
            await asyncio.sleep(0)
        append(path, bar(3) + bar(4))()
        return await asyncio.gather(*readers)

    assert asyncio.run(both()) == [[3, 4]] * 3


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1767780000", START * 1000),
        ("1767780000.25", START * 1000 + 250),
        ("1767780000123", START * 1000 + 123),
        ("1767780000123456", START * 1000 + 123),
        ("1767780000123456789", START * 1000 + 123),
        ("2026-01-07T10:00:00Z", START * 1000),
        ("2026-01-07 10:00", START * 1000),
        ('"2026-01-07T05:00:00-05:00"', START * 1000),
    ],
)
def test_times(text: str, time: int) -> None:
    found = Rows().read(f"{text},10,11,9,10")
    assert found is not None and found[0].time == time


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("yesterday,10,11,9,10,1", "its time cannot be read"),
        ("1767780000,10,11,9,ten,1", "its close is no number"),
        ("1767780000,10,9,9,10,1", "does not enclose"),
        ("1767780000", "it has 1 columns"),
        ("time,open,close", "names neither"),
    ],
)
def test_what_is_wrong_is_said(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Rows().read(line)
