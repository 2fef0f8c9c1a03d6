"""When a channel may send: not more than so many messages at once, nor while it fails. Times are monotonic seconds."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """How notifications leave. Times in seconds."""

    burst: int = 5  # ordinary messages in ``window``; what is more goes into one digest at its end
    window: float = 10.0
    rate: float = 1.0  # messages a second in the long run, critical ones too
    timeout: float = 60.0  # of one sending
    first_retry: float = 5.0  # doubled with each attempt, half of it by chance
    longest_retry: float = 3600.0
    max_attempts: int = 32
    max_age: float = 86_400.0
    longest_pause: float = 60.0  # of a channel that fails
    grace: float = 5.0  # for what is being sent when the process is asked to stop
    poll: float = 0.5
    lease: float = 180.0  # of what was claimed; a dead process' deliveries are sent by another after it

    def retry_after(self, attempts: int, chance: float | None = None) -> float:
        """Seconds until the next attempt. ``chance``: 0 to 1, random if not given."""
        share = random.random() if chance is None else chance
        longest = min(self.first_retry * 2.0 ** min(attempts - 1, 60), self.longest_retry)
        return longest * (0.5 + 0.5 * share)


class Pace:
    """Of one channel."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._recent: deque[float] = deque()  # ordinary messages sent in the window
        self._next = 0.0  # not before, by the rate
        self._paused = 0.0
        self._failures = 0

    def wait(self, now: float) -> float:
        """Seconds until anything may be sent."""
        return max(0.0, self._next - now, self._paused - now)

    def room(self, now: float) -> int:
        """How many ordinary messages may be sent singly."""
        while self._recent and self._recent[0] <= now - self._policy.window:
            self._recent.popleft()
        return max(0, self._policy.burst - len(self._recent))

    def until_digest(self, now: float) -> float:
        """Seconds until what is more than ``room`` is put together."""
        return max(0.0, self._recent[-1] + self._policy.window - now) if self._recent else 0.0

    def begin(self, now: float, *, ordinary: bool, digest: bool = False) -> None:
        """A message is being sent. After a digest, the window has no room for single ones: the burst may go on."""
        self._next = now + 1.0 / self._policy.rate
        if ordinary:
            self._recent.extend([now] * (self._policy.burst if digest else 1))

    def worked(self) -> None:
        self._failures = 0

    def failed(self, now: float) -> None:
        """A channel that fails is left alone for a while, each time longer."""
        self._failures += 1
        self._paused = now + min(self._policy.first_retry * 2.0 ** min(self._failures - 1, 60),
                                 self._policy.longest_pause)  # fmt: skip
