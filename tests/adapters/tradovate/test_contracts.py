"""Symbols and names, and the venue's facts against ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pinery.adapters.tradovate.broker import TradovateBroker
from pinery.adapters.tradovate.contracts import symbol_of, venue_name
from pinery.trading.contracts import Contract
from pinery.trading.errors import Rejected
from pinery.trading.orders.model import Role, Ticket
from tests.adapters.conformance.harness import Maker
from tests.adapters.tradovate.harness import ACCOUNT, SYMBOL, TradovateHarness, contract

_NOW = round(datetime(2026, 11, 23, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("CME_MINI:ESZ2026", "ESZ6"),
        ("CME_MINI:ESH2027", "ESH7"),
        ("CME_MINI:M2KZ2026", "M2KZ6"),
        ("CBOT_MINI:MYMM2030", "MYMM0"),
        ("NYMEX:CLF2027", "CLF7"),
        ("COMEX:GCG2027", "GCG7"),
    ],
)
def test_names_there_and_back(symbol: str, name: str) -> None:
    assert venue_name(symbol, _NOW) == name
    assert symbol_of(name, _NOW) == symbol


@pytest.mark.parametrize("symbol", ["CME_MINI:ES1!", "BINANCE:ETHUSDT.P", "CME_MINI:ES", "CME_MINI:ESZ2036"])
def test_what_has_no_name_there(symbol: str) -> None:
    """Of two years with the same last digit the name means the nearer one."""
    with pytest.raises(Rejected) as refusal:
        venue_name(symbol, _NOW)
    assert refusal.value.code == "SYMBOL_UNKNOWN"


def test_contracts_of_others_keep_a_name() -> None:
    assert symbol_of("XYZZ6", _NOW) == "TRADOVATE:XYZZ2026"
    assert symbol_of("EUR spread", _NOW) == "TRADOVATE:EUR spread"


def _with(**facts: object) -> Contract:
    found = contract(SYMBOL)
    return replace(found, instrument=replace(found.instrument, **facts))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("ours", "words"),
    [
        (_with(minmove=50), "the tick is 0.5 here and 0.25 there"),
        (_with(pointvalue=5.0), "the value of a point is 5.0 here and 50 there"),
    ],
)
async def test_a_contract_of_another_size_is_refused(venue: TradovateHarness, ours: Contract, words: str) -> None:
    broker = TradovateBroker(ACCOUNT, venue.settings(), venue.clock, lambda _: ours)
    await broker.connect()
    make = Maker(venue)
    with pytest.raises(Rejected, match=words) as refusal:
        await broker.submit(Ticket(make.buy()))
    assert refusal.value.code == "SYMBOL_UNKNOWN"
    assert not venue.simulator.state.orders
    await broker.submit(Ticket(make.sell(role=Role.EXIT)))  # what closes is not kept back
    assert len(venue.simulator.state.orders) == 1
    await broker.close()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("symbol", "words"), [("CME_MINI:ESF2027", "does not exist"), ("NYMEX:NGG2027", "Tradovate has no contract NGG7")]
)
async def test_a_contract_that_is_not_there(harness: TradovateHarness, make: Maker, symbol: str, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        await harness.broker.submit(Ticket(replace(make.buy(), symbol=symbol)))


@pytest.mark.anyio
async def test_parts_of_contracts_are_refused(harness: TradovateHarness, make: Maker) -> None:
    with pytest.raises(Rejected) as refusal:
        await harness.broker.submit(Ticket(make.buy(quantity=Decimal("0.5"))))
    assert refusal.value.code == "SIZE"


@pytest.mark.anyio
async def test_what_is_held_is_called_as_the_deployments_call_it_also_after_a_roll(venue: TradovateHarness) -> None:
    """A restart between two orders, and the front month is another by now."""
    broker = venue.make()
    await broker.connect()
    await broker.submit(Ticket(Maker(venue).buy()))
    await broker.close()
    broker = venue.make(symbols=("CME:ESH2027",))
    await broker.connect()
    (held,) = (await broker.snapshot()).positions
    assert held.symbol == "CME:ESZ2026"
    await broker.close()
