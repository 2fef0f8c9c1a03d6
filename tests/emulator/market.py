"""Small markets for strategies under test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pinery.core.bars import BarSeries
from pinery.core.instrument import Instrument
from pinery.emulator.broker import Broker
from pinery.engine import RunResult, compile_script, run
from pinery.lang.source import Source
from pinery.runtime.orders import StrategySettings
from pinery.runtime.requests import NullData
from pinery.runtime.timeframes import Timeframe

START = 1_700_006_400_000  # 2023-11-15 00:00 UTC
MINUTE = 60_000
FRAME = Timeframe.parse("60", Timeframe(1, "D"))
COIN = Instrument("TEST", "COIN", pricescale=100, qty_step=0.01, mincontract=0.01, currency="USD")

OHLC = tuple[float, float, float, float]


def bars_of(prices: Sequence[OHLC], minutes: int = 60) -> BarSeries:
    """Bars from (open, high, low, close), an hour each unless told otherwise."""
    table = np.array(prices, dtype=np.float64).reshape(len(prices), 4)
    time = START + np.arange(len(prices), dtype=np.int64) * minutes * MINUTE
    return BarSeries(time, table[:, 0], table[:, 1], table[:, 2], table[:, 3], np.full(len(prices), 100.0))


def flat(price: float, count: int) -> list[OHLC]:
    return [(price, price, price, price)] * count


def play(
    body: str,
    prices: Sequence[OHLC],
    settings: str = "",
    *,
    version: int = 6,
    instrument: Instrument = COIN,
    data: NullData | None = None,
    template: str = "",
    frame: Timeframe = FRAME,
) -> tuple[Broker, RunResult]:
    """Run a strategy with these lines, each at the left margin, over these bars."""
    text = f'//@version={version}\nstrategy("test"{", " if settings else ""}{settings})\n{body}\n'
    script = compile_script(Source(text, "test.pine"))
    broker = Broker(StrategySettings.from_declaration(script.program.declaration), instrument, template)
    minutes = frame.seconds // 60
    result = run(script, bars_of(prices, minutes), instrument, frame, strategy=broker, data=data)
    return broker, result


def trades(body: str, prices: Sequence[OHLC], settings: str = "", **kwargs: Any) -> list[tuple[Any, ...]]:
    """(entry signal, entry bar, entry price, exit signal, exit bar, exit price, signed size) of each trade."""
    broker, _ = play(body, prices, settings, **kwargs)
    return [
        (t.entry_signal, t.entry_bar, t.entry_price, t.exit_signal, t.exit_bar, t.exit_price, t.direction * t.qty)
        for t in broker.trades()
    ]
