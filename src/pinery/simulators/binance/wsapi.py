"""The WebSocket API: the calls of REST as messages, on one connection that may be logged on.

A message is ``{"id", "method", "params"}``; parameters are signed sorted by name. ``session.logon`` takes Ed25519 keys
only; after it ``apiKey`` and ``signature`` may be left out.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from pinery.simulators.binance import signing
from pinery.simulators.binance.calls import Route
from pinery.simulators.binance.errors import VenueError, refusal
from pinery.simulators.binance.params import Params
from pinery.simulators.binance.records import Access, Account
from pinery.simulators.binance.rest import ROUTES, CutOff, Rest

_METHODS = {
    "ping": ("GET", "/fapi/v1/ping"),
    "time": ("GET", "/fapi/v1/time"),
    "depth": ("GET", "/fapi/v1/depth"),
    "ticker.price": ("GET", "/fapi/v1/ticker/price"),
    "ticker.book": ("GET", "/fapi/v1/ticker/bookTicker"),
    "order.place": ("POST", "/fapi/v1/order"),
    "order.modify": ("PUT", "/fapi/v1/order"),
    "order.cancel": ("DELETE", "/fapi/v1/order"),
    "order.status": ("GET", "/fapi/v1/order"),
    "algoOrder.place": ("POST", "/fapi/v1/algoOrder"),
    "algoOrder.cancel": ("DELETE", "/fapi/v1/algoOrder"),
    "account.balance": ("GET", "/fapi/v2/balance"),
    "v2/account.balance": ("GET", "/fapi/v3/balance"),
    "account.status": ("GET", "/fapi/v2/account"),
    "v2/account.status": ("GET", "/fapi/v3/account"),
    "account.position": ("GET", "/fapi/v2/positionRisk"),
    "v2/account.position": ("GET", "/fapi/v3/positionRisk"),
    "userDataStream.start": ("POST", "/fapi/v1/listenKey"),
    "userDataStream.ping": ("PUT", "/fapi/v1/listenKey"),
    "userDataStream.stop": ("DELETE", "/fapi/v1/listenKey"),
}


class Session:
    """One connection."""

    def __init__(self, rest: Rest, address: str) -> None:
        self._rest = rest
        self._exchange = rest.exchange
        self._address = address
        self._access: Access | None = None
        self._since = 0
        self._last = ""  # account that asked last
        self._connected = rest.exchange.now()

    async def answer(self, text: str) -> dict[str, Any]:
        """Raises CutOff."""
        id: Any = None
        try:
            asked = json.loads(text)
            if not isinstance(asked, dict) or not isinstance(asked.get("params") or {}, dict):
                raise refusal(-1130, "params")
            id = asked.get("id")
            params = Params.of_json(asked.get("params") or {})
            found = await self._result(str(asked.get("method")), params)
        except ValueError:
            return {"id": None, "status": 400, "error": {"code": -1130, "msg": "Invalid JSON."}}
        except VenueError as error:
            code = error.code or -1000
            return {"id": id, "status": error.status, "error": {"code": code, "msg": error.text}, **self._limits()}
        return {"id": id, "status": 200, "result": found, **self._limits()}

    def _limits(self) -> dict[str, Any]:
        return {"rateLimits": self._rest.limits.used(self._address, self._last, self._exchange.now())}

    async def _result(self, method: str, params: Params) -> Any:
        self._exchange.look()
        match method:
            case "session.logon":
                access = self._signer(params)
                if not access.public_key or not signing.is_ed25519(access.public_key):
                    raise VenueError(-4056, "HMAC_SHA256 API key is not supported.")
                self._access, self._since = access, self._exchange.now()
                return self._standing()
            case "session.logout":
                self._access = None
                return self._standing()
            case "session.status":
                return self._standing()
        if method not in _METHODS:
            raise VenueError(-1130, f"Unknown method '{method}'.")
        route = ROUTES[_METHODS[method]]
        self._rest.limits.weigh(self._address, route.weigh(params), self._exchange.now())
        armed = await self._rest.before(f"{route.method} {route.path}", params)
        caller = self._caller(route, params)
        self._last = caller.name if caller is not None else self._last
        if caller is not None and route.orders:
            self._rest.limits.count(caller.name, route.orders, self._exchange.now())
        found = await self._rest.perform(route, params, caller)
        await self._rest.after(armed)
        return found

    def _standing(self) -> dict[str, Any]:
        return {
            "apiKey": self._access.api_key if self._access else None,
            "authorizedSince": self._since if self._access else None,
            "connectedSince": self._connected,
            "returnRateLimits": True,
            "serverTime": self._exchange.now(),
        }

    def _caller(self, route: Route, params: Params) -> Account | None:
        if route.security == "none":
            return None
        if self._access is not None and not params.text("signature"):
            if route.security == "signed":
                signing.check_age(params, self._exchange.now())
            return self._exchange.account(self._access.name)
        access = self._signer(params) if route.security == "signed" else self._known(params)
        return self._exchange.account(access.name)

    def _known(self, params: Params) -> Access:
        access = self._exchange.accesses.get(params.need("apiKey"))
        if access is None:
            raise refusal(-2015)
        return access

    def _signer(self, params: Params) -> Access:
        access = self._known(params)
        signing.check_age(params, self._exchange.now())
        signing.check_signature(access, signing.sorted_text(params.values.items()), params.text("signature"))
        return access


async def serve(rest: Rest, socket: WebSocket) -> None:
    await socket.accept()
    session = Session(rest, socket.client.host if socket.client else "")
    with suppress(WebSocketDisconnect, KeyError, RuntimeError):
        while True:
            try:
                answer = await session.answer(await socket.receive_text())
            except CutOff:
                socket.scope["cut"]()
                return
            await socket.send_text(json.dumps(answer))
