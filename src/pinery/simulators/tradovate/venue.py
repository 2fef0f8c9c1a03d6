"""The simulated venue as a whole: its parts put together, told of the market and of time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from pinery.simulators.common.book import VenueBook
from pinery.simulators.common.faults import FaultPlan
from pinery.simulators.common.market import Market, Move
from pinery.simulators.tradovate.answers import Problem
from pinery.simulators.tradovate.auth import Sessions
from pinery.simulators.tradovate.control import Control
from pinery.simulators.tradovate.faults import KINDS
from pinery.simulators.tradovate.gate import LOGIN, Gate
from pinery.simulators.tradovate.housekeeping import Housekeeping
from pinery.simulators.tradovate.life import Life
from pinery.simulators.tradovate.matching import Matching
from pinery.simulators.tradovate.md_socket import MarketDataConnection, Past
from pinery.simulators.tradovate.money import Money
from pinery.simulators.tradovate.operations import Operations
from pinery.simulators.tradovate.placing import Placing
from pinery.simulators.tradovate.products import Future, by_symbol
from pinery.simulators.tradovate.settings import SimSettings, SimUser
from pinery.simulators.tradovate.sockets import Hub
from pinery.simulators.tradovate.state import State
from pinery.simulators.tradovate.strategies import Strategies
from pinery.simulators.tradovate.tape import Tapes
from pinery.simulators.tradovate.user_socket import UserConnection
from pinery.simulators.tradovate.wire import loads
from pinery.trading.clock import Clock


class TradovateSimulator:
    """``app`` is the ASGI application: ``/v1/…`` by HTTP, ``/v1/websocket``, ``/md/v1/websocket`` and ``/sim/…``.

    The market's symbols are Pinery's: ``CME_MINI:ESZ2026``, or ``CME_MINI:ES1!`` for the front month. ``book`` keeps
    the venue's state; the same book given to a later simulator goes on with it. ``history`` gives the bars of charts
    (``ChartFeed.history``); without it they are made of what was traded here.
    """

    def __init__(
        self,
        market: Market,
        users: Sequence[SimUser],
        clock: Clock,
        *,
        settings: SimSettings | None = None,
        book: VenueBook | None = None,
        history: Past | None = None,
        seed: int = 1,
    ) -> None:
        self.faults = FaultPlan(KINDS, seed)
        self.state = State(tuple(users), settings or SimSettings(), clock, book or VenueBook(), self.faults, seed)
        self.market = market
        self.hub = Hub()
        self.money = Money(self.state)
        self._life = life = Life(self.state, self.money)
        self._matching = Matching(self.state, life)
        self._placing = Placing(self.state, life, self._matching, self.money)
        strategies = Strategies(self.state, life, self._placing)
        self.sessions = Sessions(self.state)
        self._housekeeping = Housekeeping(self.state, life, self.money, self._placing, self.hub.shutdown)
        self._operations = Operations(self.state, self._placing, strategies, self.money, self.sessions)
        self._gate = Gate(self.state, self.sessions, self._operations, self._housekeeping, self.hub.drop)
        self._tapes = Tapes()
        self._history = history
        for symbol, price in market.prices.items():
            found = by_symbol(symbol, self.state.today())
            if found is not None:
                self.state.set_price(found.id, price)
        market.listen(self._moved)
        self._placing.resume()
        self.state.ledger.commit()
        self.app = Starlette(
            routes=[
                WebSocketRoute("/v1/websocket", self._user_socket),
                WebSocketRoute("/md/v1/websocket", self._md_socket),
                *Control(self).routes,
                Route("/v1/{name:path}", _Http(self)),
            ]
        )

    def close(self) -> None:
        """The market is no longer heard. What was done is on disk."""
        self._placing.close()
        self.market.forget(self._moved)
        self.state.ledger.commit()

    def set_parts(self, parts: int) -> None:
        """From now on orders are filled in that many parts, one at each move of the market."""
        self.state.parts = parts

    def liquidate(self, account: int) -> None:
        """The venue closes all that the account holds."""
        self._placing.auto_liquidate(account)
        self.state.ledger.commit()

    def take_back(self, fill: int, price: Decimal | None) -> None:
        """A trade that was told never was, or was at another price. Raises KeyError for one that is not there."""
        self._life.take_back(fill, price)
        self.state.ledger.commit()

    def _tick(self) -> None:
        self._housekeeping.tick()
        self.state.ledger.commit()

    # --- the market -------------------------------------------------------------------

    def _moved(self, move: Move) -> None:
        found = by_symbol(move.symbol, self.state.today())
        if found is None:
            return
        self._housekeeping.tick()
        self._tapes.take(found, move)
        before = self.state.prices.get(found.id, move.before)
        self._matching.move(found.id, before, move.price, jumps=move.jumps)
        self.state.ledger.commit()

    # --- requests ---------------------------------------------------------------------

    async def _user_socket(self, websocket: WebSocket) -> None:
        parts = (websocket, self.state, self.sessions, self._gate, self.hub, self._tick)
        await UserConnection(*parts, table=self._operations).serve()

    async def _md_socket(self, websocket: WebSocket) -> None:
        parts = (websocket, self.state, self.sessions, self._gate, self.hub, self._tick)
        data = MarketDataConnection(*parts, tapes=self._tapes, history=self._history, symbol_of=self._symbol_of)
        await data.serve()

    def _symbol_of(self, future: Future) -> str:
        """What the market calls a contract: its own month, or the continuous symbol that means it now."""
        today = self.state.today()
        return next((s for s in self.market.prices if by_symbol(s, today) == future), future.symbol)

    async def handle(self, request: HttpRequest) -> Response | None:
        """None: the connection is to be cut."""
        name = request.path_params["name"]
        try:
            parameters = await _parameters(request)
            session = None if name == LOGIN else self.sessions.find(_token(request))
            operation = self._operations.table.get(name)
            method = "POST" if name == LOGIN else operation.method if operation is not None else request.method
            if method != request.method:
                raise Problem(404, "Not found")
        except Problem as problem:
            return Response(problem.text, problem.status)
        answer = await self._gate.perform(name, parameters, session)
        if answer.cut:
            return None
        return Response(
            answer.body or answer.text, answer.status, media_type="application/json" if answer.body else None
        )


class _Http:
    """Requests by HTTP, as an ASGI application of its own so that a connection can be cut."""

    def __init__(self, venue: TradovateSimulator) -> None:
        self._venue = venue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._venue.handle(HttpRequest(scope, receive))
        except ClientDisconnect:
            return  # it left in the middle of its request
        if response is None:
            await cut(scope)
        else:
            await response(scope, receive, send)


async def cut(scope: Scope) -> None:
    scope["cut"]()
    for _ in range(3):
        await asyncio.sleep(0)


def _token(request: HttpRequest) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.casefold() != "bearer" or not token:
        raise Problem(401, "Access is denied")
    return token.strip()


async def _parameters(request: HttpRequest) -> Mapping[str, Any]:
    found: dict[str, Any] = dict(request.query_params)
    body = await request.body()
    if body.strip():
        try:
            read = loads(body)
        except ValueError:
            raise Problem(400, "the body is no JSON") from None
        if not isinstance(read, dict):
            raise Problem(400, "the body is no JSON object")
        found |= read
    return found
