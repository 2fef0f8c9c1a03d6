"""What passes between a running strategy and its broker: settings, order commands, trades, and the port itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from pinery.runtime.values import NAN

if TYPE_CHECKING:
    from pinery.runtime.context import Runtime

# --- what a script declares -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StrategySettings:
    """The arguments of ``strategy()`` that a broker needs. Distances in ticks, percentages as 0..100."""

    initial_capital: float = 1_000_000.0
    currency: str | None = None  # None: the symbol's
    default_qty_type: str = "fixed"  # fixed cash percent_of_equity
    default_qty_value: float = 1.0
    pyramiding: int = 0
    commission_type: str = "percent"  # percent cash_per_contract cash_per_order
    commission_value: float = 0.0
    slippage: int = 0
    backtest_fill_limits_assumption: int = 0
    margin_long: float = 100.0
    margin_short: float = 100.0
    close_entries_rule: str = "FIFO"  # FIFO ANY
    process_orders_on_close: bool = False
    calc_on_order_fills: bool = False
    calc_on_every_tick: bool = False
    calc_on_every_history_tick: bool = False
    use_bar_magnifier: bool = False
    fill_orders_on_standard_ohlc: bool = False
    risk_free_rate: float = 2.0

    @classmethod
    def from_declaration(cls, arguments: Mapping[str, Any]) -> StrategySettings:
        """Settings from a declaration's arguments by name; those of no concern to a broker are passed over."""
        known = {f.name for f in fields(cls)}
        given = {k: v for k, v in arguments.items() if k in known and v is not None and v == v}
        if given.get("currency") in ("", "NONE"):
            del given["currency"]
        return cls(**given)


# --- order commands -------------------------------------------------------------------
# Every record begins with the bar at which the script ran. An absent number is nan, an absent text "".


class Order(NamedTuple):
    """``strategy.entry`` (``command`` is ``"entry"``) or ``strategy.order``."""

    command: str
    bar_index: int
    time: int  # opening time of the bar, Unix ms
    id: str
    direction: str  # long short
    qty: float
    limit: float
    stop: float
    oca_name: str
    oca_type: str  # none cancel reduce
    comment: str
    alert_message: str
    disable_alert: bool


class ExitOrder(NamedTuple):
    """``strategy.exit``; ``profit``, ``loss``, ``trail_points`` and ``trail_offset`` are ticks."""

    command: str
    bar_index: int
    time: int
    id: str
    from_entry: str
    qty: float
    qty_percent: float
    profit: float
    limit: float
    loss: float
    stop: float
    trail_price: float
    trail_points: float
    trail_offset: float
    oca_name: str
    comment: str
    comment_profit: str
    comment_loss: str
    comment_trailing: str
    alert_message: str
    alert_profit: str
    alert_loss: str
    alert_trailing: str
    disable_alert: bool


class CloseOrder(NamedTuple):
    """``strategy.close`` or, with ``command`` ``"close_all"`` and an empty id, ``strategy.close_all``."""

    command: str
    bar_index: int
    time: int
    id: str
    comment: str
    qty: float
    qty_percent: float
    alert_message: str
    immediately: bool
    disable_alert: bool


class CancelOrder(NamedTuple):
    """``strategy.cancel`` or, with ``command`` ``"cancel_all"`` and an empty id, ``strategy.cancel_all``."""

    command: str
    bar_index: int
    time: int
    id: str


OrderCommand: TypeAlias = Order | ExitOrder | CloseOrder | CancelOrder


class RiskRule(NamedTuple):
    """A ``strategy.risk.*`` rule. ``type`` is ``cash`` or ``percent_of_equity`` where the rule has one."""

    name: str  # allow_entry_in max_cons_loss_days max_drawdown ...
    value: float
    type: str = ""
    direction: str = ""  # of allow_entry_in: all long short
    alert_message: str = ""


@dataclass(slots=True)
class Trade:
    """Figures of one open or closed trade, in account currency; exit fields of an open trade are na."""

    entry_id: str
    entry_price: float
    entry_bar_index: int
    entry_time: int
    size: float  # above zero long, below zero short
    entry_comment: str = ""
    exit_id: str | None = None
    exit_price: float = NAN
    exit_bar_index: int | float = NAN
    exit_time: int | float = NAN
    exit_comment: str | None = None
    commission: float = 0.0
    profit: float = 0.0
    profit_percent: float = 0.0
    max_runup: float = 0.0
    max_runup_percent: float = 0.0
    max_drawdown: float = 0.0
    max_drawdown_percent: float = 0.0


class StrategyPort(Protocol):
    """What a broker gives to a running strategy. Amounts in account currency."""

    # commands
    def entry(self, order: Order) -> None: ...
    def order(self, order: Order) -> None: ...
    def exit(self, order: ExitOrder) -> None: ...
    def close(self, order: CloseOrder) -> None: ...
    def close_all(self, order: CloseOrder) -> None: ...
    def cancel(self, order: CancelOrder) -> None: ...
    def cancel_all(self, order: CancelOrder) -> None: ...
    def risk(self, rule: RiskRule) -> None: ...

    # single trades, oldest first; None where the number is out of range
    def open_trade(self, number: int) -> Trade | None: ...
    def closed_trade(self, number: int) -> Trade | None: ...

    # conversions at the rate of the bar at hand
    def convert_to_account(self, value: float) -> float: ...
    def convert_to_symbol(self, value: float) -> float: ...
    def default_entry_qty(self, fill_price: float) -> float: ...

    # figures
    @property
    def account_currency(self) -> str: ...
    @property
    def initial_capital(self) -> float: ...
    @property
    def equity(self) -> float: ...
    @property
    def netprofit(self) -> float: ...
    @property
    def grossprofit(self) -> float: ...
    @property
    def grossloss(self) -> float: ...
    @property
    def openprofit(self) -> float: ...
    @property
    def position_size(self) -> float: ...
    @property
    def position_avg_price(self) -> float: ...
    @property
    def position_entry_name(self) -> str: ...
    @property
    def opentrades(self) -> int: ...
    @property
    def capital_held(self) -> float: ...
    @property
    def closedtrades(self) -> int: ...
    @property
    def first_closed_index(self) -> int: ...
    @property
    def wintrades(self) -> int: ...
    @property
    def losstrades(self) -> int: ...
    @property
    def eventrades(self) -> int: ...
    @property
    def avg_trade_percent(self) -> float: ...
    @property
    def avg_winning_trade_percent(self) -> float: ...
    @property
    def avg_losing_trade_percent(self) -> float: ...
    @property
    def max_drawdown(self) -> float: ...
    @property
    def max_drawdown_percent(self) -> float: ...
    @property
    def max_runup(self) -> float: ...
    @property
    def max_runup_percent(self) -> float: ...
    @property
    def max_contracts_held_long(self) -> float: ...
    @property
    def max_contracts_held_short(self) -> float: ...
    @property
    def margin_liquidation_price(self) -> float: ...


@runtime_checkable
class BarBroker(Protocol):
    """A broker that takes part in the bar loop: it fills orders on the path of each bar.

    ``evaluate`` runs the script once more on the bar at hand; None unless ``recalculates``.
    """

    @property
    def recalculates(self) -> bool: ...
    @property
    def recalculates_on_close(self) -> bool: ...

    def start(self, rt: Runtime) -> None:
        """Once, before the first bar."""

    def before(self, i: int, evaluate: Callable[[], None] | None) -> None:
        """Before the script is evaluated on the close of bar ``i``."""

    def after(self, evaluate: Callable[[], None] | None) -> None:
        """After it."""
