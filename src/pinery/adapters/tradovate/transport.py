"""One HTTP request to Tradovate, sent once, and how it ended.

A time penalty (``p-ticket``) means that the request was not executed: the same body goes again with the ticket, once
the time is over. Nothing else is ever sent a second time here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from pinery.adapters.common.hosts import is_this_machine
from pinery.adapters.common.last_look import MaySend, TooLate, always, last_look
from pinery.adapters.tradovate.errors import Captcha, Expired, Lost, Refused, Unsent, failure_of
from pinery.adapters.tradovate.limits import Limits
from pinery.adapters.tradovate.settings import Waits
from pinery.adapters.tradovate.wire import BadFrame, decode, encode

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
_LONGEST = 300  # characters of the venue's words


class Transport:
    """Requests of one user to one host, over connections that are kept."""

    def __init__(self, base_url: str, timeout: float, limits: Limits, waits: Waits) -> None:
        self._base = base_url
        self._limits = limits
        self._waits = waits
        self._throttled = 0  # 429s in a row
        parts = urlsplit(base_url)
        # A proxy of the environment is for what is elsewhere.
        elsewhere = not is_this_machine(parts.hostname or "")
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout),
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=60),
            trust_env=elsewhere,
            verify=parts.scheme != "http",  # certificates are read where there are any to check
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, path: str, params: Mapping[str, Any] | None = None, token: str = "") -> Any:
        """The answer. Raises Failure."""
        return await self._exchange("GET", path, dict(params or {}), token)

    async def post(self, path: str, body: Mapping[str, Any], token: str = "", may_send: MaySend = always) -> Any:
        """The answer. Raises Failure."""
        return await self._exchange("POST", path, dict(body), token, may_send)

    async def _exchange(
        self, method: str, path: str, values: dict[str, Any], token: str, may_send: MaySend = always
    ) -> Any:
        left = self._waits.penalty
        while True:
            self._limits.check()
            answer = await self._once(method, path, values, token, may_send)
            if not isinstance(answer, Mapping) or "p-ticket" not in answer:
                break
            seconds = self._penalty(answer, left)
            left -= seconds
            values = {**values, "p-ticket": answer["p-ticket"]}
            await asyncio.sleep(seconds)
        failure = failure_of(answer)
        if failure is not None:
            raise failure
        return answer

    def _penalty(self, answer: Mapping[str, Any], left: float) -> float:
        """Seconds to sit out. Raises Unsent where that is too long, or a person is needed."""
        if answer.get("p-captcha"):
            text = (
                "Tradovate wants a captcha solved, which only a person can: log in on its web site; no request is sent"
            )
            self._limits.hold(self._waits.captcha, text, captcha=True)
            raise Captcha(text, self._waits.captcha)
        try:
            seconds = max(0.0, float(answer.get("p-time") or 0))
        except (TypeError, ValueError):
            seconds = left
        if seconds > left:
            text = f"Tradovate lets us wait for {seconds:g} s"
            self._limits.hold(seconds, text)
            raise Unsent(text, seconds)
        return seconds

    async def _once(self, method: str, path: str, values: dict[str, Any], token: str, may_send: MaySend) -> Any:
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            if method == "GET":
                answer = await self._client.get(self._base + path, params=values, headers=headers)
            else:
                headers["Content-Type"] = "application/json"
                answer = await self._client.post(
                    self._base + path, content=encode(values), headers=headers, extensions=last_look(may_send)
                )
        except TooLate as error:
            raise Unsent(str(error)) from None
        except _NOT_SENT as error:
            raise Unsent(f"{path}: no connection ({type(error).__name__})") from None
        except httpx.HTTPError as error:
            raise Lost(f"{path}: {type(error).__name__}, no answer") from None
        return self._read(path, answer)

    def _read(self, path: str, answer: httpx.Response) -> Any:
        status = answer.status_code
        if status in (429, 423):
            wait = min(self._waits.longest_throttled, self._waits.throttled * 2**self._throttled)
            self._throttled += 1
            text = f"{path}: too many requests (HTTP {status})"
            self._limits.hold(wait, text)
            raise Unsent(text, wait, status=status)
        if status == 401:
            raise Expired(f"{path}: not authorized{_words(answer)}", status=status)
        if status == 408 or status >= 500:
            raise Lost(f"{path}: HTTP {status}", status=status)
        if status != 200:
            raise Refused(f"{path}: HTTP {status}{_words(answer)}", status=status)
        self._throttled = 0
        try:
            return decode(answer.content)
        except BadFrame:
            raise Lost(f"{path}: an answer that cannot be read") from None


def _words(answer: httpx.Response) -> str:
    """What the answer says, if it is short and plain."""
    try:
        said = decode(answer.content)
    except BadFrame:
        said = answer.text
    if isinstance(said, Mapping):
        said = said.get("errorText") or ""
    text = said.strip() if isinstance(said, str) else ""
    return f": {text[:_LONGEST]}" if text and "<" not in text else ""
