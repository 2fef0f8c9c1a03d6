"""What a change of ``pinery.toml`` would leave behind: what a deployment has in an account that it leaves.

Signals go to a deployment's account. In the one that it has left, an exit closes nothing, nobody keeps its holding
times, and a stop that is missing is not placed again. So a change that would do that waits until nothing is left. Paper
accounts have no money in them: what stays there is told, and waits for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from pinery.adapters.store.database import open_store
from pinery.adapters.store.views.positions import list_positions
from pinery.app.config.configuration import Configuration
from pinery.app.config.findings import Finding
from pinery.app.config.reading import last_differs, load_configuration, load_last
from pinery.app.settings import FILE_NAME
from pinery.core.errors import PineryError
from pinery.trading.broker import Environment
from pinery.trading.deployments import Account
from pinery.trading.errors import ConfigError
from pinery.trading.reconcile.actions import FOREIGN
from pinery.trading.store import Tx

_HINT = (
    "the settings before stay in force until then; to take the file over all the same, and close at the broker by "
    "hand what it leaves behind: pinery up --leave-positions"
)


@dataclass(frozen=True, slots=True)
class Left:
    """``has`` is what ``deployment`` has in ``account``; ``now`` what pinery.toml makes of it; ``do`` what to do."""

    deployment: str
    account: str
    has: str
    now: str
    do: str

    def __str__(self) -> str:
        return f"{self.deployment} holds {self.has} in {self.account}, and {self.now}: signals do not close it there"

    def finding(self) -> Finding:
        return Finding(("deployments", self.deployment, "account"), f"{self}; {self.do}", is_error=False)


def in_force(folder: Path) -> tuple[Configuration, ConfigError | None]:
    """The settings that a process of ``folder`` goes by, and why they are not those of the file.

    Raises ConfigError where the file has mistakes and no settings were in force before.
    """
    try:
        found = load_configuration(folder)
    except ConfigError as error:
        last = load_last(folder)
        if last is None:
            raise
        return last, error
    return kept_back(found)


def kept_back(found: Configuration) -> tuple[Configuration, ConfigError | None]:
    """``found``; or the settings that were last in force, and what ``found`` would leave behind."""
    last = load_last(found.folder) if last_differs(found.folder) else None
    why = leaves(last, found) if last is not None else None
    return (last, why) if last is not None and why is not None else (found, None)


def leaves(before: Configuration, after: Configuration) -> ConfigError | None:
    """What deployments would leave at brokers if ``after`` were in force instead of ``before``. None: nothing."""
    moved = {name: one.account for name, one in before.deployments.items() if _is_moved(name, before, after)}
    if not moved:
        return None
    try:
        found = _read(before.store_url, moved, after)
    except PineryError as error:
        text = f"whether {', '.join(moved)} may leave their account is not known: {error.message}"
        return ConfigError(text, (text,), error.hint)
    if not found:
        return None
    texts = tuple(str(left.finding()) for left in found)
    return ConfigError("; ".join(texts), texts, _HINT)


def left_behind(configuration: Configuration, tx: Tx) -> list[Left]:
    """What deployments hold where pinery.toml does not have them."""
    held = {(row.deployment, row.account) for row in list_positions(tx, lambda symbol: Decimal(1))}
    for account in configuration.accounts:
        held |= {(order.deployment, account) for order in tx.orders.unfinished(account)}
    return [
        left_of(tx, name, account, configuration)
        for name, account in sorted(held)
        if name not in (FOREIGN, *_trading_in(configuration, account))
    ]


def holdings(tx: Tx, accounts: Iterable[str], deployment: str) -> str:
    """What a deployment has there: ``1 CME_MINI:ESZ2026 and 2 orders that have not ended``; empty: nothing."""
    parts, orders = [], 0
    for account in accounts:
        held = (position for position in tx.positions.of(account) if position.deployment == deployment)
        parts += [f"{position.quantity.normalize():f} {position.symbol}" for position in held if position.side]
        orders += sum(order.deployment == deployment for order in tx.orders.unfinished(account))
    if orders:
        parts.append(f"{orders} order{'s' * (orders != 1)} that {'have' if orders > 1 else 'has'} not ended")
    return " and ".join(parts)


def left_of(tx: Tx, deployment: str, account: str, after: Configuration) -> Left:
    """What is left in ``account`` where ``after`` is in force."""
    has = holdings(tx, (account,), deployment)
    found = after.deployments.get(deployment)
    if found is None:
        now, do = f"{FILE_NAME} does not have it", f"write [deployments.{deployment}] again, then "
        return Left(deployment, account, has, now, f"{do}pinery flatten {deployment}, and take it out when it is flat")
    if found.account != account:
        now, back = f"{FILE_NAME} has it in {found.account}", f'write account = "{account}" again'
    else:
        now, back = f"[accounts.{account}] is another account now", f"write [accounts.{account}] as it was"
    return Left(deployment, account, has, now, f"first: pinery flatten {deployment}; or {back}")


def _read(store_url: str, moved: Mapping[str, str], after: Configuration) -> list[Left]:
    """``moved``: deployment -> the account that it leaves. Raises StoreError."""
    if store_url.startswith("sqlite:") and not Path(store_url.removeprefix("sqlite:///")).exists():
        return []
    store = open_store(store_url, create=False)
    try:
        left = store.read(lambda tx: [left_of(tx, name, account, after) for name, account in moved.items()])
    finally:
        store.close()
    return [one for one in left if one.has]


def _is_moved(name: str, before: Configuration, after: Configuration) -> bool:
    """From an account at a broker."""
    account = before.accounts[before.deployments[name].account]
    if account.environment is Environment.PAPER:
        return False
    return name not in _trading_in(after, account.name) or _venue(account) != _venue(after.accounts[account.name])


def _trading_in(configuration: Configuration, account: str) -> set[str]:
    return {name for name, one in configuration.deployments.items() if one.account == account}


def _venue(account: Account) -> tuple[str, str, str]:
    """What stays the same when a key is renewed, or a simulator listens on another port."""
    return account.broker, account.environment.value, str(account.options.get("account", ""))
