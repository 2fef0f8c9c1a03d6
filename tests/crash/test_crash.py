"""Real processes under a storm of alerts, killed at random: nothing acknowledged is lost, nothing is executed twice.

``PINERY_KILLS`` says how many kills, ``PINERY_SEED`` which.
"""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from pinery.adapters.store.database import open_store
from tests.crash import verdict
from tests.crash.storm import Place, Storm, killer, make_place, pinery_up
from tests.stores import postgres_url

KILLS = int(os.environ.get("PINERY_KILLS", "10"))
SEED = int(os.environ.get("PINERY_SEED", "1"))

pytestmark = pytest.mark.slow


def _storm(place: Place, folder: Path) -> None:
    async def rage() -> dict[str, int]:
        raging = asyncio.create_task(storm.run())
        killed = await killer(process, KILLS, random.Random(SEED), storm)
        await asyncio.sleep(1)
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
    assert sum(killed.values()) == KILLS
    assert counts["acknowledged"] > 50, "hardly anything got through: the storm says nothing"


def test_kills_on_sqlite(tmp_path: Path) -> None:
    place = make_place(tmp_path / "place", f"sqlite:///{tmp_path}/place/pinery.db", deployments=6, workers=1)
    _storm(place, tmp_path)


def test_kills_with_three_workers_on_postgresql(tmp_path: Path) -> None:
    with postgres_url() as url:
        place = make_place(tmp_path / "place", url, deployments=6, workers=3)
        _storm(place, tmp_path)
