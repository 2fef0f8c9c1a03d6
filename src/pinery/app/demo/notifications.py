"""The page that the demo's notifications go to: a small server that keeps them in memory and shows them.

Its path is random: who does not know it gets nothing. What it shows is drawn from text, never taken as HTML.
"""

from __future__ import annotations

import json
import secrets
from collections import deque
from collections.abc import Mapping
from importlib import resources
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_KEPT = 500
_LONGEST = 256 * 1024  # bytes of one notification
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_FILES = {
    "": ("index.html", "text/html"),
    "page.css": ("page.css", "text/css"),
    "page.js": ("page.js", "text/javascript"),
}


class Notifications:
    """``path``: the secret part of the address. ``received`` counts each delivery once, however often it came."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._kept: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._seen: deque[Any] = deque(maxlen=_KEPT)
        self.received = 0
        self.app = Starlette(
            routes=[
                Route("/{path}/in", self._take, methods=["POST"]),
                Route("/{path}/list", self._list),
                Route("/{path}/{name}", self._file),
                Route("/{path}/", self._file),
            ]
        )

    def kinds(self) -> set[str]:
        """Of what was received and is still kept."""
        return {str(message.get("kind")) for message in self._kept}

    def _check(self, request: Request) -> None:
        given = request.path_params["path"].encode("utf-8", "replace")
        if not secrets.compare_digest(given, self._path.encode()):
            raise HTTPException(404)

    async def _take(self, request: Request) -> Response:
        self._check(request)
        if int(request.headers.get("content-length", "0")) > _LONGEST:
            return Response(status_code=413)
        try:
            message = json.loads(await request.body())
        except ValueError:
            message = None
        if not isinstance(message, Mapping) or not isinstance(message.get("kind"), str):
            return Response(status_code=400)
        if message.get("id") not in self._seen:
            self._seen.append(message.get("id"))
            self.received += 1
            self._kept.append({**message, "number": self.received})
        return Response(status_code=204, headers=_HEADERS)

    async def _list(self, request: Request) -> Response:
        self._check(request)
        after = request.query_params.get("after", "0")
        first = int(after) if after.isdigit() else 0
        return JSONResponse([message for message in self._kept if message["number"] > first], headers=_HEADERS)

    async def _file(self, request: Request) -> Response:
        self._check(request)
        name, kind = _FILES.get(request.path_params.get("name", ""), ("", ""))
        if not name:
            raise HTTPException(404)
        content = (resources.files(__package__) / "page" / name).read_bytes()
        return Response(content, media_type=kind, headers=_HEADERS)
