"""The configuration as the desks ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pinery.app.config.configuration import Configuration
from pinery.trading.channels import channels_for
from pinery.trading.contracts import Contract
from pinery.trading.denials import Denial
from pinery.trading.deployments import Account, Deployment, Window
from pinery.trading.events import Event
from pinery.trading.mapping import contract_for, contract_of, held_contracts
from pinery.trading.positions.model import Position


class ConfiguredDirectory:
    """Implements ``trading.desk.directory.Directory``. ``use`` puts a new configuration in place."""

    def __init__(self, configuration: Configuration) -> None:
        self.use(configuration)

    def use(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._contracts: dict[str, Contract] = {}
        self._meant: dict[tuple[str, str, int], Contract | Denial] = {}
        self._deployments: dict[str, dict[str, Deployment]] = {name: {} for name in configuration.accounts}
        for name, deployment in configuration.deployments.items():
            self._deployments.setdefault(deployment.account, {})[name] = deployment

    def accounts(self) -> Mapping[str, Account]:
        return self._configuration.accounts

    def deployments(self, account: str) -> Mapping[str, Deployment]:
        return self._deployments.get(account, {})

    def contract_for(self, symbol: str, deployment: Deployment, now: int) -> Contract | Denial:
        # Contracts change with the exchange's day at the earliest, which begins on a full minute.
        key = (symbol, deployment.name, now // 60_000)
        found = self._meant.get(key)
        if found is None:
            if len(self._meant) > 1000:
                self._meant.clear()
            c = self._configuration
            found = contract_for(symbol, deployment, now, table=c.symbol_table, margins=c.margins, rolls=c.rolls)
            self._meant[key] = found
        return found

    def held_contracts(
        self, symbol: str, deployment: Deployment, positions: Iterable[Position]
    ) -> tuple[str, ...] | Denial:
        return held_contracts(symbol, deployment, positions, table=self._configuration.symbol_table)

    def contract(self, symbol: str) -> Contract:
        if symbol not in self._contracts:
            c = self._configuration
            self._contracts[symbol] = contract_of(symbol, table=c.symbol_table, margins=c.margins)
        return self._contracts[symbol]

    def hours(self) -> Mapping[str, tuple[Window, ...]]:
        return self._configuration.windows

    def channels(self, event: Event) -> Iterable[str]:
        return channels_for(event, self._configuration.routes)
