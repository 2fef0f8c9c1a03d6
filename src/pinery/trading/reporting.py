"""The stream of reports to the one reader: in order, without end, and small if the reader is slow."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable

from pinery.trading.broker import Report, ReportKind


class ReportStream:
    """Of quotes and balances that nobody has read yet only the newest is kept."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[object, Report] = OrderedDict()
        self._more = asyncio.Event()
        self._closed = False

    def put(self, reports: Iterable[Report]) -> None:
        for report in reports:
            if report.kind is ReportKind.QUOTE and report.quote is not None:
                self._waiting[report.quote.symbol] = report
            elif report.kind is ReportKind.BALANCE:
                self._waiting[report.kind] = report
            else:
                self._waiting[object()] = report
        self._more.set()

    def close(self) -> None:
        """What waits is still delivered."""
        self._closed = True
        self._more.set()

    async def read(self) -> AsyncIterator[Report]:
        while True:
            while self._waiting:
                yield self._waiting.popitem(last=False)[1]
            if self._closed:
                return
            self._more.clear()
            await self._more.wait()
