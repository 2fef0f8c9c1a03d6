"""Failed logins by address, in memory: users' own locks are in the store."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from pinery.adapters.store.people import FIRST_LOCK_MS, FREE_FAILURES, LONGEST_LOCK_MS, LockedOut

_FORGOTTEN_MS = 3_600_000
_MOST = 10_000


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last: int = 0
    locked_until: int = 0


class Attempts:
    """Each failure beyond the free ones doubles the time that an address is locked out."""

    def __init__(self) -> None:
        self._by_address: dict[str, _Failures] = {}
        self._lock = threading.Lock()

    def begin(self, address: str, now: int) -> None:
        """Counts as failed until ``succeed``. Raises LockedOut."""
        with self._lock:
            found = self._by_address.pop(address, None)
            if found is None or now - found.last > _FORGOTTEN_MS:
                found = _Failures()
            self._by_address[address] = found  # the newest is last
            if len(self._by_address) > _MOST:
                self._by_address.pop(next(iter(self._by_address)))
            if found.locked_until > now:
                raise LockedOut(-(-(found.locked_until - now) // 1000))
            found.count += 1
            found.last = now
            over = found.count - FREE_FAILURES
            if over >= 0:
                found.locked_until = now + min(FIRST_LOCK_MS * 2 ** min(over, 20), LONGEST_LOCK_MS)

    def succeed(self, address: str) -> None:
        """Takes this attempt back, and only it: a login of one's own does not buy more guesses."""
        with self._lock:
            found = self._by_address.get(address)
            if found is not None:
                found.count = max(0, found.count - 1)
                found.locked_until = 0
