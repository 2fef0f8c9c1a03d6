"""A process that submits orders to a paper account until it is killed; says which ones the account has taken.

Run as ``python -m tests.adapters.paper.storm STORE ROUND``.
"""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal

from pinery.adapters.paper.broker import PaperBroker
from pinery.adapters.paper.memory_book import MemoryBook
from pinery.adapters.paper.settings import PaperSettings
from pinery.adapters.store.database import open_store
from pinery.adapters.store.paper_book import SqlPaperBook
from pinery.trading.broker import Quote
from pinery.trading.errors import Rejected
from pinery.trading.orders.model import Role, Side, Ticket
from tests.adapters.conformance.harness import Maker
from tests.adapters.paper.harness import ACCOUNT, PaperHarness, SystemClock, contract

SETTINGS = PaperSettings(
    slippage_ticks=Decimal(1), partial_fill_share=0.3, commission_percent=Decimal("0.05"), reject_share=0.05
)


def broker(store: str) -> PaperBroker:
    return PaperBroker(ACCOUNT, SETTINGS, SqlPaperBook(open_store(store), "test"), SystemClock(), contract)


async def storm(store: str, turn: str) -> None:
    paper = broker(store)
    await paper.connect()
    print("ready", flush=True)

    async def client(number: int) -> None:
        make = Maker(PaperHarness(MemoryBook, feed=False), f"r{turn}n{number}x")
        price = make.buy().reference_price
        assert price is not None
        for i in range(1_000_000):
            side = Side.BUY if (i + number) % 2 else Side.SELL
            order = make.order(side, reference_price=price + i % 7)
            ticket = make.bracket(order, price - 5 * side.sign, price + 5 * side.sign) if i % 3 else Ticket(order)
            try:
                await paper.submit(ticket)
                print("taken", order.client_id, flush=True)
                if i % 5 == 0:
                    await paper.price_seen(Quote(order.symbol, price + i % 13 - 6, SystemClock().now(), "alert"))
                if i % 4 == 0:
                    await paper.submit(Ticket(make.order(side.opposite, role=Role.EXIT)))
                if i % 6 == 0 and ticket.protection:
                    await paper.cancel(ticket.protection[0])
            except Rejected:
                continue

    await asyncio.gather(*(client(number) for number in range(8)))


if __name__ == "__main__":
    asyncio.run(storm(sys.argv[1], sys.argv[2]))
