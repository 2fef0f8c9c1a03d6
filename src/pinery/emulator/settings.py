"""From a declaration's arguments and a symbol's facts to the emulator's terms."""

from __future__ import annotations

from pinery.core.instrument import Instrument
from pinery.emulator.state import (
    COMMISSION_PER_CONTRACT,
    COMMISSION_PER_ORDER,
    COMMISSION_PERCENT,
    SIZE_CASH,
    SIZE_FIXED,
    SIZE_PERCENT,
    Terms,
)
from pinery.runtime.orders import StrategySettings

_COMMISSIONS = {
    "percent": COMMISSION_PERCENT,
    "cash_per_contract": COMMISSION_PER_CONTRACT,
    "cash_per_order": COMMISSION_PER_ORDER,
}
_SIZES = {"fixed": SIZE_FIXED, "cash": SIZE_CASH, "percent_of_equity": SIZE_PERCENT}


def terms_of(settings: StrategySettings, instrument: Instrument) -> Terms:
    terms = Terms()
    terms.minmove = float(instrument.minmove)
    terms.pricescale = float(instrument.pricescale)
    terms.pointvalue = instrument.pointvalue
    step = instrument.qty_step if instrument.qty_step > 0 else 1e-8
    terms.step = step
    per_unit = round(1 / step)
    terms.steps_per_unit = float(per_unit) if per_unit >= 1 and abs(per_unit * step - 1) < 1e-9 else 0.0
    terms.initial_capital = float(settings.initial_capital)
    terms.size_kind = _SIZES.get(settings.default_qty_type, SIZE_FIXED)
    terms.size_value = float(settings.default_qty_value)
    terms.pyramiding = max(1, int(settings.pyramiding))  # 0 and 1 both allow one entry, exports show
    terms.commission_kind = _COMMISSIONS.get(settings.commission_type, COMMISSION_PERCENT)
    terms.commission = float(settings.commission_value)
    terms.slippage = settings.slippage * terms.minmove / terms.pricescale
    terms.limit_ticks = max(0, int(settings.backtest_fill_limits_assumption))
    terms.margin_long = max(0.0, settings.margin_long / 100.0)
    terms.margin_short = max(0.0, settings.margin_short / 100.0)
    terms.fifo = settings.close_entries_rule.upper() != "ANY"
    terms.recalculates = settings.calc_on_order_fills
    terms.every_point = settings.calc_on_every_history_tick
    return terms
