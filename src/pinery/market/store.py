"""A folder of bars: a Parquet file for each symbol and timeframe, ``<home>/bars/EXCHANGE/TICKER/TF.parquet``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np

from pinery.core.bars import BarSeries
from pinery.core.errors import DataError, PineRuntimeError
from pinery.market.files import read_bars, write_bars
from pinery.market.files.tables import polars
from pinery.runtime.timeframes import Timeframe

_SUFFIX = ".parquet"
_NO_EXCHANGE = "-"


def home() -> Path:
    """Where Pinery keeps data: ``PINERY_HOME``, or ``~/.pinery``."""
    stated = os.environ.get("PINERY_HOME", "").strip()
    if stated:
        return Path(stated).expanduser()
    try:
        return Path.home() / ".pinery"
    except RuntimeError:
        raise DataError("there is no home folder to keep bars in", "set PINERY_HOME to a folder") from None


@dataclass(frozen=True, slots=True)
class StoredBars:
    """One file of the store. ``first`` and ``last`` are opening times of bars (Unix ms)."""

    tickerid: str
    timeframe: Timeframe
    path: Path
    count: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class BarStore:
    """Bars on disk. Files appear whole or not at all, so a run may read while an import writes."""

    folder: Path

    @classmethod
    def default(cls) -> BarStore:
        return cls(home() / "bars")

    def path(self, tickerid: str, timeframe: Timeframe) -> Path:
        prefix, _, ticker = tickerid.upper().rpartition(":")
        return self.folder / _safe(prefix or _NO_EXCHANGE) / _safe(ticker) / f"{timeframe}{_SUFFIX}"

    def get(self, tickerid: str, timeframe: Timeframe) -> BarSeries | None:
        """The stored bars, or None."""
        path = self.path(tickerid, timeframe)
        return read_bars(path, allow_negative=True).bars if path.exists() else None

    def put(self, tickerid: str, timeframe: Timeframe, bars: BarSeries, *, replace: bool = False) -> StoredBars:
        """Store bars. Those already there stay unless ``replace``; where both have a time the new bar wins."""
        before = None if replace else self.get(tickerid, timeframe)
        merged = bars if before is None else merge(before, bars)
        path = self.path(tickerid, timeframe)
        write_bars(merged, path)
        return StoredBars(tickerid.upper(), timeframe, path, len(merged), int(merged.time[0]), int(merged.time[-1]))

    def timeframes(self, tickerid: str) -> list[Timeframe]:
        """Timeframes stored for a symbol, shortest first."""
        folder = self.path(tickerid, Timeframe(1, "")).parent
        found = (_timeframe(path) for path in _entries(folder))
        return sorted((t for t in found if t is not None), key=lambda t: t.seconds)

    def resolve(self, symbol: str) -> str:
        """``ETHUSDT.P`` with its exchange where the store has it under exactly one; else unchanged, in capitals."""
        wanted = symbol.upper()
        if ":" in wanted:
            return wanted
        found = [e for e in _entries(self.folder) if any(_unsafe(t.name) == wanted for t in _entries(e))]
        if len(found) == 1 and _unsafe(found[0].name) != _NO_EXCHANGE:
            return f"{_unsafe(found[0].name)}:{wanted}"
        return wanted

    def list(self) -> list[StoredBars]:
        """Everything in the store, by symbol and timeframe."""
        pl = polars()
        found = []
        for exchange in _entries(self.folder):
            for ticker in _entries(exchange):
                for path in _entries(ticker):
                    timeframe = _timeframe(path)
                    if timeframe is None:
                        continue
                    prefix = _unsafe(exchange.name)
                    name = _unsafe(ticker.name)
                    tickerid = name if prefix == _NO_EXCHANGE else f"{prefix}:{name}"
                    try:
                        facts = pl.scan_parquet(path).select(
                            pl.len().alias("n"), pl.col("time").first().alias("a"), pl.col("time").last().alias("b")
                        )
                        count, first, last = facts.collect().row(0)
                    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
                        text = str(error).splitlines()[0]
                        raise DataError(f"{path} cannot be read: {text}", "import it again, or delete it") from None
                    found.append(StoredBars(tickerid, timeframe, path, count, first or 0, last or 0))
        return sorted(found, key=lambda s: (s.tickerid, s.timeframe.seconds))


def merge(old: BarSeries, new: BarSeries) -> BarSeries:
    """Both series in order of time; where both have a bar the new one stays."""
    kept = ~np.isin(old.time, new.time, assume_unique=True)
    order = np.argsort(np.concatenate([old.time[kept], new.time]), kind="stable")
    return BarSeries(
        *(
            np.concatenate([getattr(old, name)[kept], getattr(new, name)])[order]
            for name in ("time", "open", "high", "low", "close", "volume")
        )
    )


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror or error}") from None


def _timeframe(path: Path) -> Timeframe | None:
    if path.suffix != _SUFFIX:
        return None
    try:
        return Timeframe.parse(path.stem)
    except PineRuntimeError:
        return None


def _safe(name: str) -> str:
    """A file name for a symbol; ``.`` alone and hidden names are written out."""
    text = quote(name, safe="!_-.")
    return "%2E" + text[1:] if text.startswith(".") else text


def _unsafe(name: str) -> str:
    return unquote(name)
