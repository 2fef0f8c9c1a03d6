"""Two deployments of one account trade one contract, while everything fails: the venue knows one position."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pinery.trading.deployments import Direction, Limits
from pinery.trading.orders.model import Role
from tests.crash.ledger import expect
from tests.trading.desk.harness import run
from tests.venues.harness import AtVenue, at_venue
from tests.venues.test_storm import FAR, FIRST, SEEDS, bodies, body, calm, check, settled, story
from tests.venues.venues import arm

D = Decimal
NAMES = ("demo", "other")
DIRECTIONS = (Direction.LONG, Direction.BOTH)


async def storm(here: AtVenue, rng: Random) -> None:
    place = here.place
    here.start()
    for number in range(12):
        here.post(body(rng, number, place.price), rng.choice(NAMES))
        if rng.random() < 0.4:  # both at once
            here.post(body(rng, 100 + number, place.price), rng.choice(NAMES))
        for _ in range(rng.randrange(4)):
            arm(place, rng, place.faults)
        place.in_parts(rng.choice((1, 1, 2, 3)))
        for _ in range(rng.randrange(1, 5)):
            place.move(place.price + rng.randrange(-40, 41) * place.tick)
            await asyncio.sleep(rng.random() * 0.02)
        if rng.random() < 0.12:
            await here.kill()
            here.start()
    place.plan.clear()
    await calm(here)


def check_each(here: AtVenue) -> list[Decimal]:
    """What each holds, protected by stops of its own, which rest at the venue as ``check`` says."""
    held = [here.position(name, here.place.symbol) for name in NAMES]
    for name, quantity in zip(NAMES, held, strict=True):
        stops = [order for order in here.open_orders(Role.STOP) if order.deployment == name]
        assert -sum((o.side.sign * o.remaining for o in stops), D(0)) == quantity, (name, held, story(here))
    assert held[0] * held[1] >= 0, story(here)
    return held


async def two(folder: Path, venue: str, seed: int, direction: Direction) -> None:
    rng = Random(f"{venue}-{direction}-{seed}")
    more: dict[str, Any] = {"bracket": FAR, "limits": Limits(max_signal_age=None), "direction": direction}
    async with at_venue(folder, venue, seed, names=NAMES, **more) as here:
        await storm(here, rng)
        check(here, exact=False, bracket=True)
        held = check_each(here)
        if direction is Direction.LONG:
            wanted = [expect(bodies(here, name), long_only=True).position for name in NAMES]
            assert held == wanted, story(here)
        here.place.in_parts(1)
        for name, kept in zip(NAMES, ([D(0), held[1]], [D(0), D(0)]), strict=True):
            here.post(json.dumps({"signal": "OUT", "price": str(here.place.price), "unique_id": "z"}), name)
            await settled(here)
            assert check_each(here) == kept, story(here)
            check(here, exact=False, bracket=True)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + max(2, SEEDS // 10)))
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("venue", ["binance", "tradovate"])
def test_each_closes_and_protects_its_own_part(tmp_path: Path, venue: str, direction: Direction, seed: int) -> None:
    run(two(tmp_path, venue, seed, direction))
