"""Everything the venue knows, and the few things that all its parts ask of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random

from pinery.charts.hours import TradingHours
from pinery.runtime.sessions import calendar_of
from pinery.simulators.common.book import VenueBook
from pinery.simulators.common.faults import FaultPlan
from pinery.simulators.tradovate.ledger import Ledger
from pinery.simulators.tradovate.products import PRODUCTS, Future, Product, by_id, trade_date
from pinery.simulators.tradovate.records import SimOrder, SimPosition
from pinery.simulators.tradovate.settings import SimAccount, SimSettings, SimUser
from pinery.simulators.tradovate.wire import day_fields, iso
from pinery.trading.clock import Clock

_FIRST_USER = 5001


class State:
    def __init__(
        self,
        users: tuple[SimUser, ...],
        settings: SimSettings,
        clock: Clock,
        book: VenueBook,
        faults: FaultPlan,
        seed: int,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.book = book
        self.faults = faults
        self.random = Random(seed)
        self.parts = 1  # into how many parts orders are filled, one at each move of the market
        self.ledger = Ledger(book)
        self.orders: dict[int, SimOrder] = {}
        self.positions: dict[tuple[int, int], SimPosition] = {}  # by account and contract
        self.prices: dict[int, Decimal] = {}  # last one by contract
        self._hours = {root: TradingHours(product.instrument) for root, product in PRODUCTS.items()}
        for _, record in book.records("order"):
            order = SimOrder.read(record)
            self.orders[order.id] = order
        self.orders = dict(sorted(self.orders.items()))
        for _, record in book.records("position"):
            position = SimPosition.read(record)
            self.positions[position.account, position.contract] = position
        for id, record in book.records("price"):
            self.prices[int(id)] = Decimal(record["price"])
        self._living = {order.id: order for order in self.orders.values() if order.alive}
        self._users = {_FIRST_USER + i: user for i, user in enumerate(users)}
        self._open_accounts()

    # --- time -------------------------------------------------------------------------

    def now(self) -> int:
        return self.clock.now()

    def timestamp(self) -> str:
        return iso(self.clock.now())

    def today(self) -> date:
        return trade_date(self.clock.now())

    def trade_date(self) -> dict[str, int]:
        return day_fields(self.today())

    def session(self, product: Product) -> int | None:
        """Opening (Unix ms) of the session that goes on; None while the market is closed."""
        return self._hours[product.root].since(self.clock.now())

    def session_ends(self, product: Product) -> int:
        """Of the trading day that goes on, or else of the next one; early closes are told by ``session`` alone."""
        return calendar_of(product.instrument).day(self.clock.now()).close

    # --- records ----------------------------------------------------------------------

    def keep(self, record: SimOrder | SimPosition) -> None:
        """With the next commit. An order's or a position's changes count from then on."""
        if isinstance(record, SimPosition):
            self.positions[record.account, record.contract] = record
            self.book.put("position", str(record.id), record.record())
            return
        self.orders[record.id] = record
        if record.alive:
            self._living[record.id] = record
        else:
            self._living.pop(record.id, None)
        self.book.put("order", str(record.id), record.record())

    def living(self, contract: int | None = None, account: int | None = None) -> list[SimOrder]:
        """Orders that are not final, oldest first."""
        return [
            order
            for order in self._living.values()
            if (contract is None or order.contract == contract) and (account is None or order.account == account)
        ]

    def children(self, parent: SimOrder) -> list[SimOrder]:
        return [order for order in self._living.values() if order.parent == parent.id]

    def future(self, contract: int) -> Future:
        found = by_id(contract)
        assert found is not None, "orders and positions are of contracts that exist"
        return found

    def set_price(self, contract: int, price: Decimal) -> None:
        self.prices[contract] = price
        self.book.put("price", str(contract), {"price": str(price)})

    # --- users and accounts -----------------------------------------------------------

    def user_id(self, name: str) -> int | None:
        return next((id for id, user in self._users.items() if user.name == name), None)

    def user(self, id: int) -> SimUser:
        return self._users[id]

    def accounts_of(self, user: int) -> tuple[int, ...]:
        return tuple(user * 100 + number for number in range(1, len(self._users[user].accounts) + 1))

    def visible(self, user: int) -> tuple[int, ...]:
        """Owners of what a user may see: the accounts, and the user as such."""
        return (*self.accounts_of(user), user)

    @property
    def all_accounts(self) -> tuple[int, ...]:
        return tuple(account for user in self._users for account in self.accounts_of(user))

    def _open_accounts(self) -> None:
        """Entities of users and accounts, unless they are there from an earlier run."""
        for user_id, user in self._users.items():
            if self.ledger.get("user", user_id) is not None:
                continue
            self.ledger.create(
                "user",
                user_id,
                id=user_id,
                name=user.name,
                timestamp=self.timestamp(),
                status="Active",
                professional=False,
            )
            for account_id, account in zip(self.accounts_of(user_id), user.accounts, strict=True):
                self._open_account(user_id, account_id, account)
        self.ledger.commit()

    def _open_account(self, user: int, id: int, account: SimAccount) -> None:
        self.ledger.create(
            "account",
            id,
            id=id,
            name=account.name,
            userId=user,
            accountType="Customer",
            active=True,
            clearingHouseId=1,
            riskCategoryId=1,
            autoLiqProfileId=1,
            marginAccountType="Speculator",
            legalStatus="Individual",
            timestamp=self.timestamp(),
            restricted=False,
            closed=False,
        )
        self.ledger.create("accountRiskStatus", id, id=id, adminAction="Normal", adminTimestamp=self.timestamp())
        self.ledger.create(
            "cashBalance",
            id,
            accountId=id,
            timestamp=self.timestamp(),
            tradeDate=self.trade_date(),
            currencyId=1,
            amount=account.cash,
            realizedPnL=Decimal(0),
            weekRealizedPnL=Decimal(0),
            amountSOD=account.cash,
        )
