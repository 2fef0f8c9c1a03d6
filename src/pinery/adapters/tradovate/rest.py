"""Tradovate's operations, thin and typed. Reads are tried again when they fail; what trades is sent once.

Every method raises Failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import stamina

from pinery.adapters.common.last_look import MaySend
from pinery.adapters.tradovate.auth import Auth, Token
from pinery.adapters.tradovate.cache import Entity
from pinery.adapters.tradovate.errors import Captcha, Expired, Failure, Lost, Refused, Unsent
from pinery.adapters.tradovate.limits import Limits, Urgency
from pinery.adapters.tradovate.transport import Transport

_TRIES = 3
_DOUBTFUL = 3
_PATIENT = 2.0  # seconds that a read waits while everything is held


class Rest:
    """``retry``: seconds before a read that failed is tried again."""

    def __init__(self, transport: Transport, auth: Auth, limits: Limits, retry: float) -> None:
        self._retry = retry
        self._doubts = 0  # failures in a row that may mean that our session was ended
        self._suspect: Token | None = None
        self._transport = transport
        self._auth = auth
        self._limits = limits

    # --- trading: ``may_send`` is asked right before the request leaves ----------------

    async def place(self, body: Mapping[str, Any], urgency: Urgency, may_send: MaySend) -> Entity:
        """``order/placeorder``: {orderId}."""
        return await self._act("/order/placeorder", body, urgency, may_send)

    async def place_oso(self, body: Mapping[str, Any], urgency: Urgency, may_send: MaySend) -> Entity:
        """``order/placeoso``: {orderId, oso1Id, oso2Id}; the brackets' ids are often missing."""
        return await self._act("/order/placeoso", body, urgency, may_send)

    async def modify(self, body: Mapping[str, Any], urgency: Urgency, may_send: MaySend) -> Entity:
        """``order/modifyorder``: {commandId}. Accepted, not done."""
        return await self._act("/order/modifyorder", body, urgency, may_send)

    async def cancel(self, body: Mapping[str, Any], may_send: MaySend) -> Entity:
        """``order/cancelorder``: {commandId}. Accepted, not done."""
        return await self._act("/order/cancelorder", body, Urgency.CLOSING, may_send)

    async def _act(self, path: str, body: Mapping[str, Any], urgency: Urgency, may_send: MaySend) -> Entity:
        await self._limits.action(urgency)
        token = await self._token()
        try:
            answer = await self._transport.post(path, body, token.access, may_send)
        except Failure as failure:
            self._judge(failure, token)
            raise
        self._doubts = 0
        if not isinstance(answer, Mapping):
            raise Lost(f"{path}: an answer that says nothing")
        return answer

    async def _token(self) -> Token:
        """Not while everything is held: a doubtful one is tried first."""
        suspect, self._suspect = self._suspect, None
        if suspect is not None:
            await self._auth.prove(suspect)
        return await self._auth.token()

    def _judge(self, failure: Failure, token: Token) -> None:
        """A session that another login ended is told by 401, but also by 408, 429 or 5xx, as overload is."""
        if isinstance(failure, Expired):
            self._auth.refused(token)
        elif failure.status in (408, 429) or failure.status >= 500:
            self._doubts += 1
            if self._doubts >= _DOUBTFUL:
                self._doubts = 0
                self._suspect = token

    # --- reading ----------------------------------------------------------------------

    async def all(self, entity: str) -> list[Entity]:
        return _entities(await self._read(f"/{entity}/list"))

    async def item(self, entity: str, number: int) -> Entity | None:
        """None: there is no such entity."""
        return await self._one(f"/{entity}/item", {"id": number})

    async def find(self, entity: str, name: str) -> Entity | None:
        """By its name. None: there is no such entity."""
        return await self._one(f"/{entity}/find", {"name": name})

    async def of(self, entity: str, masters: Iterable[int]) -> list[Entity]:
        """Those that depend on ``masters``: ``ldeps``."""
        numbers = ",".join(str(number) for number in masters)
        return _entities(await self._read(f"/{entity}/ldeps", {"masterids": numbers})) if numbers else []

    async def cash(self, account_id: int) -> Entity:
        """``cashBalance/getcashbalancesnapshot``: a POST that only reads."""
        answer = await self._read("/cashBalance/getcashbalancesnapshot", {"accountId": account_id}, post=True)
        if not isinstance(answer, Mapping):
            raise Lost("the balance was not told")
        return answer

    async def _one(self, path: str, params: Mapping[str, Any]) -> Entity | None:
        try:
            answer = await self._read(path, params)
        except Refused as failure:
            if failure.status == 404:
                return None
            raise
        return answer if isinstance(answer, Mapping) else None

    async def _read(self, path: str, values: Mapping[str, Any] | None = None, *, post: bool = False) -> Any:
        """Again after a failure that may pass; with a new token after one was refused."""
        answer: Any = None
        async for attempt in stamina.retry_context(
            on=_may_pass,
            attempts=_TRIES,
            timeout=None,
            wait_initial=self._retry,
            wait_max=8 * self._retry,
            wait_jitter=self._retry,
        ):
            with attempt:
                await self._limits.passing(_PATIENT)
                token = await self._token()
                try:
                    if post:
                        answer = await self._transport.post(path, values or {}, token.access)
                    else:
                        answer = await self._transport.get(path, values, token.access)
                except Failure as failure:
                    self._judge(failure, token)
                    raise
                self._doubts = 0
        return answer


def _may_pass(error: Exception) -> bool:
    if isinstance(error, Captcha) or not isinstance(error, Failure):
        return False
    return isinstance(error, Lost | Expired) or (isinstance(error, Unsent) and error.retry_after is None)


def _entities(answer: Any) -> list[Entity]:
    """Raises Lost: half a list must not look like a whole one."""
    if not isinstance(answer, list) or not all(isinstance(each, Mapping) for each in answer):
        raise Lost("a list was asked for, and something else came")
    return answer
