"""Text and Parquet files to columns by role (time, open, high, low, close, volume), whatever their layout."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pinery.core.bars import IntArray
from pinery.core.errors import DataError
from pinery.market.files.times import looks_like_clock, looks_like_time

if TYPE_CHECKING:
    import polars as pl

BINANCE_COLUMNS = 12

_TIME_NAMES = (
    "time",
    "timestamp",
    "unix",
    "datetime",
    "opentime",
    "date",
    "gmttime",
    "localtime",
    "unixtime",
    "ts",
    "t",
)
_ROLES = {
    "open": ("open", "o", "openprice"),
    "high": ("high", "h", "highprice", "max"),
    "low": ("low", "l", "lowprice", "min"),
    "close": ("close", "c", "closeprice", "last", "closelast"),
    "volume": ("volume", "tickvol", "tickvolume", "vol", "v"),
}
_SEPARATORS = ",;\t|"
_SEARCHED_LINES = 12


@dataclass(slots=True)
class Table:
    """Columns by role; ``clock`` holds the time of day where date and time are apart."""

    format: str
    time: pl.Series
    clock: pl.Series | None
    numbers: dict[str, pl.Series]  # open high low close, volume where there is one
    lines: IntArray
    noun: str = "line"
    decimal_comma: bool = False


def polars() -> Any:
    """The polars module, or an error that says how to get it."""
    try:
        import polars as pl
    except ImportError:
        raise DataError(
            "reading and writing bar files needs polars, which is not installed", "pip install 'pinery[data]'"
        ) from None
    return pl


def read_table(path: Path) -> Table:
    """The file's columns, unparsed. Raises DataError where no bars can be made out."""
    polars()
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"there is no file {path}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    data, name = _unpack(data, path)
    if data[:4] == b"PAR1":
        return _parquet(data, path)
    if not data.strip():
        raise DataError(f"{path} is empty")
    return _text(_decode(data, path), path, name)


def _unpack(data: bytes, path: Path) -> tuple[bytes, str]:
    """The content of a gzip file or of a zip with one file in it (as Binance publishes klines)."""
    try:
        if data[:2] == b"\x1f\x8b":
            return gzip.decompress(data), path.stem
        if data[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                members = [m for m in archive.namelist() if not m.endswith("/")]
                if len(members) != 1:
                    raise DataError(f"{path} holds {len(members)} files", "unpack it and import them one by one")
                return archive.read(members[0]), members[0]
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, ValueError, RuntimeError) as error:
        raise DataError(f"{path} cannot be unpacked: {error}") from None
    return data, path.name


def _decode(data: bytes, path: Path) -> str:
    """The text, with line feeds as its only line ends."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
    elif b"\x00" in data[:4096]:
        raise DataError(f"{path} is not a text file", "bars are read from CSV and Parquet files")
    else:
        text = data.decode("utf-8-sig", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


# --- text -----------------------------------------------------------------------------


def _fields(line: str, separator: str) -> list[str]:
    """Cells of one line; a quoted cell may hold separators, as TradingView's plot titles do."""
    try:
        return [f.strip() for f in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]
    except csv.Error:
        return []


def _plain(name: str) -> str:
    """``<OPEN>``, ``Open Time`` and ``open_time`` as ``open`` and ``opentime``."""
    return "".join(c for c in name.casefold().strip("<>\"' ") if c.isalnum())


def _is_header(names: list[str]) -> bool:
    plain = [_plain(n) for n in names]
    return all(any(n in _ROLES[role] for n in plain) for role in ("open", "high", "low", "close"))


def _is_row(values: list[str], start: int = 1) -> bool:
    return len(values) >= start + 4 and looks_like_time(values[0]) and all(map(_is_number, values[start : start + 4]))


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _text(text: str, path: Path, name: str) -> Table:
    first = text[:65536].split("\n")[:_SEARCHED_LINES]
    for number, line in enumerate(first):
        for separator in sorted(_SEPARATORS, key=lambda s: -line.count(s)):
            values = _fields(line, separator)
            if _is_header(values):
                return _columns(text, number, separator, values, path, len(values))
            if _is_row(values) or (_is_row(values, 2) and looks_like_clock(values[1])):
                return _columns(text, number, separator, None, path, width=len(values), second=values[1])
    shown = first[0][:80] if first else ""
    raise DataError(
        f"{name}: no columns open, high, low and close and no rows of bars among its first lines; it begins {shown!r}",
        "the first line should name the columns: time,open,high,low,close,volume",
    )


def _columns(
    text: str, skip: int, separator: str, header: list[str] | None, path: Path, width: int, second: str = ""
) -> Table:
    pl = polars()
    body = text
    if skip:
        body = "\n".join(text.split("\n")[skip:])
    try:
        frame = pl.read_csv(
            body.encode(),
            separator=separator,
            has_header=False,
            infer_schema=False,
            truncate_ragged_lines=True,
            null_values=["", "null", "NULL", "None"],
            raise_if_empty=False,
        )
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{path} cannot be read as a table: {str(error).splitlines()[0]}") from None
    if header:
        frame = frame.slice(1)  # read as a row because the first row decides how many columns there are
    columns = frame.get_columns()
    if not columns or not len(columns[0]):
        raise DataError(f"{path} has no rows")
    lines = _line_numbers(text, skip + (1 if header else 0), frame.height)
    # The reader gives a blank line as a row of nulls.
    blank = pl.Series(np.ones(frame.height, dtype=bool))
    for column in columns:
        blank = blank & column.is_null()
    if blank.any():
        columns = [c.filter(~blank) for c in columns]
        lines = lines[~blank.to_numpy()] if len(lines) == len(blank) else lines
    if header is None:
        return _headerless(columns, lines, separator, width, second)
    return _named(columns, lines, separator, header, path)


def _line_numbers(text: str, skipped: int, rows: int) -> IntArray:
    """1-based line numbers of a table's rows; blank lines count as lines even where the reader passes them over."""
    everything = text.count("\n") + (0 if text.endswith("\n") else 1)
    if everything - skipped == rows:
        return np.arange(skipped + 1, skipped + 1 + rows, dtype=np.int64)
    numbers = [i for i, line in enumerate(text.split("\n"), 1) if i > skipped and line.strip()]
    if len(numbers) == rows:
        return np.array(numbers, dtype=np.int64)
    return np.arange(skipped + 1, skipped + 1 + rows, dtype=np.int64)


def _headerless(columns: list[pl.Series], lines: IntArray, separator: str, width: int, second: str) -> Table:
    if width == BINANCE_COLUMNS:
        numbers = dict(zip(("open", "high", "low", "close", "volume"), columns[1:6], strict=True))
        return Table("Binance klines", columns[0], None, numbers, lines)
    # 093000 beside a date is a clock, but so might be a price: only a colon, or a sixth number, tells.
    apart = looks_like_clock(second) and (":" in second or width >= 7)
    start = 2 if apart else 1
    roles = ("open", "high", "low", "close", "volume")
    numbers = dict(zip(roles, columns[start : start + 5], strict=False))
    clock = columns[1] if apart else None
    return Table("CSV without header", columns[0], clock, numbers, lines, decimal_comma=separator == ";")


def _named(columns: list[pl.Series], lines: IntArray, separator: str, header: list[str], path: Path) -> Table:
    plain = [_plain(name) for name in header[: len(columns)]]
    numbers = {}
    for role, names in _ROLES.items():
        place = next((plain.index(n) for n in names if n in plain), None)
        if place is None and role == "volume":
            place = next((i for i, n in enumerate(plain) if n.startswith("volume")), None)
        if place is not None:
            numbers[role] = columns[place]
    missing = [role for role in ("open", "high", "low", "close") if role not in numbers]
    if missing:
        raise DataError(
            f"{path} has no column {missing[0]!r} in its rows; its header is {separator.join(header)[:120]!r}"
        )
    time, clock = _time_columns(columns, plain, header, path)
    return Table(_format_name(header, plain), time, clock, numbers, lines, decimal_comma=separator == ";")


def _time_columns(
    columns: list[pl.Series], plain: list[str], header: list[str], path: Path
) -> tuple[pl.Series, pl.Series | None]:
    if "date" in plain and "time" in plain:
        time = columns[plain.index("time")]
        sample = str(time.drop_nulls().first() or "")
        if looks_like_clock(sample):
            return columns[plain.index("date")], time
        return time, None
    for name in _TIME_NAMES:
        if name in plain:
            return columns[plain.index(name)], None
    raise DataError(
        f"{path} has no column with the bars' times; its header is {', '.join(header)[:120]!r}",
        "name it time, timestamp, date or datetime",
    )


def _format_name(header: list[str], plain: list[str]) -> str:
    if len(plain) == BINANCE_COLUMNS and plain[0] == "opentime":
        return "Binance klines"
    if header[:5] == ["time", "open", "high", "low", "close"] and (len(header) == 5 or header[5] != "volume"):
        return "TradingView chart export"
    return "CSV"


# --- Parquet --------------------------------------------------------------------------


def _parquet(data: bytes, path: Path) -> Table:
    pl = polars()
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}") from None
    if not frame.height:
        raise DataError(f"{path} has no rows")
    lines = np.arange(1, frame.height + 1, dtype=np.int64)
    table = _named(frame.get_columns(), lines, ",", frame.columns, path)
    table.format, table.noun, table.decimal_comma = "Parquet", "row", False
    return table
