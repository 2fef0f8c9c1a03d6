"""Real processes under a storm of alerts, killed at random, with their account at a simulated venue that lives on.

Nothing acknowledged is lost, nothing is executed twice, and in the end the venue holds what the alerts came to, with
its stop and its target. Gateway and worker die at random times, then the supervisor itself, and all start again.

``PINERY_VENUE_KILLS`` says how many kills, ``PINERY_SEED`` which.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.crash import verdict
from tests.crash.failing import check_log, opened
from tests.crash.simulated import KINDS, Simulated, VenueStorm, check, make_place, simulator
from tests.crash.storm import killer, pinery_up

KILLS = int(os.environ.get("PINERY_VENUE_KILLS", "4"))
SEED = int(os.environ.get("PINERY_SEED", "1"))

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", KINDS)
def test_kills_with_the_account_at_a_venue(tmp_path: Path, name: str) -> None:
    kind = KINDS[name]
    with simulator(kind, tmp_path / "venue") as venue:
        place = make_place(tmp_path / "place", venue)
        prices = {one: venue.price(symbol) for one, symbol in zip(place.tokens, kind.symbols, strict=True)}
        storm = VenueStorm(place, SEED, kind.gap, prices=prices)
        log, rng = tmp_path / "log", random.Random(SEED)

        async def rage() -> dict[str, int]:
            raging = asyncio.create_task(storm.run())
            killed: dict[str, int] = {}
            for kills, process_end in ((KILLS, True), (1, False)):
                up = pinery_up(place, log)
                process = await asyncio.to_thread(up.__enter__)
                try:
                    for what, count in (await killer(process, kills, rng, storm)).items():
                        killed[what] = killed.get(what, 0) + count
                    if process_end:
                        process.send_signal(signal.SIGKILL)
                        await asyncio.to_thread(process.wait)
                        killed["supervisor"] = 1
                        continue
                    await asyncio.sleep(1)
                    storm.stop.set()
                    await raging
                    await asyncio.to_thread(_settled, venue, storm)
                finally:
                    await asyncio.to_thread(up.__exit__, None, None, None)
            return killed

        killed = asyncio.run(rage())
        with opened(place) as store:
            counts = check(store, storm, venue)
        check_log(log, place)
    print(f"killed {killed}, {counts}")
    assert sum(killed.values()) == KILLS + 2
    assert counts["orders"] > 2, "hardly anything got through: the storm says nothing"


def _settled(venue: Simulated, storm: VenueStorm) -> None:
    """Until all is decided and executed, and what follows from the last fills is done."""
    with opened(storm.place) as store:
        verdict.wait_until_done(store)
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                check(store, storm, venue)
                return
            except AssertionError:
                time.sleep(0.5)
