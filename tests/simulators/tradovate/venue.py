"""A simulated venue for a test: a market to move, a clock to set, clients to talk to it."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from pinery.simulators.common.book import VenueBook
from pinery.simulators.common.faults import Armed
from pinery.simulators.common.market import Market
from pinery.simulators.common.serving import Server
from pinery.simulators.tradovate.settings import SimAccount, SimSettings, SimUser
from pinery.simulators.tradovate.venue import TradovateSimulator
from tests.simulators.tradovate.client import Rest, Socket

ES, ESZ6 = "CME_MINI:ESZ2026", 11202612
MONDAY = 1_795_449_600_000  # 2026-11-23T16:00:00Z: 10:00 in Chicago, a Monday
TRADER, ACCOUNT = 5001, 500101

USERS = (
    SimUser("trader", "secret", (SimAccount("DEMO1"), SimAccount("DEMO2", Decimal(1000)))),
    SimUser("other", "word", (SimAccount("DEMO9"),)),
)


class SetClock:
    """Stands where a test puts it."""

    def __init__(self, at: int = MONDAY) -> None:
        self.at = at

    def now(self) -> int:
        return self.at

    def now_us(self) -> int:
        return self.at * 1000

    def monotonic(self) -> float:
        return self.at / 1000

    def go(self, seconds: float) -> None:
        self.at += round(seconds * 1000)


class RunningClock(SetClock):
    """Goes on from there."""

    def __init__(self, at: int = MONDAY) -> None:
        super().__init__(at)
        self._began = time.monotonic()

    def now(self) -> int:
        return self.at + round((time.monotonic() - self._began) * 1000)

    def monotonic(self) -> float:
        return time.monotonic()


class Venue:
    """Served between ``start`` and ``stop``; what ``socket`` and ``rest`` gave is closed then."""

    def __init__(
        self, *, clock: SetClock | None = None, book: Path | None = None, price: str = "6000", **more: Any
    ) -> None:
        self.clock = clock or SetClock()
        self.market = Market()
        if price:
            self.market.move(ES, Decimal(price), self.clock.now())
        self._path = book
        history = more.pop("history", None)
        more = {"heartbeat": 0.25, **more}
        self.settings = SimSettings(**more)
        self.book = VenueBook(book)
        self.simulator = TradovateSimulator(
            self.market, USERS, self.clock, settings=self.settings, book=self.book, history=history
        )
        self.server = Server(self.simulator.app)
        self._open: list[Rest | Socket] = []

    async def start(self) -> Venue:
        await self.server.start()
        return self

    async def stop(self) -> None:
        for client in self._open:
            await client.close()
        await self.server.stop()
        self.simulator.close()
        self.book.close()

    async def __aenter__(self) -> Venue:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # --- clients ----------------------------------------------------------------------

    def visitor(self) -> Rest:
        """Nobody is logged in."""
        rest = Rest(self.server.url)
        self._open.append(rest)
        return rest

    async def rest(self, name: str = "trader", password: str = "secret", **more: Any) -> Rest:
        rest = self.visitor()
        await rest.log_in(name, password, **more)
        return rest

    async def connection(self, path: str = "/v1/websocket", *, beating: bool = True) -> Socket:
        socket = await Socket.open(self.server.ws_url, path, beating=beating)
        self._open.append(socket)
        return socket

    async def socket(self, rest: Rest) -> Socket:
        """Authorised and synchronised."""
        socket = await self.connection()
        assert await socket.authorize(rest.token) == 200
        await socket.sync(rest.login["userId"])
        return socket

    async def both(self) -> tuple[Rest, Socket]:
        rest = await self.rest()
        return rest, await self.socket(rest)

    # --- the market and faults --------------------------------------------------------

    def jump(self, price: str) -> None:
        self.market.move(ES, Decimal(price), self.clock.now())

    def walk(self, *prices: str) -> None:
        """Passing every price between."""
        for price in prices:
            self.market.move(ES, Decimal(price), self.clock.now(), jumps=False)

    def fault(self, fault: str, where: str = "*", times: int | None = 1, after: int = 0, **options: Any) -> None:
        self.simulator.faults.arm(Armed(fault, where, times, after=after, options=options))


def order(action: str = "Buy", kind: str = "Market", quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "accountSpec": "DEMO1",
        "accountId": ACCOUNT,
        "action": action,
        "symbol": "ESZ6",
        "orderQty": quantity,
        "orderType": kind,
        "isAutomated": True,
        **more,
    }
