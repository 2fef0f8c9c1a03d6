"""The door: nothing but health, the login and the dashboard's empty pages is reached without being known, and every
answer is safe to show.

Programs send ``Authorization: Bearer pn_…``. Browsers have a cookie; as a browser sends it whoever made it do so, such
requests must name this server (against DNS rebinding) and those that change something must also come from its own
pages and carry the login's CSRF token.
"""

from __future__ import annotations

import hmac
import traceback
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pinery.adapters.store.people import Login, Role, Token, find_login, find_token
from pinery.core.errors import PineryError
from pinery.gateway.control.configuration import Parts
from pinery.gateway.control.pages import Pages
from pinery.gateway.control.problems import ProblemError, problem_of
from pinery.gateway.webhook.addresses import Networks, sender

LARGEST_BODY = 64 * 1024
LARGEST_SCRIPT_BODY = 512 * 1024  # 200 KB of text, with what JSON makes of its line ends and quotes
CSRF_HEADER = "x-csrf-token"
OPEN = frozenset({"/healthz", "/readyz"})
LOGINS = frozenset({"/api/v1/login", "/api/v1/login/once"})

_SCRIPT_PATHS = ("/api/v1/scripts", "/api/v1/backtests", "/api/v1/views")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_log = structlog.get_logger("pinery.control")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks. ``login`` for browsers, ``secret`` its cookie (never shown)."""

    name: str
    role: Role
    login: Login | None = None
    token: Token | None = None


def cookie_name(parts: Parts) -> str:
    # Browsers take a __Host- cookie from this very host over https only.
    return "__Host-pinery" if parts.settings.secure_cookies else "pinery"


def identity(request: Request) -> Identity:
    found: Identity = request.scope["state"]["identity"]
    return found


class Guard:
    """ASGI middleware around all routes."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._parts = parts
        self._pages = Pages(parts.services.pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_safely(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)  # pages and reports have their own
                if self._parts.settings.secure_cookies:
                    headers["strict-transport-security"] = "max-age=31536000"
            await send(message)

        try:
            headers = Headers(scope=scope)
            largest = _largest(scope["method"], scope["path"])
            _check_length(headers, largest)
            if self._pages.covers(scope["method"], scope["path"], headers):
                page = await run_in_threadpool(self._pages.answer, scope["path"], headers)
                await page(scope, receive, send_safely)
                return
            await self._admit(scope, headers)
            await self._app(scope, _limited(receive, largest), send_safely)
        except Exception as error:
            if not isinstance(error, (ProblemError, PineryError, HTTPException)):
                # Neither the error's text nor local variables: they may hold a secret of the request.
                frames = "".join(traceback.format_tb(error.__traceback__))
                _log.error(
                    "request failed",
                    method=scope["method"],
                    path=scope["path"],
                    error=type(error).__name__,
                    frames=frames,
                )
            if started:
                raise
            await problem_of(error)(scope, receive, send_safely)

    async def _admit(self, scope: Scope, headers: Headers) -> None:
        path = scope["path"]
        if path in OPEN:
            return
        if path in LOGINS:
            self._check_origin(scope, headers)
            return
        found = await run_in_threadpool(self._identify, scope, headers)
        if found is None:
            raise ProblemError(
                401,
                "unauthenticated",
                "log in first, or send a token",
                "POST /api/v1/login, or Authorization: Bearer TOKEN (pinery token add)",
                {"WWW-Authenticate": "Bearer"},
            )
        scope.setdefault("state", {})["identity"] = found

    def _identify(self, scope: Scope, headers: Headers) -> Identity | None:
        parts = self._parts
        now = parts.clock.now()
        authorization = headers.get("authorization")
        if authorization is not None:
            kind, _, secret = authorization.partition(" ")
            token = find_token(parts.store, secret.strip(), now) if kind.casefold() == "bearer" else None
            return Identity(f"token:{token.name}", token.role, token=token) if token is not None else None
        secret = Request(scope).cookies.get(cookie_name(parts), "")
        login = find_login(parts.store, secret, now, parts.idle_ms) if secret else None
        if login is None:
            return None
        self._check_host(headers)
        if scope["method"] not in _SAFE_METHODS:
            self._check_origin(scope, headers)
            if not hmac.compare_digest(headers.get(CSRF_HEADER, "").encode(), login.csrf.encode()):
                raise ProblemError(
                    403, "csrf", "the CSRF token is missing or wrong", "send csrf of GET /api/v1/me as X-CSRF-Token"
                )
        return Identity(login.user, login.role, login=login)

    def _check_host(self, headers: Headers) -> None:
        """A name that is not ours was made to point here by somebody else. Addresses cannot be."""
        name = _host_name(headers.get("host", ""))
        settings = self._parts.settings
        if name in {"localhost", settings.host, urlsplit(settings.public_url).hostname} or _is_address(name):
            return
        raise ProblemError(
            403, "host", "the request names another server", "set public_url of [control] to the name that browsers use"
        )

    def _check_origin(self, scope: Scope, headers: Headers) -> None:
        self._check_host(headers)
        site = headers.get("sec-fetch-site")
        if site is not None and site not in ("same-origin", "none"):
            raise ProblemError(403, "origin", "the request comes from another site")
        origin = headers.get("origin")
        if origin is None:
            return
        public = self._parts.settings.public_url
        if origin.partition("://")[2].casefold() == headers.get("host", "").casefold() or origin == public.rstrip("/"):
            return
        raise ProblemError(403, "origin", "the request comes from another site")


def client_address(request: Request, trusted: tuple[str, ...]) -> str:
    """The sender's address by the webhook's rule of proxies; the peer's where that cannot be told."""
    peer = request.client.host if request.client is not None else ""
    found = sender(peer, request.headers.getlist("x-forwarded-for"), Networks(trusted))
    return str(found) if found is not None else peer


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _largest(method: str, path: str) -> int:
    """Bytes that a body may have. Only where scripts come in may it be large."""
    scripts = method in ("POST", "PUT") and path.startswith(_SCRIPT_PATHS)
    return LARGEST_SCRIPT_BODY if scripts else LARGEST_BODY


def _check_length(headers: Headers, largest: int) -> None:
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > largest:
        raise ProblemError(413, "too_large", f"the body may have {largest} bytes")


def _limited(receive: Receive, largest: int) -> Receive:
    """``receive`` that ends a body sent in chunks once it is too large."""
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > largest:
            raise HTTPException(413, f"the body may have {largest} bytes")
        return message

    return limited
