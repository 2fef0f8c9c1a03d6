"""From a request to the inbox: one thread writes whatever waits in one transaction.

While the disk works on one commit, the next messages gather; so a single alert is as fast as the disk, and a storm
of them costs few commits. A message is acknowledged after its commit, and never if the commit failed.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pinery.trading.errors import StoreError
from pinery.trading.store import Message, Store


class Overloaded(Exception):
    """More messages wait than are held; this one was not taken."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    message: Message
    answer: asyncio.Future[int]
    loop: asyncio.AbstractEventLoop


def _now_us() -> int:
    return time.time_ns() // 1000


class Intake:
    """``capacity`` is how many messages may wait, ``most_text`` how many characters; ``largest_batch`` is how many
    messages one transaction takes."""

    def __init__(
        self,
        store: Store,
        *,
        capacity: int = 5000,
        most_text: int = 64 * 1024 * 1024,
        largest_batch: int = 500,
        now_us: Callable[[], int] = _now_us,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._capacity = capacity
        self._most_text = most_text
        self._text = 0  # characters that wait
        self._largest_batch = largest_batch
        self._now_us = now_us
        self._monotonic = monotonic
        self._queue: deque[_Waiting] = deque()
        self._arrived = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._last_us = 0
        self._last_put = monotonic()
        self._succeeded: float | None = None  # when a write last did, by ``monotonic``
        self._failed: float | None = None

    async def put(self, message: Message) -> int:
        """The message's id in the inbox, once it is on disk.

        ``received_us`` is set here: the present, but always after the message before, whatever the clock does: after
        it was set back, times go on at half their pace until the clock has caught up. Raises
        Overloaded, and StoreError where it could not be stored; a message is stored also if the caller goes away.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[int] = loop.create_future()
        with self._arrived:
            if self._closed or len(self._queue) >= self._capacity or self._text >= self._most_text:
                raise Overloaded
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="intake", daemon=True)
                thread.start()  # where the system gives none, the next message asks for one again
                self._thread = thread
            self._text += len(message.body)
            self._last_us = self._moment()
            self._queue.append(_Waiting(replace(message, received_us=self._last_us), answer, loop))
            self._arrived.notify()
        return await answer

    def _moment(self) -> int:
        now = self._monotonic()
        passed, self._last_put = now - self._last_put, now
        # Not standing still: repetitions are told from new alerts by the time between them.
        return max(self._now_us(), self._last_us + max(1, int(passed * 500_000)))

    def close(self) -> None:
        """Stores what waits, and ends."""
        with self._arrived:
            self._closed = True
            self._arrived.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def works(self, recently: float = 10.0) -> bool | None:
        """Whether the store took a write in the last seconds; None where none was tried."""
        now = self._monotonic()
        last = max((moment for moment in (self._succeeded, self._failed) if moment is not None), default=None)
        if last is None or now - last > recently:
            return None
        return last == self._succeeded

    def probe(self) -> bool:
        """Tries a write that changes nothing. Blocks."""
        try:
            self._store.write(lambda tx: None)
        except StoreError:
            self._failed = self._monotonic()
            return False
        self._succeeded = self._monotonic()
        return True

    def _run(self) -> None:
        while True:
            with self._arrived:
                while not self._queue and not self._closed:
                    self._arrived.wait()
                if not self._queue:
                    return
                count = min(len(self._queue), self._largest_batch)
                batch = [self._queue.popleft() for _ in range(count)]
                self._text -= sum(len(waiting.message.body) for waiting in batch)
            self._write(batch)

    def _write(self, batch: Sequence[_Waiting]) -> None:
        messages = [waiting.message for waiting in batch]
        try:
            ids = self._store.write(lambda tx: tx.inbox.add(messages))
        except BaseException as error:  # every caller must hear, whatever it was, and the thread must live on
            self._failed = self._monotonic()
            failure = error if isinstance(error, Exception) else StoreError("the store could not be written")
            _answer(batch, None, failure)
            return
        self._succeeded = self._monotonic()
        _answer(batch, ids, None)


def _answer(batch: Sequence[_Waiting], ids: Sequence[int] | None, failure: Exception | None) -> None:
    """Tells all callers at once, each on its own loop."""

    def tell(told: Sequence[tuple[_Waiting, int]]) -> None:
        for waiting, number in told:
            if waiting.answer.done():  # the caller has gone
                continue
            if failure is not None:
                waiting.answer.set_exception(failure)
            else:
                waiting.answer.set_result(number)

    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, int]]] = {}
    for waiting, number in zip(batch, ids if ids is not None else [0] * len(batch), strict=True):
        by_loop.setdefault(waiting.loop, []).append((waiting, number))
    for loop, told in by_loop.items():
        try:
            loop.call_soon_threadsafe(tell, told)
        except RuntimeError:  # the loop has ended; what was stored stays stored
            continue
