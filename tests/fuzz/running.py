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
from pinery.engine.updates import BarUpdate
from pinery.market.providers import FileData
from pinery.runtime.context import Limits
from pinery.runtime.no_broker import NoBroker
from pinery.runtime.orders import StrategySettings
from pinery.runtime.outputs import Outputs

MARKET = load("synthetic:60", timeframe="60")
#: By the processor's time: a machine that is busy with other things stops no loop.
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
        clock=time.process_time,
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
        for _ in Live(chart).load():
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
            clock=time.process_time,
        )
    except PineRuntimeError as error:
        stop = f"bar {error.bar_index} line {error.line}: {error.message}"
    return [broker.trades(), stop]


def realtime(chart: Chart, later: BarSeries) -> str | None:
    """As ``history``, then ``later`` bars shown in three updates each."""
    live = Live(chart)
    frame = MARKET.timeframe
    try:
        for _ in live.load():
            pass
        for i in range(len(later)):
            prices = (later.open, later.high, later.low, later.close, later.volume)
            o, h, l, close, volume = (float(column[i]) for column in prices)  # noqa: E741
            t = int(later.time[i])
            end = frame.bucket_close(t, MARKET.instrument)
            live.update(BarUpdate(t, o, o, o, o, 0.0, t, is_first=True))
            live.update(BarUpdate(t, o, h, l, l, volume / 2, t + 1))
            live.update(BarUpdate(t, o, h, l, close, volume, end, is_last=True))
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
