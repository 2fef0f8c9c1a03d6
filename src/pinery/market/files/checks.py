"""Sense checks on columns of bars, and the repairs that a lenient reading makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pinery.core.bars import BarSeries, FloatArray, IntArray
from pinery.market.files.report import Report

BoolArray = NDArray[np.bool_]


@dataclass(slots=True)
class RawColumns:
    """Columns as read, before any check; all of one length.

    A ``*_missing`` mask marks empty cells, a ``*_text`` mask cells with something that is not a number; the value
    there is NaN (0 for ``time``). ``lines`` are the rows' line numbers in the file.
    """

    lines: IntArray
    time: IntArray  # Unix ms
    time_bad: BoolArray
    prices: dict[str, FloatArray]  # open high low close
    price_missing: BoolArray
    price_text: BoolArray
    volume: FloatArray
    volume_text: BoolArray


def check(raw: RawColumns, report: Report, *, allow_negative: bool = False) -> BarSeries:
    """Valid bars, oldest first. Whatever had to be dropped, sorted or repaired is added to ``report``.

    Rows without a usable time or price are dropped. A high or low that does not enclose the bar's other prices is
    widened to do so. Rows are sorted by time; of rows with one time the last in the file stays.
    """
    report.rows_read = len(raw.lines)
    lines = raw.lines
    matrix = np.column_stack([raw.prices[name] for name in ("open", "high", "low", "close")])
    finite = np.isfinite(matrix).all(axis=1)
    odd = ~finite & ~raw.price_missing & ~raw.price_text
    usable = ~raw.time_bad & finite
    sign = usable & (matrix <= 0).any(axis=1) if not allow_negative else np.zeros(len(lines), dtype=bool)

    report.add("bad_time", "the time cannot be read", "dropped", lines[raw.time_bad])
    rest = ~raw.time_bad
    report.add("missing_price", "a price is missing", "dropped", lines[rest & raw.price_missing])
    report.add("not_a_number", "a price is not a number", "dropped", lines[rest & raw.price_text & ~raw.price_missing])
    report.add("nan", "a price is NaN or infinite", "dropped", lines[rest & odd])
    report.add("non_positive", "a price is zero or negative", "dropped", lines[sign])
    keep = usable & ~sign

    time, matrix, lines = raw.time[keep], matrix[keep], lines[keep]
    volume, volume_text = raw.volume[keep].copy(), raw.volume_text[keep]
    matrix = _enclose(matrix, lines, report)
    _check_volume(volume, volume_text, lines, report)

    if len(time) > 1 and (np.diff(time) < 0).all():
        report.notes.append("the file has the newest bar first")
        time, matrix, volume, lines = time[::-1], matrix[::-1], volume[::-1], lines[::-1]
    if len(time):
        late = time < np.maximum.accumulate(time)
        report.add("unsorted", "the time is before that of a row above", "sorted", lines[late])
        order = np.argsort(time, kind="stable")
        time, matrix, volume, lines = time[order], matrix[order], volume[order], lines[order]
        repeated = np.zeros(len(time), dtype=bool)
        repeated[:-1] = time[1:] == time[:-1]
        if repeated.any():
            _report_duplicates(repeated, matrix, volume, lines, report)
            time, matrix, volume = time[~repeated], matrix[~repeated], volume[~repeated]

    report.rows_kept = len(time)
    opened, high, low, close = (np.ascontiguousarray(column) for column in matrix.T)
    return BarSeries(time, opened, high, low, close, volume)


def _enclose(matrix: FloatArray, lines: IntArray, report: Report) -> FloatArray:
    opened, high, low, close = matrix.T
    inverted = high < low
    outside = ~inverted & ((np.maximum(opened, close) > high) | (np.minimum(opened, close) < low))
    report.add("high_below_low", "high is below low", "high and low taken from the bar's four prices", lines[inverted])
    report.add(
        "outside_range", "open or close is outside high and low", "high and low widened to hold them", lines[outside]
    )
    wrong = inverted | outside
    if wrong.any():
        matrix = matrix.copy()
        fixed = matrix[wrong]
        matrix[wrong, 1] = fixed.max(axis=1)
        matrix[wrong, 2] = fixed.min(axis=1)
    return matrix


def _check_volume(volume: FloatArray, text: BoolArray, lines: IntArray, report: Report) -> None:
    report.add("volume_not_a_number", "the volume is not a number", "volume left empty", lines[text])
    with np.errstate(invalid="ignore"):
        negative = volume < 0
    report.add("negative_volume", "the volume is negative", "volume left empty", lines[negative])
    volume[negative | np.isinf(volume)] = np.nan
    empty = int(np.isnan(volume).sum())
    if empty and empty == len(volume):
        report.notes.append("there is no volume")
    elif empty:
        report.notes.append(f"{empty:,} bars have no volume")


def _report_duplicates(
    repeated: BoolArray, matrix: FloatArray, volume: FloatArray, lines: IntArray, report: Report
) -> None:
    """``repeated`` marks rows that are followed by one of the same time (rows are sorted)."""
    at = np.flatnonzero(repeated)
    whole = np.column_stack([matrix, np.nan_to_num(volume, nan=-1.0)])
    same = (whole[at] == whole[at + 1]).all(axis=1)
    report.add("duplicate", "the row is there twice", "kept once", lines[at[same]])
    report.add(
        "conflict", "another row has this time and other values", "the last one in the file kept", lines[at[~same]]
    )
