"""A simulated venue in a process of its own that notes when each order came and when it had answered.

    python -m benchmarks.orders_venue binance PORT      # or tradovate; until its standard input ends

``GET /bench/orders`` tells, by client id, when an order's request came, when all of it was there, and when its answer
left; Unix µs. ``POST /bench/echo`` answers at once: what a request costs that asks for nothing.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from decimal import Decimal
from typing import Any

from pinery.app.up.clock import SystemClock
from pinery.simulators.binance.records import Access
from pinery.simulators.binance.venue import BinanceSimulator
from pinery.simulators.common.market import Market
from pinery.simulators.common.serving import Server
from pinery.simulators.tradovate.settings import SimAccount, SimUser
from pinery.simulators.tradovate.venue import TradovateSimulator
from pinery.trading.mapping import contract_of

KEY, SECRET = "k" * 32, "s" * 64
SYMBOLS = {
    "binance": {"BINANCE:ETHUSDT.P": "2000.00", "BINANCE:BTCUSDT.P": "60000.0"},
    "tradovate": {"CME_MINI:ESZ2026": "6000.00", "CME_MINI:NQZ2026": "21000.00"},
}
_ENTRY = re.compile(rb"pn-[a-z0-9]+-[ex]0")


class Noting:
    """The venue's application with a note of each order."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.orders: dict[str, tuple[int, int]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"].startswith("/bench/"):
            await receive()
            body = json.dumps(self.orders if scope["path"].endswith("orders") else {}).encode()
            await send(
                {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]}
            )
            await send({"type": "http.response.body", "body": body})
        else:
            await self._note(scope, receive, send)

    async def _note(self, scope: Any, receive: Any, send: Any) -> None:
        came = time.time_ns() // 1000
        seen = [scope["query_string"]]

        async def heard() -> Any:
            message = await receive()
            seen.append(message.get("body", b""))
            return message

        async def said(message: Any) -> None:
            if message["type"] == "http.response.start" and scope["method"] == "POST" and message["status"] == 200:
                found = _ENTRY.search(b"".join(seen))
                if found is not None:
                    self.orders.setdefault(found[0].decode(), (came, time.time_ns() // 1000))
            await send(message)

        await self._app(scope, heard, said)


async def serve(venue: str, port: int) -> None:
    clock, market = SystemClock(), Market()
    made: Any
    if venue == "binance":
        contracts = [contract_of(symbol) for symbol in SYMBOLS[venue]]
        account = Access("bench", KEY, SECRET, balance=Decimal(10**9))
        made = BinanceSimulator(market, contracts, accounts=[account], clock=clock)
    else:
        user = SimUser("trader", SECRET, (SimAccount("SIM1", Decimal(10**9)),), "1", "sec")
        made = TradovateSimulator(market, [user], clock)
    for symbol, price in SYMBOLS[venue].items():
        market.move(symbol, Decimal(price), clock.now())
    server = Server(Noting(made.app), port=port)
    await server.start()
    print("up", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()
    made.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
