"""Measurements of a process reach the store, also when it is away for a while."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from pinery.adapters.metrics.heartbeats import keep_beating
from pinery.adapters.metrics.recorder import Recorder
from pinery.adapters.store.figures import Figures
from pinery.trading.errors import StoreError
from tests.stores import KINDS, store_of

Row = tuple[str, str, str, float]


class Kept:
    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.down = False

    def add(self, rows: Iterable[Row]) -> None:
        if self.down:
            raise StoreError("full")
        self.rows += rows


def test_it_writes_what_is_new_only() -> None:
    kept = Kept()
    recorder = Recorder(kept)
    recorder.flush()
    assert kept.rows == []
    for seconds in (0.0005, 0.001, 61.0):
        recorder.observe("broker_response", seconds, "paper")
    recorder.flush()
    assert {row[2]: row[3] for row in kept.rows} == {"0.001": 2, "+Inf": 1, "sum": pytest.approx(61.0015)}
    kept.rows.clear()
    recorder.flush()
    assert kept.rows == []


def test_what_could_not_be_written_is_written_later() -> None:
    kept = Kept()
    recorder = Recorder(kept)
    recorder.observe("x", 0.5)
    kept.down = True
    with pytest.raises(StoreError):
        recorder.flush()
    recorder.observe("x", 0.5)
    kept.down = False
    recorder.flush()
    assert ("x", "", "0.5", 2.0) in kept.rows and ("x", "", "sum", 1.0) in kept.rows


def test_it_flushes_by_itself_and_once_more_at_the_end() -> None:
    kept = Kept()
    recorder = Recorder(kept)

    async def run() -> None:
        stopping = asyncio.Event()
        task = asyncio.create_task(recorder.run(stopping, every=0.02))
        recorder.observe("x", 0.5)
        while not kept.rows:
            await asyncio.sleep(0.005)
        kept.down = True
        recorder.observe("y", 0.5)
        await asyncio.sleep(0.05)
        kept.down = False
        stopping.set()
        await task

    asyncio.run(asyncio.wait_for(run(), 120))
    assert {row[0] for row in kept.rows} == {"x", "y"}


@pytest.mark.parametrize("kind", KINDS)
def test_many_that_add_at_once_lose_nothing(kind: str, tmp_path: Path) -> None:
    with store_of(kind, tmp_path) as store:
        figures = Figures(store)

        def add(offset: int) -> None:
            recorder = Recorder(figures)
            for n in range(10):
                for name in ("a", "b", "c")[:: 1 if offset % 2 else -1]:
                    recorder.observe(name, n / 10, f"l{n % 3}")
                recorder.flush()

        threads = [threading.Thread(target=add, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        measured = figures.collect(0).measured
    assert sum(histogram.count for histogram in measured.values()) == 4 * 10 * 3


def test_beating_goes_on_while_the_store_is_down() -> None:
    beats: list[int] = []

    class Pulse:
        def beat(self, component: str, now: int) -> None:
            beats.append(now)
            if len(beats) == 2:
                raise StoreError("full")

    class Clock:
        def now(self) -> int:
            return len(beats)

        def monotonic(self) -> float:
            return 0.0

    async def run() -> None:
        stopping = asyncio.Event()
        task = asyncio.create_task(keep_beating(Pulse(), "worker", Clock(), stopping, every=0.01))
        while len(beats) < 4:
            await asyncio.sleep(0.005)
        stopping.set()
        await task

    asyncio.run(asyncio.wait_for(run(), 120))
