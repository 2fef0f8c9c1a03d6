"""The venue's records, in memory and in the book that survives a restart."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from pinery.simulators.binance.records import (
    ALGO_OPEN,
    OPEN,
    Access,
    Account,
    Algo,
    Amendment,
    Income,
    MarginChange,
    Order,
    Position,
    Record,
    Setting,
    Trade,
    restored,
    stored,
)
from pinery.simulators.common.book import VenueBook

_DAY = 86_400_000


class Ledger:
    """Whoever changes a record says so (``keep``); the book is written once per request or move."""

    def __init__(self, book: VenueBook, accesses: Iterable[Access]) -> None:
        self._book = book
        self.accounts: dict[str, Account] = {}
        self.settings: dict[tuple[str, str], Setting] = {}
        self.positions: dict[tuple[str, str, str], Position] = {}
        self.orders: dict[int, Order] = {}
        self.open_orders: dict[int, Order] = {}
        self.algos: dict[int, Algo] = {}
        self.open_algos: dict[int, Algo] = {}
        self.trades: list[Trade] = []
        self.incomes: list[Income] = []
        self.amendments: list[Amendment] = []
        self.margin_changes: list[MarginChange] = []
        self.deadlines: dict[tuple[str, str], int] = {}
        self._ids: dict[str, int] = {}
        self._order_ids: dict[tuple[str, str, str], int] = {}
        self._algo_ids: dict[tuple[str, str], int] = {}
        self._load()
        for access in accesses:
            if access.name not in self.accounts:
                self.keep(Account(access.name, access.balance))
        self.commit()

    def next_id(self, kind: str, first: int) -> int:
        self._ids[kind] = self._ids.get(kind, first - 1) + 1
        self._book.put("ids", kind, {"last": self._ids[kind]})
        return self._ids[kind]

    def keep(self, record: Record) -> None:
        """A new record, or a changed one."""
        kind, id = self._file(record)
        self._book.put(kind, id, stored(record))

    def _file(self, record: Record) -> tuple[str, str]:
        match record:
            case Account():
                self.accounts[record.name] = record
                return "account", record.name
            case Setting():
                self.settings[record.account, record.symbol] = record
                return "setting", f"{record.account}/{record.symbol}"
            case Position():
                self.positions[record.account, record.symbol, record.side] = record
                return "position", f"{record.account}/{record.symbol}/{record.side}"
            case Order():
                self.orders[record.id] = record
                self._order_ids[record.account, record.symbol, record.client_id] = record.id
                if record.status in OPEN:
                    self.open_orders[record.id] = record
                else:
                    self.open_orders.pop(record.id, None)
                return "order", str(record.id)
            case Algo():
                self.algos[record.id] = record
                self._algo_ids[record.account, record.client_id] = record.id
                if record.status in ALGO_OPEN:
                    self.open_algos[record.id] = record
                else:
                    self.open_algos.pop(record.id, None)
                return "algo", str(record.id)
            case Trade():
                self.trades.append(record)
                return "trade", str(record.id)
            case Amendment():
                self.amendments.append(record)
                return "amendment", str(record.id)
            case MarginChange():
                self.margin_changes.append(record)
                return "margin_change", str(record.id)
            case Income():
                self.incomes.append(record)
                return "income", str(record.id)

    def deadline(self, account: str, symbol: str, at: int | None) -> None:
        """When the countdown cancels the account's orders in ``symbol``. None: it was stopped."""
        self.deadlines.pop((account, symbol), None)
        if at is not None:
            self.deadlines[account, symbol] = at
        self._book.put("deadline", f"{account}/{symbol}", None if at is None else {"at": at})

    def commit(self) -> None:
        self._book.commit()

    def setting(self, account: str, symbol: str) -> Setting:
        return self.settings.get((account, symbol)) or Setting(account, symbol)

    def position(self, account: str, symbol: str, side: str) -> Position:
        """What is held, which may be nothing."""
        return self.positions.get((account, symbol, side)) or Position(account, symbol, side)

    def positions_of(self, account: str, symbol: str | None = None) -> list[Position]:
        """Those that are not flat."""
        return [
            position
            for position in self.positions.values()
            if position.account == account and position.amount and symbol in (None, position.symbol)
        ]

    def orders_of(self, account: str, symbol: str | None = None) -> list[Order]:
        """Open ones, oldest first."""
        return [o for o in self.open_orders.values() if o.account == account and symbol in (None, o.symbol)]

    def algos_of(self, account: str, symbol: str | None = None) -> list[Algo]:
        """Open ones, oldest first."""
        return [a for a in self.open_algos.values() if a.account == account and symbol in (None, a.symbol)]

    def orders_of_symbol(self, symbol: str) -> list[Order]:
        """Open ones of all accounts, oldest first."""
        return [order for order in self.open_orders.values() if order.symbol == symbol]

    def algos_of_symbol(self, symbol: str) -> list[Algo]:
        return [algo for algo in self.open_algos.values() if algo.symbol == symbol]

    def find_order(self, account: str, symbol: str, order_id: int | None, client_id: str | None) -> Order | None:
        """The newest with that client id; an id alone may have been used again once the first was done."""
        if order_id is None:
            order_id = self._order_ids.get((account, symbol, client_id or ""))
        order = self.orders.get(order_id or 0)
        return order if order and (order.account, order.symbol) == (account, symbol) else None

    def find_algo(self, account: str, algo_id: int | None, client_id: str | None) -> Algo | None:
        if algo_id is None:
            algo_id = self._algo_ids.get((account, client_id or ""))
        algo = self.algos.get(algo_id or 0)
        return algo if algo and algo.account == account else None

    def wallet(self, account: Account, change: Decimal) -> None:
        account.wallet += change
        self.keep(account)

    def _load(self) -> None:
        kinds: tuple[tuple[str, type[Record]], ...] = (
            ("account", Account),
            ("setting", Setting),
            ("position", Position),
            ("order", Order),
            ("algo", Algo),
            ("trade", Trade),
            ("income", Income),
            ("amendment", Amendment),
            ("margin_change", MarginChange),
        )
        for kind, record in kinds:
            found: list[Record] = [restored(record, value) for _, value in self._book.records(kind)]
            found.sort(key=lambda it: getattr(it, "id", 0))
            for it in found:
                self._file(it)
        for name, value in self._book.records("ids"):
            self._ids[name] = value["last"]
        for name, value in self._book.records("deadline"):
            account, _, symbol = name.rpartition("/")
            self.deadlines[account, symbol] = value["at"]


def forgotten(order: Order | Algo, now: int) -> bool:
    """Cancelled or expired without a fill for more than three days, or done for more than ninety."""
    if order.status in OPEN or order.status in ALGO_OPEN:
        return False
    executed = order.executed if isinstance(order, Order) else order.order_id
    return now - order.updated > (90 if executed else 3) * _DAY
