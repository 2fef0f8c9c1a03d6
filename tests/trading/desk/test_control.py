"""Halts, commands, loss limits: what a person does about a desk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pinery.trading.deployments import Bracket, Distance, Limits, Unit
from pinery.trading.orders.model import Role, Status
from pinery.trading.signals import EntryType, Source
from pinery.trading.store import CommandKind, TradingState
from tests.trading.desk.harness import ACCOUNT, ETH, D, demo, run, trading

STOP = Bracket(Distance(Unit.POINTS, D(20)), Distance(Unit.POINTS, D(40)))


def test_halt_and_resume(tmp_path: Path) -> None:
    async def scenario() -> None:
        resting = demo(name="resting", entry=EntryType.LIMIT)
        async with trading(tmp_path, demo(bracket=STOP), resting) as here:
            await here.alert(signal="IN", price=2000)
            await here.alert(deployment="resting", signal="IN", price=2000, limit_price=1990)
            here.halt(TradingState.HALTED)
            await here.settle()
            assert here.open_orders(Role.ENTRY) == []
            assert len(here.open_orders(Role.STOP, Role.TARGET)) == 2
            assert (await here.alert(signal="PUT", price=2000)).code == "KILL_SWITCH"
            assert (await here.alert(signal="OUT", price=2000)).code == "KILL_SWITCH"
            assert here.position() == 1
            by_hand = here.post('{"signal": "OUT", "price": 2000, "unique_id": "hand"}', source=Source.MANUAL)
            await here.settle()
            assert here.signal_of(by_hand).outcome == "accepted"
            assert here.position() == 0
            here.halt(TradingState.ACTIVE)
            assert (await here.alert(signal="PUT", price=2000)).outcome == "accepted"
            here.check_books()

    run(scenario())


def test_reducing_takes_exits_only(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path) as here:
            await here.alert(signal="IN", price=2000)
            here.halt(TradingState.REDUCING, "deployment:demo")
            assert (await here.alert(action="buy", quantity=1, price=2000)).code == "REDUCING"
            assert (await here.alert(signal="OUT", price=2000)).outcome == "accepted"
            assert here.position() == 0

    run(scenario())


def test_an_entry_that_waits_is_not_sent_into_a_halt(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            here.faults.plan("submit", "not_sent", "not_sent")
            here.post({"signal": "IN", "price": 2000})
            await here.settle(
                until=lambda: len(here.faults.requests) == 2 and here.orders(Role.ENTRY)[0].status is Status.PENDING
            )
            here.halt(TradingState.HALTED)
            here.clock.advance(3)
            await here.settle()
            assert here.position() == 0
            (entry,) = here.orders(Role.ENTRY)
            assert (entry.status, entry.code) == (Status.DENIED, "KILL_SWITCH")
            assert here.open_orders() == []

    run(scenario())


def test_flatten(tmp_path: Path) -> None:
    async def scenario() -> None:
        names = [demo(bracket=STOP), demo(name="other"), demo(name="resting", entry=EntryType.LIMIT)]
        async with trading(tmp_path, *names) as here:
            await here.alert(signal="IN", price=2000)
            await here.alert(deployment="other", signal="PUT", price=2000)
            await here.alert(deployment="resting", signal="IN", price=2000, limit_price=1990)
            assert "flat" in await here.command(CommandKind.FLATTEN, "demo")
            assert (here.position(), here.position("other")) == (0, -1)
            assert "flat" in await here.command(CommandKind.FLATTEN)
            assert here.position("other") == 0
            assert here.open_orders() == []
            here.check_books()

    run(scenario())


def test_flatten_while_halted(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            await here.alert(signal="IN", price=2000)
            here.halt(TradingState.HALTED)
            assert "flat" in await here.command(CommandKind.FLATTEN)
            assert here.position() == 0
            here.check_books()

    run(scenario())


def test_flatten_when_the_exit_is_refused_again_and_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo()) as here:
            await here.alert(signal="IN", price=2000)
            here.faults.plan("submit", *["refused"] * 2)
            number = here.order_command(CommandKind.FLATTEN)
            for _ in range(30):
                here.clock.advance(3)
                await here.settle(until=lambda: True)
            await here.settle()
            (command,) = here.commands()
            assert command.id == number
            assert here.position() == 0, command.result
            here.check_books()

    run(scenario())


def test_a_deployment_that_is_no_longer_configured_can_be_flattened(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            await here.alert(signal="IN", price=2000)
            del here.directory.all["demo"]
            await here.settle()
            assert len(here.open_orders(Role.STOP)) == 1
            assert "flat" in await here.command(CommandKind.FLATTEN, "demo")
            assert here.position() == 0
            here.check_books()

    run(scenario())


def test_close_and_cancel(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP), demo(name="resting", entry=EntryType.LIMIT)) as here:
            assert "holds no" in await here.command(CommandKind.CLOSE, "demo", symbol=ETH)
            await here.alert(signal="IN", price=2000)
            await here.command(CommandKind.CLOSE, "demo", symbol=ETH)
            assert here.position() == 0
            await here.alert(deployment="resting", signal="IN", price=2000, limit_price=1990)
            (order,) = here.open_orders()
            assert await here.command(CommandKind.CANCEL, client_id=order.client_id) == (
                f"order {order.client_id} is canceled"
            )
            assert "no order" in await here.command(CommandKind.CANCEL, client_id="pn-nothing-e0")
            here.check_books()

    run(scenario())


def test_the_daily_loss_denies_entries_until_the_next_day(tmp_path: Path) -> None:
    async def scenario() -> None:
        account = replace(ACCOUNT, limits=Limits(max_signal_age=None, max_daily_loss=D(50)))
        async with trading(tmp_path, demo(), account=account) as here:
            await here.alert(signal="IN", price=2000)
            await here.alert(signal="OUT", price=1940)
            denied = await here.alert(signal="IN", price=1940)
            assert denied.code == "DAILY_LOSS"
            assert denied.reason
            here.clock.advance(86_400)
            assert (await here.alert(signal="IN", price=1940)).outcome == "accepted"
            here.check_books()

    run(scenario())


def test_a_position_may_be_closed_beyond_the_loss_limit(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(limits=Limits(max_daily_loss=D(50)))) as here:
            await here.alert(signal="IN", price=2000)
            assert (await here.alert(action="buy", quantity=1, price=1940)).code == "DAILY_LOSS"
            assert (await here.alert(signal="OUT", price=1940)).outcome == "accepted"
            assert here.position() == 0

    run(scenario())
