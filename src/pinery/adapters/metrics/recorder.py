"""What a process measures of itself, added to the store now and then, so that all processes' figures are in one place
and outlive them."""

from __future__ import annotations

import asyncio
import threading
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol, TypeVar

import structlog

from pinery.trading.errors import StoreError
from pinery.trading.figures import LATENCY

T = TypeVar("T")

_LES = (*map(repr, LATENCY), "+Inf")


class Sink(Protocol):
    def add(self, rows: Iterable[tuple[str, str, str, float]]) -> None:
        """Adds to histograms: ``(name, label, le, count)``, with le an upper bound in seconds, "+Inf" or "sum"."""
        ...


class Recorder:
    """Histograms of seconds. ``observe`` may be called from any thread; it only counts in memory."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str, str], float] = {}

    def observe(self, name: str, seconds: float, label: str = "") -> None:
        """``name`` is one of ``exposition.MEASURED``; ``label`` its label values, joined by ":"."""
        bucket, total = (name, label, _LES[bisect_left(LATENCY, seconds)]), (name, label, "sum")
        with self._lock:
            self._counts[bucket] = self._counts.get(bucket, 0.0) + 1
            self._counts[total] = self._counts.get(total, 0.0) + seconds

    def flush(self) -> None:
        """One short write. What could not be written is kept for the next time. Raises StoreError."""
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            self._sink.add([(*key, count) for key, count in counts.items()])
        except BaseException:
            with self._lock:
                for key, count in counts.items():
                    self._counts[key] = self._counts.get(key, 0.0) + count
            raise

    async def run(self, stopping: asyncio.Event, every: float = 5.0) -> None:
        """Flushes every so many seconds until ``stopping`` is set, and once more then."""
        while not stopping.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(every):
                    await stopping.wait()
            try:
                await asyncio.to_thread(self.flush)
            except StoreError as error:
                structlog.get_logger().warning("measurements not written", error=str(error))
