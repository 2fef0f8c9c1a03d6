"""The dashboard's files. They hold no data, so they are open to all; what they show comes from the API.

Paths that are no file and no API are the dashboard's own (``/signals``): a browser that opens one gets its start page.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import threading
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response

from pinery.gateway.control.problems import problem

_RESERVED = ("/api", "/metrics", "/healthz", "/readyz", "/openapi.json")
_ASSETS = "/assets/"
_START = "index.html"
_COMPRESSED = ("text/", "application/javascript", "application/json", "application/manifest", "image/svg")
_SMALL = 512  # bytes: compressing gains nothing

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)

#: Not left to the machine's own table, which may say anything of .js.
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}

_MISSING = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Pinery</title></head>
<body><h1>The dashboard has not been built</h1>
<p>Run <code>make setup</code> in Pinery's folder (it needs Node.js), then load this page again.</p>
<p>The API works without it: <code>/api/v1</code>.</p></body></html>
"""


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    compressed: bytes | None
    media_type: str
    etag: str
    stamp: tuple[int, int]  # mtime in ns, size


class Pages:
    """Of a folder with ``index.html`` and ``assets/``; None, or a folder that is not there: a page that says so."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder.resolve() if folder is not None else None
        self._files: dict[Path, _File] = {}
        self._lock = threading.Lock()

    def covers(self, method: str, path: str, headers: Headers) -> bool:
        """Whether a request is for the dashboard rather than the API."""
        if method not in ("GET", "HEAD") or _is_reserved(path):
            return False
        if path == "/" or path.startswith(_ASSETS) or "text/html" in headers.get("accept", ""):
            return True
        return "/" not in path[1:] and self._path(path) is not None

    def answer(self, path: str, headers: Headers) -> Response:
        """Reads a file at most once for each time that it changes."""
        found = self._path(path)
        if found is None and path.startswith(_ASSETS):
            return problem(404, "not_found", "there is no such file")
        if found is None and self._folder is not None:
            found = self._path(f"/{_START}")
        file = self._read(found) if found is not None else None
        if file is None:
            return HTMLResponse(_MISSING, 503, {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"})
        lasting = path.startswith(_ASSETS)
        given = {
            "Content-Security-Policy": _POLICY,
            "Cache-Control": "public, max-age=31536000, immutable" if lasting else "no-cache",
            "ETag": file.etag,
            "Vary": "Accept-Encoding",
        }
        if names(headers.get("if-none-match", ""), file.etag):
            return Response(status_code=304, headers=given)
        content = file.content
        if file.compressed is not None and "gzip" in headers.get("accept-encoding", ""):
            content = file.compressed
            given["Content-Encoding"] = "gzip"
        return Response(content, headers=given, media_type=file.media_type)

    def _path(self, path: str) -> Path | None:
        if self._folder is None or "\0" in path or any(part.startswith(".") for part in path.split("/")):
            return None
        found = (self._folder / path.lstrip("/")).resolve()
        return found if found.is_relative_to(self._folder) and found.is_file() else None

    def _read(self, path: Path) -> _File | None:
        try:
            status = path.stat()
            stamp = status.st_mtime_ns, status.st_size
            known = self._files.get(path)
            if known is not None and known.stamp == stamp:
                return known
            content = path.read_bytes()
        except OSError:  # being built anew
            return None
        made = _file(content, path, stamp)
        with self._lock:
            self._files[path] = made
        return made


def names(given: str, etag: str) -> bool:
    """Whether If-None-Match names the version."""
    return any(part.strip().removeprefix("W/") in (etag, "*") for part in given.split(","))


def etag_of(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _file(content: bytes, path: Path, stamp: tuple[int, int]) -> _File:
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    compressed = gzip.compress(content, 6, mtime=0) if kind.startswith(_COMPRESSED) and len(content) > _SMALL else None
    return _File(content, compressed, kind, etag_of(content), stamp)


def _is_reserved(path: str) -> bool:
    return any(path == name or path.startswith(f"{name}/") for name in _RESERVED)
