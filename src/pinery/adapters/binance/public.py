"""Binance's public questions: its time, its symbols, its bars. No key is needed, and each may be put again.

Weights are kept below the limit of the address, which the account's own requests share. What cannot be had is a
DataError that says why.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

import httpx
import stamina

from pinery.adapters.binance.errors import Failure, Kind, failure_of
from pinery.adapters.binance.limits import Limits, Urgency
from pinery.adapters.binance.venue_time import VenueTime
from pinery.adapters.common.hosts import is_this_machine
from pinery.charts.markets import Clock
from pinery.core.errors import DataError

EXCHANGE, PERPETUAL = "BINANCE", ".P"
NO_SUCH_SYMBOL = -1121

_CONNECTIONS = 16
_CLOCK_EVERY = 600.0  # seconds until Binance's time is asked for again
_SLOW = 2.0  # seconds of an answer that tells the time too badly
_SYMBOLS_EVERY = 3600.0
_LONGEST_PAUSE = 120.0  # seconds that are waited where Binance asks for a pause; a ban is longer
_SUGGESTED = 4
_AT_FIRST = 3  # attempts before anything was ever answered


@dataclass(frozen=True, slots=True)
class Listed:
    """A perpetual of the exchange. ``since``: Unix ms of its first day."""

    symbol: str  # as Binance has it: BTCUSDT
    since: int


def venue_symbol(symbol: str) -> str | None:
    """``BTCUSDT`` of ``BINANCE:BTCUSDT.P``; None for what is no perpetual of Binance's."""
    exchange, _, ticker = symbol.strip().upper().rpartition(":")
    if exchange not in ("", EXCHANGE) or not ticker.endswith(PERPETUAL) or len(ticker) == len(PERPETUAL):
        return None
    return ticker.removesuffix(PERPETUAL)


def chart_symbol(symbol: str) -> str:
    """``BINANCE:BTCUSDT.P`` of ``BTCUSDT``."""
    return f"{EXCHANGE}:{symbol}{PERPETUAL}"


class Public:
    """Opens its connections with the first question; ``close`` ends them, for good. For one event loop."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        attempts: int = 4,
        timeout: float = 10.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``attempts`` of each question, ``timeout`` of each of them in seconds."""
        self._url = url.rstrip("/")
        self._clock = clock
        self._attempts = attempts
        self._timeout = timeout
        self._sleep = sleep
        self._host = urlsplit(url).netloc
        self._time = VenueTime(clock)
        self._limits = Limits(self._time.seconds)
        self._client: httpx.AsyncClient | None = None
        self._closed = False
        self._answered = False
        self._synced = float("-inf")
        self._syncing = asyncio.Lock()
        self._listed: tuple[float, dict[str, Listed]] | None = None

    def now(self) -> int:
        """Binance's time, Unix ms, as far as it is known."""
        return self._time.ms()

    async def close(self) -> None:
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def sync(self) -> None:
        """Binance's time, where it has not been asked for lately. Raises DataError."""
        async with self._syncing:
            asked = self._clock.monotonic()
            if asked - self._synced < _CLOCK_EVERY:
                return
            answer = await self._ask("/fapi/v1/time", {}, 1)
            answered = self._clock.monotonic()
            if answered - asked > _SLOW and self._synced > 0:
                return  # it would say less than what is known: it is asked for again soon
            self._time.learn(int(answer["serverTime"]), asked, answered)
            self._synced = answered

    async def symbols(self) -> dict[str, Listed]:
        """Perpetuals by Binance's name. Raises DataError."""
        if self._listed is None or self._clock.monotonic() - self._listed[0] > _SYMBOLS_EVERY:
            found = await self._ask("/fapi/v1/exchangeInfo", {}, 1)
            self._limits.learn(found.get("rateLimits", ()))
            listed = {
                row["symbol"]: Listed(row["symbol"], int(row.get("onboardDate", 0)))
                for row in found["symbols"]
                if row.get("contractType") == "PERPETUAL"
            }
            self._listed = self._clock.monotonic(), listed
        return self._listed[1]

    async def listed(self, symbol: str) -> Listed:
        """The perpetual that EXCHANGE:TICKER means. Raises DataError, with what may have been meant."""
        known = await self.symbols()
        name = venue_symbol(symbol)
        if name is not None and name in known:
            return known[name]
        raise DataError(f"Binance has no perpetual {symbol}", _suggestion(symbol, known))

    async def klines(self, symbol: str, interval: str, first: int, last: int, limit: int) -> list[list[Any]]:
        """Rows that open from ``first`` to ``last`` (Unix ms, both included), oldest first, at most ``limit``.

        Raises DataError.
        """
        parameters = {"symbol": symbol, "interval": interval, "startTime": first, "endTime": last, "limit": limit}
        try:
            rows: list[list[Any]] = await self._ask("/fapi/v1/klines", parameters, weight_of(limit))
        except Unknown:
            await self.listed(chart_symbol(symbol))
            raise
        return rows

    # --- asking -----------------------------------------------------------------------

    async def _ask(self, path: str, parameters: Mapping[str, Any], weight: int) -> Any:
        # Where nobody has ever answered, the address or the network is more likely wrong than busy.
        most = self._attempts if self._answered else min(self._attempts, _AT_FIRST)
        attempts = stamina.retry_context(
            on=_may_ask_again, attempts=most, timeout=None, wait_initial=0.2, wait_max=5.0, wait_jitter=0.5
        )
        try:
            async for attempt in attempts:
                with attempt:
                    return await self._once(path, parameters, weight)
        except Failure as failure:
            raise self._told(failure) from None
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, path: str, parameters: Mapping[str, Any], weight: int) -> Any:
        await self._turn(weight)
        if self._closed:  # also for a question whose connection broke by that: nobody would close another one
            raise DataError(f"the connection to {self._host} was closed")
        if self._client is None:
            self._client = httpx.AsyncClient(
                base_url=self._url,
                timeout=self._timeout,
                limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
                trust_env=not is_this_machine(urlsplit(self._url).hostname or ""),
            )
        try:
            answer = await self._client.get(path, params=dict(parameters))
        except httpx.ConnectError:
            raise Failure(Kind.LATER, 0, "no connection") from None
        except httpx.TimeoutException:
            raise Failure(Kind.UNKNOWN, 0, "no answer in time") from None
        except httpx.HTTPError as error:
            raise Failure(Kind.UNKNOWN, 0, f"the connection broke ({type(error).__name__})") from None
        self._answered = True
        self._limits.heard(answer.headers)
        try:
            body = json.loads(answer.text)
        except ValueError:
            body = None
        if answer.is_success and body is not None:
            return body
        if answer.is_success:
            raise Failure(Kind.UNKNOWN, 0, "the answer is no JSON")
        retry_after = _seconds(answer.headers.get("retry-after"))
        failure = failure_of(answer.status_code, body, answer.text, retry_after)
        if answer.status_code == 403:  # whoever waits for bars should know that the address is barred
            failure.kind = Kind.REFUSED
        if answer.status_code in (418, 429):
            failure.retry_after = self._limits.stop(answer.status_code, retry_after, orders_only=False)
        raise failure

    async def _turn(self, weight: int) -> None:
        """Waits until the limits have room."""
        while True:
            try:
                return self._limits.take(weight, 0, Urgency.READ)
            except Failure as failure:
                if failure.retry_after is None or failure.retry_after > _LONGEST_PAUSE:
                    raise
                await self._sleep(failure.retry_after + 0.05)

    def _told(self, failure: Failure) -> DataError:
        if failure.code == NO_SUCH_SYMBOL:
            return Unknown("Binance knows no such symbol", "TradingView's names of its perpetuals end in .P")
        if failure.retry_after is not None and failure.retry_after > _LONGEST_PAUSE:
            text = f"{self._host} takes no requests from this address for {failure.retry_after:.0f} s: {failure}"
            return DataError(text, "wait until then; other programs at this address share its limits")
        if failure.kind is Kind.REFUSED:
            return DataError(f"{self._host} refused: {failure}", "some countries and networks are barred from Binance")
        return DataError(f"{self._host} cannot be reached: {failure}", "look at this machine's network, then try again")


class Unknown(DataError):
    """There is no such symbol."""


def weight_of(limit: int) -> int:
    """Of a question for so many bars."""
    return 1 if limit < 100 else 2 if limit < 500 else 5 if limit <= 1000 else 10


def _may_ask_again(error: Exception) -> bool:
    if not isinstance(error, Failure) or error.kind is Kind.REFUSED:
        return False
    return error.retry_after is None or error.retry_after <= _LONGEST_PAUSE


def _suggestion(symbol: str, known: Mapping[str, Listed]) -> str:
    ticker = symbol.strip().upper().rpartition(":")[2]
    plain = ticker.removesuffix(PERPETUAL)
    if plain in known:
        return f"write {plain}{PERPETUAL}: the feed has the perpetuals of USDⓈ-M Futures"
    near = (
        get_close_matches(plain, known, _SUGGESTED)
        or [name for name in sorted(known) if plain and name.startswith(plain[:3])][:_SUGGESTED]
    )
    if near:
        return "did you mean " + " or ".join(f"{name}{PERPETUAL}" for name in near) + "?"
    return "TradingView's names of its perpetuals end in .P, as BTCUSDT.P"


def _seconds(text: str | None) -> float | None:
    try:
        return max(0.0, float(text)) if text is not None else None
    except ValueError:
        return None
