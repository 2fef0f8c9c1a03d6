"""Random alerts over a moving market while everything fails: at the venue, on the way there, in our own process.

Whatever happened, in the end the venue itself says that every signal was executed once and that what is held is what
the alerts came to, protected. ``PINERY_SEEDS`` says how many seeds are run at each venue.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pinery.adapters.store import tables
from pinery.trading.deployments import Bracket, Distance, Limits, Unit
from pinery.trading.orders.model import Role, Status
from tests.crash.ledger import expect
from tests.trading.desk.harness import run
from tests.venues.harness import AtVenue, at_venue, signed
from tests.venues.venues import arm, burst

D = Decimal
SEEDS = int(os.environ.get("PINERY_SEEDS", "4"))
FIRST = int(os.environ.get("PINERY_FIRST_SEED", "0"))

FAR = Bracket(Distance(Unit.PERCENT, D(30)), Distance(Unit.PERCENT, D(60)))
NEAR = Bracket(Distance(Unit.PERCENT, D("0.5")), Distance(Unit.PERCENT, D(1)))
TRAILING = Bracket(trail=Distance(Unit.PERCENT, D("0.5")))

#: How long the venue may hold a position without its stop, in ms of the clock, whatever fails: it is found out what
#: became of a request, the stop is tried again, and if it takes too long the position is closed.
BOUND = 45_000


def body(rng: Random, number: int, price: Decimal) -> str:
    kind = rng.random()
    fields: dict[str, object]
    if kind < 0.5:
        fields = {"signal": rng.choice(("IN", "OUT", "CALL", "PUT", "LONG", "SHORT"))}
    elif kind < 0.8:
        side = rng.choice(("long", "short", "flat"))
        fields = {"market_position": side, "market_position_size": 0 if side == "flat" else rng.choice((1, 2, 3))}
    else:
        fields = {"action": rng.choice(("buy", "sell")), "qty": rng.choice((1, 2))}
    return json.dumps(fields | {"price": str(price), "unique_id": f"a{number}"})


async def storm(here: AtVenue, rng: Random, *, alerts: int, refusals: bool, rough: bool = False) -> None:
    """Alerts, repeated at times; faults; processes that die. Then calm.

    ``rough``: more of each, rarer faults, faults in bursts, alerts right after one another, and deaths in a row.
    """
    place = here.place
    here.start()
    late: list[str] = []
    for number in range(alerts):
        text = body(rng, number, place.price)
        here.post(text)
        late += [text] * rng.choice((0, 0, 1, 2))
        while late and rng.random() < 0.5:
            here.post(late.pop(rng.randrange(len(late))))
        for _ in range(rng.choice((0, 1, 2, 3))):
            arm(place, rng, place.faults)
        if refusals and rng.random() < 0.3:
            arm(place, rng, place.refusals)
        if rough:
            for _ in range(rng.randrange(5)):
                arm(place, rng, (*place.faults, *place.rough_faults))
            if rng.random() < 0.4:
                burst(place, rng, (*place.faults, *place.rough_faults))
            if refusals and rng.random() < 0.6:
                arm(place, rng, (*place.refusals, *place.rough_refusals))
        place.in_parts(rng.choice((1, 1, 2, 3)))
        if rough and rng.random() < 0.3:
            continue
        for _ in range(rng.randrange(1, 5)):
            steps = rng.randrange(-40, 41) if not refusals else rng.randrange(-120, 121)
            place.move(place.price + steps * place.tick * (1 if place.name == "tradovate" else 5))
            await asyncio.sleep(rng.random() * 0.02)
            here.look()
        for _ in range(rng.choice((1, 1, 2, 3)) if rough else 1):
            if rng.random() >= (0.3 if rough else 0.12):
                continue
            await here.kill()
            if rng.random() < 0.5:
                place.move(place.price + rng.randrange(-40, 41) * place.tick)
            here.start()
    for text in late:
        here.post(text)
    place.plan.clear()
    await calm(here)


async def calm(here: AtVenue) -> None:
    """Until nothing is under way any more; what was not told is found by comparing."""
    for _ in range(3):
        await settled(here)
        here.desk._recovery.again()  # type: ignore[union-attr]
    await settled(here)


async def settled(here: AtVenue) -> None:
    moving = asyncio.create_task(_trade_on(here))
    try:
        await here.settle(120)
    finally:
        moving.cancel()
        await asyncio.gather(moving, return_exceptions=True)


async def covered(here: AtVenue) -> None:
    """Where stop and close were refused, the close is tried again every five seconds."""
    for _ in range(150):
        truth = here.place.truth()
        if abs(truth.stops) == abs(truth.position):
            return
        await asyncio.sleep(0.1)
        await settled(here)


async def _trade_on(here: AtVenue) -> None:
    """The market goes on, to and fro by a tick: orders that fill in parts get their next ones."""
    way = 1
    while True:
        here.place.move(here.place.price + way * here.place.tick)
        way = -way
        here.look()
        await asyncio.sleep(0.01)


def check(here: AtVenue, *, exact: bool, bracket: bool) -> None:
    truth = here.place.truth()
    told = story(here)
    assert not here.log.errors(), here.log.errors()
    doubled = {name: count for name, count in truth.orders.items() if count > 1}
    assert not doubled, (doubled, told)
    held = {name: here.position(name, here.place.symbol) for name in here.directory.all}
    assert sum(held.values(), D(0)) == truth.position, (held, truth, told)
    ours = defaultdict[str, Decimal](Decimal)
    for fill in here.fills():
        ours[fill.client_id] += signed(fill.side, fill.quantity)
    theirs = {_base(name): D(0) for name in truth.filled}
    for name, quantity in truth.filled.items():
        theirs[_base(name)] += quantity
    assert {n: q for n, q in ours.items() if q} == {n: q for n, q in theirs.items() if q}, told
    resting = {order.client_id for order in here.open_orders()}
    assert resting == {_base(name) for name in truth.open}, (resting, truth.open, told)
    assert all(order.status.is_open for order in here.open_orders()), told
    if truth.position and bracket:
        side = 1 if truth.position > 0 else -1
        assert -truth.stops * side == abs(truth.position), (truth, told)
        assert here.exposed <= BOUND, (here.exposed, told)
    if not truth.position:
        assert not truth.open, (truth, told)
    if exact:
        expected = expect(bodies(here, "demo"))
        assert truth.position == expected.position, (truth.position, expected, told)
        moves = defaultdict[str, Decimal](Decimal)
        for order in here.orders(Role.ENTRY, Role.EXIT):
            if order.filled:
                moves[order.signal_id] += order.side.sign * order.filled
        assert sorted(moves.values()) == sorted(expected.moves), told
    assert not here.events("position.mismatch"), told


def _base(name: str) -> str:
    """Without the number of a replacement."""
    head, _, tail = name.rpartition("-r")
    return head if head and tail.isdigit() else name


def bodies(here: AtVenue, deployment: str) -> list[str]:
    rows = sorted(here.rows(tables.inbox), key=lambda row: (row.received_us, row.id))
    return [row.body for row in rows if row.deployment == deployment]


def story(here: AtVenue) -> str:
    """For whoever looks into a failure."""
    lines = [""]
    orders = here.orders()
    for row in here.signals():
        lines.append(f"{row.received} {row.id} {row.source} {row.word} {row.outcome} {row.code} {row.reason}")
        for o in (o for o in orders if o.signal_id == row.id):
            price = o.stop_price or o.limit_price or ""
            lines.append(
                f"    {o.client_id} {o.side} {o.quantity} {price} {o.status} filled {o.filled} closes {o.closes} "
                f"rev {o.revision} venue {o.venue_id} {o.reason}"
            )
    return "\n".join(lines)


async def one(folder: Path, venue: str, seed: int, *, rough: bool = False) -> None:
    rng = Random(f"{venue}-{seed}-rough" if rough else f"{venue}-{seed}")
    kind = seed % 4
    bracket = (Bracket(), FAR, NEAR, TRAILING)[kind]
    more: dict[str, Any] = {"bracket": bracket, "limits": Limits(max_signal_age=None)}
    if kind == 3:
        more["max_entries"] = 3
    async with at_venue(folder, venue, seed, **more) as here:
        await storm(here, rng, alerts=8, refusals=kind >= 2, rough=rough)
        if kind >= 2:
            await covered(here)
        check(here, exact=kind < 2, bracket=kind > 0)
        if kind >= 2:
            here.place.in_parts(1)
            here.post(
                json.dumps(
                    {"market_position": "long", "market_position_size": 2, "price": str(here.place.price), "id": "z"}
                )
            )
            await here.settle(120)
            assert here.place.truth().position == 2, story(here)
            check(here, exact=False, bracket=True)
        assert not [o for o in here.orders() if o.status in (Status.UNKNOWN, Status.SUBMITTED)]


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
@pytest.mark.parametrize("venue", ["binance", "tradovate"])
def test_all_is_as_the_alerts_say(tmp_path: Path, venue: str, seed: int) -> None:
    run(one(tmp_path, venue, seed))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + max(3, SEEDS // 8)))
@pytest.mark.parametrize("venue", ["binance", "tradovate"])
def test_also_in_rough_weather(tmp_path: Path, venue: str, seed: int) -> None:
    run(one(tmp_path, venue, seed, rough=True))
