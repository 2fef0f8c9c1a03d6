from __future__ import annotations

import asyncio

import pytest

from pinery.trading.ending import to_its_end, together


@pytest.mark.parametrize("times", [1, 2, 3])
def test_canceled_callers_wait_for_the_end_of_the_work(times: int) -> None:
    async def scenario() -> None:
        done = asyncio.Event()

        async def work() -> None:
            for _ in range(10):
                await asyncio.sleep(0)
            done.set()

        caller = asyncio.create_task(to_its_end(work()))
        for _ in range(times):
            await asyncio.sleep(0)
            caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert done.is_set()

    asyncio.run(scenario())


def test_what_fails_is_raised() -> None:
    async def work() -> None:
        raise OSError("it does not close")

    with pytest.raises(OSError, match="does not close"):
        asyncio.run(to_its_end(work()))


def test_where_one_fails_none_goes_on() -> None:
    async def scenario() -> None:
        ended: list[str] = []

        async def long(name: str) -> None:
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(name)

        async def short() -> None:
            await asyncio.sleep(0)
            raise OSError("no answer")

        with pytest.raises(OSError, match="no answer"):
            await together(long("one"), short(), long("two"))
        assert ended == ["one", "two"]

    asyncio.run(scenario())
