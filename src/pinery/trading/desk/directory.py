"""What the desk asks of the configuration; reloading it changes the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from pinery.trading.contracts import Contract
from pinery.trading.denials import Denial
from pinery.trading.deployments import Deployment, Window
from pinery.trading.events import Event
from pinery.trading.positions.model import Position


class Directory(Protocol):
    def deployments(self, account: str) -> Mapping[str, Deployment]:
        """Those that trade in ``account``, by name."""
        ...

    def contract_for(self, symbol: str, deployment: Deployment, now: int) -> Contract | Denial:
        """What a sender's name for a symbol means to the deployment now."""
        ...

    def held_contracts(
        self, symbol: str, deployment: Deployment, positions: Iterable[Position]
    ) -> tuple[str, ...] | Denial:
        """Which of the contracts held a sender's name means."""
        ...

    def contract(self, symbol: str) -> Contract:
        """Facts of a contract that is held or working."""
        ...

    def hours(self) -> Mapping[str, tuple[Window, ...]]:
        """Trading hours of symbols, as configured."""
        ...

    def channels(self, event: Event) -> Iterable[str]:
        """Where to send an event."""
        ...
