"""Waiting for events of a queue, with an end."""

from __future__ import annotations

import asyncio
from typing import TypeVar

T = TypeVar("T")


async def next_of(queue: asyncio.Queue[T], seconds: float) -> T | None:
    """None where nothing comes in time. What is there already is taken even where no time is left."""
    if not queue.empty():
        return queue.get_nowait()
    if seconds <= 0:
        return None
    try:
        async with asyncio.timeout(seconds):  # wait_for loses a cancellation that comes together with an event
            return await queue.get()
    except TimeoutError:
        return None
