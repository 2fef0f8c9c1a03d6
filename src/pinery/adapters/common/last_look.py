"""The last look before a request leaves that changes something: whether the account is still ours.

A process can be stopped for a while, or a request can wait long for its turn or for a connection. Meanwhile another
worker may have taken the account over and sent the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MaySend = Callable[[], bool]

WHY_NOT = "the account may have been another worker's by then"


class TooLate(Exception):
    """Nothing was sent."""

    def __init__(self) -> None:
        super().__init__(WHY_NOT)


def always() -> bool:
    return True


def last_look(may_send: MaySend) -> dict[str, Any]:
    """Extensions of a request of httpx: it has its connection, and its first byte is next. It raises TooLate."""

    async def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith(".send_request_headers.started") and not may_send():
            raise TooLate

    return {"trace": trace}
