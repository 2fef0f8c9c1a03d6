"""Where a replayed market's bars come from: a file, Pinery's own store, or made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pinery.adapters.feeds.synthetic import synthetic_bars
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.market.files import read_bars
from pinery.market.spacing import detect_timeframe
from pinery.market.store import BarStore
from pinery.runtime.timeframes import Timeframe

SYNTHETIC = "synthetic"

Source = BarSeries | Path | str  # bars, a file of them, the timeframe of stored ones, or "synthetic"


@dataclass(frozen=True, slots=True)
class Loaded:
    bars: BarSeries
    timeframe: Timeframe


def load_all(sources: Mapping[str, Source]) -> dict[str, Loaded]:
    """By symbol. Takes a while: for a thread. Raises DataError."""
    return {symbol: _load(symbol, source) for symbol, source in sources.items()}


def _load(symbol: str, source: Source) -> Loaded:
    if isinstance(source, BarSeries):
        bars, timeframe = source, None
    elif isinstance(source, Path):
        bars, timeframe = read_bars(source).bars, None
    elif source == SYNTHETIC:
        bars, timeframe = synthetic_bars(symbol), Timeframe(1, "")
    else:
        timeframe = Timeframe.parse(source)
        stored = BarStore.default().get(symbol, timeframe)
        if stored is None:
            raise DataError(f"no bars of {symbol} are stored in timeframe {source}", "see pinery data list")
        bars = stored
    if not len(bars):
        raise DataError(f"there are no bars of {symbol} to replay")
    if timeframe is None:
        timeframe = detect_timeframe(bars.time) if len(bars) > 1 else Timeframe(1, "")
    return Loaded(bars, timeframe)
