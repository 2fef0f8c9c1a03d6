"""Charts that somebody looks at: opened, fetched once, followed as they change."""

from __future__ import annotations

import gzip
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from pydantic import Field, model_validator
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from pinery.adapters.store.people import Role
from pinery.adapters.store.views.values import to_json
from pinery.gateway.control.answers import Done, Viewer, answer, needs
from pinery.gateway.control.configuration import Parts
from pinery.gateway.control.problems import PROBLEMS, ProblemError
from pinery.gateway.control.requests import Body, Name, Text, Word
from pinery.gateway.control.view_account import account_of
from pinery.gateway.control.viewing import Follower, Moment, Views
from pinery.trading.errors import StoreError

MOST_BARS = 50_000
LONGEST_TEXT = 60_000
MOST_STREAMS = 64

_HEARTBEAT = 15.0
_LIFE = 900.0  # then the browser comes back, and must still be known
_LOOK = 1.0  # seconds between looks at the account


class ViewBody(Body):
    """A deployment's chart, or any script on any market; without a script the bars alone."""

    deployment: Text = Field("", examples=["trend-es"])
    script: Text = Field("", description="Its id in /scripts.")
    text: str = Field("", max_length=LONGEST_TEXT, description="A script's text, instead of an id.")
    feed: Text = Field("", description="A market's name in /feeds.", examples=["market"])
    symbol: Text = Field("", examples=["CME_MINI:ES1!"])
    timeframe: Text = Field("", description="As TradingView writes it; a deployment's own by default.", examples=["5"])
    inputs: dict[Word, Any] = Field(default_factory=dict, max_length=500, description="By title.")
    bars: int = Field(5_000, ge=2, le=MOST_BARS, description="How many the script has seen; the newest.")

    @model_validator(mode="after")
    def _one_kind(self) -> ViewBody:
        if self.deployment and (self.script or self.text or self.feed or self.symbol or self.inputs):
            raise ValueError("a deployment brings its own script, inputs and market: give only timeframe and bars")
        if not self.deployment and not (self.feed and self.symbol and self.timeframe):
            raise ValueError("give a deployment, or feed, symbol and timeframe")
        return self


@dataclass(frozen=True, slots=True)
class ViewAnswer:
    id: str


def view_routes(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/views", tags=["charts"], responses=PROBLEMS, dependencies=[needs(Role.VIEWER)])
    streams: set[object] = set()

    def views() -> Views:
        if parts.services.views is None:
            raise ProblemError(404, "not_found", "this server evaluates no charts")
        return parts.services.views

    @router.post("", response_model=ViewAnswer, status_code=201)
    async def open_view(body: ViewBody, who: Viewer) -> Response:
        """Open a chart: its script is compiled now and evaluated on history next. It ends when nobody looks."""
        wanted = body.model_dump()
        if "bars" not in body.model_fields_set:
            wanted["bars"] = None
        return answer(ViewAnswer(await views().open(wanted, who.name)), 201)

    @router.get("/{view}", responses={200: {"content": {"application/json": {}}}})
    async def get_view(
        view: Name, who: Viewer, accept_encoding: Annotated[str, Header(max_length=200)] = ""
    ) -> Response:
        """All that the chart shows. 202 while history is loaded: `{"loading": {"done": …, "total": …}}`."""
        found = await views().snapshot(view, who.name)
        body = found.body
        if found.ready and found.deployment and found.moment is not None:
            account = await run_in_threadpool(_account, parts, found.deployment, found.moment)
            body = b'{"account":' + account + b"," + body[1:]
        headers = {"Vary": "Accept-Encoding"}
        if "gzip" in accept_encoding:
            body = await run_in_threadpool(gzip.compress, body, 4)
            headers["Content-Encoding"] = "gzip"
        return Response(body, 200 if found.ready else 202, headers, "application/json")

    @router.get("/{view}/stream", response_class=StreamingResponse)
    async def stream(
        view: Name,
        who: Viewer,
        after: Annotated[int | None, Query(ge=0, description="`live.seq` of what is shown.")] = None,
        last_event_id: Annotated[str, Header(max_length=20)] = "",
    ) -> Response:
        """What changes (text/event-stream): `update`, `account` for a deployment's, `reload` after a gap, `gone`."""
        if last_event_id.isascii() and last_event_id.isdigit():
            after = int(last_event_id)
        if len(streams) >= MOST_STREAMS:
            raise ProblemError(503, "busy", f"{MOST_STREAMS} streams are open", headers={"Retry-After": "10"})
        follower = views().follow(view, who.name, after)
        me = object()

        async def body() -> AsyncIterator[bytes]:
            streams.add(me)
            try:
                async for text in _events(parts, follower):
                    yield text
            finally:
                streams.discard(me)
                follower.close()

        return StreamingResponse(body(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    @router.delete("/{view}", response_model=Done)
    async def close_view(view: Name, who: Viewer) -> Response:
        """End it."""
        await views().close(view, who.name)
        return answer(Done("the view has ended"))

    return router


def _account(parts: Parts, deployment: str, moment: Moment) -> bytes:
    return to_json(parts.store.read(lambda tx: account_of(tx, parts.point_value, deployment, moment))).encode()


async def _events(parts: Parts, follower: Follower) -> AsyncIterator[bytes]:
    yield b": pinery\nretry: 2000\n\n"
    begun = spoken = looked = time.monotonic()
    seen: object = None
    account = b""
    while not parts.stopping() and time.monotonic() - begun < _LIFE:
        told = await follower.next(_LOOK)
        now = time.monotonic()
        if told is not None:
            spoken = now
            number = f"id: {told.number}\n".encode() if told.event == "update" else b""
            yield number + b"event: " + told.event.encode() + b"\ndata: " + told.data + b"\n\n"
            if told.event == "gone":
                return
        if follower.deployment and follower.moment is not None and now - looked >= _LOOK:
            looked = now
            try:
                found = await run_in_threadpool(_account_if_changed, parts, follower, seen)
            except StoreError:
                continue  # it is shown as it was until the store is back
            if found is not None:
                seen, newest = found
                if newest != account:
                    account, spoken = newest, now
                    yield b"event: account\ndata: " + account + b"\n\n"
        if now - spoken >= _HEARTBEAT:
            spoken = now
            yield b": alive\n\n"


def _account_if_changed(parts: Parts, follower: Follower, seen: object) -> tuple[object, bytes] | None:
    token = parts.store.changed(seen)
    if seen is not None and token == seen:
        return None
    moment = follower.moment
    return None if moment is None else (token, _account(parts, follower.deployment, moment))
