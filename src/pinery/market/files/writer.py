"""Bars to CSV and Parquet files."""

from __future__ import annotations

from pathlib import Path

from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.market.files.tables import polars
from pinery.market.files.whole import written_whole


def write_bars(bars: BarSeries, path: str | Path) -> None:
    """Write ``time,open,high,low,close,volume`` (time in Unix ms) as Parquet if the name ends so, else as CSV.

    The file appears whole or not at all: it is written beside its place and moved there.
    """
    pl = polars()
    path = Path(path)
    frame = pl.DataFrame(
        {
            "time": bars.time,
            "open": bars.open,
            "high": bars.high,
            "low": bars.low,
            "close": bars.close,
            "volume": pl.Series("volume", bars.volume).fill_nan(None),
        }
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as draft:
            if path.suffix.lower() in (".parquet", ".pq"):
                frame.write_parquet(draft)
            else:
                frame.write_csv(draft)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from None
