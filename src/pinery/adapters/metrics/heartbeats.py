"""A component says every few seconds that it lives; from the silences follows how long it was down."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

import structlog

from pinery.trading.clock import Clock
from pinery.trading.errors import StoreError

EVERY = 5.0  # seconds


class Pulse(Protocol):
    def beat(self, component: str, now: int) -> None:
        """Raises StoreError."""
        ...


async def keep_beating(
    pulse: Pulse, component: str, clock: Clock, stopping: asyncio.Event, every: float = EVERY
) -> None:
    """Until ``stopping`` is set. A heartbeat that cannot be written is a line of the log: the component counts as down
    while the store is, because it can do nothing without it."""
    while not stopping.is_set():
        try:
            await asyncio.to_thread(pulse.beat, component, clock.now())
        except StoreError as error:
            structlog.get_logger().warning("heartbeat not written", error=str(error))
        with suppress(TimeoutError):
            async with asyncio.timeout(every):
                await stopping.wait()
