"""Figures read from the store: of the system for metrics, of trades for people."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.figures import growing, levels, measuring, trades
from pinery.adapters.store.transaction import SqlTx
from pinery.trading.figures import Performance, SystemFigures, Uptime, performances

__all__ = ["Figures"]


class Figures:
    """Of one store. Keep it: it remembers what it has counted, so that a look costs what is new since the last."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._messages = growing.messages()
        self._signals = growing.signals()
        self._fills = growing.fills()
        self._orders = growing.order_ends()
        self._events = growing.events()
        self._trades = trades.TradeFigures()

    def collect(self, now: int) -> SystemFigures:
        """All figures at one moment, ``now`` in Unix ms. Raises StoreError."""
        with self._lock:
            try:
                return self._store.read(lambda tx: self._collect(tx, now))
            except BaseException:
                self._forget()  # half of it may have been counted
                raise

    def _collect(self, tx: SqlTx, now: int) -> SystemFigures:
        connection = tx.connection
        signals, fills = self._signals.total(connection, now), self._fills.total(connection, now)
        return SystemFigures(
            messages=self._messages.total(connection, now),
            signals=signals.outcomes,
            denials=signals.denials,
            decided=signals.decided,
            sent=signals.sent,
            filled=signals.filled,
            orders=self._orders.total(connection, now),
            open_orders=levels.open_orders(connection),
            order_fill=fills.order_fill,
            fills=fills.fills,
            filled_orders=fills.orders,
            partly_filled_orders=fills.partly,
            slippage=fills.slippage,
            slippage_price=fills.slippage_price,
            events=self._events.total(connection, now),
            trades=self._trades.totals(connection, now),
            inbox=levels.inbox(connection, now),
            outbox=levels.outbox(connection, now),
            states=levels.states(connection),
            positions=levels.positions(connection),
            accounts=levels.accounts(connection),
            uptimes=measuring.uptimes(connection, now),
            measured=measuring.measured(connection),
        )

    def performance(
        self, deployment: str | None = None, since: int = 0, until: int | None = None
    ) -> Sequence[Performance]:
        """Of trades closed from ``since`` until before ``until`` (Unix ms), by deployment."""
        return performances(self._store.read(lambda tx: trades.closed(tx.connection, deployment, since, until)))

    def uptime(self, now: int, month: str | None = None) -> Sequence[Uptime]:
        """By component and month ("2026-11"), all months by default."""
        return self._store.read(lambda tx: measuring.uptimes(tx.connection, now, month))

    def add(self, rows: Iterable[tuple[str, str, str, float]]) -> None:
        """Adds to histograms: ``(name, label, le, count)``, with le an upper bound in seconds, "+Inf" or "sum"."""
        self._store.write(lambda tx: measuring.add(tx.connection, rows))

    def beat(self, component: str, now: int) -> None:
        """The component lives."""
        self._store.write(lambda tx: measuring.beat(tx.connection, component, now))
