"""Several streams of events as one, in order of time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Self

from pinery.charts.feed import FeedEvent, Price

Told = tuple[int, FeedEvent]

_MOST = 1_000  # events of a stream that may wait; then it does


class Pump:
    """Reads streams as a context. ``next`` gives what is there, ``wait`` what comes, with the number of its stream:
    both raise what a stream raised. Of what waits, the earliest comes first: after a halt no stream runs ahead."""

    def __init__(self, streams: Sequence[AsyncIterator[FeedEvent]]) -> None:
        self._streams = streams
        self._waiting: list[deque[FeedEvent]] = [deque() for _ in streams]
        self._ends: list[Exception | None] = []  # of the streams that have ended
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._read(*each)) for each in zip(self._waiting, self._streams, strict=True)
        ]
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def next(self) -> Told | None:
        """None where nothing waits, also once a stream has ended: ``wait`` tells the two apart."""
        first = min(((_time(line[0]), number) for number, line in enumerate(self._waiting) if line), default=None)
        if first is None:
            for error in self._ends:
                if error is not None:
                    raise error
            return None
        self._room.set()
        return first[1], self._waiting[first[1]].popleft()

    async def wait(self) -> Told | None:
        """None once a stream has ended."""
        while (told := self.next()) is None and not self._ends:
            self._news.clear()
            await self._news.wait()
        if told is None:
            await asyncio.sleep(0)  # others may have waited for room
            told = self.next()
        return told

    async def _read(self, line: deque[FeedEvent], stream: AsyncIterator[FeedEvent]) -> None:
        try:
            async for event in stream:
                while len(line) >= _MOST:
                    self._room.clear()
                    await self._room.wait()
                line.append(event)
                self._news.set()
        except Exception as error:
            self._ends.append(error)
        else:
            self._ends.append(None)
        self._news.set()


def _time(event: FeedEvent) -> int:
    return event.time if isinstance(event, Price) else event.now
