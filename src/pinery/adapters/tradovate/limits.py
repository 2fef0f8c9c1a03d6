"""Our own pace, well below the venue's limits, and the times at which nothing is sent at all.

Tradovate counts about 5000 actions (place, modify, cancel) in a rolling hour and says nothing of how many are left.
What protects or closes goes first, and a share of the hour is kept for it.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from enum import IntEnum

from pinery.adapters.tradovate.errors import Captcha, Unsent
from pinery.trading.clock import Clock

_HOUR = 3600.0
_KEPT = 0.1  # of an hour's actions, for what closes or protects


class Urgency(IntEnum):
    """Of two that wait, the lower number goes first."""

    CLOSING = 0  # exits, protection, cancels
    AMENDING = 1
    OPENING = 2


class Limits:
    """Of one user. ``longest``: seconds that an action waits for its turn. ``wants_person`` is told of a captcha."""

    def __init__(self, clock: Clock, per_second: float, burst: int, per_hour: int, longest: float) -> None:
        self._clock = clock
        self._rate = per_second
        self._burst = float(burst)
        self._hourly = per_hour
        self._longest = longest
        self._saved = float(burst)
        self._saved_at = clock.monotonic()
        self._taken: deque[float] = deque()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._number = 0
        self._timer: asyncio.TimerHandle | None = None
        self._held_until = float("-inf")
        self._held_because = ""
        self._by_person = False
        self.wants_person: Callable[[str, float], None] = lambda reason, seconds: None

    # --- holding everything -----------------------------------------------------------

    def hold(self, seconds: float, reason: str, *, captcha: bool = False) -> None:
        """Nothing is sent for so long."""
        until = self._clock.monotonic() + seconds
        if until > self._held_until:
            self._held_until, self._held_because, self._by_person = until, reason, captcha
            if captcha:
                self.wants_person(reason, seconds)

    def check(self) -> None:
        """Raises Unsent while everything is held."""
        left = self._held_until - self._clock.monotonic()
        if left > 0:
            raise (Captcha if self._by_person else Unsent)(self._held_because, left)

    async def passing(self, longest: float) -> None:
        """Sit out what everything is held for, if that takes no longer than ``longest`` seconds. Raises Unsent."""
        left = self._held_until - self._clock.monotonic()
        if 0 < left <= longest and not self._by_person:
            await asyncio.sleep(left + 0.001)  # timers may be a little early
        self.check()

    # --- actions ----------------------------------------------------------------------

    async def action(self, urgency: Urgency) -> None:
        """Wait for one action's turn. Raises Unsent where it would take too long, or everything is held."""
        self.check()
        now = self._clock.monotonic()
        self._forget(now)
        kept = 0 if urgency is Urgency.CLOSING else self._hourly * _KEPT
        if len(self._taken) >= self._hourly - kept:
            left = self._taken[0] + _HOUR - now if self._taken else _HOUR
            raise Unsent(f"the hour's {self._hourly} requests are used up", left)
        self._fill(now)
        if self._saved >= 1 and not self._waiting:
            self._take(now)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._number += 1
        heapq.heappush(self._waiting, (urgency, self._number, turn))
        self._wind()
        try:
            async with asyncio.timeout(self._longest):
                await turn
        except TimeoutError:
            raise Unsent(f"too many requests: not sent within {self._longest:g} s", 1 / self._rate) from None
        self.check()

    def _forget(self, now: float) -> None:
        while self._taken and self._taken[0] <= now - _HOUR:
            self._taken.popleft()

    def _fill(self, now: float) -> None:
        self._saved = min(self._burst, self._saved + (now - self._saved_at) * self._rate)
        self._saved_at = now

    def _take(self, now: float) -> None:
        self._saved -= 1
        self._taken.append(now)

    def _wind(self) -> None:
        if self._timer is None and self._waiting:
            wait = max(0.0, (1 - self._saved) / self._rate)
            self._timer = asyncio.get_running_loop().call_later(wait, self._serve)

    def _serve(self) -> None:
        self._timer = None
        now = self._clock.monotonic()
        self._fill(now)
        while self._waiting and self._saved >= 1 - 1e-6:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():  # else it gave up
                self._take(now)
                turn.set_result(None)
        self._wind()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
