"""Who may write a SQLite database now: one at a time, in the order in which they asked, as far as can be."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pinery.adapters.store.faults import files_told_as_store_errors
from pinery.core.errors import InternalError
from pinery.trading.errors import StoreError

_FIRST_WAITS = 0.0001  # seconds between looks at a lock that another process holds: most are held for one commit
_LATER_WAITS = 0.002
_SOON = 0.02


class Turns:
    """A lock whose waiters come first, first served. ``threading.Lock`` lets a thread take it again at once."""

    def __init__(self) -> None:
        self._inner = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._holder: int | None = None

    def take(self, timeout: float) -> bool:
        me = threading.get_ident()
        with self._inner:
            if self._holder == me:
                raise InternalError("a write to the store was begun inside another")
            if self._holder is None and not self._waiting:
                self._holder = me
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        came = turn.acquire(timeout=timeout)
        with self._inner:
            if not came and turn in self._waiting:
                self._waiting.remove(turn)
                return False
            # Also when it came just after the waiting ended.
            self._holder = me
            return True

    def give(self) -> None:
        with self._inner:
            if self._waiting:
                self._holder = 0  # of the thread that wakes now
                self._waiting.popleft().release()
            else:
                self._holder = None


class WriteLock:
    """Threads of this process by ``Turns``, processes by locks on two files, which the kernel lifts when one dies.

    SQLite's own waiting sleeps up to 100 ms between its looks. ``.queue`` is the waiting room: only who is in it may
    wait for ``.lock``, so that a process that writes without a pause cannot overtake one that waits.
    """

    def __init__(self, path: Path, timeout: float) -> None:
        self._path = path
        self._timeout = timeout
        self._turns = Turns()
        self._files: tuple[int, int] | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Raises StoreError when others keep it for ``timeout`` seconds."""
        end = time.monotonic() + self._timeout
        if not self._turns.take(self._timeout):
            raise self._busy()
        try:
            if self._files is None:
                with files_told_as_store_errors(str(self._path)):
                    self._files = self._open()
            room, lock = self._files
            self._wait(room, end)
            try:
                self._wait(lock, end)
            finally:
                fcntl.flock(room, fcntl.LOCK_UN)
            try:
                yield
            finally:
                fcntl.flock(lock, fcntl.LOCK_UN)
        finally:
            self._turns.give()

    def close(self) -> None:
        if self._files is not None:
            for file in self._files:
                os.close(file)
            self._files = None

    def _open(self) -> tuple[int, int]:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        room = os.open(f"{self._path}.queue", flags, 0o644)
        try:
            return room, os.open(f"{self._path}.lock", flags, 0o644)
        except OSError:
            os.close(room)
            raise

    def _wait(self, file: int, end: float) -> None:
        soon = time.monotonic() + _SOON
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                now = time.monotonic()
                if now >= end:
                    raise self._busy() from None
                time.sleep(_FIRST_WAITS if now < soon else _LATER_WAITS)

    def _busy(self) -> StoreError:
        return StoreError(
            f"the store {self._path} cannot be written: others have kept it for {self._timeout:g} s",
            "end what keeps it, or wait; Pinery goes on by itself",
        )
