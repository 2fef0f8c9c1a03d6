"""Time comes in through a port, so that tests move it and a jump of the machine's clock can be rehearsed."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """``now`` is what calendars say and may jump; ``monotonic`` never goes back and has no meaning elsewhere."""

    def now(self) -> int:
        """Unix ms."""
        ...

    def now_us(self) -> int:
        """Unix µs, for latencies."""
        ...

    def monotonic(self) -> float:
        """Seconds."""
        ...
