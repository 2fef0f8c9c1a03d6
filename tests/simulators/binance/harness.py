"""A simulated venue on a port of this machine, its market and clock, and a plain client that signs."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx
import websockets

from pinery.core.instrument import Instrument
from pinery.simulators.binance.exchange import Rules
from pinery.simulators.binance.limits import Limits
from pinery.simulators.binance.records import Access
from pinery.simulators.binance.tape import History
from pinery.simulators.binance.venue import BinanceSimulator
from pinery.simulators.common.book import VenueBook
from pinery.simulators.common.market import Market
from pinery.simulators.common.serving import Server
from pinery.trading.contracts import Contract
from tests.adapters.paper.harness import SystemClock

KEY, SECRET = "simulatedkey", "simulatedsecret"
ETH = Contract(
    "BINANCE:ETHUSDT.P",
    Instrument("BINANCE", "ETHUSDT.P", pricescale=100, qty_step=0.001, mincontract=0.001, currency="USDT"),
)
BTC = Contract(
    "BINANCE:BTCUSDT.P",
    Instrument("BINANCE", "BTCUSDT.P", pricescale=10, qty_step=0.001, mincontract=0.001, currency="USDT"),
)


class ShiftedClock(SystemClock):
    """The machine's time, and what a test puts on top of it."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> int:
        return super().now() + self.ahead


class Refused(Exception):
    def __init__(self, status: int, code: int, text: str, headers: httpx.Headers) -> None:
        super().__init__(f"{status} {code} {text}")
        self.status, self.code, self.text, self.headers = status, code, text, headers


class Venue:
    def __init__(self, simulator: BinanceSimulator, server: Server, market: Market, clock: ShiftedClock) -> None:
        self.simulator, self.server, self.market, self.clock = simulator, server, market, clock
        self.http = httpx.AsyncClient(base_url=server.url, headers={"X-MBX-APIKEY": KEY})

    def move(self, price: str, *, jumps: bool = True, contract: Contract = ETH, volume: str = "1") -> None:
        self.market.move(contract.symbol, Decimal(price), self.clock.now(), Decimal(volume), jumps=jumps)

    async def call(self, method: str, path: str, **params: Any) -> Any:
        """Signed, in the query."""
        return _told(await self.http.request(method, f"{path}?{self.signed(**params)}"))

    def signed(self, **params: Any) -> str:
        params.setdefault("timestamp", self.clock.now())
        text = urlencode(params)
        return f"{text}&signature={hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()}"

    async def order(self, side: str, quantity: str, price: str | None = None, **more: Any) -> Any:
        """At the market without a price."""
        if price is not None:
            more = {"type": "LIMIT", "price": price, "timeInForce": "GTC"} | more
        else:
            more = {"type": "MARKET"} | more
        return await self.call("POST", "/fapi/v1/order", symbol="ETHUSDT", side=side, quantity=quantity, **more)

    async def algo(self, side: str, type: str, **more: Any) -> Any:
        given = {"algoType": "CONDITIONAL", "symbol": "ETHUSDT", "side": side, "type": type} | more
        return await self.call("POST", "/fapi/v1/algoOrder", **given)

    async def find(self, order_id: int | str) -> Any:
        return await self.call("GET", "/fapi/v1/order", symbol="ETHUSDT", orderId=order_id)

    async def find_algo(self, algo_id: int) -> Any:
        return await self.call("GET", "/fapi/v1/algoOrder", algoId=algo_id)

    async def position(self) -> Decimal:
        rows = await self.call("GET", "/fapi/v3/positionRisk", symbol="ETHUSDT")
        return sum((Decimal(row["positionAmt"]) for row in rows), Decimal(0))

    async def wallet(self) -> Decimal:
        return Decimal((await self.call("GET", "/fapi/v3/balance"))[0]["balance"])

    async def refused(self, what: Awaitable[Any]) -> Refused:
        try:
            told = await what
        except Refused as refused:
            return refused
        raise AssertionError(f"was not refused: {told}")

    async def code(self, what: Awaitable[Any]) -> int:
        return (await self.refused(what)).code

    @asynccontextmanager
    async def events(self, path: str = "") -> AsyncIterator[Events]:
        """Of the account's stream, or of another address."""
        if not path:
            path = f"/private/ws/{_told(await self.http.post('/fapi/v1/listenKey'))['listenKey']}"
        async with websockets.connect(self.server.ws_url + path) as socket:
            yield Events(socket)


class Events:
    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket
        self._asked = 0

    async def next(self, seconds: float = 5) -> Any:
        async with asyncio.timeout(seconds):
            return json.loads(await self.socket.recv())

    async def ask(self, method: str, *params: str) -> Any:
        self._asked += 1
        await self.socket.send(json.dumps({"method": method, "params": params, "id": self._asked}))
        return await self.until(lambda told: told.get("id") == self._asked)

    async def rest(self) -> list[Any]:
        """What was told until now: an answer of the connection comes behind it."""
        self._asked += 1
        await self.socket.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": self._asked}))
        found = []
        while not (isinstance(told := await self.next(), dict) and told.get("id") == self._asked):
            found.append(told)
        return found

    async def until(self, wanted: Callable[[Any], bool], seconds: float = 5) -> Any:
        while not wanted(event := await self.next(seconds)):
            pass
        return event


def _told(response: httpx.Response) -> Any:
    if response.status_code != 200:
        try:
            told = response.json()
        except ValueError:
            told = {"code": 0, "msg": response.text}
        raise Refused(response.status_code, told["code"], told["msg"], response.headers)
    return response.json()


@asynccontextmanager
async def venue(
    *,
    rules: Rules | None = None,
    limits: Limits | None = None,
    book: VenueBook | None = None,
    history: History | None = None,
    accesses: tuple[Access, ...] = (),
    price: str | None = "2000",
) -> AsyncIterator[Venue]:
    market, clock = Market(), ShiftedClock()
    simulator = BinanceSimulator(
        market,
        [ETH, BTC],
        accounts=[Access("test", KEY, SECRET), *accesses],
        clock=clock,
        rules=rules,
        limits=limits,
        book=book,
        history=history,
    )
    server = Server(simulator.app)
    await server.start()
    opened = Venue(simulator, server, market, clock)
    try:
        if price is not None:
            opened.move(price)
            opened.move("40000", contract=BTC)
        yield opened
    finally:
        await opened.http.aclose()
        await server.stop()
        simulator.close()


def run(scenario: Callable[[Venue], Coroutine[Any, Any, None]], **more: Any) -> None:
    """``scenario`` at a venue of its own; ETHUSDT is at 2000, the account has 10,000 USDT and a leverage of 20."""

    async def all_of_it() -> None:
        async with venue(**more) as opened:
            await scenario(opened)

    asyncio.run(all_of_it())
