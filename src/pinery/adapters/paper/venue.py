"""The paper venue: what a broker would do with orders and prices, in memory.

No I/O and no waiting: requests and prices go in with the time, what happened comes out as ``Changes`` for the book
and as reports. Rules of fills are the emulator's (``matching``):

- without prices of its own (no feed for the symbol) a market order fills at once at the price that the alert
  carried, else at the last price seen; with a feed it fills at the next tick. Slippage is against the trader;
- resting orders are tested against every move of the price, in the order in which it meets them;
- protection becomes active with the entry's fills, for what they opened, and its orders cancel each other;
- reduce-only orders close what their own deployment holds, no more. A real venue only knows the account's position;
  on paper two deployments may hold opposite sides of one contract. Protection closes at most what its own entry
  opened and its own protection has not closed yet; an order that is sent later, or made larger, than that allows is
  about the deployment's whole position. Where nothing is left to reduce, such an order is canceled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from pinery.adapters.paper.matching import follow, next_fill
from pinery.adapters.paper.settings import PaperSettings
from pinery.core.errors import PineryError
from pinery.trading.broker import Balance, Quote, Report, ReportKind, Snapshot, VenuePosition
from pinery.trading.contracts import Contract
from pinery.trading.deployments import Account
from pinery.trading.errors import Rejected
from pinery.trading.orders.model import ZERO, Amendment, Fill, Order, OrderType, Status, Ticket, TimeInForce
from pinery.trading.paper.book import BookState, Changes
from pinery.trading.paper.records import Holding, PaperAccount, PaperOrder, to_json

_STOPS = (OrderType.STOP, OrderType.TRAILING_STOP)


@dataclass(frozen=True, slots=True)
class LastPrice:
    price: Decimal
    time: int


class Venue:
    """One account. After an exception its state is worthless: make a new one from the book.

    ``fed``: whether a symbol has prices of its own. ``last``: prices known. ``parts``: in how many fills an order is
    served, where somebody plans that.
    """

    def __init__(
        self,
        account: Account,
        settings: PaperSettings,
        contracts: Callable[[str], Contract],
        fed: Callable[[str], bool],
        state: BookState | None,
        last: Mapping[str, LastPrice],
        parts: Callable[[str], int | None],
    ) -> None:
        self._terms = account
        self._settings = settings
        self._contracts = contracts
        self._fed = fed
        self._planned_parts = parts
        self._account = state.account if state else PaperAccount(settings.balance)
        stored = state.orders if state else ()
        self._open = {order.client_id: order for order in stored if not order.status.is_final}
        self._entries = {order.client_id: order for order in stored if order.status.is_final}  # of open protection
        self._known: Mapping[str, PaperOrder] = {}
        self._before = self._account.number
        self._new: dict[str, PaperOrder] = {}
        self._changed: dict[str, PaperOrder] = {}
        self._fills: list[tuple[int, Fill]] = []
        self._reports: list[Report] = []
        holdings = self._account.holdings
        self.last = {name: LastPrice(h.price, 0) for name, h in holdings.items() if h.price is not None} | dict(last)

    # --- what goes in -----------------------------------------------------------------

    def has(self, client_id: str) -> bool:
        return client_id in self._open

    def recall(self, known: Mapping[str, PaperOrder]) -> None:
        """Orders of the book that requests which come now may be about."""
        self._known = known

    def submit(self, ticket: Ticket, now: int) -> str:
        """Returns the venue's id. Raises Rejected."""
        order = self._unlinked(ticket.order)
        before = self._order(order.client_id)
        if before is not None:
            if before.status is Status.REJECTED:
                raise Rejected(before.code, before.reason)
            return before.venue_id
        refusal = self._refusal(order, ticket.protection)
        placed = self._place(order, now, refusal)
        if refusal is not None:
            raise refusal
        mine = {placed.client_id}
        for protection in ticket.protection:
            self._place(replace(protection, parent=order.client_id), now, None)
            mine.add(protection.client_id)
        if not self._fed(order.symbol):
            last = self.last.get(order.symbol)
            # An alert's price is that of its order; orders that rest are about where the market is.
            at = order.reference_price
            if last is not None and (at is None or order.type is not OrderType.MARKET):
                at = last.price
            if at is not None:
                if last is None:
                    self._note_price(order.symbol, at, now)
                self._meet(order.symbol, at, at, now, mine)
            self._expire_unserved(mine, now)
        self._settle(order.symbol, now)
        return placed.venue_id

    def cancel(self, client_id: str, now: int) -> None:
        """Raises Rejected."""
        order = self._working(client_id, "canceled")
        self._finish(order, Status.CANCELED, now, "canceled on request")
        self._settle(order.symbol, now)

    def amend(self, amendment: Amendment, now: int) -> None:
        """Raises Rejected."""
        order = self._working(amendment.client_id, "amended")
        if amendment.revision <= order.revision:
            return
        if amendment.quantity is not None and amendment.quantity <= order.filled:
            raise Rejected("BROKER_REJECTED", f"quantity {amendment.quantity} is not above {order.filled}, filled")
        order.revision = amendment.revision
        entry = self._entry(order)
        if entry is not None and entry.opened and (amendment.quantity or ZERO) > order.quantity:
            order.parent = ""
        for name in ("quantity", "limit_price", "stop_price"):
            value = getattr(amendment, name)
            if value is not None:
                setattr(order, name, value)
        self._touch(order, now)
        self._report(ReportKind.AMENDED, order, now)
        last = self.last.get(order.symbol)
        if last is not None and not self._fed(order.symbol):
            self._meet(order.symbol, last.price, last.price, now, {order.client_id})
        self._settle(order.symbol, now)

    def move(self, symbol: str, price: Decimal, now: int, jumps: bool = True, *, seen: int) -> None:
        """The price got to ``price`` at ``seen``: by a jump, or passing all those between."""
        last = self.last.get(symbol)
        waiting = [order.client_id for order in self._open.values() if order.symbol == symbol]
        self._note_price(symbol, price, seen)
        if not waiting:
            return
        self._meet(symbol, price if jumps or last is None else last.price, price, now, None)
        self._expire_unserved(waiting, now)
        self._settle(symbol, now)

    def met(self, market: int) -> None:
        """All prices up to the market's time ``market`` have been met."""
        self._account.seen = max(self._account.seen, market)

    @property
    def missed_since(self) -> int:
        """The market's time from which on prices may matter that nobody has met yet; 0: none does."""
        return self._account.seen if self._open else 0

    def expire(self, now: int) -> None:
        """End orders whose time in force is over."""
        for order in list(self._open.values()):
            if order.expires is not None and order.expires <= now and order.client_id in self._open:
                self._finish(order, Status.EXPIRED, now, "its day is over")
                self._settle(order.symbol, now)

    # --- what comes out ---------------------------------------------------------------

    def take_changes(self) -> Changes | None:
        """What the book has to write since the last call; None: nothing."""
        if not (self._new or self._changed or self._fills):
            return None
        if self._account.number == self._before:
            self._account.number += 1
        changes = Changes(
            self._before,
            self._account,
            tuple(self._new.values()),
            tuple(self._changed.values()),
            tuple(self._fills),
        )
        self._before = self._account.number
        self._new, self._changed, self._fills = {}, {}, []
        return changes

    def take_reports(self) -> list[Report]:
        reports, self._reports = self._reports, []
        return reports

    def snapshot(self, now: int) -> Snapshot:
        positions = (
            VenuePosition(symbol, holding.quantity, holding.average_price)
            for symbol, holding in sorted(self._account.holdings.items())
            if holding.quantity
        )
        return Snapshot(now, tuple(o.seen() for o in self._open.values()), tuple(positions), self.balance(now))

    def balance(self, now: int) -> Balance:
        equity, margin = self._account.cash, ZERO
        for symbol, holding in self._account.holdings.items():
            if not holding.quantity:
                continue
            contract = self._contracts(symbol)
            equity += holding.open_profit(contract.point_value)
            if contract.margin is not None:
                margin += abs(holding.quantity) * contract.margin
            else:
                price = holding.price or holding.average_price or ZERO
                margin += abs(holding.quantity) * price * contract.point_value / self._terms.leverage
        return Balance(self._terms.currency, self._account.cash, equity, margin, equity - margin, now)

    @property
    def is_flat(self) -> bool:
        return not any(holding.quantity for holding in self._account.holdings.values())

    # --- placing ----------------------------------------------------------------------

    def _unlinked(self, order: Order) -> Order:
        """Without an entry of which nothing is left to protect, and will not be."""
        entry = self._order(order.parent) if order.parent else None
        alive = entry is not None and (not entry.status.is_final or entry.opened > entry.closed)
        return order if alive else replace(order, parent="")

    def _refusal(self, order: Order, protection: Iterable[Order]) -> Rejected | None:
        try:
            self._contracts(order.symbol)
        except PineryError as error:
            return Rejected("SYMBOL_UNKNOWN", error.message)
        for each in (order, *protection):
            if lacks := _lacks(each):
                return Rejected("BROKER_REJECTED", f"order {each.client_id} has no {lacks}")
        if self._draw(order.client_id, "reject").random() < self._settings.reject_share:
            return Rejected("PAPER_REJECT", "refused by chance, as the account's reject_share says")
        priced = order.reference_price is not None or order.symbol in self.last or self._fed(order.symbol)
        if order.type is OrderType.MARKET and not priced:
            return Rejected(
                "PAPER_NO_PRICE",
                f"no price is known for {order.symbol}: the account has no market feed for it and the alert "
                "carries no price; put a price into the alert's message, or configure a feed",
            )
        if order.reduce_only and not order.parent and not self._capacity(_paper_order(order, 0, 0)):
            return Rejected("BROKER_REJECTED", f"reduce-only, and {order.deployment} holds nothing to reduce")
        return None

    def _place(self, order: Order, now: int, refusal: Rejected | None) -> PaperOrder:
        placed = _paper_order(order, self._next(), now)
        self._new[order.client_id] = placed
        if refusal is not None:
            placed.status, placed.code, placed.reason = Status.REJECTED, refusal.code, refusal.reason
            return placed
        if order.time_in_force is TimeInForce.DAY:
            placed.expires = self._end_of_day(now)
        placed.parts = self._parts(order.client_id)
        self._open[order.client_id] = placed
        if placed.parent and placed.parent not in self._open and placed.parent not in self._entries:
            entry = self._known.get(placed.parent)
            if entry is not None:
                self._entries[entry.client_id] = entry
        self._report(ReportKind.ACCEPTED, placed, now)
        return placed

    def _parts(self, client_id: str) -> int:
        planned = self._planned_parts(client_id)
        if planned is not None:
            return planned
        draw = self._draw(client_id, "parts")
        return draw.choice((2, 3)) if draw.random() < self._settings.partial_fill_share else 1

    def _draw(self, client_id: str, what: str) -> Random:
        return Random(f"{self._settings.seed}:{what}:{client_id}")

    def _end_of_day(self, now: int) -> int:
        zone = ZoneInfo(self._terms.day_zone)
        local = datetime.fromtimestamp(now / 1000, zone)
        end = datetime.combine(local.date(), self._terms.day_starts, zone)
        if end <= local:
            end = datetime.combine(local.date() + timedelta(days=1), self._terms.day_starts, zone)
        return round(end.timestamp() * 1000)

    def _working(self, client_id: str, what: str) -> PaperOrder:
        order = self._order(client_id)
        if order is None:
            raise Rejected("BROKER_REJECTED", f"order {client_id} cannot be {what}: it is not known here")
        if order.status.is_final:
            raise Rejected("BROKER_REJECTED", f"order {client_id} cannot be {what}: it is {order.status}")
        return order

    def _order(self, client_id: str) -> PaperOrder | None:
        """Of all that are known at this moment, those of this batch included."""
        return (
            self._open.get(client_id)
            or self._new.get(client_id)
            or self._changed.get(client_id)
            or self._entries.get(client_id)
            or self._known.get(client_id)
        )

    # --- filling ----------------------------------------------------------------------

    def _meet(self, symbol: str, start: Decimal, target: Decimal, now: int, only: set[str] | None) -> None:
        """The emulator's way to a point: fill what is met, at the point market orders first, then what they made."""
        served: set[str] = set()
        if start != target:
            self._travel(symbol, start, target, now, only, served)
        for order in self._ready(symbol, only, served):
            if order.at_market and order.client_id in self._open:
                self._serve(order, target, now, served)
        self._travel(symbol, target, target, now, only, served)

    def _travel(
        self, symbol: str, at: Decimal, target: Decimal, now: int, only: set[str] | None, served: set[str]
    ) -> None:
        while True:
            resting = [order for order in self._ready(symbol, only, served) if not order.at_market]
            for order in resting:
                if order.type is OrderType.TRAILING_STOP and follow(order, at):
                    self._touch(order, now)
            found = next_fill(resting, self._contracts(symbol), at, target) if resting else None
            if found is None:
                return
            order, at = found
            order.triggered = order.type in _STOPS
            self._serve(order, at, now, served)

    def _ready(self, symbol: str, only: set[str] | None, served: set[str]) -> list[PaperOrder]:
        """Orders that may fill now, oldest first."""
        return [
            order
            for order in self._open.values()
            if order.symbol == symbol
            and order.client_id not in served
            and (only is None or order.client_id in only)
            and self._capacity(order) > 0
        ]

    def _capacity(self, order: PaperOrder) -> Decimal:
        """How much of what remains of an order may fill now."""
        most = order.remaining
        if not order.reduce_only:
            return most
        holding = self._account.holdings.get(order.symbol)
        held = holding.held.get(order.deployment, ZERO) if holding else ZERO
        most = min(most, max(ZERO, -held * order.side.sign))
        entry = self._entry(order)
        return most if entry is None else min(most, max(ZERO, entry.opened - entry.closed))

    def _entry(self, order: PaperOrder) -> PaperOrder | None:
        return self._order(order.parent) if order.parent else None

    def _serve(self, order: PaperOrder, at: Decimal, now: int, served: set[str]) -> None:
        """Fill the order's next part. Without a feed nobody knows when the next price comes: all parts at once,
        each a tick worse than the one before."""
        contract = self._contracts(order.symbol)
        served.add(order.client_id)
        limit = order.type is OrderType.LIMIT
        fed = self._fed(order.symbol)
        worse = ZERO if limit else self._settings.slippage_ticks * contract.tick
        while order.client_id in self._open and (amount := self._part(order, contract)) > 0:
            self._fill(order, amount, at + order.side.sign * worse, now, contract, "feed" if fed else "alert")
            if fed:
                return
            worse += ZERO if limit else contract.tick

    def _part(self, order: PaperOrder, contract: Contract) -> Decimal:
        capacity = self._capacity(order)
        order.served += 1
        if order.served >= order.parts:
            return capacity
        part = contract.quantity_down(order.quantity / order.parts)
        return min(part, capacity) if part > 0 else capacity

    def _fill(
        self, order: PaperOrder, quantity: Decimal, price: Decimal, now: int, contract: Contract, source: str
    ) -> None:
        settings = self._settings
        value = quantity * price * contract.point_value
        fee = quantity * settings.commission_per_contract + abs(value) * settings.commission_percent / 100
        number = self._next()
        fill = Fill(
            client_id=order.client_id,
            trade_id=f"T{number}",
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=price,
            time=now,
            fee=fee,
            fee_currency=self._terms.currency if fee else "",
            price_source=source,
        )
        self._fills.append((number, fill))
        order.filled += quantity
        order.cost += quantity * price
        entry = self._entry(order)
        if entry is not None:
            entry.closed += quantity
            self._touch(entry, now)
        holding = self._account.holdings.setdefault(order.symbol, Holding())
        profit = holding.trade(order.deployment, order.side.sign * quantity, price)
        last = self.last.get(order.symbol)
        holding.price = last.price if last else price
        self._account.cash += profit * contract.point_value - fee
        if order.remaining > 0:
            order.status = Status.PARTIALLY_FILLED
            self._touch(order, now)
        else:
            self._end(order, Status.FILLED, now)
        self._report(ReportKind.FILL, order, now, fill=fill)

    # --- ending -----------------------------------------------------------------------

    def _expire_unserved(self, client_ids: Iterable[str], now: int) -> None:
        """Immediate-or-cancel orders have had their chance."""
        for client_id in client_ids:
            order = self._open.get(client_id)
            if order is not None and order.time_in_force is TimeInForce.IOC and not self._waits(order):
                self._finish(order, Status.EXPIRED, now, "immediate or cancel")

    def _settle(self, symbol: str, now: int) -> None:
        """Cancel reduce-only orders for which nothing is left to reduce, nor will be."""
        for order in list(self._open.values()):
            if order.symbol == symbol and order.reduce_only and not self._waits(order) and not self._capacity(order):
                self._finish(order, Status.CANCELED, now, "nothing is left to reduce")
        used = {order.parent for order in self._open.values() if order.parent}
        self._entries = {name: entry for name, entry in self._entries.items() if name in used}

    def _waits(self, order: PaperOrder) -> bool:
        """Protection whose entry may still fill."""
        return bool(order.parent) and order.parent in self._open

    def _finish(self, order: PaperOrder, status: Status, now: int, reason: str) -> None:
        order.reason = reason
        self._end(order, status, now)
        self._report(ReportKind(status.value), order, now)

    def _end(self, order: PaperOrder, status: Status, now: int) -> None:
        order.status = status
        self._touch(order, now)
        del self._open[order.client_id]
        if any(other.parent == order.client_id for other in self._open.values()):
            self._entries[order.client_id] = order

    # --- keeping ----------------------------------------------------------------------

    def _next(self) -> int:
        self._account.number += 1
        return self._account.number

    def _touch(self, order: PaperOrder, now: int) -> None:
        order.updated = now
        if order.client_id not in self._new:
            self._changed[order.client_id] = order

    def _note_price(self, symbol: str, price: Decimal, seen: int) -> None:
        self.last[symbol] = LastPrice(price, seen)
        holding = self._account.holdings.get(symbol)
        if holding is not None:
            holding.price = price

    def _report(self, kind: ReportKind, order: PaperOrder, now: int, fill: Fill | None = None) -> None:
        raw = {"event": kind.value, "venue_id": order.venue_id, "status": order.status.value, "symbol": order.symbol}
        if fill is not None:
            raw |= to_json(fill)
        filled = order.filled if order.status.is_final else None
        self._reports.append(
            Report(kind, now, order.client_id, order.venue_id, order.code, order.reason, fill, filled=filled, raw=raw)
        )

    def say_quote(self, symbol: str, now: int) -> None:
        last = self.last[symbol]
        quote = Quote(symbol, last.price, last.time, "feed")
        self._reports.append(Report(ReportKind.QUOTE, now, quote=quote))


def _paper_order(order: Order, number: int, now: int) -> PaperOrder:
    return PaperOrder(
        client_id=order.client_id,
        number=number,
        symbol=order.symbol,
        deployment=order.deployment,
        side=order.side,
        type=order.type,
        quantity=order.quantity,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        trail_offset=order.trail_offset,
        time_in_force=order.time_in_force,
        reduce_only=order.reduce_only or order.role.protects,
        closes=order.closes,
        parent=order.parent,
        created=now,
        updated=now,
    )


def _lacks(order: Order) -> str:
    """The price that an order of its type must have and this one has not."""
    if order.quantity <= 0:
        return "quantity"
    if order.type is OrderType.LIMIT and order.limit_price is None:
        return "limit price"
    if order.type is OrderType.STOP and order.stop_price is None:
        return "stop price"
    if order.type is OrderType.TRAILING_STOP and not order.trail_offset:
        return "trailing distance"
    return ""
