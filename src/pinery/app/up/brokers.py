"""From an account's configuration to its broker. A new broker is a row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pinery.adapters.feeds.settings import open_feed
from pinery.adapters.paper.broker import PaperBroker
from pinery.adapters.paper.settings import PaperSettings
from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.paper_book import SqlPaperBook
from pinery.trading.broker import Broker
from pinery.trading.clock import Clock
from pinery.trading.contracts import Contract
from pinery.trading.deployments import Account
from pinery.trading.errors import ConfigError
from pinery.trading.store import Tx


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What brokers are made with. ``contract`` gives the facts of a symbol, or raises PineryError."""

    store: SqlStore
    clock: Clock
    folder: Path
    contract: Callable[[str], Contract]


Guard = Callable[[Tx], None]


def _paper(account: Account, around: Surroundings, guard: Guard) -> Broker:
    settings = PaperSettings.from_options(account.options)
    prices = open_feed(settings.feed, around.clock, around.folder) if settings.feed is not None else None
    book = SqlPaperBook(around.store, account.name, guard)
    return PaperBroker(account, settings, book, around.clock, around.contract, prices)


BROKERS: dict[str, Callable[[Account, Surroundings, Guard], Broker]] = {"paper": _paper}


def make_broker(account: Account, around: Surroundings, guard: Guard) -> Broker:
    """``guard`` raises LeaseLost inside a transaction unless the account is still ours.

    Raises ConfigError for a broker that is not there, or options that it does not take.
    """
    make = BROKERS.get(account.broker)
    if make is None:
        known = ", ".join(BROKERS)
        raise ConfigError(f"account {account.name}: there is no broker {account.broker!r}", hint=f"known: {known}")
    return make(account, around, guard)
