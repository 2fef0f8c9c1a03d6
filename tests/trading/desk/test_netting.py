"""Two deployments of one account in one contract, at brokers that know one position of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pinery.adapters.paper.broker import PaperBroker
from pinery.trading.broker import Capabilities
from pinery.trading.deployments import Bracket, Distance, Unit
from pinery.trading.orders.model import Role, Status
from pinery.trading.signals import Source
from pinery.trading.store import Message
from tests.trading.desk.brokers import Brackets, ReduceOnly
from tests.trading.desk.harness import D, Trading, demo, run, trading

STOP = Bracket(Distance(Unit.POINTS, D(20)), Distance(Unit.POINTS, D(40)))
KINDS = [ReduceOnly, Brackets]


def netting(capabilities: Capabilities) -> Capabilities:
    return replace(capabilities, nets=True)


def two(folder: Path, kind: type[PaperBroker], **more: Any) -> Any:
    one = demo(bracket=STOP)
    return trading(folder, one, replace(one, name="other"), kind=kind, **({"less": netting} | more))


async def alerts(here: Trading, *said: tuple[str, str]) -> None:
    """Those of one call are there together: they are decided in one pass."""
    messages = []
    for name, word in said:
        here.number += 1
        body = json.dumps({"unique_id": f"n{here.number}", "signal": word, "price": 2000})
        messages.append(Message(name, Source.WEBHOOK, body, here.clock.now_us()))
    here.store.write(lambda tx: tx.inbox.add(messages))
    assert here.desk is not None
    here.desk.wake()
    await here.settle()


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_against_another_deployment_is_denied(tmp_path: Path, kind: type[PaperBroker]) -> None:
    async def scenario() -> None:
        async with two(tmp_path, kind) as here:
            await alerts(here, ("demo", "LONG"))
            await alerts(here, ("other", "SHORT"))
            denied = here.signals()[-1]
            assert (denied.deployment, denied.outcome, denied.code) == ("other", "denied", "OPPOSITE_SIDE")
            assert "demo is long 1" in denied.reason
            await alerts(here, ("other", "LONG"))  # on the same side both are at home
            assert (here.position("demo"), here.position("other")) == (1, 1)
            assert sum(o.remaining for o in here.open_orders(Role.STOP)) == 2
            await alerts(here, ("demo", "OUT"))
            assert (here.position("demo"), here.position("other")) == (0, 1)
            assert [o.deployment for o in here.open_orders(Role.STOP)] == ["other"]
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
def test_a_reversal_against_another_deployment_only_closes(tmp_path: Path, kind: type[PaperBroker]) -> None:
    async def scenario() -> None:
        async with two(tmp_path, kind) as here:
            await alerts(here, ("demo", "LONG"), ("other", "LONG"))
            await alerts(here, ("demo", "SHORT"))
            assert (here.position("demo"), here.position("other")) == (0, 1)
            assert here.signals()[-1].outcome == "accepted"
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_waits_for_the_other_ones_exit(tmp_path: Path, kind: type[PaperBroker]) -> None:
    """One deployment trades long, the other short, and one alert closes the one as another opens the other."""

    async def scenario() -> None:
        async with two(tmp_path, kind) as here:
            await alerts(here, ("demo", "LONG"))
            here.faults.plan("submit", "not_sent")  # the exit is late
            await alerts(here, ("demo", "OUT"), ("other", "SHORT"))
            assert (here.position("demo"), here.position("other")) == (0, -1)
            (exit,), (entry,) = here.orders(Role.EXIT), [o for o in here.orders(Role.ENTRY) if o.deployment == "other"]
            assert exit.first_filled <= entry.submitted
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_does_not_leave_when_the_other_ones_exit_was_refused(tmp_path: Path, kind: type[PaperBroker]) -> None:
    async def scenario() -> None:
        async with two(tmp_path, kind) as here:
            await alerts(here, ("demo", "LONG"))
            here.faults.plan("submit", "refused")
            await alerts(here, ("demo", "OUT"), ("other", "SHORT"))
            (entry,) = [o for o in here.orders(Role.ENTRY) if o.deployment == "other"]
            assert (entry.status, entry.code) == (Status.DENIED, "OPPOSITE_SIDE")
            assert (here.position("demo"), here.position("other")) == (1, 0)
            here.check_books()

    run(scenario())


def test_a_paper_account_keeps_them_apart(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with two(tmp_path, PaperBroker, less=None) as here:
            await alerts(here, ("demo", "LONG"), ("other", "SHORT"))
            assert (here.position("demo"), here.position("other")) == (1, -1)
            here.check_books()

    run(scenario())
