"""A broker that fills nothing: it shows what a strategy orders while nobody trades it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from pinery.core.instrument import Instrument
from pinery.runtime.orders import (
    CancelOrder,
    CloseOrder,
    ExitOrder,
    Order,
    OrderCommand,
    RiskRule,
    StrategySettings,
    Trade,
)
from pinery.runtime.values import NAN


def floor_to_step(quantity: float, step: float) -> float:
    """``quantity`` rounded down to a multiple of ``step``; a quantity within 1e-9 steps of one counts as it."""
    if step <= 0 or not math.isfinite(quantity):
        return quantity
    steps = math.floor(quantity / step + 1e-9)
    # Division by the whole number of steps in a unit prints 0.3 where 3 * 0.1 would not.
    per_unit = round(1 / step)
    return steps / per_unit if per_unit >= 1 and abs(per_unit * step - 1) < 1e-9 else steps * step


@dataclass(slots=True)
class NoBroker:
    """A flat account: keeps the commands as ``commands`` and the risk rules as ``rules``, fills nothing.

    Figures are those TradingView shows before the first trade.
    """

    settings: StrategySettings = field(default_factory=StrategySettings)
    instrument: Instrument = field(default_factory=lambda: Instrument("", ""))
    commands: list[OrderCommand] = field(default_factory=list)
    rules: dict[str, RiskRule] = field(default_factory=dict)

    def entry(self, order: Order) -> None:
        self.commands.append(order)

    def order(self, order: Order) -> None:
        self.commands.append(order)

    def exit(self, order: ExitOrder) -> None:
        self.commands.append(order)

    def close(self, order: CloseOrder) -> None:
        self.commands.append(order)

    def close_all(self, order: CloseOrder) -> None:
        self.commands.append(order)

    def cancel(self, order: CancelOrder) -> None:
        self.commands.append(order)

    def cancel_all(self, order: CancelOrder) -> None:
        self.commands.append(order)

    def risk(self, rule: RiskRule) -> None:
        self.rules[rule.name] = rule

    def open_trade(self, number: int) -> Trade | None:
        return None

    def closed_trade(self, number: int) -> Trade | None:
        return None

    def convert_to_account(self, value: float) -> float:
        return value

    def convert_to_symbol(self, value: float) -> float:
        return value

    def default_entry_qty(self, fill_price: float) -> float:
        settings = self.settings
        if settings.default_qty_type == "fixed":
            quantity = settings.default_qty_value
        else:
            cost = fill_price * self.instrument.pointvalue
            if not cost > 0:
                return NAN
            share = settings.default_qty_type == "percent_of_equity"
            money = settings.default_qty_value * (settings.initial_capital / 100 if share else 1)
            quantity = money / cost
        return floor_to_step(quantity, self.instrument.qty_step)

    @property
    def account_currency(self) -> str:
        return self.settings.currency or self.instrument.currency

    @property
    def initial_capital(self) -> float:
        return float(self.settings.initial_capital)

    @property
    def equity(self) -> float:
        return float(self.settings.initial_capital)

    @property
    def netprofit(self) -> float:
        return 0.0

    @property
    def grossprofit(self) -> float:
        return 0.0

    @property
    def grossloss(self) -> float:
        return 0.0

    @property
    def openprofit(self) -> float:
        return 0.0

    @property
    def position_size(self) -> float:
        return 0.0

    @property
    def position_avg_price(self) -> float:
        return NAN

    @property
    def position_entry_name(self) -> str:
        return ""

    @property
    def opentrades(self) -> int:
        return 0

    @property
    def capital_held(self) -> float:
        return 0.0

    @property
    def closedtrades(self) -> int:
        return 0

    @property
    def first_closed_index(self) -> int:
        return 0

    @property
    def wintrades(self) -> int:
        return 0

    @property
    def losstrades(self) -> int:
        return 0

    @property
    def eventrades(self) -> int:
        return 0

    @property
    def avg_trade_percent(self) -> float:
        return NAN

    @property
    def avg_winning_trade_percent(self) -> float:
        return NAN

    @property
    def avg_losing_trade_percent(self) -> float:
        return NAN

    @property
    def max_drawdown(self) -> float:
        return 0.0

    @property
    def max_drawdown_percent(self) -> float:
        return 0.0

    @property
    def max_runup(self) -> float:
        return 0.0

    @property
    def max_runup_percent(self) -> float:
        return 0.0

    @property
    def max_contracts_held_long(self) -> float:
        return 0.0

    @property
    def max_contracts_held_short(self) -> float:
        return 0.0

    @property
    def margin_liquidation_price(self) -> float:
        return NAN
