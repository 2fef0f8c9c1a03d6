"""``strategy.*`` as scripts call it. Orders go to ``Runtime.strategy`` as records, figures are read from there.

Inside a ``request.*`` the order commands and risk rules do nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from pinery.runtime.no_broker import NoBroker
from pinery.runtime.orders import (
    CancelOrder,
    CloseOrder,
    ExitOrder,
    Order,
    OrderCommand,
    RiskRule,
    StrategyPort,
    StrategySettings,
    Trade,
)
from pinery.runtime.values import NAN

if TYPE_CHECKING:
    from pinery.runtime.context import Runtime

__all__ = [
    "CancelOrder",
    "CloseOrder",
    "ExitOrder",
    "NoBroker",
    "Order",
    "OrderCommand",
    "RiskRule",
    "StrategyPort",
    "StrategySettings",
    "Trade",
]

# --- order commands as scripts call them ----------------------------------------------
# ``when`` comes last in the newest order of parameters; the ``_early`` forms have it where v4 and early v5 do.


def _text(value: str | None) -> str:
    return "" if value is None else value


def _number(value: float | None) -> float:
    return NAN if value is None else value


def _order(
    rt: Runtime,
    command: str,
    id: str | None,
    direction: str | bool | None,
    qty: float | None,
    limit: float | None,
    stop: float | None,
    oca_name: str | None,
    oca_type: str | None,
    comment: str | None,
    alert_message: str | None,
    disable_alert: bool | None,
) -> Order:
    side = direction if isinstance(direction, str) else ("long" if direction else "short")
    return Order(
        command,
        rt.bar_index,
        rt.time,
        _text(id),
        side,
        _number(qty),
        _number(limit),
        _number(stop),
        _text(oca_name),
        oca_type or "none",
        _text(comment),
        _text(alert_message),
        bool(disable_alert),
    )


def entry(
    rt: Runtime,
    id: str,
    direction: str | bool,
    qty: float = NAN,
    limit: float = NAN,
    stop: float = NAN,
    oca_name: str = "",
    oca_type: str = "none",
    comment: str = "",
    alert_message: str = "",
    disable_alert: bool = False,
    when: bool | None = True,
) -> None:
    if when and not rt.is_request:
        rt.strategy.entry(
            _order(
                rt, "entry", id, direction, qty, limit, stop, oca_name, oca_type, comment, alert_message, disable_alert
            )
        )


def entry_early(
    rt: Runtime,
    id: str,
    direction: str | bool,
    qty: float = NAN,
    limit: float = NAN,
    stop: float = NAN,
    oca_name: str = "",
    oca_type: str = "none",
    comment: str = "",
    when: bool | None = True,
    alert_message: str = "",
) -> None:
    entry(rt, id, direction, qty, limit, stop, oca_name, oca_type, comment, alert_message, False, when)


def order(
    rt: Runtime,
    id: str,
    direction: str | bool,
    qty: float = NAN,
    limit: float = NAN,
    stop: float = NAN,
    oca_name: str = "",
    oca_type: str = "none",
    comment: str = "",
    alert_message: str = "",
    disable_alert: bool = False,
    when: bool | None = True,
) -> None:
    if when and not rt.is_request:
        rt.strategy.order(
            _order(
                rt, "order", id, direction, qty, limit, stop, oca_name, oca_type, comment, alert_message, disable_alert
            )
        )


def order_early(
    rt: Runtime,
    id: str,
    direction: str | bool,
    qty: float = NAN,
    limit: float = NAN,
    stop: float = NAN,
    oca_name: str = "",
    oca_type: str = "none",
    comment: str = "",
    when: bool | None = True,
    alert_message: str = "",
) -> None:
    order(rt, id, direction, qty, limit, stop, oca_name, oca_type, comment, alert_message, False, when)


def exit(
    rt: Runtime,
    id: str,
    from_entry: str = "",
    qty: float = NAN,
    qty_percent: float = 100.0,
    profit: float = NAN,
    limit: float = NAN,
    loss: float = NAN,
    stop: float = NAN,
    trail_price: float = NAN,
    trail_points: float = NAN,
    trail_offset: float = NAN,
    oca_name: str = "",
    comment: str = "",
    comment_profit: str = "",
    comment_loss: str = "",
    comment_trailing: str = "",
    alert_message: str = "",
    alert_profit: str = "",
    alert_loss: str = "",
    alert_trailing: str = "",
    disable_alert: bool = False,
    when: bool | None = True,
) -> None:
    if not when or rt.is_request:
        return
    rt.strategy.exit(
        ExitOrder(
            "exit",
            rt.bar_index,
            rt.time,
            _text(id),
            _text(from_entry),
            _number(qty),
            _number(qty_percent),
            _number(profit),
            _number(limit),
            _number(loss),
            _number(stop),
            _number(trail_price),
            _number(trail_points),
            _number(trail_offset),
            _text(oca_name),
            _text(comment),
            _text(comment_profit),
            _text(comment_loss),
            _text(comment_trailing),
            _text(alert_message),
            _text(alert_profit),
            _text(alert_loss),
            _text(alert_trailing),
            bool(disable_alert),
        )
    )


def exit_early(
    rt: Runtime,
    id: str,
    from_entry: str = "",
    qty: float = NAN,
    qty_percent: float = 100.0,
    profit: float = NAN,
    limit: float = NAN,
    loss: float = NAN,
    stop: float = NAN,
    trail_price: float = NAN,
    trail_points: float = NAN,
    trail_offset: float = NAN,
    oca_name: str = "",
    comment: str = "",
    when: bool | None = True,
    alert_message: str = "",
) -> None:
    exit(
        rt,
        id,
        from_entry,
        qty,
        qty_percent,
        profit,
        limit,
        loss,
        stop,
        trail_price,
        trail_points,
        trail_offset,
        oca_name,
        comment,
        alert_message=alert_message,
        when=when,
    )


def close(
    rt: Runtime,
    id: str,
    comment: str = "",
    qty: float = NAN,
    qty_percent: float = 100.0,
    alert_message: str = "",
    immediately: bool = False,
    disable_alert: bool = False,
    when: bool | None = True,
) -> None:
    if when and not rt.is_request:
        rt.strategy.close(
            CloseOrder(
                "close",
                rt.bar_index,
                rt.time,
                _text(id),
                _text(comment),
                _number(qty),
                _number(qty_percent),
                _text(alert_message),
                bool(immediately),
                bool(disable_alert),
            )
        )


def close_early(
    rt: Runtime,
    id: str,
    when: bool | None = True,
    comment: str = "",
    qty: float = NAN,
    qty_percent: float = 100.0,
    alert_message: str = "",
    immediately: bool = False,
) -> None:
    close(rt, id, comment, qty, qty_percent, alert_message, immediately, False, when)


def close_all(
    rt: Runtime,
    comment: str = "",
    alert_message: str = "",
    immediately: bool = False,
    disable_alert: bool = False,
    when: bool | None = True,
) -> None:
    if when and not rt.is_request:
        rt.strategy.close_all(
            CloseOrder(
                "close_all",
                rt.bar_index,
                rt.time,
                "",
                _text(comment),
                NAN,
                100.0,
                _text(alert_message),
                bool(immediately),
                bool(disable_alert),
            )
        )


def close_all_early(
    rt: Runtime, when: bool | None = True, comment: str = "", alert_message: str = "", immediately: bool = False
) -> None:
    close_all(rt, comment, alert_message, immediately, False, when)


def cancel(rt: Runtime, id: str, when: bool | None = True) -> None:
    if when and not rt.is_request:
        rt.strategy.cancel(CancelOrder("cancel", rt.bar_index, rt.time, _text(id)))


def cancel_all(rt: Runtime, when: bool | None = True) -> None:
    if when and not rt.is_request:
        rt.strategy.cancel_all(CancelOrder("cancel_all", rt.bar_index, rt.time, ""))


# --- risk rules -----------------------------------------------------------------------


def _risk(rt: Runtime, rule: RiskRule) -> None:
    if not rt.is_request:
        rt.strategy.risk(rule)


def risk_allow_entry_in(rt: Runtime, value: str) -> None:
    _risk(rt, RiskRule("allow_entry_in", NAN, direction=value))


def risk_max_cons_loss_days(rt: Runtime, count: int, alert_message: str = "") -> None:
    _risk(rt, RiskRule("max_cons_loss_days", count, alert_message=_text(alert_message)))


def risk_max_drawdown(rt: Runtime, value: float, type: str, alert_message: str = "") -> None:
    _risk(rt, RiskRule("max_drawdown", value, type, alert_message=_text(alert_message)))


def risk_max_intraday_filled_orders(rt: Runtime, count: int, alert_message: str = "") -> None:
    _risk(rt, RiskRule("max_intraday_filled_orders", count, alert_message=_text(alert_message)))


def risk_max_intraday_loss(rt: Runtime, value: float, type: str, alert_message: str = "") -> None:
    _risk(rt, RiskRule("max_intraday_loss", value, type, alert_message=_text(alert_message)))


def risk_max_position_size(rt: Runtime, contracts: float) -> None:
    _risk(rt, RiskRule("max_position_size", contracts))


# --- conversions ----------------------------------------------------------------------


def convert_to_account(rt: Runtime, value: float) -> float:
    return rt.strategy.convert_to_account(value)


def convert_to_symbol(rt: Runtime, value: float) -> float:
    return rt.strategy.convert_to_symbol(value)


def default_entry_qty(rt: Runtime, fill_price: float) -> float:
    return rt.strategy.default_entry_qty(fill_price)


# --- figures of the account -----------------------------------------------------------

account_currency = attrgetter("strategy.account_currency")
initial_capital = attrgetter("strategy.initial_capital")
equity = attrgetter("strategy.equity")
netprofit = attrgetter("strategy.netprofit")
grossprofit = attrgetter("strategy.grossprofit")
grossloss = attrgetter("strategy.grossloss")
openprofit = attrgetter("strategy.openprofit")
position_size = attrgetter("strategy.position_size")
position_avg_price = attrgetter("strategy.position_avg_price")
position_entry_name = attrgetter("strategy.position_entry_name")
opentrades = attrgetter("strategy.opentrades")
opentrades_capital_held = attrgetter("strategy.capital_held")
closedtrades = attrgetter("strategy.closedtrades")
closedtrades_first_index = attrgetter("strategy.first_closed_index")
wintrades = attrgetter("strategy.wintrades")
losstrades = attrgetter("strategy.losstrades")
eventrades = attrgetter("strategy.eventrades")
avg_trade_percent = attrgetter("strategy.avg_trade_percent")
avg_winning_trade_percent = attrgetter("strategy.avg_winning_trade_percent")
avg_losing_trade_percent = attrgetter("strategy.avg_losing_trade_percent")
max_drawdown = attrgetter("strategy.max_drawdown")
max_drawdown_percent = attrgetter("strategy.max_drawdown_percent")
max_runup = attrgetter("strategy.max_runup")
max_runup_percent = attrgetter("strategy.max_runup_percent")
max_contracts_held_long = attrgetter("strategy.max_contracts_held_long")
max_contracts_held_short = attrgetter("strategy.max_contracts_held_short")
margin_liquidation_price = attrgetter("strategy.margin_liquidation_price")


def _percent(amount: float, whole: float) -> float:
    return amount / whole * 100 if whole else NAN


def _mean(total: float, count: int) -> float:
    return total / count if count else NAN


def netprofit_percent(rt: Runtime) -> float:
    return _percent(rt.strategy.netprofit, rt.strategy.initial_capital)


def grossprofit_percent(rt: Runtime) -> float:
    return _percent(rt.strategy.grossprofit, rt.strategy.initial_capital)


def grossloss_percent(rt: Runtime) -> float:
    return _percent(rt.strategy.grossloss, rt.strategy.initial_capital)


def openprofit_percent(rt: Runtime) -> float:
    return _percent(rt.strategy.openprofit, rt.strategy.initial_capital + rt.strategy.netprofit)


def avg_trade(rt: Runtime) -> float:
    return _mean(rt.strategy.netprofit, rt.strategy.closedtrades)


def avg_winning_trade(rt: Runtime) -> float:
    return _mean(rt.strategy.grossprofit, rt.strategy.wintrades)


def avg_losing_trade(rt: Runtime) -> float:
    return _mean(rt.strategy.grossloss, rt.strategy.losstrades)


def max_contracts_held_all(rt: Runtime) -> float:
    return max(rt.strategy.max_contracts_held_long, rt.strategy.max_contracts_held_short)


# --- figures of single trades ---------------------------------------------------------


_TEXT_FIELDS = frozenset({"entry_id", "entry_comment", "exit_id", "exit_comment"})


def _trade_figure(find: str, name: str) -> Callable[[Runtime, int], Any]:
    absent = None if name in _TEXT_FIELDS else NAN

    def read(rt: Runtime, trade_num: int) -> Any:
        trade = getattr(rt.strategy, find)(trade_num) if trade_num == trade_num else None
        return absent if trade is None else getattr(trade, name)

    return read


_open = partial(_trade_figure, "open_trade")
_closed = partial(_trade_figure, "closed_trade")

opentrades_commission = _open("commission")
opentrades_entry_bar_index = _open("entry_bar_index")
opentrades_entry_comment = _open("entry_comment")
opentrades_entry_id = _open("entry_id")
opentrades_entry_price = _open("entry_price")
opentrades_entry_time = _open("entry_time")
opentrades_max_drawdown = _open("max_drawdown")
opentrades_max_drawdown_percent = _open("max_drawdown_percent")
opentrades_max_runup = _open("max_runup")
opentrades_max_runup_percent = _open("max_runup_percent")
opentrades_profit = _open("profit")
opentrades_profit_percent = _open("profit_percent")
opentrades_size = _open("size")
closedtrades_commission = _closed("commission")
closedtrades_entry_bar_index = _closed("entry_bar_index")
closedtrades_entry_comment = _closed("entry_comment")
closedtrades_entry_id = _closed("entry_id")
closedtrades_entry_price = _closed("entry_price")
closedtrades_entry_time = _closed("entry_time")
closedtrades_max_drawdown = _closed("max_drawdown")
closedtrades_max_drawdown_percent = _closed("max_drawdown_percent")
closedtrades_max_runup = _closed("max_runup")
closedtrades_max_runup_percent = _closed("max_runup_percent")
closedtrades_profit = _closed("profit")
closedtrades_profit_percent = _closed("profit_percent")
closedtrades_size = _closed("size")
closedtrades_exit_bar_index = _closed("exit_bar_index")
closedtrades_exit_comment = _closed("exit_comment")
closedtrades_exit_id = _closed("exit_id")
closedtrades_exit_price = _closed("exit_price")
closedtrades_exit_time = _closed("exit_time")
