"""``strategy.*`` figures and single trades, read from the book."""

from __future__ import annotations

from pinery.emulator.account import (
    default_steps,
    equity,
    liquidation_price,
    margin_share,
    open_profit,
    value_of,
)
from pinery.emulator.state import Book, Deal, Lot, Terms
from pinery.emulator.units import units_of
from pinery.emulator.walk import fold
from pinery.runtime.orders import StrategySettings, Trade
from pinery.runtime.values import NAN


def percent(amount: float, whole: float) -> float:
    return amount / whole * 100 if whole else NAN


class Figures:
    """What a script may ask its account. Amounts in account currency."""

    book: Book
    terms: Terms
    settings: StrategySettings
    texts: list[str]
    account: str
    trimmed: int  # closed trades no longer shown to the script
    shown: dict[int, Trade]  # closed trades that the script has asked for: they no longer change
    _won: int
    _lost: int
    _even: int
    _counted: int
    _percents: list[float]  # sums of trade percentages: all, winning, losing

    # --- the account --------------------------------------------------------------------

    @property
    def account_currency(self) -> str:
        return self.account

    @property
    def initial_capital(self) -> float:
        return self.terms.initial_capital

    @property
    def equity(self) -> float:
        return equity(self.book, self.terms, self.book.x)

    @property
    def netprofit(self) -> float:
        return self.book.gains - self.book.losses

    @property
    def grossprofit(self) -> float:
        return self.book.gains

    @property
    def grossloss(self) -> float:
        return self.book.losses

    @property
    def openprofit(self) -> float:
        return open_profit(self.book, self.terms, self.book.x)

    @property
    def position_size(self) -> float:
        return units_of(self.book.position, self.terms)

    @property
    def position_avg_price(self) -> float:
        book = self.book
        if not book.position:
            return NAN
        if len(book.lots) == 1:
            return book.lots[0].price
        return book.cost / abs(book.position)

    @property
    def position_entry_name(self) -> str:
        return self.texts[self.book.lots[0].id] if self.book.lots else ""

    @property
    def opentrades(self) -> int:
        return len(self.book.lots)

    @property
    def capital_held(self) -> float:
        book = self.book
        if not book.position:
            return 0.0
        share = margin_share(book.position, self.terms)
        return value_of(abs(book.position), book.x, book, self.terms) * share

    @property
    def closedtrades(self) -> int:
        return len(self.book.deals)

    @property
    def first_closed_index(self) -> int:
        return self.trimmed

    @property
    def wintrades(self) -> int:
        self._count()
        return self._won

    @property
    def losstrades(self) -> int:
        self._count()
        return self._lost

    @property
    def eventrades(self) -> int:
        self._count()
        return self._even

    @property
    def avg_trade_percent(self) -> float:
        self._count()
        return self._percents[0] / self._counted if self._counted else NAN

    @property
    def avg_winning_trade_percent(self) -> float:
        self._count()
        return self._percents[1] / self._won if self._won else NAN

    @property
    def avg_losing_trade_percent(self) -> float:
        """As an amount above zero, like ``grossloss``."""
        self._count()
        return self._percents[2] / self._lost if self._lost else NAN

    @property
    def max_drawdown(self) -> float:
        fold(self.book, self.terms)
        return self.book.max_drawdown

    @property
    def max_drawdown_percent(self) -> float:
        fold(self.book, self.terms)
        return self.book.max_drawdown_percent

    @property
    def max_runup(self) -> float:
        fold(self.book, self.terms)
        return self.book.max_runup

    @property
    def max_runup_percent(self) -> float:
        fold(self.book, self.terms)
        return self.book.max_runup_percent

    @property
    def max_contracts_held_long(self) -> float:
        return units_of(self.book.max_long, self.terms)

    @property
    def max_contracts_held_short(self) -> float:
        return units_of(self.book.max_short, self.terms)

    @property
    def margin_liquidation_price(self) -> float:
        return liquidation_price(self.book, self.terms)

    def _count(self) -> None:
        """Bring the counts up to date with the trades closed since they were last asked for."""
        deals = self.book.deals
        for number in range(self._counted, len(deals)):
            deal = deals[number]
            share = percent(deal.profit, deal_value(deal, self.terms))
            self._percents[0] += share
            if deal.profit > 0:
                self._won += 1
                self._percents[1] += share
            elif deal.profit < 0:
                self._lost += 1
                self._percents[2] -= share
            else:
                self._even += 1
        self._counted = len(deals)

    # --- conversions --------------------------------------------------------------------

    def convert_to_account(self, value: float) -> float:
        return value * self.book.rate

    def convert_to_symbol(self, value: float) -> float:
        return value / self.book.rate

    def default_entry_qty(self, fill_price: float) -> float:
        if not fill_price > 0:
            return NAN
        return units_of(default_steps(fill_price, self.book, self.terms), self.terms)

    # --- single trades ------------------------------------------------------------------

    def open_trade(self, number: int) -> Trade | None:
        lots = self.book.lots
        if not 0 <= number < len(lots):
            return None
        fold(self.book, self.terms)
        lot = lots[int(number)]
        texts = self.texts
        units = units_of(lot.qty, self.terms)
        profit = lot_profit(lot, self.book, self.terms)
        best, worst = lot_excursions(lot, self.terms)
        value = units * lot.price * self.terms.pointvalue * self.book.rate
        return Trade(
            entry_id=texts[lot.id],
            entry_price=lot.price,
            entry_bar_index=lot.bar,
            entry_time=lot.time,
            size=lot.direction * units,
            entry_comment=texts[lot.comment],
            commission=lot.commission,
            profit=profit,
            profit_percent=percent(profit, value),
            max_runup=best,
            max_runup_percent=percent(best, value),
            max_drawdown=worst,
            max_drawdown_percent=percent(worst, value),
        )

    def closed_trade(self, number: int) -> Trade | None:
        deals = self.book.deals
        if not self.trimmed <= number < len(deals):
            return None
        known = self.shown.get(int(number))
        if known is not None:
            return known
        deal = deals[int(number)]
        texts = self.texts
        units = units_of(deal.qty, self.terms)
        value = deal_value(deal, self.terms)
        trade = self.shown[int(number)] = Trade(
            entry_id=texts[deal.id],
            entry_price=deal.price,
            entry_bar_index=deal.bar,
            entry_time=deal.time,
            size=deal.direction * units,
            entry_comment=texts[deal.comment],
            exit_id=texts[deal.exit_id],
            exit_price=deal.exit_price,
            exit_bar_index=deal.exit_bar,
            exit_time=deal.exit_time,
            exit_comment=texts[deal.exit_comment],
            commission=deal.commission,
            profit=deal.profit,
            profit_percent=percent(deal.profit, value),
            max_runup=deal.best * units,
            max_runup_percent=percent(deal.best * units, value),
            max_drawdown=-deal.worst * units,
            max_drawdown_percent=percent(-deal.worst * units, value),
        )
        return trade


def lot_profit(lot: Lot, book: Book, terms: Terms) -> float:
    """Unrealised profit of an open trade, its entry commission taken off."""
    units = units_of(lot.qty, terms) * terms.pointvalue
    return lot.direction * (book.x - lot.price) * units * book.rate - lot.commission


def lot_excursions(lot: Lot, terms: Terms) -> tuple[float, float]:
    """Largest unrealised profit and loss of an open trade, as positive amounts, after its entry commission."""
    units = units_of(lot.qty, terms)
    return max(0.0, lot.best * units - lot.commission), lot.commission - lot.worst * units


def deal_value(deal: Deal, terms: Terms) -> float:
    """What the entry cost, at the rate of the exit's day."""
    return units_of(deal.qty, terms) * deal.price * terms.pointvalue * deal.rate
