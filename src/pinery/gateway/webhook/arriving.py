"""Reading a body in time. After a stall of this process time is up before what arrived meanwhile has been read."""

from __future__ import annotations

import asyncio

from starlette.types import Receive

LOOKS = 8  # passes of the event loop, each of which takes what has arrived


class TooLarge(Exception):
    pass


class Arriving:
    """A body as it arrives; never more of it than the limit is held."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._parts: list[bytes] = []
        self._size = 0

    async def within(self, seconds: float) -> bytes | None:
        """The whole body; None if the sender went away before its end. Raises TimeoutError, TooLarge."""
        try:
            async with asyncio.timeout(seconds):
                return await self._rest()
        except TimeoutError:
            return await self._here()

    async def _rest(self) -> bytes | None:
        while True:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                return None
            part = event.get("body", b"")
            self._size += len(part)
            if self._size > self._most:
                raise TooLarge
            self._parts.append(part)
            if not event.get("more_body", False):
                return b"".join(self._parts)

    async def _here(self) -> bytes | None:
        """The same of what this machine has already, without waiting for any more."""
        rest = asyncio.ensure_future(self._rest())
        looks = LOOKS
        try:
            while looks and not rest.done():
                size = self._size
                await asyncio.sleep(0)
                looks = LOOKS if self._size > size else looks - 1
            if rest.done():
                return rest.result()
            raise TimeoutError
        finally:
            rest.cancel()
