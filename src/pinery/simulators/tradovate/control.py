"""The control endpoint of a simulator, for tests and rehearsals. It is not part of the venue's protocol.

All of it is JSON; errors are 400 with ``{"error": …}``.

- ``GET /sim/faults``: ``kinds`` (each with its text and its points) and ``armed``.
- ``POST /sim/faults`` ``{"fault", "where": "*", "times": 1, "share": 1.0, "after": 0, "options": {}}``: arms one.
  ``times`` null: until cleared. ``where``: a pattern of points, ``order/*``, ``props fill``, ``socket user``.
- ``DELETE /sim/faults`` or ``DELETE /sim/faults?fault=NAME``: clears all, or all of one kind.
- ``POST /sim/price`` ``{"symbol": "CME_MINI:ESZ2026", "price": "6000.25", "volume": "1", "jumps": true}``: the market
  moves there, by a jump or (false) passing every price between.
- ``GET /sim/state``: accounts, orders, positions, prices, sessions, connections, as the venue knows them.
- ``POST /sim/parts`` ``{"parts": 3}``: orders fill in so many parts, one at each move; 1 as usual.
- ``POST /sim/account`` ``{"account": ID, "adminAction": "Normal"}``: or LiquidateOnlyModeImmediately,
  LockTradingImmediately; ``active`` false closes the account; ``liquidate`` true: the venue closes all positions.
- ``POST /sim/trade`` ``{"fill": ID, "price": "6000.25"}``: corrects a trade; without a price it never was.
- ``POST /sim/sockets`` ``{"do": "cut"}``: or ``shutdown`` with ``code`` and ``text``; all connections at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pinery.core.errors import UsageError
from pinery.simulators.common.faults import Armed
from pinery.simulators.tradovate.products import by_symbol
from pinery.simulators.tradovate.wire import dumps, loads

if TYPE_CHECKING:
    from pinery.simulators.tradovate.venue import TradovateSimulator

_ACTIONS = ("Normal", "LiquidateOnlyModeImmediately", "LockTradingImmediately")


class Control:
    def __init__(self, venue: TradovateSimulator) -> None:
        self._venue = venue
        rows: tuple[tuple[str, str, Callable[[Request, dict[str, Any]], Any]], ...] = (
            ("GET", "faults", self._faults),
            ("POST", "faults", self._arm),
            ("DELETE", "faults", self._clear),
            ("POST", "price", self._price),
            ("GET", "state", self._state),
            ("POST", "parts", self._parts),
            ("POST", "account", self._account),
            ("POST", "trade", self._trade),
            ("POST", "sockets", self._sockets),
        )
        self.routes = [Route(f"/sim/{name}", _endpoint(run), methods=[method]) for method, name, run in rows]

    # --- faults -----------------------------------------------------------------------

    def _faults(self, request: Request, asked: dict[str, Any]) -> dict[str, Any]:
        plan = self._venue.faults
        return {
            "kinds": {name: {"text": kind.text, "points": list(kind.points)} for name, kind in plan.kinds.items()},
            "armed": [
                {
                    "fault": armed.fault,
                    "where": armed.where,
                    "times": armed.times,
                    "share": armed.share,
                    "after": armed.after,
                    "options": dict(armed.options),
                }
                for armed in plan.armed
            ],
        }

    def _arm(self, request: Request, asked: dict[str, Any]) -> dict[str, Any]:
        options = asked.get("options") or {}
        times = asked.get("times", 1)
        if not isinstance(options, dict):
            raise ValueError("options is an object")
        fault = str(asked.get("fault"))
        _check_options(fault, options)
        self._venue.faults.arm(
            Armed(
                fault,
                str(asked.get("where", "*")),
                None if times is None else int(times),
                float(asked.get("share", 1)),
                int(asked.get("after", 0)),
                options,
            )
        )
        self._venue.hub.poke()
        return self._faults(request, asked)

    def _clear(self, request: Request, asked: dict[str, Any]) -> dict[str, Any]:
        self._venue.faults.clear(request.query_params.get("fault"))
        return self._faults(request, asked)

    # --- the market and what the venue knows ------------------------------------------

    def _price(self, request: Request, asked: dict[str, Any]) -> dict[str, Any]:
        price, volume = Decimal(str(asked["price"])), Decimal(str(asked.get("volume", 0)))
        if not price.is_finite() or not volume.is_finite():
            raise ValueError("price and volume are numbers")
        now, symbol = self._venue.state.now(), str(asked["symbol"])
        if by_symbol(symbol, self._venue.state.today()) is None:
            raise ValueError(f"{symbol} is no future that is traded here")
        self._venue.market.move(symbol, price, now, volume, jumps=asked.get("jumps") is not False)
        return {"prices": dict(self._venue.market.prices)}

    def _state(self, request: Request, asked: dict[str, Any]) -> dict[str, Any]:
        state = self._venue.state
        orders = [
            {**order.record(), "symbol": state.future(order.contract).symbol, "trail": order.trail}
            for order in state.orders.values()
        ]
        positions = [
            {**position.record(), "net": position.net, "symbol": state.future(position.contract).symbol}
            for position in state.positions.values()
        ]
        return {
            "now": state.now(),
            "parts": state.parts,
            "accounts": [
                {**(state.ledger.get("account", id) or {}), **self._venue.money.snapshot(id)}
                for id in state.all_accounts
            ],
            "orders": orders,
            "positions": positions,
            "fills": [dict(fill) for fill in state.ledger.of("fill", state.all_accounts)],
            "prices": {state.future(id).symbol: price for id, price in state.prices.items()},
            "sessions": [
                {"id": s.id, "user": s.user, "device": s.device, "began": s.began} for s in self._venue.sessions.open()
            ],
            "connections": [{"kind": c.kind, "user": c.user} for c in self._venue.hub.open],
        }

    def _parts(self, request: Request, asked: dict[str, Any]) -> dict[str, Any]:
        parts = int(asked["parts"])
        if parts < 1:
            raise ValueError("parts is at least 1")
        self._venue.set_parts(parts)
        return {"parts": parts}

    # --- accounts and connections -----------------------------------------------------

    def _account(self, request: Request, asked: dict[str, Any]) -> dict[str, Any]:
        id, ledger = int(asked["account"]), self._venue.state.ledger
        if id not in self._venue.state.all_accounts:
            raise ValueError(f"there is no account {id}")
        action = asked.get("adminAction")
        if action is not None:
            if action not in _ACTIONS:
                raise ValueError(f"adminAction is one of {', '.join(_ACTIONS)}")
            ledger.update("accountRiskStatus", id, adminAction=action)
        if isinstance(asked.get("active"), bool):
            ledger.update("account", id, active=asked["active"], closed=not asked["active"])
        if asked.get("liquidate") is True:
            self._venue.liquidate(id)
        ledger.commit()
        return dict(ledger.get("account", id) or {})

    def _trade(self, request: Request, asked: dict[str, Any]) -> dict[str, Any]:
        price = Decimal(str(asked["price"])) if asked.get("price") is not None else None
        self._venue.take_back(int(asked["fill"]), price)
        return {}

    def _sockets(self, request: Request, asked: dict[str, Any]) -> dict[str, Any]:
        if asked.get("do") == "cut":
            self._venue.hub.drop()
        elif asked.get("do") == "shutdown":
            self._venue.hub.shutdown(str(asked.get("code", "Maintenance")), str(asked.get("text", "")))
        else:
            raise ValueError("do is cut or shutdown")
        return {}


def _check_options(fault: str, options: Mapping[str, Any]) -> None:
    """Where a fault happens it is too late to say that its numbers are none."""
    whole = ("status", "quantity", "code") if fault == "closed" else ("status", "quantity")
    for name, value in options.items():
        if name not in (*whole, "seconds"):
            continue
        number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        if not number or value < 0 or (name in whole and value != int(value)):
            raise ValueError(f"{name} is a{' whole' if name in whole else ''} number, not below 0")


def _endpoint(run: Callable[[Request, dict[str, Any]], Any]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            body = await request.body()
            asked = loads(body) if body.strip() else {}
            if not isinstance(asked, dict):
                raise ValueError("the body is no JSON object")
            return _json(run(request, asked))
        except KeyError as error:
            return _json({"error": f"{error.args[0]} is missing"}, 400)
        except (ValueError, TypeError, InvalidOperation, UsageError) as error:
            return _json({"error": str(error)}, 400)

    return endpoint


def _json(value: Any, status: int = 200) -> Response:
    return Response(dumps(value), status, media_type="application/json")
