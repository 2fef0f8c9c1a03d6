"""Bars from files: TradingView chart exports, Binance klines, CSV of most layouts, Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pinery.core.bars import BarSeries, FloatArray
from pinery.core.errors import DataError
from pinery.market.files.checks import BoolArray, RawColumns, check
from pinery.market.files.report import BarFileError, Report
from pinery.market.files.tables import Table, polars, read_table
from pinery.market.files.times import parse_times

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class FileBars:
    """Bars of one file and what there was to say about them."""

    bars: BarSeries
    report: Report


def read_bars(
    path: str | Path,
    *,
    lenient: bool = False,
    timezone: str = "UTC",
    time_format: str | None = None,
    allow_negative: bool = False,
) -> FileBars:
    """Bars of a file, oldest first; its layout is recognised.

    Strict reading (the default) raises ``BarFileError`` if any row is wrong; lenient reading drops, sorts or repairs
    such rows and lists them in the report. ``timezone`` (IANA) is that of times without an offset, ``time_format``
    (strptime notation) forces how times are read, ``allow_negative`` takes prices of zero and below as good.
    """
    path = Path(path)
    table = read_table(path)
    report = Report(str(path), table.format, noun=table.noun)
    try:
        raw = _raw(table, timezone, time_format)
    except polars().exceptions.PolarsError as error:  # a Parquet column of lists, say
        raise DataError(f"{path} has columns that are no bars: {str(error).splitlines()[0]}") from None
    bars = check(raw, report, allow_negative=allow_negative)
    if report.problems and not lenient:
        raise BarFileError(
            f"{path}: " + "; ".join(report.texts(done=False)),
            "correct the file, or read it leniently (--lenient) to drop, sort or repair these rows",
            report,
        )
    if not len(bars):
        raise BarFileError(f"{path}: no usable bars: " + "; ".join(report.texts(done=False)), None, report)
    return FileBars(bars, report)


def _raw(table: Table, zone: str, time_format: str | None) -> RawColumns:
    pl = polars()
    time = table.time
    if table.clock is not None:
        clock = table.clock.cast(pl.String).str.strip_chars()
        time = table.time.cast(pl.String).str.strip_chars() + " " + clock
    ms, time_bad = parse_times(time, zone, time_format)
    rows = len(ms)
    prices: dict[str, FloatArray] = {}
    missing, text = np.zeros(rows, dtype=bool), np.zeros(rows, dtype=bool)
    for name in ("open", "high", "low", "close"):
        prices[name], empty, odd = _numbers(table.numbers[name], table.decimal_comma)
        missing |= empty
        text |= odd
    if "volume" in table.numbers:
        volume, _, volume_text = _numbers(table.numbers["volume"], table.decimal_comma)
    else:
        volume, volume_text = np.full(rows, np.nan), np.zeros(rows, dtype=bool)
    return RawColumns(table.lines, ms, time_bad, prices, missing, text, volume, volume_text)


def _numbers(column: pl.Series, decimal_comma: bool) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Values (NaN where there is none), which cells are empty, which hold something else than a number."""
    pl = polars()
    if column.dtype.is_numeric():
        return column.cast(pl.Float64).to_numpy().copy(), column.is_null().to_numpy(), np.zeros(len(column), dtype=bool)
    text = column.cast(pl.String)
    empty = text.is_null()
    numbers = text.cast(pl.Float64, strict=False)
    if numbers.null_count() > empty.sum():
        # The plain way failed for some: spaces, quotes, separators of thousands or a decimal comma.
        clean = text.str.strip_chars(" \"'")
        empty = clean.is_null() | (clean == "")
        if decimal_comma:
            clean = clean.str.replace(",", ".", literal=True)
        grouped = clean.str.contains(r"^-?\d{1,3}(,\d{3})+(\.\d+)?$")
        clean = pl.select(
            pl.when(pl.lit(grouped)).then(pl.lit(clean).str.replace_all(",", "")).otherwise(pl.lit(clean))
        ).to_series()
        numbers = clean.cast(pl.Float64, strict=False)
    odd = (numbers.is_null() & ~empty).to_numpy()
    return numbers.fill_null(float("nan")).to_numpy().copy(), empty.to_numpy(), odd
