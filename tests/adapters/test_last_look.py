"""Between the desk's own look at its lease and a request's first byte much time can pass: then nothing is sent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from pinery.adapters.binance.broker import BinanceBroker
from pinery.adapters.ccxt.broker import CcxtBroker
from pinery.adapters.common.last_look import TooLate, last_look
from pinery.adapters.tradovate.broker import TradovateBroker
from pinery.trading.broker import Broker, ReportKind
from pinery.trading.errors import NotSent
from pinery.trading.orders.model import Amendment, Side, Status, Ticket
from tests.adapters.binance.harness import BinanceHarness
from tests.adapters.ccxt.harness import ACCOUNT as CCXT_ACCOUNT
from tests.adapters.ccxt.harness import CcxtHarness
from tests.adapters.conformance.harness import Maker, Reader
from tests.adapters.tradovate.harness import ACCOUNT as TRADOVATE_ACCOUNT
from tests.adapters.tradovate.harness import TradovateHarness, contract

pytestmark = pytest.mark.anyio

_WHY = "another worker's"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Lease:
    def __init__(self) -> None:
        self.holds = True

    def __call__(self) -> bool:
        return self.holds


class Leased:
    """A venue of ``kind`` and the broker of a worker with a lease."""

    def __init__(self, kind: str, folder: Path, **more: Any) -> None:
        self.lease = Lease()
        self.harness: Any
        if kind == "binance":
            self.harness = BinanceHarness()
        elif kind == "tradovate":
            self.harness = TradovateHarness(folder, **more)
        else:
            self.harness = CcxtHarness()
        self.make = Maker(self.harness)

    async def __aenter__(self) -> Leased:
        harness = self.harness
        await harness.start()
        await harness.broker.close()
        self.broker: Broker = self._made()
        harness.broker = self.broker
        await self.broker.connect()
        self.reader = Reader(self.broker)
        await self.reader.wait(lambda report: report.kind is ReportKind.CONNECTED)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.reader.close()
        await self.harness.stop()

    def _made(self) -> Broker:
        harness, lease = self.harness, self.lease
        if isinstance(harness, BinanceHarness):
            return BinanceBroker(harness.account, harness.settings, harness.clock, lease)
        if isinstance(harness, TradovateHarness):
            return TradovateBroker(TRADOVATE_ACCOUNT, harness.settings(), harness.clock, contract, lease)
        return CcxtBroker(CCXT_ACCOUNT, harness.make()._settings, harness.clock, lease)

    async def statuses(self, *client_ids: str) -> list[Status | None]:
        truth = await self.harness.truth(client_ids)
        return [truth.status.get(each) for each in client_ids]


@pytest.mark.parametrize("kind", ["binance", "tradovate", "ccxt"])
async def test_nothing_is_sent_for_an_account_that_may_be_anothers_and_all_of_it_once_it_is_ours(
    kind: str, tmp_path: Path
) -> None:
    async with Leased(kind, tmp_path) as venue:
        broker, harness, make, lease = venue.broker, venue.harness, venue.make, venue.lease
        resting = make.limit(Side.BUY, harness.price - 40 * harness.tick)
        await broker.submit(Ticket(resting))
        await venue.reader.of(resting, ReportKind.ACCEPTED)

        lease.holds = False
        order = make.buy()
        with pytest.raises(NotSent, match=_WHY):
            await broker.submit(Ticket(order))
        with pytest.raises(NotSent, match=_WHY):
            await broker.cancel(resting)
        if broker.capabilities.amend:
            lower = resting.limit_price - harness.tick
            with pytest.raises(NotSent, match=_WHY):
                await broker.amend(resting, Amendment(resting.client_id, limit_price=lower, revision=1))
        found = await broker.find(resting)  # questions are free
        assert found is not None and found.limit_price in (None, resting.limit_price)
        await broker.snapshot()
        assert await venue.statuses(resting.client_id, order.client_id) == [Status.WORKING, None]

        lease.holds = True
        if broker.capabilities.amend:
            await broker.amend(resting, Amendment(resting.client_id, limit_price=lower, revision=1))
        await broker.submit(Ticket(order))
        await venue.reader.filled(order)
        await broker.cancel(resting)
        await venue.reader.of(resting, ReportKind.CANCELED)
        assert await venue.statuses(order.client_id) == [Status.FILLED]


async def test_binances_clock_is_put_right_and_by_then_it_is_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Leased("binance", tmp_path) as venue:
        venue.harness.arm("clock", "POST /fapi/v1/order")
        rest: Any = venue.broker._open.rest  # type: ignore[attr-defined]
        sync = rest.sync_time

        async def slow() -> None:
            await sync()
            venue.lease.holds = False

        monkeypatch.setattr(type(rest), "sync_time", lambda _: slow())
        order = venue.make.buy()
        with pytest.raises(NotSent, match=_WHY):
            await venue.broker.submit(Ticket(order))
        assert await venue.statuses(order.client_id) == [None]


async def test_an_order_that_waits_for_its_turn_at_tradovate_and_by_then_it_is_too_late(tmp_path: Path) -> None:
    async with Leased("tradovate", tmp_path, actions_per_second=2.0, burst=1) as venue:
        await venue.broker.submit(Ticket(venue.make.buy()))
        order = venue.make.buy()
        waiting = asyncio.create_task(venue.broker.submit(Ticket(order)))
        limits: Any = venue.broker._session.limits  # type: ignore[attr-defined]
        while not limits._waiting:
            await asyncio.sleep(0)
        venue.lease.holds = False
        with pytest.raises(NotSent, match=_WHY):
            await waiting
        assert await venue.statuses(order.client_id) == [None]


async def test_a_penalty_of_tradovate_is_sat_out_and_by_then_it_is_too_late(tmp_path: Path) -> None:
    async with Leased("tradovate", tmp_path) as venue:
        venue.harness.arm("ticket", "order/placeorder", seconds=0.3)
        order = venue.make.buy()
        waiting = asyncio.create_task(venue.broker.submit(Ticket(order)))
        while venue.harness.simulator.faults.armed:
            await asyncio.sleep(0.001)
        venue.lease.holds = False
        with pytest.raises(NotSent, match=_WHY):
            await waiting
        assert await venue.statuses(order.client_id) == [None]


async def test_ccxt_waits_for_its_own_limit_and_by_then_it_is_too_late(tmp_path: Path) -> None:
    async with Leased("ccxt", tmp_path) as venue:
        exchange: Any = venue.broker._exchange  # type: ignore[attr-defined]

        async def throttle(*_: object) -> None:
            venue.lease.holds = False

        exchange.enableRateLimit, exchange.throttle = True, throttle
        order = venue.make.buy()
        with pytest.raises(NotSent, match=_WHY):
            await venue.broker.submit(Ticket(order))
        assert await venue.statuses(order.client_id) == [None]


async def test_a_request_that_waits_for_a_connection_is_looked_at_when_it_has_one() -> None:
    heard: list[bytes] = []
    came, answer = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                heard.append(head.split()[1])
                came.set()
                await answer.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()
            await writer.wait_closed()

    lease = Lease()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, httpx.AsyncClient(limits=httpx.Limits(max_connections=1), timeout=30, trust_env=False) as client:
        first = asyncio.create_task(client.delete(f"{url}/first", extensions=last_look(lease)))
        await came.wait()
        second = asyncio.create_task(client.delete(f"{url}/second", extensions=last_look(lease)))
        await asyncio.sleep(0.05)
        lease.holds = False
        answer.set()
        assert (await first).text == "ok"
        with pytest.raises(TooLate):
            await second
        lease.holds = True
        assert (await client.delete(f"{url}/third", extensions=last_look(lease))).text == "ok"
    assert heard == [b"/first", b"/third"]
