"""Runs made-up programs in the ways that must agree."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings

from pinery.app.bars import load
from pinery.core.bars import BarSeries
from pinery.core.errors import PineRuntimeError
from pinery.emulator.broker import Broker
from pinery.engine import CompiledScript, run
from pinery.engine.live import Live
from pinery.engine.run import Chart, open_chart
from pinery.engine.updates import Update
from pinery.market.providers import FileData
from pinery.runtime.context import Limits
from pinery.runtime.no_broker import NoBroker
from pinery.runtime.orders import StrategySettings
from pinery.runtime.outputs import Outputs

MARKET = load("synthetic:60", timeframe="60")
LIMITS = Limits(max_loop_seconds=5)


def profile(examples: int) -> settings:
    """Always the same examples; PINERY_FUZZ=20 runs twenty times as many."""
    return settings(
        max_examples=examples * int(os.environ.get("PINERY_FUZZ", "1")),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def opened(script: CompiledScript, bars: BarSeries) -> Chart:
    return open_chart(
        script,
        bars,
        MARKET.instrument,
        MARKET.timeframe,
        strategy=NoBroker(),
        data=FileData(bars, MARKET.instrument, MARKET.timeframe),
        limits=LIMITS,
        clock=time.monotonic,
    )


def columns(outputs: Outputs) -> dict[str, list[Any]]:
    """Everything that is kept per bar."""
    return {
        f"{spec.index} {name}": values for spec in outputs.specs for name, values in outputs.values[spec.index].items()
    }


def left_behind(chart: Chart) -> dict[str, Any]:
    """All that a run shows."""
    outputs = chart.rt.outputs
    return {
        **columns(outputs),
        "logs": [(r.bar_index, r.message) for r in outputs.logs],
        "alerts": [(a.bar_index, a.message) for a in outputs.alerts],
        "drawings": chart.rt.drawings.as_data(),
    }


def history(chart: Chart) -> str | None:
    """Evaluate every bar once; the error that stopped it, if any."""
    try:
        for _ in Live(chart, len(chart.bars)).load():
            pass
    except PineRuntimeError as error:
        return f"bar {error.bar_index} line {error.line}: {error.message}"
    return None


def traded(script: CompiledScript) -> list[Any]:
    """The trades of a strategy, and the error that stopped it, if any."""
    settings = StrategySettings.from_declaration(script.program.declaration)
    broker = Broker(settings, MARKET.instrument)
    data = FileData(MARKET.bars, MARKET.instrument, MARKET.timeframe)
    stop = None
    try:
        run(
            script,
            MARKET.bars,
            MARKET.instrument,
            MARKET.timeframe,
            strategy=broker,
            data=data,
            limits=LIMITS,
            clock=time.monotonic,
        )
    except PineRuntimeError as error:
        stop = f"bar {error.bar_index} line {error.line}: {error.message}"
    return [broker.trades(), stop]


def realtime(chart: Chart, first: int) -> str | None:
    """As ``history``, with the bars from ``first`` on shown in three updates each."""
    live = Live(chart, first)
    c = chart.rt.columns
    try:
        for _ in live.load():
            pass
        for i in range(first, len(chart.bars)):
            o, h, l, close, volume = c.open[i], c.high[i], c.low[i], c.close[i], c.volume[i]  # noqa: E741
            live.update(Update(o, o, o, o, 0.0, c.time[i], is_first=True))
            live.update(Update(o, h, l, l, volume / 2, c.time[i] + 1))
            live.update(Update(o, h, l, close, volume, c.time_close[i], is_last=True))
    except PineRuntimeError as error:
        return f"bar {error.bar_index} line {error.line}: {error.message}"
    return None


def same(a: Any, b: Any) -> bool:
    """Equal, with na equal to na."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(value, b[key]) for key, value in a.items())
    return bool(a == b or (isinstance(a, float) and isinstance(b, float) and np.isnan(a) and np.isnan(b)))
