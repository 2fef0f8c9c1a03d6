"""One transaction: the nouns of ``trading.store`` on one connection."""

from __future__ import annotations

import sqlalchemy as sa

from pinery.adapters.store.control import Audit, Commands, States
from pinery.adapters.store.inbox import Inbox
from pinery.adapters.store.leases import Leases
from pinery.adapters.store.orders import Fills, Orders
from pinery.adapters.store.outbox import Journal, Outbox
from pinery.adapters.store.positions import Positions, Trades
from pinery.adapters.store.promotions import Promotions
from pinery.adapters.store.running import Running
from pinery.adapters.store.signals import Signals
from pinery.adapters.store.standings import Standings


class SqlTx:
    """``connection`` is for statements that no noun has: lists for people, logins, the paper book."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.running = running = Running(connection)
        self.inbox = Inbox(running)
        self.signals = Signals(running)
        self.orders = Orders(running)
        self.fills = Fills(running)
        self.positions = Positions(running)
        self.trades = Trades(running)
        self.journal = Journal(running)
        self.outbox = Outbox(running)
        self.states = States(running)
        self.commands = Commands(running)
        self.leases = Leases(running)
        self.standings = Standings(running)
        self.audit = Audit(running)
        self.promotions = Promotions(running)
