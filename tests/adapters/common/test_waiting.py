from __future__ import annotations

import asyncio

import pytest

from pinery.adapters.common.waiting import next_of


def test_a_cancellation_is_not_lost_where_an_event_comes_at_the_same_moment() -> None:
    """Who reads on for ever could not be ended any more."""

    async def scenario() -> int:
        queue: asyncio.Queue[int] = asyncio.Queue()

        async def read() -> None:
            while True:
                await next_of(queue, 60.0)

        task = asyncio.create_task(read())
        await asyncio.sleep(0)
        for turns in range(4):
            queue.put_nowait(turns)
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            done, _ = await asyncio.wait({task}, timeout=5)
            if not done:
                return turns
            task = asyncio.create_task(read())
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return -1

    assert asyncio.run(scenario()) == -1


@pytest.mark.parametrize(("there", "seconds", "found"), [((1, 2), 0.0, 1), ((), 0.0, None), ((), 0.01, None)])
def test_what_is_there_is_taken_and_what_is_not_is_waited_for(
    there: tuple[int, ...], seconds: float, found: int | None
) -> None:
    async def scenario() -> int | None:
        queue: asyncio.Queue[int] = asyncio.Queue()
        for each in there:
            queue.put_nowait(each)
        return await next_of(queue, seconds)

    assert asyncio.run(scenario()) == found
