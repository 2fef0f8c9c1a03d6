"""A strategy over bars, with the broker emulator filling its orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pinery.core.bars import BarSeries, FloatArray
from pinery.core.errors import UsageError
from pinery.core.instrument import Instrument
from pinery.emulator.broker import Broker
from pinery.engine import CompiledScript, run
from pinery.runtime.context import Limits
from pinery.runtime.orders import StrategySettings
from pinery.runtime.requests import DataPort, NullData
from pinery.runtime.timeframes import Timeframe
from pinery.tester.result import BacktestResult
from pinery.tester.statistics import Facts, Intrabar, compute
from pinery.tester.statistics.curves import curves

DAY_MS = 86_400_000
FEW_TRADES = 30


def backtest(
    script: CompiledScript,
    bars: BarSeries,
    instrument: Instrument,
    timeframe: Timeframe,
    *,
    data: DataPort | None = None,
    limits: Limits | None = None,
    progress: Callable[[int, int], None] | None = None,
    clock: Callable[[], float] = float,
    memory: Callable[[], int] = int,
    strict_data: bool = False,
    synthetic: bool = False,
) -> BacktestResult:
    """Runs a compiled strategy, cold from the first bar, and works out its figures.

    ``data`` answers requests and gives currency rates; where it has none the rate is 1, with a warning. ``synthetic``
    bars are made up, which verdicts then say. Raises
    UsageError for scripts that are no strategies, DataError and PineRuntimeError as ``engine.run``.
    """
    if script.program.kind != "strategy":
        raise UsageError(
            f"{script.sources[0].name} is no strategy, so there is nothing to test",
            "a strategy begins with strategy(...); pinery run runs indicators",
        )
    settings = StrategySettings.from_declaration(script.program.declaration)
    currency = settings.currency or instrument.currency
    data = data or NullData()
    broker = Broker(settings, instrument)
    result = run(
        script,
        bars,
        instrument,
        timeframe,
        strategy=broker,
        data=data,
        limits=limits,
        progress=progress,
        clock=clock,
        memory=memory,
        strict_data=strict_data,
    )
    bars = result.bars  # calc_bars_count may leave less of them
    trades = broker.trades()
    end = result.runtime.columns.time_close[-1]
    rates = daily_rates(bars, instrument.currency, currency, data)
    made = curves(bars, trades, settings.initial_capital, instrument.pointvalue, rates)
    equity = np.asarray(broker.curve.closed, dtype=np.float64) + np.asarray(broker.curve.open, dtype=np.float64)
    facts = Facts(
        bars,
        trades,
        float(settings.initial_capital),
        end,
        instrument.timezone,
        instrument.pointvalue,
        settings.risk_free_rate,
        rates,
        equity,
        Intrabar(broker.max_drawdown, broker.max_drawdown_percent, broker.max_runup, broker.max_runup_percent),
        (broker.max_contracts_held_long, broker.max_contracts_held_short),
        broker.margin_calls,
    )
    return BacktestResult(
        script,
        result,
        settings,
        currency,
        trades,
        replace(made, close=equity),
        compute(facts),
        end,
        [*_too_small(broker, bars), *_doubts(script, settings, facts)],
        synthetic,
    )


def daily_rates(bars: BarSeries, quote: str, account: str, data: DataPort) -> FloatArray | None:
    """Account currency for one of the quote currency, on each bar's UTC day; None where they are the same.

    On the first day of a run it is 1, as in TradingView's exports: there is no close of a day before.
    """
    if quote == account or not len(bars):
        return None
    days, of_bar = np.unique(bars.time // DAY_MS, return_inverse=True)
    found = [data.currency_rate(quote, account, int(day) * DAY_MS) for day in days]
    values = np.array([1.0 if value is None else value for value in found], dtype=np.float64)
    values[0] = 1.0
    return values[of_bar]


def _too_small(broker: Broker, bars: BarSeries) -> list[str]:
    """Why there may be no trades: a default size that rounds down to nothing."""
    if broker.fills or broker.default_entry_qty(float(bars.close[-1])) > 0:
        return []
    step = broker.instrument.qty_step
    return [f"the default order size comes to less than {step:g}, the symbol's smallest: such orders are not placed"]


def _doubts(script: CompiledScript, settings: StrategySettings, facts: Facts) -> list[str]:
    """What to mind before trusting the result."""
    closed = sum(not trade.is_open for trade in facts.trades)
    found = []
    if not facts.trades:
        found.append("the strategy made no trades on these bars")
    elif closed < FEW_TRADES:
        found.append(f"only {closed} closed trade{'' if closed == 1 else 's'}: too few to tell skill from luck")
    if any(diagnostic.code == "W301" for diagnostic in script.warnings):
        found.append("the script looks ahead (W301): on history it knows prices before they are made")
    if settings.calc_on_every_tick:
        found.append("calc_on_every_tick: live the script runs on every tick, on these bars once at the close")
    if settings.calc_on_order_fills:
        found.append("calc_on_order_fills: after a fill the script sees its whole bar, also the part still to come")
    return found
