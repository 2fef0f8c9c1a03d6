"""A desk on a real SQLite store at a simulated venue: store, desk, adapter and venue in one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pinery.trading.deployments import Deployment
from pinery.trading.desk.desk import Pace
from pinery.trading.store import Lease
from tests.trading.desk.harness import Clock, Directory, Trading, store_in
from tests.venues.venues import VENUES, Venue

#: How many of the clock's seconds pass in one.
SPEED = 5.0

#: Of the clock's seconds.
PACE = Pace(watch=0.5, reconcile=10.0, resolve=0.1, retry=0.1)


@dataclass
class AtVenue(Trading):
    """``exposed``: the longest time, in ms of the clock, that the venue held a position without a stop of its size."""

    place: Venue = None  # type: ignore[assignment]
    exposed: int = 0
    _since: int | None = None

    def make_broker(self, lease: Lease) -> Any:
        self.broker = self.place.make()  # type: ignore[assignment]
        return self.broker

    async def kill(self) -> None:
        """The process is gone: what was under way gets no answer that anybody would note."""
        assert self.gate is not None and self._task is not None and self.desk is not None
        await self.gate.die()
        task, self._task = self._task, None
        for request in self.desk._sending:
            request.cancel()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def look(self) -> None:
        """How long the position has been bare by now."""
        truth, now = self.place.truth(), self.clock.now()
        if truth.position == 0 or -truth.stops * (1 if truth.position > 0 else -1) >= abs(truth.position):
            self._since = None
            return
        self._since = now if self._since is None else self._since
        self.exposed = max(self.exposed, now - self._since)


@asynccontextmanager
async def at_venue(
    folder: Path, name: str, seed: int, *, names: Sequence[str] = ("demo",), **deployment: Any
) -> AsyncIterator[AtVenue]:
    """``names`` of deployments, which are alike."""
    clock = Clock(speed=SPEED)
    place: Venue = VENUES[name](folder, clock, seed)
    await place.start()
    try:
        with store_in(folder) as store:
            alike = [Deployment(one, "paper", place.symbol, **deployment) for one in names]
            directory = Directory(alike, place.account)
            here = AtVenue(store, directory, clock, pace=PACE, place=place)
            try:
                yield here
            finally:
                if here._task is not None and not here._task.done():
                    await here.stop()
    finally:
        await place.stop()


def signed(side: str, quantity: Decimal) -> Decimal:
    return quantity if side == "buy" else -quantity
