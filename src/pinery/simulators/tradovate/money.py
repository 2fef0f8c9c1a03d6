"""Positions, cash and margin: what fills make of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from pinery.market.calendar import CHICAGO
from pinery.simulators.tradovate.products import Product
from pinery.simulators.tradovate.records import Lot, SimOrder, SimPosition
from pinery.simulators.tradovate.state import State
from pinery.simulators.tradovate.wire import day_fields
from pinery.trading.margins import initial_margin

_ZERO = Decimal(0)
_DAY_MARGIN_ENDS, _DAY_MARGIN_BEGINS = time(15, 45), time(17, 0)  # Chicago


class Money:
    def __init__(self, state: State) -> None:
        self._state = state
        self._ledger = state.ledger
        self._day = state.today()
        for _, record in state.book.records("trade date"):
            self._day = date.fromisoformat(record["date"])
        state.book.put("trade date", "last", {"date": self._day.isoformat()})

    # --- fills ------------------------------------------------------------------------

    def book(self, order: SimOrder, fill: Mapping[str, Any]) -> None:
        """A fill's position, pairs, fee and cash."""
        state, ledger = self._state, self._ledger
        product = state.future(order.contract).product
        position = state.positions.get((order.account, order.contract))
        if position is None:
            position = SimPosition(ledger.next_id(), order.account, order.contract)
            self._open(position)
        quantity, price = int(fill["qty"]), Decimal(fill["price"])
        profit = self._pair(position, order, Lot(fill["id"], quantity, price)) * product.point_value
        fee = (state.settings.commission + state.settings.exchange_fee) * quantity
        ledger.create(
            "fillFee",
            order.account,
            id=fill["id"],
            exchangeFee=state.settings.exchange_fee * quantity,
            exchangeCurrencyId=1,
            commission=state.settings.commission * quantity,
            commissionCurrencyId=1,
        )
        shown = ledger.get("position", position.id)
        assert shown is not None
        side, value = ("bought", "boughtValue") if order.buy else ("sold", "soldValue")
        changes = {side: shown[side] + quantity, value: shown[value] + price * quantity}
        self._show(position, **changes)
        state.keep(position)
        self._pay(order.account, profit - fee, profit)

    def take_back(self, order: SimOrder, fill: int, quantity: int, before: Decimal, price: Decimal | None) -> None:
        """A trade at ``before`` is no more, or was at ``price``. Fees stay."""
        position = self._state.positions[order.account, order.contract]
        point_value = self._state.future(order.contract).product.point_value
        if price is None:
            against = replace(order, buy=not order.buy)
            profit = self._pair(position, against, Lot(fill, quantity, before)) * point_value
        else:
            open_part = 0
            for lot in position.lots:
                if lot.fill == fill:
                    lot.price, open_part = price, lot.quantity
            profit = (before - price) * order.sign * (quantity - open_part) * point_value
        self._show(position)
        self._state.keep(position)
        self._pay(order.account, profit, profit)

    def _open(self, position: SimPosition) -> None:
        self._ledger.create(
            "position",
            position.account,
            id=position.id,
            accountId=position.account,
            contractId=position.contract,
            timestamp=self._state.timestamp(),
            tradeDate=self._state.trade_date(),
            netPos=0,
            bought=0,
            boughtValue=_ZERO,
            sold=0,
            soldValue=_ZERO,
            prevPos=0,
        )

    def _show(self, position: SimPosition, **changes: Any) -> None:
        net = position.net
        self._ledger.update(
            "position",
            position.id,
            timestamp=self._state.timestamp(),
            tradeDate=self._state.trade_date(),
            netPos=net,
            netPrice=position.cost / abs(net) if net else None,
            **changes,
        )

    def _pair(self, position: SimPosition, order: SimOrder, lot: Lot) -> Decimal:
        """Against open lots of the other side, oldest first; the rest is a lot of its own. Profit in points."""
        profit = _ZERO
        while lot.quantity and position.lots and position.sign != order.sign:
            oldest = position.lots[0]
            quantity = min(lot.quantity, oldest.quantity)
            bought, sold = (lot, oldest) if order.buy else (oldest, lot)
            profit += (sold.price - bought.price) * quantity
            self._ledger.create(
                "fillPair",
                order.account,
                positionId=position.id,
                buyFillId=bought.fill,
                sellFillId=sold.fill,
                qty=quantity,
                buyPrice=bought.price,
                sellPrice=sold.price,
                active=True,
            )
            for each in (bought, sold):
                each.quantity -= quantity
                shown = self._ledger.get("fill", each.fill)
                if shown is not None:
                    self._ledger.update("fill", each.fill, finallyPaired=shown["finallyPaired"] + quantity)
            if not oldest.quantity:
                position.lots.pop(0)
        if lot.quantity:
            position.sign = order.sign
            position.lots.append(lot)
        return profit

    def _pay(self, account: int, amount: Decimal, profit: Decimal) -> None:
        shown = self._cash(account)
        self._ledger.update(
            "cashBalance",
            shown["id"],
            timestamp=self._state.timestamp(),
            tradeDate=self._state.trade_date(),
            amount=shown["amount"] + amount,
            realizedPnL=shown["realizedPnL"] + profit,
            weekRealizedPnL=shown["weekRealizedPnL"] + profit,
        )

    def _cash(self, account: int) -> Mapping[str, Any]:
        return next(self._ledger.of("cashBalance", (account,)))

    def settle(self, contract: int, price: Decimal) -> None:
        """What is still held of an expired contract is paid out at ``price``."""
        product = self._state.future(contract).product
        for position in [p for p in self._state.positions.values() if p.contract == contract and p.net]:
            profit = (price * position.net - position.sign * position.cost) * product.point_value
            position.lots.clear()
            self._show(position)
            self._state.keep(position)
            self._pay(position.account, profit, profit)

    # --- days -------------------------------------------------------------------------

    def roll_day(self) -> None:
        """A new trade date: what was traded begins at nothing, the week's profit on Mondays."""
        state, today = self._state, self._state.today()
        if today == self._day:
            return
        new_week = today.isocalendar()[:2] != self._day.isocalendar()[:2]
        self._day = today
        state.book.put("trade date", "last", {"date": today.isoformat()})
        for account in state.all_accounts:
            cash = self._cash(account)
            week = {"weekRealizedPnL": _ZERO} if new_week else {}
            self._ledger.update(
                "cashBalance",
                cash["id"],
                timestamp=state.timestamp(),
                tradeDate=day_fields(today),
                realizedPnL=_ZERO,
                amountSOD=cash["amount"],
                **week,
            )
        for position in state.positions.values():
            last = state.prices.get(position.contract)
            nothing: dict[str, Any] = {"bought": 0, "boughtValue": _ZERO, "sold": 0, "soldValue": _ZERO}
            self._show(position, **nothing, prevPos=position.net, prevPrice=last if position.net else None)

    # --- margin -----------------------------------------------------------------------

    def initial(self, product: Product) -> Decimal:
        """Of one contract overnight."""
        found = initial_margin(product.root, self._state.settings.margins)
        assert found is not None, "the package's table has every product"
        return found

    def margin(self, product: Product) -> Decimal:
        """Of one contract now."""
        clock = datetime.fromtimestamp(self._state.now() / 1000, CHICAGO).time()
        by_day = self._state.settings.day_margin and not _DAY_MARGIN_ENDS <= clock < _DAY_MARGIN_BEGINS
        return self.initial(product) * (self._state.settings.day_margin_share if by_day else 1)

    def required(self, account: int, order: SimOrder | None = None) -> Decimal:
        """For positions, and for what working orders (and ``order``) would make of them at worst."""
        total = _ZERO
        for contract, worst in self._exposure(account, order).items():
            total += self.margin(self._state.future(contract).product) * worst
        return total

    def _exposure(self, account: int, order: SimOrder | None) -> dict[int, int]:
        """Contracts held at worst, by contract. Of an OCO pair only the larger one can be filled."""
        state = self._state
        sides: dict[tuple[int, bool], int] = defaultdict(int)
        seen: set[int] = set()
        waiting = [o for o in state.living(account=account) if o.status != "Suspended"]
        for each in [*waiting, *([order] if order is not None and order not in waiting else [])]:
            if each.other is not None and each.other in seen:
                continue
            seen.add(each.id)
            sides[each.contract, each.buy] += each.left
        net = {p.contract: p.net for p in state.positions.values() if p.account == account}
        contracts = {contract for contract, _ in sides} | {contract for contract, held in net.items() if held}
        return {
            contract: max(
                abs(net.get(contract, 0) + sides.get((contract, True), 0)),
                abs(net.get(contract, 0) - sides.get((contract, False), 0)),
            )
            for contract in contracts
        }

    def affordable(self, order: SimOrder) -> bool:
        """Closing is always; what adds to the risk, if equity covers the margin of everything."""
        position = self._state.positions.get((order.account, order.contract))
        net = position.net if position is not None else 0
        if net * order.sign < 0 and order.left <= abs(net):
            return True
        return self.required(order.account, order) <= self.equity(order.account)

    def equity(self, account: int) -> Decimal:
        return Decimal(self._cash(account)["amount"]) + self.open_profit(account)

    def open_profit(self, account: int) -> Decimal:
        total = _ZERO
        for position in self._state.positions.values():
            last = self._state.prices.get(position.contract)
            if position.account != account or not position.net or last is None:
                continue
            points = last * position.net - position.sign * position.cost
            total += points * self._state.future(position.contract).product.point_value
        return total

    def snapshot(self, account: int) -> dict[str, Any]:
        """``cashBalance/getcashbalancesnapshot``. Margins are those of positions alone."""
        cash = self._cash(account)
        open_profit = self.open_profit(account)
        now = full = _ZERO
        for position in self._state.positions.values():
            if position.account == account:
                product = self._state.future(position.contract).product
                now += self.margin(product) * abs(position.net)
                full += self.initial(product) * abs(position.net)
        return {
            "totalCashValue": cash["amount"],
            "totalPnL": cash["realizedPnL"] + open_profit,
            "initialMargin": now,
            "maintenanceMargin": now,
            "fullInitialMargin": full,
            "netLiq": cash["amount"] + open_profit,
            "openPnL": open_profit,
            "realizedPnL": cash["realizedPnL"],
            "weekRealizedPnL": cash["weekRealizedPnL"],
            "netLiqSOD": cash["amountSOD"],
            "totalCashValueSOD": cash["amountSOD"],
            "autoLiqLevel": _ZERO,
            "currencyId": 1,
        }
