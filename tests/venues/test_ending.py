"""A desk that ends, however it ends, leaves no connection of its account behind: it would hear and ask for ever."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.sockets import open_sockets
from tests.trading.desk.harness import run
from tests.venues.harness import at_venue


@pytest.mark.parametrize("turns", range(0, 20, 4))
@pytest.mark.parametrize("venue", ["binance", "tradovate"])
def test_a_desk_that_dies_and_is_cut_short_closes_its_connections(tmp_path: Path, venue: str, turns: int) -> None:
    async def scenario() -> None:
        async with at_venue(tmp_path, venue, 1) as here:
            before = open_sockets()
            here.start()
            here.post({"signal": "IN", "price": str(here.place.price)})
            await here.settle(60)
            assert open_sockets() > before
            assert here.gate is not None and here._task is not None
            here.gate.dead = True
            here.post({"signal": "OUT", "price": str(here.place.price)})
            here.desk.wake()  # type: ignore[union-attr]
            for _ in range(turns):
                await asyncio.sleep(0)
            for _ in range(2):
                here._task.cancel()
                await asyncio.sleep(0)
            await asyncio.gather(here._task, return_exceptions=True)
            async with asyncio.timeout(30):
                while open_sockets() > before:
                    await asyncio.sleep(0.01)

    run(scenario())
