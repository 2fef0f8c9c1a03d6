"""The process is killed at every single change that a scenario writes, before its commit, and started again.

Whatever was under way then, the outcome is the one of a run in which nothing happened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pinery.trading.broker import Capabilities
from pinery.trading.deployments import Bracket, Distance, Limits, Unit
from pinery.trading.orders.model import Role
from pinery.trading.store import CommandKind
from tests.trading.desk.harness import ACCOUNT, Clock, D, Trading, demo, run, trading

STOP = Bracket(Distance(Unit.POINTS, D(20)), Distance(Unit.POINTS, D(40)))


def simple(capabilities: Capabilities) -> Capabilities:
    """A broker that takes an order and fills it, and nothing else."""
    return replace(
        capabilities, protection_with_entry=False, oco=False, reduce_only=False, reverse_in_one=False,
        trailing_stop=False,
    )  # fmt: skip


async def _entry_and_exit(here: Trading) -> None:
    await here.alert(signal="IN", price=2000, unique_id="a")
    await here.alert(signal="IN", price=2000, unique_id="a")
    await here.alert(signal="OUT", price=2005, unique_id="b")


async def _reversal(here: Trading) -> None:
    await here.alert(signal="CALL", price=2000, unique_id="a")
    await here.alert(signal="PUT", price=2005, unique_id="b")


async def _stopped(here: Trading) -> None:
    await here.alert(signal="CALL", price=2000, unique_id="a")
    await here.alert(signal="PUT", price=1975, unique_id="b")  # through the stop: it was hit before


async def _burst(here: Trading) -> None:
    for name, fields in enumerate(({"signal": "IN"}, {"signal": "OUT"}, {"signal": "PUT"}, {"signal": "PUT"})):
        here.post(fields | {"price": 2000 + name, "unique_id": f"n{name}"})
    await here.settle()


async def _resting(here: Trading) -> None:
    await here.alert(action="buy", type="limit", limit_price=1990, price=2000, unique_id="a")
    await here.alert(signal="PUT", price=2000, unique_id="b")


async def _flattened(here: Trading) -> None:
    await here.alert(signal="IN", price=2000, unique_id="a")
    if not here.commands():
        here.order_command(CommandKind.FLATTEN)
    await here.settle()


SCENARIOS: dict[str, Callable[[Trading], Awaitable[None]]] = {
    "entry_and_exit": _entry_and_exit,
    "reversal": _reversal,
    "stopped": _stopped,
    "burst": _burst,
    "resting": _resting,
    "flattened": _flattened,
}


def outcome(here: Trading) -> list[object]:
    """What a trader would look at."""
    here.check_books()
    fills = sorted((f.client_id.rpartition("-")[2], f.side, f.quantity, f.price) for f in here.fills())
    stops = sorted((o.stop_price, o.remaining) for o in here.open_orders(Role.STOP))
    return [here.held(), fills, stops, [s.outcome for s in here.signals()], len(here.open_orders())]


async def _once(folder: Path, scenario: str, at: int, simply: bool) -> tuple[list[object], int, bool]:
    """The outcome, how many changes were written until the end or the kill, and whether there was one."""
    folder.mkdir(parents=True)
    deployment = demo(bracket=STOP, limits=Limits(max_signal_age=None))
    async with trading(
        folder, deployment, account=ACCOUNT, start=False, clock=Clock(speed=10), less=simple if simply else None
    ) as here:

        def doomed(gate: object) -> None:
            gate.at, gate.when = at, "changing"  # type: ignore[attr-defined]

        here.start(prepare=doomed if at else None)
        try:
            await here.settle()
            await SCENARIOS[scenario](here)
        except Exception as error:
            assert at, error  # it was killed
        assert here.gate is not None
        changes, died = here.gate.changes, here.gate.dead
        if at:
            await here.kill()
            here.start()
            await here.settle()
            await SCENARIOS[scenario](here)
        return outcome(here), changes, died


@pytest.mark.slow
@pytest.mark.parametrize("simply", [False, True], ids=["paper", "simple_broker"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_killed_at_every_change(tmp_path: Path, scenario: str, simply: bool) -> None:
    async def everything() -> None:
        expected, changes, _ = await _once(tmp_path / "0", scenario, 0, simply)
        deaths = 0
        for at in range(1, changes + 2):  # the last one lets all of them happen
            found, _, died = await _once(tmp_path / str(at), scenario, at, simply)
            assert found == expected, f"killed at change {at}"
            deaths += died
        assert deaths > 8

    run(everything())
