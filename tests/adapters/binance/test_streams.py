"""The user stream: keys that end, connections that end, go deaf or grow old. Nothing is lost, nothing is told twice."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from websockets.asyncio.client import ClientConnection

from pinery.adapters.binance.rest import Rest
from pinery.adapters.binance.user_stream import UserStream
from pinery.simulators.common.faults import Armed
from pinery.trading.broker import ReportKind
from pinery.trading.orders.model import Amendment, Side, Ticket
from tests.adapters.binance.harness import BinanceHarness
from tests.adapters.conformance.harness import Maker, Reader

pytestmark = pytest.mark.anyio

_EVENT = "stream ORDER_TRADE_UPDATE"


def _count(reader: Reader, kind: ReportKind) -> int:
    return sum(report.kind is kind for report in reader.seen)


async def _comes_back(reader: Reader) -> None:
    """Until the connection was lost and is there again, which makes the desk compare."""
    await reader.wait(lambda r: r.kind is ReportKind.DISCONNECTED and bool(r.reason), "loss")
    async with asyncio.timeout(30):
        while _count(reader, ReportKind.CONNECTED) < 2:
            await asyncio.sleep(0.01)
    kinds = [r.kind for r in reader.seen if r.kind in (ReportKind.CONNECTED, ReportKind.DISCONNECTED)]
    assert kinds[:3] == [ReportKind.CONNECTED, ReportKind.DISCONNECTED, ReportKind.CONNECTED]


async def _hears(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    order = make.buy()
    await harness.broker.submit(Ticket(order))
    await reader.filled(order)


@pytest.mark.parametrize("fault", ["listen_key_expired", "cut", "closed"])
async def test_a_stream_that_ends_is_opened_again(
    harness: BinanceHarness, reader: Reader, make: Maker, fault: str
) -> None:
    harness.arm(fault, _EVENT)
    await harness.broker.submit(Ticket(make.limit(Side.BUY, harness.price - 10 * harness.tick)))
    await _comes_back(reader)
    await _hears(harness, reader, make)


@pytest.mark.parametrize("harness", [{"keepalive_every": 0.1}], indirect=True)
async def test_a_key_that_ended_in_silence_is_found_when_it_is_kept_alive(
    harness: BinanceHarness, reader: Reader, make: Maker
) -> None:
    harness.arm("listen_key_expired", _EVENT, silent=True)
    await harness.broker.submit(Ticket(make.limit(Side.BUY, harness.price - 10 * harness.tick)))
    await _comes_back(reader)
    await _hears(harness, reader, make)


@pytest.mark.parametrize("harness", [{"keepalive_every": 0.05}], indirect=True)
async def test_the_key_is_kept_alive(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    account = harness.venue.exchange.account("test")
    key, until = account.listen_key, account.listen_until
    async with asyncio.timeout(30):
        while account.listen_until == until:
            await asyncio.sleep(0.02)
    assert account.listen_key == key
    harness.arm("unavailable", "PUT /fapi/v1/listenKey", times=2)  # no reason to give the stream up
    await asyncio.sleep(0.2)
    assert not _count(reader, ReportKind.DISCONNECTED)
    await _hears(harness, reader, make)


@pytest.mark.parametrize("harness", [{"silence": 0.3}], indirect=True)
async def test_a_deaf_stream_is_found_out(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    """It stays up and says nothing: what gives it away is an order that was accepted and is never told of."""
    harness.arm("silent", _EVENT)
    await harness.broker.submit(Ticket(make.buy()))
    await _comes_back(reader)
    await _hears(harness, reader, make)


@pytest.mark.parametrize("harness", [{"silence": 0.3}], indirect=True)
async def test_a_fill_that_is_never_told_of_is_found_out(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    """An order at the market does not rest: told of as new and then no more, its fill was lost, and has no stop yet."""
    harness.venue.faults.arm(Armed("dropped", _EVENT, after=1))
    order = make.buy()
    await harness.broker.submit(Ticket(order))
    await _comes_back(reader)
    found = await harness.broker.find(order)
    assert found is not None and found.filled == order.quantity


@pytest.mark.parametrize("harness", [{"silence": 0.3}], indirect=True)
async def test_silence_without_orders_is_no_loss(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    """Nor are events that were ahead of the answer to their request, or a change that changes nothing."""
    await _hears(harness, reader, make)
    harness.arm("answered_late", "POST /fapi/v1/order", seconds=0.05)
    order = make.limit(Side.BUY, harness.price - harness.tick)
    await harness.broker.submit(Ticket(order))
    await harness.broker.amend(order, Amendment(order.client_id, 1, quantity=order.quantity))
    await asyncio.sleep(0.5)
    assert not _count(reader, ReportKind.DISCONNECTED)


@pytest.mark.parametrize("harness", [{"stream_life": 0.1, "stream_overlap": 0.05}], indirect=True)
async def test_connections_are_replaced_with_an_overlap(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    """Binance ends them after 24 hours; ours are replaced before, with both read for a while."""
    seen = set()  # themselves: the identity of one that is gone may be another's
    orders = []
    while len(orders) < 40 or len(seen) < 3:
        assert len(orders) < 4000, "connections are not replaced"
        order = make.order(Side.BUY if len(orders) % 2 else Side.SELL)
        orders.append(order)
        await harness.broker.submit(Ticket(order))
        seen |= {it for it in harness.venue.streams.connections if it.route == "private"}
        await asyncio.sleep(0.01)
    for order in orders:
        await reader.filled(order)
    assert not _count(reader, ReportKind.DISCONNECTED)
    fills = Counter(r.fill.trade_id for r in reader.seen if r.fill is not None)
    assert set(fills.values()) == {1} and len(fills) == len(orders)


@pytest.mark.parametrize("harness", [{"stream_life": 0.2, "stream_overlap": 0.05}], indirect=True)
async def test_a_connection_that_ends_before_the_next_one_is_there_is_a_loss(
    harness: BinanceHarness, reader: Reader, make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    replacement = UserStream._replacement

    async def too_late(self: UserStream) -> ClientConnection | None:
        monkeypatch.undo()
        harness.venue.streams.end("cut")
        while any(task.get_coro().__qualname__ == "UserStream._read" for task in asyncio.all_tasks()):  # type: ignore[union-attr]
            await asyncio.sleep(0.01)
        return await replacement(self)

    monkeypatch.setattr(UserStream, "_replacement", too_late)
    await _comes_back(reader)
    await _hears(harness, reader, make)


@pytest.mark.parametrize("harness", [{"stream_life": 0.2, "stream_overlap": 0.05}], indirect=True)
async def test_a_key_that_ends_while_connections_are_replaced_is_a_loss(
    harness: BinanceHarness, reader: Reader, make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the two it is the old connection that hears of it first."""
    replacement = UserStream._replacement

    async def and_expired(self: UserStream) -> ClientConnection | None:
        monkeypatch.undo()
        (old,) = (it for it in harness.venue.streams.connections if it.route == "private")
        newer, key = await replacement(self), old.names[0]
        old.push(key, {"e": "listenKeyExpired", "E": harness.clock.now(), "listenKey": key})
        return newer

    monkeypatch.setattr(UserStream, "_replacement", and_expired)
    await _comes_back(reader)
    await _hears(harness, reader, make)


async def test_what_comes_twice_is_told_once(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    harness.arm("repeated", "stream *", times=None)
    for _ in range(3):
        await _hears(harness, reader, make)
    fills = Counter(r.fill.trade_id for r in reader.seen if r.fill is not None)
    assert set(fills.values()) == {1}


async def test_a_stream_that_does_not_open_is_tried_again(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    harness.arm("unavailable", "POST /fapi/v1/listenKey", times=3)
    harness.arm("listen_key_expired", _EVENT)
    await harness.broker.submit(Ticket(make.limit(Side.BUY, harness.price - 10 * harness.tick)))
    await _comes_back(reader)
    await _hears(harness, reader, make)


async def test_an_answer_that_cannot_be_read_does_not_end_the_stream(
    harness: BinanceHarness, reader: Reader, make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, left = Rest.create_listen_key, [{}, {"listenKey": None}, {}]

    async def garbled(self: Rest) -> str:
        if left:
            return str(left.pop()["listenKey"][:])
        return await create(self)

    monkeypatch.setattr(Rest, "create_listen_key", garbled)
    harness.arm("listen_key_expired", _EVENT)
    await harness.broker.submit(Ticket(make.limit(Side.BUY, harness.price - 10 * harness.tick)))
    await _comes_back(reader)
    assert not left
    await _hears(harness, reader, make)


async def test_quotes_end_with_the_last_price(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    await harness.broker.submit(Ticket(make.buy()))
    async with asyncio.timeout(30):
        while not any(r.kind is ReportKind.QUOTE for r in reader.seen):
            await harness.move(harness.price + harness.tick)
            await asyncio.sleep(0.02)
    for _ in range(50):
        await harness.move(harness.price + harness.tick)
    await reader.wait(lambda r: r.quote is not None and r.quote.price == harness.price, "quote")
    assert all(r.quote.symbol == harness.symbol for r in reader.seen if r.quote is not None)
