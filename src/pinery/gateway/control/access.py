"""Health, the login, and who one is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from pinery.adapters.store.one_time import use_code
from pinery.adapters.store.people import Login, Role, close_login, open_login, verify
from pinery.adapters.store.views.values import iso, iso_or_none
from pinery.gateway.control.answers import Done, Viewer, answer
from pinery.gateway.control.attempts import Attempts
from pinery.gateway.control.configuration import Parts
from pinery.gateway.control.guard import client_address, cookie_name
from pinery.gateway.control.problems import PROBLEMS, ProblemError
from pinery.gateway.control.requests import LoginBody, OnceBody

_AT_ONCE = 2  # hashing a password takes 64 MiB and a core


@dataclass(frozen=True, slots=True)
class Health:
    status: str


@dataclass(frozen=True, slots=True)
class Me:
    """``csrf`` goes into the header X-CSRF-Token of requests that change something; null for tokens."""

    name: str
    role: Role
    csrf: str | None
    expires: str | None


def health_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/healthz", response_model=Health)
    def healthz() -> Response:
        """The server runs. Open to all."""
        return answer(Health("ok"))

    @router.get("/readyz", response_model=Health, responses={503: PROBLEMS[503]})
    def readyz() -> Response:
        """The store answers too. Open to all."""
        parts.store.read(lambda tx: tx.states.all())
        return answer(Health("ok"))

    @router.get("/metrics", response_class=PlainTextResponse, responses=PROBLEMS)
    def metrics(who: Viewer) -> Response:
        """Prometheus' text format."""
        if parts.metrics is None:
            raise ProblemError(404, "not_found", "this server has no metrics")
        return PlainTextResponse(parts.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


def login_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["login"], responses=PROBLEMS)
    attempts = Attempts()
    limiter: list[CapacityLimiter] = []  # made inside the event loop

    @router.post("/login", response_model=Me)
    async def login(body: LoginBody, request: Request) -> Response:
        """Open a session: sets its cookie and returns the CSRF token."""
        if not limiter:
            limiter.append(CapacityLimiter(_AT_ONCE))
        address = client_address(request, parts.settings.trusted_proxies)

        def work() -> tuple[str, Login] | None:
            now = parts.clock.now()
            attempts.begin(address, now)
            user = verify(parts.store, body.name, body.password, now)
            if user is None:
                _note(parts, body.name, "login.failed", address)
                return None
            attempts.succeed(address)
            opened = open_login(parts.store, user.name, now, parts.idle_ms, address)
            _note(parts, user.name, "login", address)
            return opened

        opened = await to_thread.run_sync(work, limiter=limiter[0])
        if opened is None:
            raise ProblemError(401, "wrong_login", "wrong name or password")
        return _logged_in(parts, *opened)

    @router.post("/login/once", response_model=Me)
    def login_once(body: OnceBody, request: Request) -> Response:
        """Open a session with the code of a login link (`pinery user link NAME`). A code works once."""
        now = parts.clock.now()
        address = client_address(request, parts.settings.trusted_proxies)
        attempts.begin(address, now)
        user = use_code(parts.store, body.code, now)
        if user is None:
            _note(parts, "login link", "login.failed", address)
            hint = "make another: pinery user link NAME"
            raise ProblemError(401, "wrong_login", "this login link is used up, too old or wrong", hint)
        attempts.succeed(address)
        opened = open_login(parts.store, user.name, now, parts.idle_ms, address)
        _note(parts, user.name, "login.once", address)
        return _logged_in(parts, *opened)

    @router.post("/logout", response_model=Done)
    def logout(request: Request, who: Viewer) -> Response:
        """Close the session."""
        secret = request.cookies.get(cookie_name(parts), "")
        if who.login is not None:
            close_login(parts.store, secret)
        response = answer(Done("logged out" if who.login is not None else "a token has no session to close"))
        response.delete_cookie(cookie_name(parts), **_cookie(parts))
        return response

    @router.get("/me", response_model=Me)
    def me(who: Viewer) -> Response:
        """Who one is, and the session's CSRF token."""
        if who.login is not None:
            return answer(Me(who.name, who.role, who.login.csrf, iso(who.login.expires)))
        return answer(Me(who.name, who.role, None, iso_or_none(who.token.expires if who.token else None)))

    return router


def _logged_in(parts: Parts, secret: str, made: Login) -> Response:
    response = answer(Me(made.user, made.role, made.csrf, iso(made.expires)))
    response.set_cookie(cookie_name(parts), secret, **_cookie(parts))
    return response


def _cookie(parts: Parts) -> dict[str, Any]:
    return {"path": "/", "httponly": True, "samesite": "strict", "secure": parts.settings.secure_cookies}


def _note(parts: Parts, name: str, action: str, address: str) -> None:
    now = parts.clock.now()
    parts.store.write(lambda tx: tx.audit.add(now, name, action, "", "", {"via": "api", "remote": address}))
