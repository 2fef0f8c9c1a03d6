"""A runtime without an engine, moved from bar to bar by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from pinery.core.instrument import Instrument
from pinery.runtime.context import Columns, Limits, Runtime
from pinery.runtime.drawings.store import Drawings
from pinery.runtime.outputs import Outputs, OutputSpec
from pinery.runtime.timeframes import Timeframe

START = 1_700_000_100_000  # 2023-11-14 22:15:00 UTC


@pytest.fixture
def chart() -> Callable[..., Runtime]:
    """``chart(specs=[...], max_lines=50)``: a 15-minute chart of BINANCE:ETHUSDT at its first bar."""

    def make(specs: list[OutputSpec] | None = None, max_log_records: int = 10_000, **limits: int) -> Runtime:
        rules = Limits(**limits)
        timeframe = Timeframe.parse("15")
        rt = Runtime(
            version=6,
            instrument=Instrument("BINANCE", "ETHUSDT", currency="USDT", basecurrency="ETH"),
            timeframe=timeframe,
            main_timeframe=timeframe,
            columns=Columns(),
            outputs=Outputs(specs or [], max_log_records),
            drawings=Drawings(rules),
            strategy=cast(Any, None),
            limits=rules,
        )
        go(rt, 0)
        return rt

    return make


def go(rt: Runtime, bar: int, close: float = 2000.5) -> None:
    rt.bar_index = bar
    rt.time = START + bar * 900_000
    rt.time_close = rt.time + 900_000
    rt.timenow = rt.time_close
    rt.open, rt.high, rt.low, rt.close, rt.volume = 1999.0, close + 1, 1998.25, close, 12.5


@pytest.fixture
def move() -> Callable[..., None]:
    """``move(rt, 7)`` goes to bar 7."""
    return go
