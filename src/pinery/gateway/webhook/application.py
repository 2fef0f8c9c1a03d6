"""The webhook's HTTP application."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pinery.core.version import VERSION
from pinery.gateway.settings import HOOK_PATH, Hook, WebhookSettings
from pinery.gateway.webhook.hook import LONGEST_KEY, HookEndpoint, Observe
from pinery.gateway.webhook.intake import Intake
from pinery.trading.store import Store

__all__ = ["Observe", "create_app"]

PROBE_EVERY = 2.0  # seconds between tries of /readyz to write, however often it is asked


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    status: Literal["ready", "not ready"]


def _ignore(name: str, seconds: float, label: str) -> None:
    """Nobody measures."""


def create_app(
    settings: WebhookSettings,
    hooks: Callable[[], Mapping[str, Hook]],
    store: Store,
    *,
    observe: Observe = _ignore,
    intake: Intake | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """``hooks`` is asked for each request and returns the same mapping until the configuration has changed.

    Raises UsageError for addresses in ``settings`` that are none.
    """
    taking = intake or Intake(store, monotonic=monotonic)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(taking.close)

    # No pages about the API are served: nothing but health is there for strangers.
    app = _Webhook(title="Pinery webhook", version=VERSION, openapi_url=None, lifespan=lifespan)
    app.router.redirect_slashes = False  # senders do not follow, and an alert would be lost
    app.endpoint = HookEndpoint(settings, hooks, taking, observe, monotonic)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        return JSONResponse({"error": error.detail.lower()}, error.status_code, error.headers)

    @app.get("/healthz", summary="The process is alive", tags=["health"])
    async def healthz() -> Health:
        return Health()

    readiness = _Readiness(taking, monotonic)

    @app.get(
        "/readyz",
        summary="Alerts can be stored",
        tags=["health"],
        response_model=Readiness,
        responses={503: {"model": Readiness, "description": "The store cannot be written at the moment"}},
    )
    async def readyz() -> Response:
        ready = await readiness.ready()
        return JSONResponse({"status": "ready" if ready else "not ready"}, 200 if ready else 503)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
            app.openapi_schema["paths"][HOOK_PATH + "{token}"] = _HOOK
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
    return app


class _Webhook(FastAPI):
    """Alerts go straight to ``endpoint``: looking through routes and middleware takes longer than all it does."""

    endpoint: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(HOOK_PATH):
            await self.endpoint(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class _Readiness:
    """The last write decides; without one lately, one is tried."""

    def __init__(self, intake: Intake, monotonic: Callable[[], float]) -> None:
        self._intake = intake
        self._monotonic = monotonic
        self._tried: float | None = None
        self._result = False
        self._trying = asyncio.Lock()

    async def ready(self) -> bool:
        lately = self._intake.works()
        if lately is not None:
            return lately
        async with self._trying:  # who asks meanwhile is told what comes of it
            if self._tried is None or self._monotonic() - self._tried >= PROBE_EVERY:
                self._result = await run_in_threadpool(self._intake.probe)
                self._tried = self._monotonic()
            return self._result


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


_ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
_STORED = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {"id": {"type": "integer"}, "status": {"const": "stored"}},
}
_HOOK: dict[str, Any] = {
    "post": {
        "operationId": "send_alert",
        "summary": "Send an alert",
        "description": "The body is the alert's message, JSON or text, in any of the formats that "
        "`pinery alert formats` lists. It is on disk when 200 is answered; what it means is found out afterwards.",
        "tags": ["alerts"],
        "parameters": [
            {
                "name": "token",
                "in": "path",
                "required": True,
                "description": "The deployment's secret",
                "schema": {"type": "string", "minLength": 1},
            },
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "What is sent again with the same key is the same alert, whatever its text",
                "schema": {"type": "string", "maxLength": LONGEST_KEY, "pattern": "^[ -~]*$"},
            },
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "text/plain": {"schema": {"type": "string", "minLength": 1}},
            },
        },
        "responses": {
            "200": _answer("Stored", _STORED),
            "400": _answer("The message is empty, or the Idempotency-Key cannot be used", _ERROR),
            "403": _answer("The sender's address is not allowed", _ERROR),
            "404": _answer("No deployment has this token", _ERROR),
            "405": _answer("Not a POST", _ERROR),
            "408": _answer("The message did not arrive in time", _ERROR),
            "413": _answer("The message is too large", _ERROR),
            "429": _answer("Too many requests; Retry-After says how long to wait", _ERROR),
            "503": _answer("It could not be stored; send it again", _ERROR),
        },
    }
}
