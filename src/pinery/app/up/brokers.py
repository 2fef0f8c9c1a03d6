"""From an account's configuration to its broker. A new broker is a row here, and one of its settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pinery.adapters.common.last_look import MaySend, always
from pinery.adapters.feeds.settings import open_feed
from pinery.adapters.paper.broker import PaperBroker
from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.paper_book import SqlPaperBook
from pinery.app.config.broker_settings import Given, settings_of
from pinery.app.up.directory import ConfiguredDirectory
from pinery.charts.feed import ChartFeed
from pinery.charts.settings import FeedSettings
from pinery.trading.broker import Broker
from pinery.trading.clock import Clock
from pinery.trading.deployments import Account
from pinery.trading.errors import ConfigError
from pinery.trading.store import Tx


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What brokers are made with. ``directory`` knows contracts, secrets and what deployments trade; ``market`` opens a
    feed by name, once in a process."""

    store: SqlStore
    clock: Clock
    folder: Path
    directory: ConfiguredDirectory
    market: Callable[[FeedSettings], ChartFeed]

    @property
    def given(self) -> Given:
        return Given(self.folder, self.directory.secret)


Guard = Callable[[Tx], None]


def _paper(account: Account, around: Surroundings, guard: Guard, may_send: MaySend) -> Broker:
    settings = settings_of(account, around.given)
    prices = None
    if settings.feed is not None:
        feed = around.market(settings.feed) if isinstance(settings.feed, FeedSettings) else settings.feed
        prices = open_feed(feed, around.clock, around.folder)
    book = SqlPaperBook(around.store, account.name, guard)
    return PaperBroker(account, settings, book, around.clock, around.directory.contract, prices)


# Brokers are imported where they are needed: most installations have one of them.


def _binance(account: Account, around: Surroundings, guard: Guard, may_send: MaySend) -> Broker:
    from pinery.adapters.binance.broker import BinanceBroker

    settings = settings_of(account, around.given)
    return BinanceBroker(account, settings, around.clock, may_send)


def _tradovate(account: Account, around: Surroundings, guard: Guard, may_send: MaySend) -> Broker:
    from pinery.adapters.tradovate.broker import TradovateBroker

    # Facts of what it will trade are compared with the venue's before the first order.
    settings = replace(
        settings_of(account, around.given), symbols=around.directory.symbols(account.name, around.clock.now())
    )
    return TradovateBroker(account, settings, around.clock, around.directory.contract, may_send)


def _ccxt(account: Account, around: Surroundings, guard: Guard, may_send: MaySend) -> Broker:
    from pinery.adapters.ccxt.broker import CcxtBroker

    return CcxtBroker(account, settings_of(account, around.given), around.clock, may_send)


BROKERS: dict[str, Callable[[Account, Surroundings, Guard, MaySend], Broker]] = {
    "paper": _paper,
    "binance": _binance,
    "tradovate": _tradovate,
    "ccxt": _ccxt,
}


def make_broker(account: Account, around: Surroundings, guard: Guard, may_send: MaySend = always) -> Broker:
    """``guard`` raises LeaseLost inside a transaction unless the account is still ours; ``may_send`` says by the clock
    alone whether it is.

    Raises ConfigError for a broker that is not there, or options that it does not take.
    """
    make = BROKERS.get(account.broker)
    if make is None:
        known = ", ".join(BROKERS)
        raise ConfigError(f"account {account.name}: there is no broker {account.broker!r}", hint=f"known: {known}")
    return make(account, around, guard, may_send)
