"""The market data socket: quotes, depth, histograms and charts of what the client subscribes to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from pinery.charts.feed import History
from pinery.core.errors import PineryError
from pinery.runtime.timeframes import Timeframe
from pinery.simulators.tradovate.answers import Call, Failure, Problem
from pinery.simulators.tradovate.charting import Stream, bar_packet, read_wanted, tick_packet
from pinery.simulators.tradovate.operations import Operation
from pinery.simulators.tradovate.products import Future, by_id, by_name
from pinery.simulators.tradovate.sockets import Connection
from pinery.simulators.tradovate.tape import Tape, Tapes, Trade
from pinery.simulators.tradovate.wire import Request

#: The newest so many bars of a symbol, as ``ChartFeed.history`` gives them. Raises PineryError.
Past = Callable[[str, Timeframe, int], Awaitable[History]]

_BARS = 500  # in one message
_SUBJECTS = {"Quote": "quotes", "DOM": "doms", "Histogram": "histograms"}


class MarketDataConnection(Connection):
    """``symbol_of`` says under which of Pinery's symbols ``history`` has a contract."""

    kind = "md"

    def __init__(self, *parts: Any, tapes: Tapes, history: Past | None, symbol_of: Callable[[Future], str]) -> None:
        super().__init__(*parts)
        self._tapes = tapes
        self._history = history
        self._symbol_of = symbol_of
        self._subscribed: dict[str, set[int]] = {subject: set() for subject in _SUBJECTS}
        self._streams: dict[int, Stream] = {}  # by their ids of real time
        self._next: list[Callable[[], None]] = []  # after the answer
        self._stop = tapes.listen(self._traded)
        for subject in _SUBJECTS:
            self.operations[f"md/subscribe{subject}"] = Operation("POST", self._subscriber(subject), socket_only=True)
            self.operations[f"md/unsubscribe{subject}"] = Operation("POST", self._leaver(subject), socket_only=True)
        self.operations["md/getChart"] = Operation("POST", self._chart, socket_only=True)
        self.operations["md/cancelChart"] = Operation("POST", self._cancel_chart, socket_only=True)

    def ended(self) -> None:
        super().ended()
        self._stop()

    def answered(self, request: Request) -> None:
        follow, self._next = self._next, []
        for act in follow:
            act()

    def _future(self, call: Call) -> Future:
        symbol = call.parameters.get("symbol")
        by = by_id(symbol) if isinstance(symbol, int) else by_name(str(symbol), self._state.today())
        if by is None:
            raise Failure(errorText="Symbol is inaccessible", errorCode="UnknownSymbol", mode="None")
        return by

    # --- quotes, depth, histograms ----------------------------------------------------

    def _subscriber(self, subject: str) -> Callable[[Call], dict[str, Any]]:
        def subscribe(call: Call) -> dict[str, Any]:
            future = self._future(call)
            self._subscribed[subject].add(future.id)
            self._next.append(lambda: self._tell(subject, self._tapes.of(future)))
            return {"subscriptionId": self._state.ledger.next_id()}

        return subscribe

    def _leaver(self, subject: str) -> Callable[[Call], dict[str, Any]]:
        def leave(call: Call) -> dict[str, Any]:
            self._subscribed[subject].discard(self._future(call).id)
            return {}

        return leave

    def _tell(self, subject: str, tape: Tape) -> None:
        found = {"Quote": tape.quote, "DOM": tape.depth, "Histogram": tape.histogram}[subject]()
        if found is not None:
            self.deliver(f"props {subject.lower()}", {"e": "md", "d": {_SUBJECTS[subject]: [found]}})

    def _traded(self, tape: Tape, trade: Trade) -> None:
        for subject, contracts in self._subscribed.items():
            if tape.future.id in contracts:
                self._tell(subject, tape)
        for stream in self._streams.values():
            if stream.future.id == tape.future.id:
                if stream.ready:
                    self._packet(stream.update(tape, trade))
                else:
                    stream.waiting.append(trade)

    # --- charts -----------------------------------------------------------------------

    def _chart(self, call: Call) -> dict[str, Any]:
        future = self._future(call)
        wanted = read_wanted(call.parameters, self._state.now())
        stream = Stream(future, wanted, self._state.ledger.next_id(), self._state.ledger.next_id())
        self._streams[stream.realtime] = stream

        def begin() -> None:
            task = asyncio.create_task(self._send_past(stream))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._next.append(begin)
        return {"historicalId": stream.historical, "realtimeId": stream.realtime, "subscriptionId": stream.realtime}

    def _cancel_chart(self, call: Call) -> dict[str, Any]:
        id = call.needed("subscriptionId")
        known = [key for key, stream in self._streams.items() if id in (key, stream.historical)]
        if not known:
            raise Problem(404, "Not found")
        for key in known:
            del self._streams[key]
        return {}

    async def _send_past(self, stream: Stream) -> None:
        """History, its end, and what was traded meanwhile. A source that fails has no history."""
        tape = self._tapes.of(stream.future)
        if stream.ticks:
            found = stream.wanted.ticks(t for t in tape.trades if t not in stream.waiting)
            if found:
                self._packet(tick_packet(stream.historical, tape, found))
        else:
            bars = await self._bars(stream, tape)
            for start in range(0, len(bars), _BARS):
                self._packet(bar_packet(stream.historical, bars[start : start + _BARS]))
        self._packet({"id": stream.historical, "eoh": True})
        stream.ready = True
        if stream.forming is not None and stream.realtime in self._streams:
            self._packet(bar_packet(stream.realtime, [stream.forming]))
        for trade in stream.missed():
            if stream.realtime in self._streams:
                self._packet(stream.update(tape, trade))

    async def _bars(self, stream: Stream, tape: Tape) -> list[Any]:
        wanted = stream.wanted
        history = None
        if self._history is not None:
            with suppress(PineryError):
                history = await self._history(self._symbol_of(stream.future), wanted.timeframe, wanted.count)
        return stream.past(history, tape)

    def _packet(self, packet: dict[str, Any]) -> None:
        self.deliver("props chart", {"e": "chart", "d": {"charts": [packet]}})
