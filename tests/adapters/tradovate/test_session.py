"""The login and the user stream: tokens over restarts, evictions, silent sockets, several accounts of one user."""

from __future__ import annotations

import asyncio
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection

from pinery.simulators.common.faults import Armed
from pinery.trading.broker import Environment, ReportKind
from pinery.trading.deployments import Account
from pinery.trading.errors import BrokerError, ConfigError, NotSent, QueryFailed
from pinery.trading.orders.model import Order, Ticket
from tests.adapters.conformance.harness import Maker, Reader
from tests.adapters.tradovate.harness import ACCOUNT, SYMBOL, TradovateHarness, quick, sim_settings
from tests.sockets import open_sockets

pytestmark = pytest.mark.anyio


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


def _count(reader: Reader, kind: ReportKind) -> int:
    return sum(report.kind is kind for report in reader.seen)


async def _reconnected(harness: TradovateHarness, reader: Reader, times: int = 2) -> None:
    await reader.wait(lambda _: _count(reader, ReportKind.CONNECTED) >= times, "second connection")


# --- the login --------------------------------------------------------------------------


async def test_a_token_lives_over_restarts(harness: TradovateHarness) -> None:
    for _ in range(3):
        await harness.restart()
    assert len(harness.simulator.sessions.open()) == 1
    assert (await harness.broker.snapshot()).positions == ()


async def test_the_token_file_is_for_nobody_else(harness: TradovateHarness, tmp_path: Path) -> None:
    path = tmp_path / "token.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "password" not in path.read_text() and "sec" not in json.loads(path.read_text())


async def test_a_damaged_token_file_means_a_new_login(harness: TradovateHarness, tmp_path: Path) -> None:
    await harness.broker.close()
    (tmp_path / "token.json").write_text('{"device_id": "x", "token": {"acc')
    harness.broker = harness.make()
    await harness.broker.connect()
    assert len(harness.simulator.sessions.open()) == 2


async def test_a_token_is_renewed_before_its_end_and_the_session_goes_on(tmp_path: Path) -> None:
    harness = TradovateHarness(tmp_path, waits=quick(renewal=58.5), sim=sim_settings(token_life=60.0))
    await harness.start()
    reader = Reader(harness.broker)
    try:
        (session,) = harness.simulator.sessions.open()
        first = dict(session.tokens)
        await _until(lambda: len(session.tokens) > len(first))
        file = tmp_path / "token.json"
        await _until(lambda: json.loads(file.read_text())["token"]["access"] not in first)
        assert (await harness.broker.snapshot()).positions == ()
        assert len(harness.simulator.sessions.open()) == 1  # the same session
        assert _count(reader, ReportKind.DISCONNECTED) == 0  # and the same socket
    finally:
        await reader.close()
        await harness.stop()


@pytest.mark.parametrize("fault", ["evicted", "stale_token"])
async def test_a_session_that_was_ended_elsewhere_begins_again(harness: TradovateHarness, fault: str) -> None:
    """The request that hears of it was not executed; the next one is made with a new login."""
    make = Maker(harness)
    harness.arm(fault, "order/placeorder")
    order = make.buy()
    with pytest.raises(NotSent):
        await harness.broker.submit(Ticket(order))
    await harness.broker.submit(Ticket(order))
    assert len(harness.simulator.state.orders) == 1
    harness.arm(fault, "order/list")
    assert len((await harness.broker.snapshot()).positions) == 1  # a question is simply asked again


@pytest.mark.parametrize("status", [401, 408, 429, 503])
async def test_an_ended_session_is_found_out_whatever_its_token_is_answered(tmp_path: Path, status: int) -> None:
    harness = TradovateHarness(tmp_path, sim=sim_settings(evicted_status=status))
    await harness.start()
    try:
        for session in harness.simulator.sessions.open():
            harness.simulator.sessions.end(session)
        async with asyncio.timeout(20):
            while True:
                try:
                    await harness.broker.snapshot()
                    break
                except QueryFailed:
                    await asyncio.sleep(0.01)
        assert len(harness.simulator.sessions.open()) == 1
    finally:
        await harness.stop()


async def test_logins_keep_their_distance(tmp_path: Path) -> None:
    harness = TradovateHarness(tmp_path, waits=quick(login=60.0))
    await harness.start()
    try:
        harness.arm("evicted", "order/placeorder")
        make = Maker(harness)
        for _ in range(5):
            with pytest.raises(NotSent):
                await harness.broker.submit(Ticket(make.buy()))
        with pytest.raises(QueryFailed, match="next login"):
            await harness.broker.snapshot()
        await harness.broker.close()
        harness.broker = harness.make()  # a restart does not forget
        with pytest.raises(BrokerError, match="next login"):
            await harness.broker.connect()
        assert not harness.simulator.sessions.open()
    finally:
        await harness.stop()


@pytest.mark.parametrize(("fault", "options"), [("status", {"status": 503}), ("rate_limit", {}), ("unanswered", {})])
async def test_a_venue_that_was_down_is_tried_again_soon(
    venue: TradovateHarness, fault: str, options: dict[str, int]
) -> None:
    """A token ends while the venue is down for maintenance: when trading begins again, no long pause is left."""
    venue.arm(fault, "auth/accesstokenrequest", times=None, **options)
    waits = quick(login=0.02, login_unanswered=0.03, backoff=0.001, longest_backoff=0.001)
    broker = venue.make(waits=waits)
    for _ in range(12):
        with pytest.raises(BrokerError):
            await broker.connect()
        await asyncio.sleep(0.035)
    venue.simulator.faults.clear()
    await broker.connect()
    await broker.close()


async def test_a_refused_login_says_why_and_is_not_tried_again_at_once(venue: TradovateHarness) -> None:
    broker = venue.make(password="something else", waits=quick(login=60.0, backoff=0.001))
    with pytest.raises(BrokerError, match="Incorrect username or password") as refusal:
        await broker.connect()
    assert "something else" not in str(refusal.value)
    await asyncio.sleep(0.01)
    with pytest.raises(BrokerError, match="next login of trader"):
        await broker.connect()
    await broker.close()


async def test_a_penalty_on_the_login_is_sat_out(venue: TradovateHarness) -> None:
    venue.arm("ticket", "auth/accesstokenrequest", seconds=0.05)
    broker = venue.make()
    await broker.connect()
    assert len(venue.simulator.sessions.open()) == 1
    await broker.close()


async def test_a_captcha_on_the_login_asks_for_a_person_and_for_nothing_else(venue: TradovateHarness) -> None:
    venue.arm("captcha", "auth/accesstokenrequest")
    broker = venue.make(waits=quick(login=0.0, captcha=3600.0))
    for _ in range(2):
        with pytest.raises(BrokerError, match="captcha"):
            await broker.connect()
        await broker.close()
        broker = venue.make(waits=quick(login=0.0, captcha=3600.0))  # a restart does not forget
    assert not venue.simulator.sessions.open()


# --- guards -----------------------------------------------------------------------------


async def test_an_account_of_another_name_is_refused_before_any_order(venue: TradovateHarness) -> None:
    broker = venue.make(account="LIVE9")
    with pytest.raises(BrokerError, match="no account LIVE9 at Tradovate's demo") as refusal:
        await broker.connect()
    assert "DEMO1, DEMO2" in (refusal.value.hint or "")
    with pytest.raises(NotSent):
        await broker.submit(Ticket(Maker(venue).buy()))
    await broker.close()


async def test_a_live_account_refuses_demo_settings(venue: TradovateHarness) -> None:
    with pytest.raises(ConfigError, match="the account is live, its settings are for demo"):
        venue.make(Account("test", "tradovate", Environment.LIVE))


async def test_another_process_with_the_same_user_is_refused(harness: TradovateHarness, tmp_path: Path) -> None:
    script = (
        "import fcntl, sys\n"
        f"file = open({str(tmp_path / 'token.json.lock')!r})\n"
        "try: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except OSError: sys.exit(7)\n"
    )
    held = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script], check=False)
    assert held.returncode == 7
    await harness.broker.close()
    free = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script], check=False)
    assert free.returncode == 0


async def test_a_login_in_use_by_another_process_is_said_clearly(venue: TradovateHarness, tmp_path: Path) -> None:
    script = (
        "import fcntl, sys\n"
        f"file = open({str(tmp_path / 'token.json.lock')!r}, 'w')\n"
        "fcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script], **pipes) as other:  # type: ignore[call-overload]
        await asyncio.to_thread(other.stdout.readline)
        broker = venue.make()
        with pytest.raises(BrokerError, match="trader is logged in at Tradovate by another process"):
            await broker.connect()
        await broker.close()
        other.stdin.close()
    assert not venue.simulator.sessions.open()


async def test_two_accounts_of_one_user_share_its_login(venue: TradovateHarness) -> None:
    first, second = venue.make(), venue.make(Account("other", "tradovate", Environment.DEMO), account="DEMO2")
    await asyncio.gather(first.connect(), second.connect())
    one, two = Reader(first), Reader(second)
    try:
        assert len(venue.simulator.sessions.open()) == 1
        assert len(venue.simulator.hub.open) == 1
        order = Maker(venue).buy()
        await first.submit(Ticket(order))
        await one.filled(order)
        assert [p.quantity for p in (await first.snapshot()).positions] == [venue.quantity]
        assert (await second.snapshot()).positions == ()
        assert not two.fills(order)
        await first.close()
        assert (await second.snapshot()).positions == ()  # goes on without the other
    finally:
        for reader in (one, two):
            await reader.close()
        for broker in (first, second):
            await broker.close()


@pytest.mark.parametrize("turns", range(8))
async def test_a_closing_that_is_cut_short_leaves_the_login_to_the_next(venue: TradovateHarness, turns: int) -> None:
    broker = venue.make()
    await broker.connect()
    closing = asyncio.create_task(broker.close())
    for _ in range(turns):
        await asyncio.sleep(0)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    if turns == 0:  # it had not begun
        await broker.close()
    following = venue.make()
    async with asyncio.timeout(30):
        await following.connect()
    await following.close()


async def test_a_stream_that_is_being_closed_when_the_broker_closes_leaves_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing, close = asyncio.Event(), ClientConnection.close

    async def slowly(self: ClientConnection, code: int = 1000, reason: str = "") -> None:
        closing.set()
        await asyncio.sleep(0.1)
        await close(self, code, reason)

    harness = TradovateHarness(tmp_path, waits=quick(silence=0.5), sim=sim_settings(heartbeat=0.1))
    await harness.server.start()
    try:
        broker, before = harness.make(), open_sockets()
        await broker.connect()
        monkeypatch.setattr(ClientConnection, "close", slowly)
        harness.arm("silent", "socket user")
        harness.simulator.hub.poke()
        async with asyncio.timeout(30):
            await closing.wait()
        await broker.close()
        async with asyncio.timeout(30):
            while open_sockets() > before:
                await asyncio.sleep(0.01)
    finally:
        await harness.shut()


# --- the stream -------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["shutdown", "cut", "closed"])
async def test_a_lost_stream_comes_back_with_what_was_missed(
    harness: TradovateHarness, reader: Reader, make: Maker, fault: str
) -> None:
    order = make.buy()
    harness.arm("dropped", "props *", times=None)
    await harness.broker.submit(Ticket(order))
    harness.simulator.faults.clear()
    harness.arm(fault, "socket user")
    harness.simulator.hub.poke()
    told = await reader.wait(lambda r: r.kind is ReportKind.DISCONNECTED)
    assert told.reason
    await _reconnected(harness, reader)
    await reader.filled(order)


async def test_a_silent_stream_is_given_up(tmp_path: Path) -> None:
    harness = TradovateHarness(tmp_path, waits=quick(silence=2.0), sim=sim_settings(heartbeat=0.1))
    await harness.start()
    reader = Reader(harness.broker)
    try:
        await asyncio.sleep(2.5)
        assert _count(reader, ReportKind.DISCONNECTED) == 0  # heartbeats are enough
        harness.arm("silent", "socket user")
        harness.simulator.hub.poke()
        told = await reader.wait(lambda r: r.kind is ReportKind.DISCONNECTED)
        assert "nothing came for 2 s" in told.reason
        await _reconnected(harness, reader)
    finally:
        await reader.close()
        await harness.stop()


async def test_our_heartbeat_keeps_the_venue_from_closing(tmp_path: Path) -> None:
    harness = TradovateHarness(tmp_path, waits=quick(heartbeat=0.05), sim=sim_settings(heartbeat=0.1, patience=1.5))
    await harness.start()
    reader = Reader(harness.broker)
    try:
        await asyncio.sleep(2.0)
        assert _count(reader, ReportKind.DISCONNECTED) == 0
    finally:
        await reader.close()
        await harness.stop()


async def test_nothing_is_opened_without_a_stream(tmp_path: Path) -> None:
    harness = TradovateHarness(tmp_path, waits=quick(backoff=30.0, longest_backoff=30.0))
    await harness.start()
    reader, make = Reader(harness.broker), Maker(harness)
    try:
        harness.simulator.hub.drop()
        await reader.wait(lambda r: r.kind is ReportKind.DISCONNECTED)
        with pytest.raises(NotSent, match="stream"):
            await harness.broker.submit(Ticket(make.buy()))
        assert not harness.simulator.state.orders
        assert (await harness.broker.snapshot()).positions == ()  # questions are answered
    finally:
        await reader.close()
        await harness.stop()


async def test_in_maintenance_orders_are_not_sent_and_say_why(
    harness: TradovateHarness, reader: Reader, make: Maker
) -> None:
    """Told once, however many attempts to come back fail; the reason stays the venue's own word."""
    harness.arm("status", "*/*", times=None, status=503)
    harness.simulator.hub.shutdown("Maintenance", "Back at 17:00")
    told = await reader.wait(lambda r: r.kind is ReportKind.DISCONNECTED)
    assert "Maintenance" in told.reason
    await asyncio.sleep(0.3)
    with pytest.raises(NotSent, match="Maintenance Back at 17:00"):
        await harness.broker.submit(Ticket(make.buy()))
    assert _count(reader, ReportKind.DISCONNECTED) == 1
    harness.simulator.faults.clear()
    await _reconnected(harness, reader)
    order = make.buy()
    await harness.broker.submit(Ticket(order))
    await reader.filled(order)


async def test_a_token_that_ends_in_a_storm_of_orders(harness: TradovateHarness, reader: Reader, make: Maker) -> None:
    """What heard of it was not executed; one login serves all, and no order is there twice."""
    harness.simulator.faults.arm(Armed("stale_token", "order/placeorder", after=3))
    orders = [make.buy(), *(make.sell() if n % 2 else make.buy() for n in range(11))]

    async def sent(order: Order) -> None:
        while True:
            try:
                await harness.broker.submit(Ticket(order))
                return
            except NotSent:
                await asyncio.sleep(0.01)

    await asyncio.gather(*(sent(order) for order in orders))
    for order in orders:
        await reader.filled(order)
    assert len(harness.simulator.state.orders) == len(orders)
    assert len(harness.simulator.sessions.open()) <= 2


async def test_a_newer_connection_of_the_user_is_not_thrown_out_at_once(tmp_path: Path) -> None:
    harness = TradovateHarness(tmp_path, waits=quick(evicted=30.0))
    await harness.start()
    reader = Reader(harness.broker)
    try:
        harness.simulator.hub.shutdown("ConnectionQuotaReached", "Too many connections")
        told = await reader.wait(lambda r: r.kind is ReportKind.DISCONNECTED)
        assert "ConnectionQuotaReached" in told.reason
        await asyncio.sleep(0.2)
        assert not harness.simulator.hub.open
    finally:
        await reader.close()
        await harness.stop()


async def test_fills_while_the_stream_was_away_are_told_once(
    harness: TradovateHarness, reader: Reader, make: Maker
) -> None:
    ticket = make.bracket(make.buy(), harness.price - 10, None)
    await harness.broker.submit(ticket)
    await reader.filled(ticket.order)
    harness.simulator.hub.drop()
    await harness.move(harness.price - 10)
    await _reconnected(harness, reader)
    await reader.filled(ticket.protection[0])
    fills = [report.fill.trade_id for report in reader.seen if report.fill is not None]
    assert len(fills) == len(set(fills)) == 2


@pytest.mark.parametrize("fault", ["shuffled", "repeated", "late"])
@pytest.mark.parametrize("form", ["array", "mixed"])
async def test_events_in_any_order_and_form(tmp_path: Path, fault: str, form: str) -> None:
    harness = TradovateHarness(tmp_path, sim=sim_settings(props_as=form))
    await harness.start()
    reader, make = Reader(harness.broker), Maker(harness)
    try:
        harness.arm(fault, "props *", times=None, seconds=0.01)
        ticket = make.bracket(make.buy(), harness.price - 10, harness.price + 10)
        await harness.broker.submit(ticket)
        await harness.move(harness.price + 10)
        stop, target = ticket.protection
        await reader.filled(target)
        await reader.of(stop, ReportKind.CANCELED)
        for order in (ticket.order, target):
            reports = [r.kind for r in reader.seen if r.client_id == order.client_id]
            assert reports.count(ReportKind.FILL) == 1 and reports.count(ReportKind.ACCEPTED) == 1
            (fill,) = reader.fills(order)
            assert fill.fee > 0
    finally:
        await reader.close()
        await harness.stop()


@pytest.mark.parametrize("size", [1, 4, 100])
async def test_a_snapshot_in_parts(tmp_path: Path, size: int) -> None:
    harness = TradovateHarness(tmp_path, sim=sim_settings(split_only=True, split_size=size), split_sync=True)
    await harness.start()
    reader, make = Reader(harness.broker), Maker(harness)
    try:
        ticket = make.bracket(make.buy(), harness.price - 10, harness.price + 10)
        await harness.broker.submit(ticket)
        await reader.filled(ticket.order)
        harness.simulator.hub.drop()
        await harness.move(harness.price - 10)
        await _reconnected(harness, reader)
        await reader.filled(ticket.protection[0])
        await reader.of(ticket.protection[1], ReportKind.CANCELED)
    finally:
        await reader.close()
        await harness.stop()


async def test_a_snapshot_that_is_refused_is_said(tmp_path: Path) -> None:
    harness = TradovateHarness(tmp_path, sim=sim_settings(split_only=True), waits=quick(connecting=0.3))
    await harness.serve()
    broker = harness.make()
    with pytest.raises(QueryFailed, match="splitResponses must be true"):
        await broker.connect()
    await broker.close()
    await harness.shut()


async def test_settled_symbols_are_compared_when_connecting(venue: TradovateHarness) -> None:
    broker = venue.make(ACCOUNT, symbols=(SYMBOL,))
    await broker.connect()
    venue.arm("status", "contract/find", times=None)
    await broker.submit(Ticket(Maker(venue).buy()))  # nothing is left to ask
    await broker.close()


async def test_entities_that_lack_something_do_not_end_the_stream(
    harness: TradovateHarness, reader: Reader, make: Maker
) -> None:
    order = make.buy()
    venue_id = int(await harness.broker.submit(Ticket(order)))
    session = harness.broker.inner._session
    assert session is not None
    for kind in ("fill", "order", "command", "orderVersion", "executionReport", "commandReport", "fillFee", "news"):
        session.told(kind, [{"id": 7, "orderId": venue_id}, {"id": "x"}, None, [], {}])
    with pytest.raises(QueryFailed, match="cannot be read"):
        await harness.broker.find(order)
    other = make.sell()
    await harness.broker.submit(Ticket(other))
    await reader.filled(other)
    assert (await harness.broker.snapshot()).positions == ()
