"""Real processes under a storm of alerts, killed at random: nothing acknowledged is lost, nothing is executed twice.

``PINERY_KILLS`` says how many kills with several workers, half of them with one; ``PINERY_SEED`` which.
"""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from pinery.adapters.store.database import open_store
from tests.crash import verdict
from tests.crash.failing import quiet_place
from tests.crash.storm import Place, Storm, acknowledged, killer, pinery_up
from tests.stores import postgres_url

KILLS = int(os.environ.get("PINERY_KILLS", "8"))
SEED = int(os.environ.get("PINERY_SEED", "1"))
ENOUGH = 51  # alerts that get through, or the storm says nothing

pytestmark = pytest.mark.slow


def _storm(place: Place, folder: Path, kills: int) -> None:
    async def rage() -> dict[str, int]:
        raging = asyncio.create_task(storm.run())
        killed = await killer(process, kills, random.Random(SEED), storm)
        await asyncio.sleep(1)
        await acknowledged(storm, ENOUGH)
        storm.stop.set()
        await raging
        return killed

    storm = Storm(place, SEED)
    with pinery_up(place, folder / "log") as process:
        killed = asyncio.run(rage())
        store = open_store(place.store_url, create=False)
        try:
            verdict.wait_until_done(store)
            counts = verdict.check(store, storm)
        finally:
            store.close()
    print(f"killed {killed}, {counts}")
    assert sum(killed.values()) == kills
    assert counts["acknowledged"] >= ENOUGH, "hardly anything got through: the storm says nothing"


def test_kills_on_sqlite(tmp_path: Path) -> None:
    place = quiet_place(tmp_path / "place", deployments=6)
    _storm(place, tmp_path, KILLS // 2)


def test_kills_with_three_workers_on_postgresql(tmp_path: Path) -> None:
    with postgres_url() as url:
        place = quiet_place(tmp_path / "place", url, workers=3, deployments=6)
        _storm(place, tmp_path, KILLS)
