"""The ports of the script editor and its backtests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pinery.adapters.store.views.values import Number

LONGEST_SCRIPT = 200_000  # bytes


@dataclass(frozen=True, slots=True)
class ScriptRow:
    """``place``: "library" (comes with Pinery) or "own". ``kind``: strategy, indicator, library, or "" where that
    cannot be told. ``writable``: it can be changed here. ``used_by``: deployments whose charts run it."""

    id: str
    name: str
    title: str
    kind: str
    version: int | None
    place: str
    writable: bool
    modified: str
    bytes: int
    used_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScriptText:
    """``sha256`` of the file: say it when saving, so that nobody else's change is lost."""

    script: ScriptRow
    text: str
    sha256: str


class Scripts(Protocol):
    """Raises NotFound for an id that is none; Refused where the present state forbids it; UsageError."""

    def all(self) -> Sequence[ScriptRow]: ...
    def read(self, id: str) -> ScriptText: ...
    def create(self, name: str, text: str) -> ScriptText: ...
    def save(self, id: str, text: str, sha256: str) -> ScriptText:
        """Refused if the file is no longer the one of ``sha256``."""
        ...

    def delete(self, id: str) -> None: ...


class Checker(Protocol):
    def check(self, text: str, name: str, inputs: Mapping[str, Any] | None) -> dict[str, Any]:
        """The fields of ``CheckAnswer``. Raises Refused where it takes too much time or memory, Busy."""
        ...


@dataclass(frozen=True, slots=True)
class Language:
    """The editor's table of the language as JSON; ``compressed`` with gzip."""

    body: bytes
    compressed: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class MarketRow:
    """Bars that a backtest can run on. ``source``: the name of a feed, "stored" or "synthetic"; an empty ``symbol``
    stands for any. ``first`` and ``last`` are opening times of bars; what is not known is null."""

    source: str
    symbol: str
    timeframe: str
    bars: int | None
    first: str | None
    last: str | None


@dataclass(frozen=True, slots=True)
class BacktestOrder:
    """What to test. ``source`` as in ``MarketRow``; times are dates, times or Unix ms as text, empty: all."""

    text: str
    name: str
    script: str  # id, empty for a text that is not saved
    source: str
    symbol: str
    timeframe: str
    first: str
    last: str
    inputs: Mapping[str, Any]
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BacktestRow:
    """``state``: queued, running, done, failed or canceled. ``done`` of ``total`` bars; ``error`` and ``hint`` of one
    that failed."""

    id: str
    state: str
    name: str
    script: str
    source: str
    symbol: str
    timeframe: str
    by: str
    created: str
    finished: str | None
    done: int
    total: int
    error: str
    hint: str
    seconds: Number | None


class Backtests(Protocol):
    """Raises NotFound for an id that is none, or is no longer kept."""

    def markets(self) -> Sequence[MarketRow]: ...
    def start(self, order: BacktestOrder, by: str) -> BacktestRow:
        """Raises Busy where too many wait, UsageError for a market that is none."""
        ...

    def all(self) -> Sequence[BacktestRow]:
        """Newest first."""
        ...

    def get(self, id: str) -> tuple[BacktestRow, bytes | None]:
        """``bytes``: the result as JSON, once it is done."""
        ...

    def file(self, id: str, name: str) -> Path:
        """ "report.html" or "trades.csv". Raises NotFound while there is none."""
        ...

    def cancel(self, id: str) -> BacktestRow:
        """One that has ended stays as it is."""
        ...
