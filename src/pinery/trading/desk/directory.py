"""What the desk asks of the configuration; reloading it changes the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from pinery.trading.contracts import Contract
from pinery.trading.denials import Denial
from pinery.trading.deployments import Deployment
from pinery.trading.events import Event


class Directory(Protocol):
    def deployments(self, account: str) -> Mapping[str, Deployment]:
        """Those that trade in ``account``, by name."""
        ...

    def contract_for(self, symbol: str, deployment: Deployment, now: int) -> Contract | Denial:
        """What a sender's name for a symbol means to the deployment now."""
        ...

    def contract(self, symbol: str) -> Contract:
        """Facts of a contract that is held or working."""
        ...

    def channels(self, event: Event) -> Iterable[str]:
        """Where to send an event."""
        ...
