"""Ports of this machine that nobody listens on."""

from __future__ import annotations

import socket
from collections.abc import Collection

from pinery.trading.errors import Refused

_TRIED = 200


def is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def first_free(host: str, first: int, taken: Collection[int] = ()) -> int:
    """From ``first`` on, none of ``taken``. Raises Refused."""
    for port in range(first, min(first + _TRIED, 65536)):
        if port not in taken and is_free(host, port):
            return port
    raise Refused(f"no port from {first} on is free", hint="choose one with --port")
