"""Streams of events as one queue: what comes, and that it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from pinery.app.up.charting import pump
from pinery.app.up.charting.pump import Pump
from pinery.charts.feed import Beat, FeedEvent
from pinery.core.errors import DataError


async def told(*beats: int, broken: bool = False) -> AsyncIterator[FeedEvent]:
    for beat in beats:
        yield Beat(beat)  # all at once, as after a halt
    if broken:
        raise DataError("gone", "")


async def never() -> AsyncIterator[FeedEvent]:
    await asyncio.Event().wait()
    yield Beat(0)


async def drained(*streams: AsyncIterator[FeedEvent]) -> list[tuple[int, FeedEvent]]:
    """As charts read: what is there first, then what comes."""
    found = []
    async with Pump(streams) as read:
        await asyncio.sleep(0.01)  # the end waits in the queue, too
        while (event := read.next() or await asyncio.wait_for(read.wait(), 10)) is not None:
            found.append(event)
        assert read.next() is None and await asyncio.wait_for(read.wait(), 10) is None
    return found


def test_a_stream_that_ends_is_not_waited_for() -> None:
    assert asyncio.run(drained(told(1, 2))) == [(0, Beat(1)), (0, Beat(2))]
    assert asyncio.run(drained(never(), told(1))) == [(1, Beat(1))]


def test_after_a_halt_streams_come_together() -> None:
    found = asyncio.run(drained(told(1, 3, 5, 7), told(2, 3, 6, 8)))
    assert [(number, event.now) for number, event in found if isinstance(event, Beat)] == [
        (0, 1), (1, 2), (0, 3), (1, 3), (0, 5), (1, 6), (0, 7), (1, 8),
    ]  # fmt: skip


def test_a_long_stream_waits_until_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "_MOST", 2)
    assert len(asyncio.run(drained(told(*range(50)), told(*range(0, 100, 2))))) == 100


def test_what_a_stream_raises_is_raised() -> None:
    with pytest.raises(DataError):
        asyncio.run(drained(told(1, broken=True)))
