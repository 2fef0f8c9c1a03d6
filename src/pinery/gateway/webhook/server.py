"""Running an application on a port, inside an asyncio program."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pinery.core.errors import UsageError
from pinery.gateway.webhook.arriving import LOOKS

HEADER_TIMEOUT = 5.0  # seconds for the head of a request, from its first byte or from connecting
KEEP_ALIVE = 20  # seconds that a connection may be idle between requests
GRACE = 5  # seconds that requests in progress get at the end
MOST_CONNECTIONS = 2000


class _Prompt(HttpToolsProtocol):
    """Closes connections whose request does not arrive: uvicorn itself would wait for its head for ever."""

    _late: asyncio.Handle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._arm()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._disarm()
        super().on_headers_complete()

    def _arm(self) -> None:
        self._disarm()
        self._late = self.loop.call_later(HEADER_TIMEOUT, self._give_up)

    def _disarm(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self, looks: int = LOOKS) -> None:
        if looks:  # after a stall of this process the head may be here, and not read yet
            self._late = self.loop.call_soon(self._give_up, looks - 1)
        elif self.transport is not None and not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the program's own business."""
        yield


async def serve(
    app: Any,
    host: str,
    port: int,
    stopping: asyncio.Event,
    *,
    setting: str = "webhook.port",
    share: bool = False,
    listening: Callable[[int], None] = lambda port: None,
) -> None:
    """Serves ``app`` until ``stopping`` is set; then requests in progress are answered first.

    ``share``: other processes of the same user that share it listen on the same port. ``port`` 0 takes any free one;
    ``listening`` is told which. Raises UsageError where the port cannot be had; ``setting`` is where people change it.
    """
    bound = _bind(host, port, setting, share)
    server = _Server(
        uvicorn.Config(
            app,
            access_log=False,  # paths hold secrets
            log_config=None,
            proxy_headers=False,  # who the sender is, is decided by our own rule
            server_header=False,
            http=_Prompt,
            ws="none",
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=GRACE,
            limit_concurrency=MOST_CONNECTIONS,
            backlog=MOST_CONNECTIONS,
        )
    )
    running = asyncio.create_task(server.serve(sockets=[bound]))
    stop = asyncio.create_task(stopping.wait())
    try:
        while not server.started and not running.done():
            await asyncio.sleep(0.005)
        if server.started:
            listening(bound.getsockname()[1])
        await asyncio.wait((running, stop), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.cancel()
        server.should_exit = True
        await running
        bound.close()


def _bind(host: str, port: int, setting: str, share: bool) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UsageError(f"{host} is not an address to listen on: {error.strerror or error}") from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if share:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        reasons = {
            errno.EADDRINUSE: "another program listens there",
            errno.EACCES: "the system does not allow it",
            errno.EADDRNOTAVAIL: "this machine does not have that address",
        }
        reason = reasons.get(error.errno or 0, error.strerror or str(error))
        raise UsageError(
            f"cannot listen on {host}:{port}: {reason}", f"end it, or set another {setting} in pinery.toml"
        ) from None
    bound.setblocking(False)
    return bound
