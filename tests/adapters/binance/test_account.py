"""The account: environment, set-up, what is foreign, what the exchange does by itself, and secrets."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from pinery.adapters.binance.limits import Urgency
from pinery.adapters.binance.rest import Rest
from pinery.simulators.binance import filling
from pinery.simulators.binance.exchange import Rules
from pinery.simulators.binance.records import Access
from pinery.trading.broker import Environment, ReportKind
from pinery.trading.errors import BrokerError, NotSent, OutcomeUnknown, QueryFailed, Rejected
from pinery.trading.orders.model import Role, Side, Ticket
from tests.adapters.binance.harness import ETH, KEY, SECRET, BinanceHarness
from tests.adapters.conformance.harness import Maker, Reader

pytestmark = pytest.mark.anyio


async def _foreign(harness: BinanceHarness) -> Rest:
    """Another program with the same keys. The caller closes it."""
    return Rest(harness.settings, harness.clock)


# --- before anything is sent ------------------------------------------------------------


async def test_an_account_of_another_environment_sends_nothing(harness: BinanceHarness) -> None:
    harness.arm("refused", "*", times=1)
    broker = harness.make(environment=Environment.LIVE)
    with pytest.raises(BrokerError, match="live host"):
        await broker.connect()
    assert harness.venue.faults.armed, "nothing has arrived that could be refused"


async def test_a_venue_that_is_not_there(harness: BinanceHarness) -> None:
    broker = harness.make(rest_url="http://127.0.0.1:9", stream_url="ws://127.0.0.1:9")
    with pytest.raises(BrokerError, match="cannot be reached"):
        await broker.connect()
    with pytest.raises(NotSent):
        await broker.submit(Ticket(Maker(harness).buy()))


# --- set-up -----------------------------------------------------------------------------


@pytest.mark.parametrize("harness", [{"leverage": 7, "margin_type": "isolated"}], indirect=True)
async def test_leverage_and_margin_type_are_set_before_the_first_entry(harness: BinanceHarness, make: Maker) -> None:
    await harness.broker.submit(Ticket(make.buy()))
    setting = harness.venue.exchange.ledger.setting("test", "ETHUSDT")
    assert (setting.leverage, setting.margin_type) == (7, "ISOLATED")
    await harness.restart()
    await harness.broker.submit(Ticket(make.buy()))  # as it is already: no reason to refuse


@pytest.mark.parametrize("harness", [{"leverages": {ETH.symbol: 9}}], indirect=True)
async def test_symbols_that_settings_name_are_set_up_at_once(harness: BinanceHarness) -> None:
    assert harness.venue.exchange.ledger.setting("test", "ETHUSDT").leverage == 9


async def test_a_margin_type_that_cannot_be_changed_refuses_entries_only(harness: BinanceHarness, make: Maker) -> None:
    await harness.broker.submit(Ticket(make.buy()))
    broker = harness.make(margin_type="isolated")
    await broker.connect()
    with pytest.raises(Rejected, match="margin type of ETHUSDT is not isolated"):
        await broker.submit(Ticket(make.buy()))
    await broker.submit(Ticket(make.sell(role=Role.EXIT)))
    await broker.submit(Ticket(make.buy()))  # flat: now it can be changed
    await broker.close()
    assert harness.venue.exchange.ledger.setting("test", "ETHUSDT").margin_type == "ISOLATED"


async def test_an_account_in_hedge_mode_is_brought_to_one_way(harness: BinanceHarness) -> None:
    other = await _foreign(harness)
    await other.set_position_mode(hedge=True)
    await harness.restart()
    assert not harness.venue.exchange.account("test").hedge
    await other.set_position_mode(hedge=True)
    order = {"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.3", "positionSide": "LONG"}
    await other.place(order, Urgency.ENTRY)
    await other.close()
    await harness.broker.close()
    with pytest.raises(BrokerError, match="hedge mode"):
        await harness.broker.connect()


async def test_a_symbol_that_is_not_there(harness: BinanceHarness, make: Maker) -> None:
    for symbol in ("BINANCE:NOPEUSDT.P", "BINANCE:ETHUSDT", "CME_MINI:ESZ2026"):
        with pytest.raises(Rejected) as refusal:
            await harness.broker.submit(Ticket(replace(make.buy(), symbol=symbol)))
        assert refusal.value.code == "SYMBOL_UNKNOWN"
    assert not (await harness.broker.snapshot()).orders


@pytest.mark.parametrize("harness", [{"clock_every": 0.02}], indirect=True)
async def test_rules_that_change_are_followed(harness: BinanceHarness, make: Maker) -> None:
    async def until(wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not wanted():
                await asyncio.sleep(0.01)

    def step() -> Decimal:
        terms = harness.broker.terms(harness.symbol)
        return terms.step if terms is not None else Decimal(0)

    exchange = harness.venue.exchange
    await harness.broker.submit(Ticket(make.buy()))
    assert step() == Decimal("0.001")
    exchange.change(replace(exchange.symbol("ETHUSDT"), step=Decimal("0.1")))
    await until(lambda: step() == Decimal("0.1"))
    exchange.change(replace(exchange.symbol("ETHUSDT"), step=Decimal("0.001"), status="SETTLING"))
    await until(lambda: step() == Decimal("0.001"))
    with pytest.raises(Rejected, match="not traded at Binance now"):
        await harness.broker.submit(Ticket(make.buy()))


# --- answers that cannot be read ----------------------------------------------------------


class _Garbled:
    """Answers to ``path`` are ``answer`` while there are ``times`` left."""

    def __init__(self, harness: BinanceHarness, monkeypatch: pytest.MonkeyPatch, path: str, answer: Any) -> None:
        connection: Any = harness.broker._open
        once = connection.rest._once
        self.times = 2

        async def garbled(method: str, asked: str, *more: Any, **named: Any) -> Any:
            if asked == path and self.times:
                self.times -= 1
                return answer
            return await once(method, asked, *more, **named)

        monkeypatch.setattr(connection.rest, "_once", garbled)

    async def over(self) -> None:
        async with asyncio.timeout(20):
            while self.times:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("answer", [[], {"assets": [{"asset": "USDT", "walletBalance": "much"}]}, {"assets": [7]}])
@pytest.mark.parametrize("harness", [{"equity_every": 0.05}], indirect=True)
async def test_the_balance_is_told_after_answers_that_cannot_be_read(
    harness: BinanceHarness, make: Maker, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    garbled = _Garbled(harness, monkeypatch, "/fapi/v3/account", answer)
    reader = Reader(harness.broker)
    await harness.broker.submit(Ticket(make.buy()))
    await garbled.over()
    reader.seen.clear()
    await reader.wait(lambda report: report.kind is ReportKind.BALANCE, "balance")
    await reader.close()


@pytest.mark.parametrize(
    ("path", "answer"),
    [("/fapi/v1/time", {}), ("/fapi/v1/exchangeInfo", {}), ("/fapi/v1/exchangeInfo", {"symbols": [{}]})],
)
@pytest.mark.parametrize("harness", [{"clock_every": 0.02}], indirect=True)
async def test_clock_and_rules_are_kept_after_answers_that_cannot_be_read(
    harness: BinanceHarness, monkeypatch: pytest.MonkeyPatch, path: str, answer: Any
) -> None:
    garbled = _Garbled(harness, monkeypatch, path, answer)
    await garbled.over()
    assert harness.broker.terms(harness.symbol) is not None
    exchange = harness.venue.exchange
    exchange.change(replace(exchange.symbol("ETHUSDT"), step=Decimal("0.1")))
    async with asyncio.timeout(20):
        while (terms := harness.broker.terms(harness.symbol)) is None or terms.step != Decimal("0.1"):
            await asyncio.sleep(0.01)


async def test_an_order_refused_for_the_clock_stays_so_where_the_time_cannot_be_read(
    harness: BinanceHarness, make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.arm("clock", "POST /fapi/v1/order")
    _Garbled(harness, monkeypatch, "/fapi/v1/time", {})
    with pytest.raises(NotSent, match="-1021"):
        await harness.broker.submit(Ticket(make.buy()))


# --- what others do -----------------------------------------------------------------------


async def test_foreign_orders_are_shown(harness: BinanceHarness, reader: Reader) -> None:
    other = await _foreign(harness)
    limit = {
        "symbol": "ETHUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "price": "1990",
        "quantity": "0.1",
    }
    await other.place(limit | {"newClientOrderId": "web_1"}, Urgency.ENTRY)
    stop = {"symbol": "ETHUSDT", "side": "BUY", "type": "STOP_MARKET", "triggerPrice": "2010", "quantity": "0.1"}
    await other.place_algo(stop | {"algoType": "CONDITIONAL", "clientAlgoId": "web_2"}, Urgency.ENTRY)
    await other.close()
    await reader.wait(lambda r: r.client_id == "web_1" and r.kind is ReportKind.ACCEPTED)
    await reader.wait(lambda r: r.client_id == "web_2" and r.kind is ReportKind.ACCEPTED)
    orders = (await harness.broker.snapshot()).orders
    assert {(o.client_id, o.limit_price, o.stop_price) for o in orders} == {
        ("web_1", Decimal(1990), None),
        ("web_2", None, Decimal(2010)),
    }


async def test_snapshots_are_cheap_and_look_everywhere_now_and_then(harness: BinanceHarness, make: Maker) -> None:
    order = make.limit(Side.BUY, harness.price - harness.tick)
    await harness.broker.submit(Ticket(order))
    for _ in range(60):  # about all symbols each time, the limit would be used up after a third of them
        assert len((await harness.broker.snapshot()).orders) == 1
    await harness.restart()
    assert [seen.client_id for seen in (await harness.broker.snapshot()).orders] == [order.client_id]


async def test_a_liquidation_is_told_and_compared(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    entry = make.buy(quantity=Decimal(500))
    await harness.broker.submit(Ticket(entry))
    await reader.filled(entry)
    await harness.move(harness.price - 250)
    fill = await reader.wait(lambda r: r.client_id.startswith("autoclose-") and r.fill is not None)
    assert fill.fill is not None and fill.fill.quantity == entry.quantity
    await reader.wait(lambda r: r.kind is ReportKind.ALARM and "liquidation at Binance: sell 500" in r.reason)
    await reader.wait(lambda r: r.kind is ReportKind.CONNECTED and "Binance traded" in r.reason)
    assert not (await harness.broker.snapshot()).positions


async def test_deleveraging_is_told_and_compared(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    entry = make.buy()
    await harness.broker.submit(Ticket(entry))
    await reader.filled(entry)
    filling.deleverage(harness.venue.exchange, harness.venue.exchange.account("test"), "ETHUSDT")
    await reader.wait(lambda r: r.kind is ReportKind.ALARM and "auto-deleveraging at Binance: sell 0.3" in r.reason)
    await reader.wait(lambda r: r.kind is ReportKind.CONNECTED and "Binance traded" in r.reason)
    assert not (await harness.broker.snapshot()).positions


async def test_funding_moves_the_balance(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    entry = make.buy()
    await harness.broker.submit(Ticket(entry))
    await reader.filled(entry)
    filling.fund(harness.venue.exchange, "ETHUSDT", Decimal("0.001"))
    await reader.wait(lambda r: r.balance is not None and r.balance.balance == Decimal("99999.4"), "0.3 × 2000 × 0.1 %")


@pytest.mark.parametrize("harness", [{"equity_every": 0.05}], indirect=True)
async def test_open_profit_shows_without_events(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    harness.arm("unavailable", "GET /fapi/v3/account")  # asked again
    await harness.broker.submit(Ticket(make.buy()))
    await harness.move(harness.price + 10)
    await reader.wait(lambda r: r.balance is not None and r.balance.equity == r.balance.balance + 3, "open profit")


async def test_fees_are_those_of_the_venue(make: Maker) -> None:
    harness = BinanceHarness(rules=Rules())
    await harness.start()
    reader = Reader(harness.broker)
    order = make.buy()
    await harness.broker.submit(Ticket(order))
    (fill,) = await reader.filled(order)
    assert (fill.fee, fill.fee_currency) == (Decimal("0.24"), "USDT")
    found = await harness.broker.find(order)
    assert found is not None and found.fills == (fill,)
    await reader.close()
    await harness.stop()


# --- keys ---------------------------------------------------------------------------------


async def test_ed25519(harness: BinanceHarness, make: Maker) -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    accesses = harness.venue.exchange.accesses
    accesses["edKey"] = Access("test", "edKey", public_key=public)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    broker = harness.make(signature="ed25519", api_key="edKey", api_secret=pem)
    await broker.connect()
    assert await broker.submit(Ticket(make.buy()))
    await broker.close()


async def test_a_wrong_key_is_told_without_showing_it(harness: BinanceHarness) -> None:
    broker = harness.make(api_secret="someOtherSecret123")
    with pytest.raises(BrokerError, match="-1022") as error:
        await broker.connect()
    assert "OtherSecret" not in "".join(traceback.format_exception(error.value))


async def test_secrets_are_never_shown(
    harness: BinanceHarness, reader: Reader, make: Maker, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in logs of any level, in errors, in representations or in what is journaled."""
    listen_key = harness.venue.exchange.account("test").listen_key
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    with structlog.testing.capture_logs() as logs:
        for fault, where in (("unknown_executed", "POST *rder"), ("lost", "POST *rder"), ("refused", "POST *rder")):
            harness.arm(fault, where)
            try:
                await harness.broker.submit(Ticket(make.buy()))
            except (OutcomeUnknown, Rejected, NotSent) as error:
                shown += traceback.format_exception(error)
        harness.arm("lost", "GET *")
        try:
            await harness.broker.snapshot()
        except QueryFailed as error:
            shown += traceback.format_exception(error)
        harness.arm("listen_key_expired", "stream ORDER_TRADE_UPDATE")
        await harness.broker.submit(Ticket(make.limit(Side.BUY, harness.price - harness.tick)))
        await reader.wait(lambda r: r.kind is ReportKind.DISCONNECTED)
        await reader.wait(lambda r: r.kind is ReportKind.CONNECTED)
        await harness.restart()
    listen_keys = {listen_key, harness.venue.exchange.account("test").listen_key}
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith("uvicorn")]  # that is the venue
    shown += [repr(logs), *ours, repr(reader.seen), repr(harness.settings), repr(harness.broker)]
    text = "\n".join(shown)
    assert "OutcomeUnknown" in text and "HTTP" in text, "there was something to look through"
    for secret in (KEY, SECRET, *listen_keys):
        assert secret and secret not in text
