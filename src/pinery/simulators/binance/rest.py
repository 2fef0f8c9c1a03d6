"""REST: from the bytes of a request to the answer, with limits, signatures and faults on the way."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from pinery.simulators.binance import account_calls, market_calls, signing, trade_calls
from pinery.simulators.binance.calls import Call, Route
from pinery.simulators.binance.errors import TEXTS, VenueError, refusal
from pinery.simulators.binance.exchange import Exchange
from pinery.simulators.binance.faults import ANSWERS, LATER
from pinery.simulators.binance.limits import Limits
from pinery.simulators.binance.params import Params
from pinery.simulators.binance.records import Account
from pinery.simulators.binance.tape import Tape
from pinery.simulators.common.faults import Armed

ROUTES = {(it.method, it.path): it for it in (*trade_calls.ROUTES, *account_calls.ROUTES, *market_calls.ROUTES)}

_UNKNOWN = "Unknown error, please check your request or try again later."
_UNAVAILABLE = "Service Unavailable."


class CutOff(Exception):
    """The connection is to end without an answer."""


class Rest:
    def __init__(self, exchange: Exchange, tape: Tape, limits: Limits) -> None:
        self.exchange = exchange
        self.tape = tape
        self.limits = limits

    async def answer(self, request: Request) -> Response:
        try:
            body = (await request.body()).decode("latin-1")
        except ClientDisconnect:
            return Response(status_code=204)  # it left in the middle of its request: nobody reads this
        query = request.scope["query_string"].decode("latin-1")
        params = Params({**dict(parse_qsl(body, True)), **dict(parse_qsl(query, True))})
        address = request.client.host if request.client else ""
        headers: dict[str, str] = {}
        try:
            route = ROUTES.get((request.method, request.url.path))
            if route is None:
                text = f"Path {request.url.path}, Method {request.method} is invalid"
                raise VenueError(-5000, text, 404)
            self.exchange.look()
            key = request.headers.get("X-MBX-APIKEY")
            headers |= self.limits.weigh(address, route.weigh(params), self.exchange.now())
            armed = await self.before(f"{route.method} {route.path}", params)
            caller = None if route.security == "none" else self._caller(route, key, query, body, params)
            if caller is not None and route.orders:
                headers |= self.limits.count(caller.name, route.orders, self.exchange.now())
            found = await self.perform(route, params, caller)
            await self.after(armed)
        except VenueError as error:
            return _failed(error, headers)
        except CutOff:
            request.scope["cut"]()
            for _ in range(3):
                await asyncio.sleep(0)
            return Response(status_code=204)
        return JSONResponse(found, headers=headers)

    def _caller(self, route: Route, key: str | None, query: str, body: str, params: Params) -> Account:
        if not key or not key.isalnum():
            raise refusal(-2014)
        access = self.exchange.accesses.get(key)
        if access is None:
            raise refusal(-2015)
        if route.security == "signed":
            signing.check_age(params, self.exchange.now())
            signing.check_signature(access, signing.signed_text(query, body), params.text("signature"))
        return self.exchange.account(access.name)

    async def perform(self, route: Route, params: Params, caller: Account | None) -> Any:
        """What is written is on disk before it is answered. Raises VenueError."""
        call = Call(self.exchange, self.tape, self.limits, params, caller)
        try:
            found = route.answer(call)
            return await found if inspect.isawaitable(found) else found
        finally:
            self.exchange.ledger.commit()

    async def before(self, point: str, params: Params) -> Armed | None:
        """Faults that keep a request from being executed; those that come after it are handed back."""
        plan = self.exchange.faults
        if armed := plan.take(point, ("delayed",)):
            await asyncio.sleep(float(armed.options.get("seconds", 1)))
        if plan.take(point, ("lost",)):
            raise CutOff
        exempt = params.text("reduceOnly") == "true" or params.text("closePosition") == "true"
        among = [name for name in ANSWERS if not (exempt and name == "overloaded")]
        if armed := plan.take(point, among):
            raise _planned(armed, self.exchange.now())
        if plan.take(point, ("not_found",)):
            raise refusal(-2013)
        return plan.take(point, LATER)

    async def after(self, armed: Armed | None) -> None:
        """Faults of a request that was executed."""
        match armed.fault if armed else None:
            case "unknown_executed":
                raise VenueError(-1000, _UNKNOWN, 503)
            case "timeout_executed":
                raise refusal(-1007)
            case "duplicate_executed":
                raise refusal(-4116)
            case "answered_late":
                await asyncio.sleep(_seconds(armed, "seconds", 1))
            case "unanswered":
                await asyncio.sleep(_seconds(armed, "hold", 0))
                raise CutOff


def _seconds(armed: Armed | None, name: str, default: float) -> float:
    return float(armed.options.get(name, default)) if armed else default


def _planned(armed: Armed, now: int) -> VenueError:
    status, code = ANSWERS[armed.fault]
    seconds = int(armed.options.get("seconds", 2))
    match armed.fault:
        case "unavailable":
            return VenueError(0, _UNAVAILABLE, status)
        case "unknown_unexecuted":
            return VenueError(code, _UNKNOWN, status)
        case "firewall":
            return VenueError(0, "<html><body>403 Forbidden</body></html>", status)
        case "too_many":
            text = TEXTS[-1003].format("127.0.0.1", 2400)
            return VenueError(code, text, status, {"Retry-After": str(seconds)})
        case "banned":
            return Limits.ban("127.0.0.1", now + seconds * 1000, now)
        case "refused":
            chosen = int(armed.options.get("code", code))
            return VenueError(chosen, TEXTS.get(chosen, "Refused."), status)
        case "min_notional":
            return VenueError(code, TEXTS[code].format(5), status)
    return VenueError(code, TEXTS[code], status)


def _failed(error: VenueError, headers: Mapping[str, str]) -> Response:
    headers = {**headers, **error.headers}
    if not error.code:
        if error.status == 403:
            return PlainTextResponse(error.text, error.status, headers, media_type="text/html")
        return PlainTextResponse(error.text, error.status, headers)
    return Response(json.dumps(error.shape()), error.status, headers, media_type="application/json")
