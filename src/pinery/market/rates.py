"""Daily rates between currencies, from files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pinery.core.bars import FloatArray, IntArray
from pinery.core.errors import DataError
from pinery.market.files.tables import polars
from pinery.market.files.times import parse_times

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Rates:
    """How much one unit of a currency is worth in another, from each ``time`` (Unix ms) on."""

    time: IntArray
    value: FloatArray

    def at(self, time: int) -> float | None:
        """The rate of the UTC day of ``time``, or of the last day before with one; None before the first."""
        i = int(np.searchsorted(self.time, time // DAY_MS * DAY_MS, side="right")) - 1
        return float(self.value[i]) if i >= 0 else None


def read_rates(path: str | Path) -> Rates:
    """Rates from a CSV of two columns: day and rate, with or without a header."""
    pl = polars()
    path = Path(path)
    try:
        frame = pl.read_csv(path.read_bytes(), has_header=False, infer_schema=False, truncate_ragged_lines=True)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{path} cannot be read as a table: {str(error).splitlines()[0]}") from None
    if frame.width < 2:
        raise DataError(f"{path} must have two columns: day, rate")
    value = frame.to_series(1).cast(pl.Float64, strict=False)
    rows = frame.with_columns(value.alias("rate"))
    if rows.height and value[0] is None:
        rows = rows.slice(1)  # a header
    days, bad = parse_times(rows.to_series(0), "UTC")
    values = rows["rate"].fill_null(float("nan")).to_numpy()
    wrong = bad | ~np.isfinite(values) | (values <= 0)
    if wrong.any() or not len(values):
        place = int(np.argmax(wrong)) + 1 + frame.height - rows.height if len(values) else 1
        raise DataError(f"{path}: no day and rate above zero in line {place}")
    order = np.argsort(days, kind="stable")
    return Rates(days[order] // DAY_MS * DAY_MS, values[order])
