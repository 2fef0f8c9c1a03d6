"""Contracts with the terms of the venue where they are traded.

TradingView sizes BTCUSDT.P in steps of 0.000001 where Binance takes steps of 0.001: scripts count in the former, and
orders are made of the latter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from pinery.trading.contracts import Contract, Terms
from pinery.trading.denials import Denial
from pinery.trading.deployments import Deployment, Window
from pinery.trading.desk.directory import Directory
from pinery.trading.events import Event
from pinery.trading.positions.model import Position


@dataclass(frozen=True, slots=True)
class VenueDirectory:
    """``directory`` as it applies at one broker; ``terms`` is the broker's."""

    directory: Directory
    terms: Callable[[str], Terms | None]

    def contract_for(self, symbol: str, deployment: Deployment, now: int) -> Contract | Denial:
        found = self.directory.contract_for(symbol, deployment, now)
        return found if isinstance(found, Denial) else self._at_venue(found)

    def contract(self, symbol: str) -> Contract:
        return self._at_venue(self.directory.contract(symbol))

    def _at_venue(self, contract: Contract) -> Contract:
        terms = self.terms(contract.symbol)
        return contract if terms is None else replace(contract, terms=terms)

    def deployments(self, account: str) -> Mapping[str, Deployment]:
        return self.directory.deployments(account)

    def held_contracts(
        self, symbol: str, deployment: Deployment, positions: Iterable[Position]
    ) -> tuple[str, ...] | Denial:
        return self.directory.held_contracts(symbol, deployment, positions)

    def hours(self) -> Mapping[str, tuple[Window, ...]]:
        return self.directory.hours()

    def channels(self, event: Event) -> Iterable[str]:
        return self.directory.channels(event)
