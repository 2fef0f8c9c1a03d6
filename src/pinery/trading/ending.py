"""Work that is finished whatever happens to whoever asked for it: closing connections, giving back locks."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def to_its_end(work: Coroutine[object, object, None]) -> None:
    """Like ``await work``, but where the caller is canceled meanwhile, that is raised only after the work."""
    task = asyncio.create_task(work)
    canceled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            canceled = error
    task.result()
    if canceled is not None:
        raise canceled


async def together(*work: Coroutine[object, object, Any]) -> list[Any]:
    """Like ``asyncio.gather``; where one fails, the others are ended before that is raised: none goes on unseen."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
