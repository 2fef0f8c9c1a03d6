"""The configuration as the desks ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pinery.app.config.broker_settings import credentials
from pinery.app.config.configuration import Configuration
from pinery.trading.channels import channels_for
from pinery.trading.contracts import Contract
from pinery.trading.denials import Denial
from pinery.trading.deployments import Account, Deployment, Window
from pinery.trading.events import Event
from pinery.trading.mapping import contract_for, contract_held, held_contracts
from pinery.trading.positions.model import Position


@dataclass(slots=True)
class _Known:
    """One configuration and what was looked up by it."""

    configuration: Configuration
    deployments: Mapping[str, Mapping[str, Deployment]]  # by account
    contracts: dict[str, Contract] = field(default_factory=dict)
    meant: dict[tuple[str, str, int], Contract | Denial] = field(default_factory=dict)


class ConfiguredDirectory:
    """Implements ``trading.desk.directory.Directory``. ``use`` puts a new configuration in place.

    Desks ask from their threads meanwhile: everything that belongs to one configuration is exchanged in one step.
    """

    def __init__(self, configuration: Configuration) -> None:
        self.use(configuration)

    def use(self, configuration: Configuration) -> None:
        deployments: dict[str, dict[str, Deployment]] = {name: {} for name in configuration.accounts}
        for name, deployment in configuration.deployments.items():
            deployments.setdefault(deployment.account, {})[name] = deployment
        self._known = _Known(configuration, deployments)

    def accounts(self) -> Mapping[str, Account]:
        return self._known.configuration.accounts

    def configured(self, account: str) -> tuple[Account | None, tuple[str, ...]]:
        """What the account's broker is made with: where it changes, the connection is made anew. Not to be shown."""
        configuration = self._known.configuration
        found = configuration.accounts.get(account)
        return found, credentials(found, configuration.secrets) if found is not None else ()

    def secret(self, name: str) -> str:
        """Raises ConfigError."""
        return self._known.configuration.secret(name)

    def symbols(self, account: str, now: int) -> tuple[str, ...]:
        """The contracts that the account's deployments would trade at ``now``."""
        found: dict[str, None] = {}
        for deployment in self.deployments(account).values():
            for symbol in (deployment.symbol, *deployment.symbols.values()):
                contract = self.contract_for(symbol, deployment, now)
                if isinstance(contract, Contract):
                    found[contract.symbol] = None
        return tuple(found)

    def deployments(self, account: str) -> Mapping[str, Deployment]:
        return self._known.deployments.get(account, {})

    def contract_for(self, symbol: str, deployment: Deployment, now: int) -> Contract | Denial:
        known = self._known
        # Contracts change with the exchange's day at the earliest, which begins on a full minute.
        key = (symbol, deployment.name, now // 60_000)
        found = known.meant.get(key)
        if found is None:
            if len(known.meant) > 1000:
                known.meant.clear()
            c = known.configuration
            found = contract_for(symbol, deployment, now, table=c.symbol_table, margins=c.margins, rolls=c.rolls)
            known.meant[key] = found
        return found

    def held_contracts(
        self, symbol: str, deployment: Deployment, positions: Iterable[Position]
    ) -> tuple[str, ...] | Denial:
        return held_contracts(symbol, deployment, positions, table=self._known.configuration.symbol_table)

    def contract(self, symbol: str) -> Contract:
        known = self._known
        if symbol not in known.contracts:
            c = known.configuration
            known.contracts[symbol] = contract_held(symbol, table=c.symbol_table, margins=c.margins)
        return known.contracts[symbol]

    def hours(self) -> Mapping[str, tuple[Window, ...]]:
        return self._known.configuration.windows

    def channels(self, event: Event) -> Iterable[str]:
        return channels_for(event, self._known.configuration.routes)
