"""The simulated Binance USDⓈ-M Futures: one application for REST, streams, the WebSocket API and the control endpoint.

Funding is paid when the control endpoint says so, and premiumIndex says 0. Left out: other assets than USDT, self-trade
prevention, and coin-margined contracts.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from pinery.simulators.binance import wsapi
from pinery.simulators.binance.control import Control, state
from pinery.simulators.binance.exchange import Exchange, Rules
from pinery.simulators.binance.limits import Limits
from pinery.simulators.binance.records import Access
from pinery.simulators.binance.rest import Rest
from pinery.simulators.binance.streams import Streams
from pinery.simulators.binance.tape import History, Tape
from pinery.simulators.common.book import VenueBook
from pinery.simulators.common.faults import FaultPlan
from pinery.simulators.common.market import Market
from pinery.trading.clock import Clock
from pinery.trading.contracts import Contract

_METHODS = ["GET", "POST", "PUT", "DELETE"]


class BinanceSimulator:
    """``app`` is served at one port for everything: REST at ``/fapi``, streams at ``/public``, ``/market`` and
    ``/private``, the WebSocket API at ``/ws-fapi/v1``, the control endpoint at ``/sim``.

    ``contracts``: "BINANCE:ETHUSDT.P" and the like, what is traded. ``clock``: the venue's; candles are in the market's
    own time. ``history``: bars from before, for klines. With a ``book`` that lies on disk, accounts, orders,
    positions and trades are there again after a restart.
    """

    def __init__(
        self,
        market: Market,
        contracts: Iterable[Contract],
        *,
        accounts: Iterable[Access],
        clock: Clock,
        seed: int = 1,
        book: VenueBook | None = None,
        history: History | None = None,
        rules: Rules | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.exchange = Exchange(
            market,
            contracts,
            list(accounts),
            rules=rules or Rules(),
            seed=seed,
            book=book or VenueBook(),
            now=clock.now,
        )
        tape = Tape(history)
        rest = Rest(self.exchange, tape, limits or Limits())
        self.streams = Streams(self.exchange, tape)
        control = Control(self.exchange, market, self.streams)
        self.app = Starlette(
            routes=[
                Route("/sim/{rest:path}", control.answer, methods=_METHODS),
                Route("/{rest:path}", rest.answer, methods=_METHODS),
                WebSocketRoute("/ws-fapi/v1", partial(wsapi.serve, rest)),
                WebSocketRoute("/{rest:path}", self.streams.serve),
            ]
        )

    def close(self) -> None:
        """The market is no longer heard. What was done is on disk."""
        self.exchange.close()

    @property
    def faults(self) -> FaultPlan:
        return self.exchange.faults

    def state(self, account: str | None = None) -> dict[str, Any]:
        """Everything that the venue keeps, as the control endpoint tells it."""
        return state(self.exchange, account)
