"""What can go wrong between a desk and a venue, to be rehearsed: hooks around every request, query and report."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pinery.trading.broker import Report
from pinery.trading.errors import NotSent, OutcomeUnknown


class Faults:
    """Nothing goes wrong. Subclasses override; ``what`` is "submit", "amend" or "cancel".

    ``before`` runs before the request has reached the venue, ``after`` when it has been executed and only the answer
    is missing. Both may wait, or raise NotSent, OutcomeUnknown or Rejected; ``query`` may raise QueryFailed.
    """

    async def before(self, what: str, client_id: str) -> None:
        return None

    async def after(self, what: str, client_id: str) -> None:
        return None

    async def query(self) -> None:
        return None

    def parts(self, client_id: str) -> int | None:
        """In how many fills an order is served; None: as the settings say."""
        return None

    def reports(self, reports: Sequence[Report]) -> Sequence[Report]:
        """What the stream carries of what happened: dropped, repeated, in another order."""
        return reports


class RandomFaults(Faults):
    """Shares of requests get lost on their way there, or on the way back."""

    def __init__(self, seed: int, unreachable: float, timeout: float) -> None:
        self._random = Random(seed)
        self._unreachable = unreachable
        self._timeout = timeout

    async def before(self, what: str, client_id: str) -> None:
        if self._random.random() < self._unreachable:
            raise NotSent(f"the paper venue could not be reached to {what} {client_id} (rehearsed)")
        if self._random.random() < self._timeout / 2:
            raise OutcomeUnknown(f"no answer to {what} {client_id} (rehearsed)")

    async def after(self, what: str, client_id: str) -> None:
        # Of the requests that got here; so that both halves are of all requests.
        if self._random.random() < self._timeout / 2 / (1 - self._timeout / 2):
            raise OutcomeUnknown(f"no answer to {what} {client_id} (rehearsed)")
