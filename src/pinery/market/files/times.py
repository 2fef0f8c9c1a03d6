"""Times as bar files write them, to Unix milliseconds."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from pinery.core.bars import IntArray
from pinery.core.errors import DataError, UsageError
from pinery.market.files.checks import BoolArray

if TYPE_CHECKING:
    import polars as pl

# Date orders that cannot be confused with each other.
_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%Y%m%d")
_CLOCKS = ("", "%H:%M:%S%.f", "%H:%M:%S", "%H:%M", "%H%M%S", "%H%M")
_DAY_FIRST, _MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"

_UNIX = re.compile(r"\d+(\.\d*)?([eE]\+?\d+)?")
_LOOKS_LIKE_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?|\d{6}|\d{4}")
_LOOKS_LIKE_TIME = re.compile(
    r"\d{9,19}(\.\d+)?|(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{8})\b.*"
)


def looks_like_time(text: str) -> bool:
    """True for a Unix time or something that starts with a date."""
    return _LOOKS_LIKE_TIME.fullmatch(text.strip()) is not None


def looks_like_clock(text: str) -> bool:
    """True for ``09:30``, ``09:30:00``, ``093000`` and ``0930``."""
    return _LOOKS_LIKE_CLOCK.fullmatch(text.strip()) is not None


def unix_ms(values: IntArray) -> IntArray:
    """Unix seconds, ms, µs or ns to ms; the unit is told for each value by its size (years 1973 to 5138)."""
    size = np.abs(values)
    return np.select(
        [size < 10**11, size < 10**14, size < 10**17],
        [values * 1000, values, values // 1000],
        values // 1_000_000,
    ).astype(np.int64)


def parse_times(column: pl.Series, zone: str, time_format: str | None = None) -> tuple[IntArray, BoolArray]:
    """Unix ms of a column of texts, numbers or dates, and which rows could not be read.

    ``zone`` is the IANA zone of times that carry none themselves. ``time_format`` (strptime notation) forces how
    texts are read.
    """
    import polars as pl

    if column.dtype.is_temporal():
        found = column.cast(pl.Datetime("ms", getattr(column.dtype, "time_zone", None)))
        return _to_arrays(_with_zone(found, zone))
    if column.dtype.is_numeric():
        numbers = column.cast(pl.Float64, strict=False)
        return _unix(numbers)
    text = column.cast(pl.String).str.strip_chars()
    if time_format is not None:
        return _to_arrays(_with_zone(_parse(text, time_format), zone))
    sample = text.drop_nulls().head(64).to_list()
    if sample and sum(_is_unix(s) for s in sample) * 2 > len(sample):
        return _unix(
            text.cast(pl.Float64, strict=False) if re.search("[.eE]", sample[0]) else text.cast(pl.Int64, strict=False)
        )
    return _to_arrays(_from_texts(text, zone, sample))


def _is_unix(text: str) -> bool:
    """Digits only, and not a date such as 20250131 or 20250131093000."""
    digits = text.partition(".")[0]
    if not _UNIX.fullmatch(text):
        return False
    return not (len(digits) in (8, 12, 14) and digits[:2] in ("19", "20") and _is_date(digits))


def _is_date(digits: str) -> bool:
    try:
        datetime.strptime(digits[:8], "%Y%m%d")
    except ValueError:
        return False
    return len(digits) == 8 or int(digits[8:10]) < 24


def _unix(numbers: pl.Series) -> tuple[IntArray, BoolArray]:
    bad = numbers.is_null().to_numpy()
    if numbers.dtype.is_float():
        values = numbers.fill_null(0.0).to_numpy()
        bad = bad | ~np.isfinite(values) | (np.abs(values) > 9e18)
        values = np.where(bad, 0.0, values)
        # Fractions of seconds matter only below ms.
        seconds = np.abs(values) < 1e11
        return np.where(seconds, np.rint(values * 1000), unix_ms(values.astype(np.int64))).astype(np.int64), bad
    return unix_ms(numbers.fill_null(0).to_numpy()), bad


def _parse(text: pl.Series, form: str) -> pl.Series:
    import polars as pl

    try:
        if "%z" in form or "%Z" in form:
            found = text.str.to_datetime(form, time_unit="ms", time_zone="UTC", strict=False)
        elif "%H" in form or "%I" in form:
            found = text.str.to_datetime(form, time_unit="ms", strict=False)
        else:
            found = text.str.to_date(form, strict=False).cast(pl.Datetime("ms"))
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"the time format {form!r} cannot be used: {error}") from None
    return found


def _with_zone(found: pl.Series, zone: str) -> pl.Series:
    import polars as pl

    if getattr(found.dtype, "time_zone", None) is not None:
        return found.dt.convert_time_zone("UTC")
    try:
        return found.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    except pl.exceptions.PolarsError:
        raise UsageError(f"unknown time zone {zone!r}", "give an IANA name such as America/New_York or UTC") from None


def _to_arrays(found: pl.Series) -> tuple[IntArray, BoolArray]:
    import polars as pl

    bad = found.is_null().to_numpy()
    return found.cast(pl.Int64).fill_null(0).to_numpy().astype(np.int64), bad


def _from_texts(text: pl.Series, zone: str, sample: list[str]) -> pl.Series:
    """Dates with or without a clock, with or without an offset at the end."""
    import polars as pl

    offset = text.str.extract(r":\d{2}(?:[.,]\d+)?\s*(Z|z|[+-]\d{2}:?\d{2}|UTC|GMT)$", 1)
    plain = text
    if offset.null_count() < len(offset):
        plain = text.str.replace(r"(:\d{2}(?:[.,]\d+)?)\s*(?:Z|z|[+-]\d{2}:?\d{2}|UTC|GMT)$", "$1")
    plain = plain.str.replace("T", " ", literal=True)
    found = pl.Series("time", [None] * len(plain), dtype=pl.Datetime("ms"))
    for form in _forms(plain, sample):
        if found.null_count() == 0:
            break
        found = pl.select(pl.coalesce(pl.lit(found), pl.lit(_parse(plain, form)))).to_series()
    zoned = _with_zone(found, zone)
    if offset.null_count() == len(offset):
        return zoned
    # A stated offset wins over the file's zone.
    minutes = {value: _offset_minutes(value) for value in offset.unique().drop_nulls().to_list()}
    shift = offset.replace_strict(minutes, default=None, return_dtype=pl.Int64)
    stated = found.dt.replace_time_zone("UTC") - pl.select(pl.duration(minutes=pl.lit(shift))).to_series()
    return pl.select(
        pl.when(pl.lit(offset).is_not_null())
        .then(pl.lit(stated).cast(pl.Datetime("ms", "UTC")))
        .otherwise(pl.lit(zoned))
    ).to_series()


def _offset_minutes(text: str) -> int:
    if text in ("Z", "z", "UTC", "GMT"):
        return 0
    digits = text[1:].replace(":", "")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return int(span.total_seconds() // 60) * (-1 if text[0] == "-" else 1)


def _forms(text: pl.Series, sample: list[str]) -> list[str]:
    """Formats worth trying, the sample's own first."""
    dates = list(_DATES)
    if any("/" in s[:3] or "-" in s[:3] for s in sample):
        dates = [_slash_order(text).replace("/", "-" if "-" in sample[0][:3] else "/"), *dates]
    forms = [f"{date} {clock}".rstrip() for date in dates for clock in _CLOCKS]
    forms += ["%Y%m%d%H%M%S", "%Y%m%d%H%M"]
    return sorted(forms, key=lambda form: not _fits(form, sample))


def _fits(form: str, sample: list[str]) -> bool:
    shape = re.sub(r"%[Y]", "0000", form.replace("%.f", ""))
    shape = re.sub(r"%[mdHMS]", "00", shape)
    return bool(sample) and len(shape) == len(sample[0][:19])


def _slash_order(text: pl.Series) -> str:
    """Day or month first, told by a number above 12 in the one place or the other."""
    import polars as pl

    first = text.str.extract(r"^(\d{1,2})[-/]", 1).cast(pl.Int64, strict=False).max()
    second = text.str.extract(r"^\d{1,2}[-/](\d{1,2})[-/]", 1).cast(pl.Int64, strict=False).max()
    if isinstance(first, int) and first > 12:
        return _DAY_FIRST
    if isinstance(second, int) and second > 12:
        return _MONTH_FIRST
    raise DataError(
        "the dates may be day/month/year or month/day/year; nothing in the file decides it",
        "say which with --time-format, for example --time-format '%d/%m/%Y %H:%M'",
    )
