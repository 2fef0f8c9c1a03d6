"""What holds whatever is ordered and wherever the price goes: books that balance, and reduce-only that only reduces."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pinery.simulators.binance import conditional, placing
from pinery.simulators.binance.errors import VenueError
from pinery.simulators.binance.exchange import Exchange, Rules
from pinery.simulators.binance.params import Params
from pinery.simulators.binance.records import OPEN, Access, stored
from pinery.simulators.common.book import VenueBook
from pinery.simulators.common.market import Market
from tests.simulators.binance.harness import ETH


class Clock:
    at = 1_700_000_000_000

    def now(self) -> int:
        return self.at


def exchange_of(market: Market, book: VenueBook, clock: Clock) -> Exchange:
    accesses = [Access("test", "key", "secret", balance=Decimal(1_000_000))]
    return Exchange(market, [ETH], accesses, rules=Rules(partial_share=0.3), seed=1, book=book, now=clock.now)


def act(random: Random, venue: Exchange, market: Market, clock: Clock) -> None:
    clock.at += 1000
    account, price = venue.account("test"), venue.last.get("ETHUSDT", Decimal(2000))
    near = price + Decimal(random.randint(-3000, 3000)) / 100
    given: dict[str, Any] = {"symbol": "ETHUSDT", "side": random.choice(("BUY", "SELL"))}
    given |= {"quantity": Decimal(random.randint(3, 500)) / 1000, "reduceOnly": random.random() < 0.4}
    with suppress(VenueError):
        match random.randrange(8):
            case 0 | 1 | 2:
                market.move(ETH.symbol, max(near, Decimal(100)), clock.at, jumps=random.random() < 0.5)
            case 3:
                placing.place(venue, account, Params.of_json(given | {"type": "MARKET"}))
            case 4:
                tif = random.choice(("GTC", "GTC", "IOC", "FOK", "GTX"))
                limit = {"type": "LIMIT", "price": near, "timeInForce": tif}
                placing.place(venue, account, Params.of_json(given | limit))
            case 5:
                more: dict[str, Any] = {"type": random.choice(conditional.TYPES), "triggerPrice": near, "price": near}
                if more["type"] == "TRAILING_STOP_MARKET":
                    more = {"type": "TRAILING_STOP_MARKET", "callbackRate": "0.5"}
                conditional.place(venue, account, Params.of_json(given | more | {"algoType": "CONDITIONAL"}))
            case 6:
                for order in random.sample(venue.ledger.orders_of("test"), 1) if venue.ledger.open_orders else []:
                    changed = {"orderId": order.id, "side": order.side, "price": near}
                    placing.modify(venue, account, Params.of_json(given | changed))
            case 7:
                for order in random.sample(venue.ledger.orders_of("test"), 1) if venue.ledger.open_orders else []:
                    placing.cancel(venue, order)
    venue.ledger.commit()


@pytest.mark.parametrize("seed", range(10))
def test_books_balance(seed: int, tmp_path: Path) -> None:
    random, market, clock = Random(seed), Market(), Clock()
    book = VenueBook(tmp_path / "venue.sqlite")
    venue = exchange_of(market, book, clock)
    market.move(ETH.symbol, Decimal(2000), clock.at)
    for _ in range(250):
        act(random, venue, market, clock)
        ledger = venue.ledger
        held = ledger.position("test", "ETHUSDT", "BOTH").amount
        signed = sum((t.quantity if t.side == "BUY" else -t.quantity for t in ledger.trades), Decimal(0))
        assert held == signed
        money = sum((t.realized - t.commission for t in ledger.trades), Decimal(1_000_000))
        assert ledger.accounts["test"].wallet == money
        for order in ledger.orders_of("test"):
            assert order.status in OPEN and order.left > 0
            assert not order.reduce_only or order.left <= max(Decimal(0), -held * order.sign)
    ledger = venue.ledger
    assert len(ledger.trades) > 20
    for order in ledger.orders.values():
        assert order.executed == sum((t.quantity for t in ledger.trades if t.order_id == order.id), Decimal(0))
        assert (order.status == "FILLED") == (order.executed == order.quantity)
    for algo in ledger.algos.values():
        child = ledger.orders.get(algo.order_id)
        assert (algo.status == "FINISHED") == (child is not None and child.status not in OPEN)
    book.close()
    again = exchange_of(Market(), book := VenueBook(tmp_path / "venue.sqlite"), clock).ledger
    for before, after in ((ledger.orders, again.orders), (ledger.algos, again.algos)):
        assert {id: stored(it) for id, it in before.items()} == {id: stored(it) for id, it in after.items()}
    assert [stored(it) for it in ledger.trades] == [stored(it) for it in again.trades]
    book.close()
