"""Clocks for tests of feeds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass
class SteppingClock:
    """Time passes only while somebody sleeps."""

    seconds: float = 5_000.0
    naps: list[float] = field(default_factory=list)

    def now(self) -> int:
        return round(self.seconds * 1000)

    def now_us(self) -> int:
        return self.now() * 1000

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)
