"""Binance's REST interface: thin calls, each sent once. Only questions are put again, and only where nothing is at
stake; what became of a request that changes something is for the caller to find out.

Errors are ``Failure``; answers are JSON whose numbers are texts, as Binance writes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx
import stamina

from pinery.adapters.binance.auth import signed
from pinery.adapters.binance.errors import CLOCK, MALFORMED, NO_SUCH_ORDER, ORDER_RATE, Failure, Kind, failure_of
from pinery.adapters.binance.limits import Limits, Urgency
from pinery.adapters.binance.settings import BinanceSettings
from pinery.adapters.binance.venue_time import VenueTime
from pinery.adapters.common.last_look import MaySend, TooLate, always, last_look
from pinery.trading.clock import Clock

Json = dict[str, Any]

#: Seconds that an idle connection is kept: an order should not wait for a handshake.
_KEEP_ALIVE = 60.0

#: Without a symbol, questions about open orders weigh this much.
_ALL_SYMBOLS = 40


class Rest:
    """One account. ``close`` ends its connections. Keys are in headers and signatures only, never in an error.
    ``may_send`` is asked right before a request leaves that changes something."""

    def __init__(self, settings: BinanceSettings, clock: Clock, may_send: MaySend = always) -> None:
        self._settings = settings
        self._clock = clock
        self._last_look = last_look(may_send)
        self._signer = settings.signer()
        self.time = VenueTime(clock)
        self.limits = Limits(self.time.seconds)
        self._client = httpx.AsyncClient(
            base_url=settings.rest_url,
            headers={"X-MBX-APIKEY": settings.api_key},
            timeout=httpx.Timeout(settings.request_timeout, pool=settings.request_timeout),
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=_KEEP_ALIVE),
            trust_env=not settings.is_local,  # a proxy of the environment is for what is elsewhere
        )

    async def close(self) -> None:
        await self._client.aclose()

    # --- of the venue -----------------------------------------------------------------

    async def sync_time(self) -> None:
        asked = self._clock.monotonic()
        answer = await self._once("GET", "/fapi/v1/time", {}, signs=False, urgency=Urgency.PROTECT)
        try:
            now = int(answer["serverTime"])
        except MALFORMED:
            raise Failure(Kind.UNKNOWN, 0, "Binance did not say what time it is") from None
        self.time.learn(now, asked, self._clock.monotonic())

    async def exchange_info(self) -> Json:
        found = await self._read("/fapi/v1/exchangeInfo", {}, signs=False)
        if not isinstance(found, dict) or not isinstance(found.get("symbols"), list):
            raise Failure(Kind.UNKNOWN, 0, "Binance did not say what it trades")
        self.limits.learn(found.get("rateLimits", ()))
        return found

    # --- of the account ---------------------------------------------------------------

    async def set_position_mode(self, *, hedge: bool) -> None:
        await self._change("POST", "/fapi/v1/positionSide/dual", {"dualSidePosition": _bool(hedge)})

    async def set_margin_type(self, symbol: str, margin_type: str) -> None:
        """``margin_type`` ISOLATED or CROSSED."""
        await self._change("POST", "/fapi/v1/marginType", {"symbol": symbol, "marginType": margin_type})

    async def set_leverage(self, symbol: str, leverage: int) -> None:
        await self._change("POST", "/fapi/v1/leverage", {"symbol": symbol, "leverage": str(leverage)})

    async def account(self) -> Json:
        return await self._read("/fapi/v3/account", {}, weight=5)

    async def positions(self) -> list[Json]:
        return await self._list("/fapi/v3/positionRisk", {}, weight=5)

    # --- orders -----------------------------------------------------------------------

    async def place(self, parameters: Mapping[str, str], urgency: Urgency) -> Json:
        return await self._change("POST", "/fapi/v1/order", parameters, 0, 1, urgency)

    async def modify(self, parameters: Mapping[str, str], urgency: Urgency) -> Json:
        return await self._change("PUT", "/fapi/v1/order", parameters, 1, 1, urgency)

    async def cancel(self, symbol: str, *, client_id: str = "", order_id: str = "") -> Json:
        named = {"orderId": order_id} if order_id else {"origClientOrderId": client_id}
        return await self._change("DELETE", "/fapi/v1/order", {"symbol": symbol, **named})

    async def place_algo(self, parameters: Mapping[str, str], urgency: Urgency) -> Json:
        return await self._change("POST", "/fapi/v1/algoOrder", parameters, 0, 1, urgency)

    async def cancel_algo(self, client_id: str) -> Json:
        return await self._change("DELETE", "/fapi/v1/algoOrder", {"clientAlgoId": client_id})

    async def order(self, symbol: str, *, client_id: str = "", order_id: str = "") -> Json | None:
        """None: Binance knows no such order, or not yet."""
        named = {"orderId": order_id} if order_id else {"origClientOrderId": client_id}
        return await self._maybe("/fapi/v1/order", {"symbol": symbol, **named})

    async def algo(self, client_id: str) -> Json | None:
        """None: Binance knows no such conditional order, or not yet."""
        return await self._maybe("/fapi/v1/algoOrder", {"clientAlgoId": client_id})

    async def open_orders(self, symbol: str = "") -> list[Json]:
        weight = 1 if symbol else _ALL_SYMBOLS
        return await self._list("/fapi/v1/openOrders", {"symbol": symbol} if symbol else {}, weight=weight)

    async def open_algos(self, symbol: str = "") -> list[Json]:
        weight = 1 if symbol else _ALL_SYMBOLS
        return await self._list("/fapi/v1/openAlgoOrders", {"symbol": symbol} if symbol else {}, weight=weight)

    async def all_algos(self, symbol: str, since: int) -> list[Json]:
        parameters = {"symbol": symbol, "startTime": str(since), "limit": "1000"}
        return await self._list("/fapi/v1/allAlgoOrders", parameters, weight=5, urgency=Urgency.PROTECT)

    async def trades(self, symbol: str, order_id: str) -> list[Json]:
        parameters = {"symbol": symbol, "orderId": order_id, "limit": "1000"}
        return await self._list("/fapi/v1/userTrades", parameters, weight=5, urgency=Urgency.PROTECT)

    # --- the listen key ---------------------------------------------------------------

    async def create_listen_key(self) -> str:
        answer = await self._once("POST", "/fapi/v1/listenKey", {}, signs=False, weight=1, urgency=Urgency.PROTECT)
        try:
            return str(answer["listenKey"])
        except MALFORMED:
            raise Failure(Kind.UNKNOWN, 0, "Binance gave no key for the user stream") from None

    async def keep_listen_key(self) -> str:
        """Returns the key that lives now: "" where Binance does not say."""
        answer = await self._once("PUT", "/fapi/v1/listenKey", {}, signs=False, weight=1, urgency=Urgency.PROTECT)
        return str(answer.get("listenKey", "")) if isinstance(answer, dict) else ""

    # --- sending ----------------------------------------------------------------------

    async def _maybe(self, path: str, parameters: Mapping[str, str]) -> Json | None:
        try:
            return await self._read(path, parameters, urgency=Urgency.PROTECT)
        except Failure as failure:
            if failure.code == NO_SUCH_ORDER:
                return None
            raise

    async def _read(
        self,
        path: str,
        parameters: Mapping[str, str],
        *,
        weight: int = 1,
        urgency: Urgency = Urgency.READ,
        signs: bool = True,
    ) -> Json:
        """A question: put again where the answer says nothing about it."""
        attempts = stamina.retry_context(
            on=_may_ask_again, attempts=self._settings.read_attempts, timeout=None, wait_initial=0.1, wait_max=1.0
        )
        async for attempt in attempts:
            with attempt:
                found: Json = await self._signed("GET", path, parameters, weight, 0, urgency, signs=signs)
        return found

    async def _list(
        self, path: str, parameters: Mapping[str, str], *, weight: int, urgency: Urgency = Urgency.READ
    ) -> list[Json]:
        rows: Any = await self._read(path, parameters, weight=weight, urgency=urgency)
        return list(rows)

    async def _change(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        weight: int = 1,
        orders: int = 0,
        urgency: Urgency = Urgency.PROTECT,
    ) -> Json:
        answer: Json = await self._signed(method, path, parameters, weight, orders, urgency)
        return answer

    async def _signed(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        weight: int,
        orders: int,
        urgency: Urgency,
        *,
        signs: bool = True,
    ) -> Any:
        """Where Binance says that our clock is wrong, nothing was executed: the clock is put right, and it goes again,
        once."""
        try:
            return await self._once(method, path, parameters, weight, orders, urgency, signs=signs)
        except Failure as failure:
            if failure.code != CLOCK:
                raise
            refused = failure
        try:
            await self.sync_time()
        except Failure:
            raise refused from None  # of the two this one says what became of the request
        return await self._once(method, path, parameters, weight, orders, urgency, signs=signs)

    async def _once(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        weight: int = 1,
        orders: int = 0,
        urgency: Urgency = Urgency.READ,
        *,
        signs: bool = True,
    ) -> Any:
        if self._client.is_closed:
            raise Failure(Kind.LATER, 0, "the connection to Binance was closed")
        self.limits.take(weight, orders, urgency)
        if signs:
            window = {"recvWindow": str(self._settings.recv_window), "timestamp": str(self.time.ms())}
            form = signed({**parameters, **window}, self._signer)
        else:
            form = urlencode(parameters).encode()
        in_body = method in ("POST", "PUT")
        request = self._client.build_request(
            method,
            path if in_body or not form else f"{path}?{form.decode()}",
            content=form if in_body else None,
            headers={"Content-Type": "application/x-www-form-urlencoded"} if in_body else None,
            extensions=self._last_look if signs and method != "GET" else None,
        )
        try:
            answer = await self._client.send(request)
        except TooLate as error:
            raise Failure(Kind.LATER, 0, str(error)) from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Failure(Kind.LATER, 0, f"Binance cannot be reached: {type(error).__name__}") from None
        except httpx.HTTPError as error:
            raise Failure(Kind.UNKNOWN, 0, f"Binance did not answer: {type(error).__name__}") from None
        return self._heard(answer)

    def _heard(self, answer: httpx.Response) -> Any:
        self.limits.heard(answer.headers)
        text = answer.text
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        if answer.is_success and body is not None:
            return body
        if answer.is_success:
            raise Failure(Kind.UNKNOWN, 0, f"Binance answered {answer.status_code} with what is no JSON")
        retry_after = _seconds(answer.headers.get("retry-after"))
        failure = failure_of(answer.status_code, body, text, retry_after)
        if answer.status_code in (418, 429) or (answer.status_code == 403 and not failure.code):
            orders_only = failure.code == ORDER_RATE
            failure.retry_after = self.limits.stop(answer.status_code, retry_after, orders_only=orders_only)
        raise failure


def _may_ask_again(error: Exception) -> bool:
    return isinstance(error, Failure) and error.kind is not Kind.REFUSED and error.retry_after is None


def _bool(value: bool) -> str:
    return "true" if value else "false"


def _seconds(text: str | None) -> float | None:
    try:
        return max(0.0, float(text)) if text is not None else None
    except ValueError:
        return None  # a date: the usual pause then
