"""Events as they happen, as server-sent events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from pinery.adapters.store.people import Role
from pinery.adapters.store.views.records import EventRow, events_after, last_event
from pinery.adapters.store.views.values import to_json
from pinery.gateway.control.answers import needs
from pinery.gateway.control.configuration import Parts
from pinery.gateway.control.problems import PROBLEMS, ProblemError
from pinery.trading.errors import StoreError

MOST_STREAMS = 64

_LOOK = 0.25  # seconds between questions whether the store has changed
_LOOK_ANYWAY = 1.0  # a store need not tell of its own process' commits
_HEARTBEAT = 15.0
_LIFE = 900.0  # then the browser comes back, and must still be known
_LARGEST_BATCH = 500
#: Two transactions may commit in the other order than they took ids in: so far back, late ones are looked for.
_LATE = 200


def stream_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["reading"], responses=PROBLEMS, dependencies=[needs(Role.VIEWER)])
    open_streams: set[object] = set()

    @router.get("/events/stream", response_class=StreamingResponse)
    async def stream(
        last_event_id: Annotated[str, Header(max_length=20, description="Go on after this event.")] = "",
    ) -> Response:
        """New events as they happen (text/event-stream): `id`, `event` (the kind) and `data` (JSON as in /events)."""
        if len(open_streams) >= MOST_STREAMS:
            raise ProblemError(503, "busy", f"{MOST_STREAMS} streams are open", headers={"Retry-After": "10"})
        start = None
        if last_event_id.isascii() and last_event_id.isdigit():
            start = min(int(last_event_id), 2**63 - 1)
        if start is None:
            start = await run_in_threadpool(parts.store.read, last_event)
        me = object()

        async def body() -> AsyncIterator[str]:
            open_streams.add(me)
            try:
                async for text in _events(parts, start):
                    yield text
            finally:
                open_streams.discard(me)

        return StreamingResponse(body(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    return router


async def _events(parts: Parts, start: int) -> AsyncIterator[str]:
    yield ": pinery\nretry: 3000\n\n"
    last = start
    begun = spoken = looked = time.monotonic()
    seen: object = None
    told: set[int] | None = None
    first = True
    while not parts.stopping() and time.monotonic() - begun < _LIFE:
        now = time.monotonic()
        try:
            if told is None:
                told = {event.id for event in await _after(parts, max(0, start - _LATE)) if event.id <= start}
            token = await run_in_threadpool(parts.store.changed, seen)
            if first or token != seen or now - looked >= _LOOK_ANYWAY:
                seen, looked, first = token, now, False
                for event in await _after(parts, max(0, last - _LATE)):
                    if event.id in told:
                        continue
                    told.add(event.id)
                    last = max(last, event.id)
                    spoken = now
                    yield f"id: {last}\nevent: {event.kind}\ndata: {to_json(event)}\n\n"
                told = {number for number in told if number > last - _LATE}
        except StoreError:
            looked = now  # the browser is told nothing until the store is back
        if now - spoken >= _HEARTBEAT:
            spoken = now
            yield ": alive\n\n"
        await asyncio.sleep(_LOOK)


async def _after(parts: Parts, event_id: int) -> list[EventRow]:
    return await run_in_threadpool(parts.store.read, lambda tx: events_after(tx, event_id, _LARGEST_BATCH))
