"""Random alerts, prices, faults of broker and store, and killed processes, against a ledger that knows only the alerts.

The desk must end where the alerts say, with every order executed once, whatever went wrong on the way.
``PINERY_SEEDS`` says how many seeds are run at each kind of broker, and at the paper account three times as many.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from pinery.adapters.paper.broker import PaperBroker
from pinery.adapters.store import tables
from pinery.trading.broker import Report
from pinery.trading.deployments import Bracket, Distance, Limits, Unit
from pinery.trading.errors import NotSent, OutcomeUnknown, QueryFailed
from pinery.trading.orders.model import Role
from tests.crash.ledger import expect
from tests.trading.desk.brokers import Brackets, ReduceOnly
from tests.trading.desk.harness import BTC, ETH, Clock, CrashingStore, D, Planned, Trading, demo, run, trading

FAR = Bracket(Distance(Unit.PERCENT, D(50)), Distance(Unit.PERCENT, D(90)))
NEAR = Bracket(Distance(Unit.PERCENT, D(1)), Distance(Unit.PERCENT, D(2)))
TRAILING = Bracket(trail=Distance(Unit.PERCENT, D("0.5")))
NEVER_LATE = Limits(max_signal_age=None)


class SmallReduceOnly(ReduceOnly):
    """What is held is often more than one order closes."""

    most = D(3)


class SmallBrackets(Brackets):
    most = D(3)


SEEDS = int(os.environ.get("PINERY_SEEDS", "4"))
KINDS = (PaperBroker, ReduceOnly, Brackets, SmallReduceOnly, SmallBrackets)

#: The first ones are always run.
RUNS = [
    pytest.param(kind, seed, marks=[pytest.mark.slow] if seed > 1 else [])
    for kind in KINDS
    for seed in range(3 * SEEDS if kind is PaperBroker else SEEDS)
]


class Rough(Planned):
    """Every kind of fault, by chance, until ``calm``."""

    def __init__(self, rng: Random, share: float) -> None:
        super().__init__()
        self.rng, self.share, self.calm = rng, share, False

    def _happens(self) -> bool:
        return not self.calm and self.rng.random() < self.share

    async def before(self, what: str, client_id: str) -> None:
        self.requests.append((what, client_id))
        if self._happens():
            await asyncio.sleep(self.rng.random() * 0.01)
        if self._happens():
            raise self.rng.choice((NotSent("no connection"), OutcomeUnknown("timed out")))

    async def after(self, what: str, client_id: str) -> None:
        if self._happens():
            raise OutcomeUnknown("timed out")
        if self._happens():
            raise ValueError("an adapter's own fault")

    async def query(self) -> None:
        if self._happens():
            raise QueryFailed("no answer")

    def parts(self, client_id: str) -> int | None:
        return self.rng.choice((1, 1, 2, 3))

    def reports(self, reports: Sequence[Report]) -> Sequence[Report]:
        kept = list(reports)
        if self._happens():
            kept = [report for report in kept if self.rng.random() < 0.5]
        if self._happens():
            kept += [report for report in kept if self.rng.random() < 0.5]
        if self._happens():
            self.rng.shuffle(kept)
        return kept


def body(rng: Random, name: str, number: int, price: Decimal) -> str:
    kind = rng.random()
    fields: dict[str, object]
    if kind < 0.5:
        fields = {"signal": rng.choice(("IN", "OUT", "CALL", "PUT", "LONG", "SHORT"))}
    elif kind < 0.8:
        side = rng.choice(("long", "short", "flat"))
        fields = {"market_position": side, "market_position_size": 0 if side == "flat" else rng.choice((1, 2, 3))}
    else:
        fields = {"action": rng.choice(("buy", "sell")), "qty": rng.choice((1, 2))}
    return json.dumps(fields | {"price": str(price), "unique_id": f"{name}-{number}"})


async def storm(here: Trading, rng: Random, alerts: int, kills: int, rough: Rough) -> None:
    """Alerts, each sent up to three times, while processes die and the store fails."""
    here.faults = rough

    def doomed(gate: CrashingStore) -> None:
        gate.at = rng.randrange(1, 40) if kills else None
        gate.when = rng.choice(("before", "after"))

    here.start(prepare=doomed)
    left, price, late = kills, D(2000), list[tuple[str, str]]()
    for number in range(alerts):
        for name in here.directory.all:
            price = max(D(1500), min(D(2600), price + D(rng.randrange(-1000, 1001)) / 100))
            text = body(rng, name, number, price)
            here.post(text, name)
            late += [(text, name)] * rng.choice((0, 0, 1, 2))
        while late and rng.random() < 0.5:
            text, name = late.pop(rng.randrange(len(late)))
            here.post(text, name)
        await asyncio.sleep(rng.random() * 0.02)
        assert here.gate is not None
        if rng.random() < 0.1:
            here.gate.fails += [rng.choice(("before", "inside", "after"))]
        if here.gate.dead:
            await here.kill()
            left -= 1
            here.start(prepare=doomed if left > 0 else None)
    for text, name in late:
        here.post(text, name)
    rough.calm = True
    await here.kill()
    here.start()
    await here.settle(60)


def bodies(here: Trading, deployment: str) -> list[str]:
    rows = [row for row in here.rows(tables.inbox) if row.deployment == deployment]
    return [row.body for row in sorted(rows, key=lambda row: (row.received_us, row.id))]


def check(here: Trading, *, exact: bool) -> None:
    here_errors = [line for line in here.log.errors() if line[0] != "store_failed"]
    here.log.lines.clear()
    assert not here_errors, here_errors
    here.check_books()
    fills = defaultdict[str, Decimal](Decimal)
    for fill in here.fills():
        fills[fill.client_id] += (1 if fill.side == "buy" else -1) * fill.quantity
    moves = defaultdict[str, dict[str, Decimal]](lambda: defaultdict(Decimal))
    for order in here.orders(Role.ENTRY, Role.EXIT):
        assert order.filled == abs(fills[order.client_id]), order
        if order.filled:
            moves[order.deployment][order.signal_id] += order.side.sign * order.filled
    for name in here.directory.all:
        assert not any(row.status == "new" for row in here.rows(tables.inbox))
        if exact:
            expected = expect(bodies(here, name))
            assert sum(here.held(name).values(), D(0)) == expected.position
            assert sorted(moves[name].values()) == sorted(expected.moves), _told(here, name, expected.moves)
    for position in here.positions():
        stops = [o for o in here.open_orders(Role.STOP) if o.deployment == position.deployment]
        wanted = here.directory.all[position.deployment].bracket != Bracket()
        covered = sum((stop.remaining for stop in stops), D(0))
        assert covered == (position.size if wanted else 0), (position, stops)
        if not position.side:
            assert not [o for o in here.open_orders() if o.deployment == position.deployment]


@pytest.mark.parametrize(("kind", "seed"), RUNS)
def test_all_is_as_the_alerts_say(tmp_path: Path, seed: int, kind: type[PaperBroker]) -> None:
    async def scenario() -> None:
        rng = Random(seed)
        names = [
            demo(name="plain", limits=NEVER_LATE),
            demo(name="far", limits=NEVER_LATE, bracket=FAR, symbol=_second(kind)),
        ]
        async with trading(tmp_path, *names, start=False, clock=Clock(speed=20), kind=kind) as here:
            await storm(here, rng, alerts=12, kills=4, rough=Rough(rng, 0.08))
            check(here, exact=True)

    run(scenario())


@pytest.mark.parametrize(("kind", "seed"), RUNS)
def test_close_stops(tmp_path: Path, seed: int, kind: type[PaperBroker]) -> None:
    """Stops and targets are hit all the time: what is held is protected, what is not held is not."""

    async def scenario() -> None:
        rng = Random(1000 + seed)
        names = [
            demo(name="near", limits=NEVER_LATE, bracket=NEAR),
            demo(name="trailing", limits=NEVER_LATE, bracket=TRAILING, max_entries=3, symbol=_second(kind)),
        ]
        async with trading(tmp_path, *names, start=False, clock=Clock(speed=20), kind=kind) as here:
            await storm(here, rng, alerts=12, kills=4, rough=Rough(rng, 0.08))
            check(here, exact=False)

    run(scenario())


def _second(kind: type[PaperBroker]) -> str:
    """Only paper knows whose a position is: at others two deployments in one contract share it."""
    return ETH if kind is PaperBroker else BTC


def _told(here: Trading, name: str, expected: list[Decimal]) -> str:
    """For whoever looks into a failure."""
    lines = [f"expected {[format(move, 'f') for move in expected]}"]
    for row in here.signals():
        if row.deployment == name:
            lines.append(f"{row.received} {row.id} {row.word} {row.outcome} {row.code} {row.signal.get('quantity')}")
            lines += [
                f"    {o.client_id} {o.role} {o.side} {o.quantity} {o.status} filled {o.filled} {o.reason}"
                for o in here.orders()
                if o.signal_id == row.id
            ]
    return "\n".join(lines)
