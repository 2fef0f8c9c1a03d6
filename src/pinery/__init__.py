"""Pinery runs TradingView Pine Script outside TradingView.

import pinery
result = pinery.run("script.pine", bars="bars.csv", symbol="BINANCE:ETHUSDT.P", timeframe="15")
result.plots, result.alerts, result.drawings, result.logs

result = pinery.backtest("strategy.pine", bars="bars.csv", symbol="BINANCE:ETHUSDT.P", timeframe="15")
result.trades, result.metrics, result.equity, result.plots, result.alerts
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pinery.core.bars import BarSeries
from pinery.core.errors import (
    CompileError,
    DataError,
    GateError,
    InternalError,
    PineRuntimeError,
    PineryError,
    UsageError,
)
from pinery.core.instrument import Instrument

if TYPE_CHECKING:
    from pinery.app.api import BacktestResult, Finding, RunResult, backtest, check, run
    from pinery.core.version import VERSION as __version__

__all__ = [
    "BacktestResult",
    "BarSeries",
    "CompileError",
    "DataError",
    "Finding",
    "GateError",
    "Instrument",
    "InternalError",
    "PineRuntimeError",
    "PineryError",
    "RunResult",
    "UsageError",
    "__version__",
    "backtest",
    "check",
    "run",
]

_API = ("BacktestResult", "Finding", "RunResult", "backtest", "check", "run")


def __getattr__(name: str) -> Any:
    # The language and the engine load only when they are used.
    if name in _API:
        return getattr(import_module("pinery.app.api"), name)
    if name == "__version__":
        return import_module("pinery.core.version").VERSION
    raise AttributeError(f"module 'pinery' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
