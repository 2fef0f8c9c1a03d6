"""The Python API: ``pinery.run``, ``pinery.backtest`` and ``pinery.check``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from pinery.app import bars as market
from pinery.app.backtest_command import read_gate, report_page
from pinery.app.backtesting import Tested, execute_backtest
from pinery.app.chart.html import render as render_chart
from pinery.app.chart.payload import build as build_payload
from pinery.app.currencies import parse_rates
from pinery.app.libraries import LibraryFolders
from pinery.app.options import zone_info
from pinery.app.results import chart_subject, titled_plots
from pinery.app.scripts import decode, read_script
from pinery.app.session import Finished, Job, execute
from pinery.app.settings import limits_from
from pinery.app.writing import write_text
from pinery.core.bars import BarSeries, FloatArray, IntArray
from pinery.core.errors import DataError
from pinery.emulator.trades import TradeRecord
from pinery.lang.check import check as check_source
from pinery.lang.render import to_json
from pinery.lang.source import Source
from pinery.market import symbols as symbol_tables
from pinery.market.providers import Feed
from pinery.market.store import BarStore
from pinery.runtime.orders import StrategySettings
from pinery.runtime.outputs import AlertEvent, LogRecord
from pinery.runtime.writers import plots_csv_rows
from pinery.tester.gate import Gate, Verdict
from pinery.tester.statistics import Metrics

Text = str | PathLike[str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One error or warning of a script. Lines and columns count from 1."""

    code: str
    severity: str  # error, warning, info
    message: str
    line: int
    column: int
    file: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.severity}[{self.code}]: {self.message}"


class RunResult:
    """What a run produced. Lists by bar are as long as ``bars``; na is ``nan``."""

    def __init__(self, finished: Finished) -> None:
        self._finished = finished
        result = finished.result
        self.title: str = str(result.declaration.get("title") or finished.script.sources[0].name)
        self.kind: str = result.kind  # indicator, strategy
        self.bars: BarSeries = result.bars
        self.symbol: str = result.instrument.tickerid
        self.timeframe: str = result.timeframe.text()
        self.plots: dict[str, list[float]] = dict(titled_plots(result.outputs))
        self.alerts: list[AlertEvent] = list(result.outputs.alerts)
        self.logs: list[LogRecord] = list(result.outputs.logs)
        self.inputs: dict[str, Any] = {decl.title: decl.value for decl in result.inputs}
        self.warnings: list[str] = [*finished.market.warnings, *result.warnings]

    @property
    def drawings(self) -> list[dict[str, Any]]:
        """Lines, labels, boxes, linefills, polylines and tables alive at the end, as plain data."""
        return self._finished.result.drawings.as_data()

    def write_plots(self, path: Text) -> None:
        """A CSV file: time (ISO 8601, UTC) and one column per plot."""
        rows = plots_csv_rows(self._finished.result.outputs, [int(t) for t in self.bars.time])
        write_text(Path(path), rows)

    def write_chart(self, path: Text) -> None:
        """A self-contained HTML chart."""
        write_text(Path(path), [render_chart(build_payload(chart_subject(self._finished)))])

    def __repr__(self) -> str:
        return (
            f"<RunResult {self.title!r} on {self.symbol} {self.timeframe}: {len(self.bars)} bars, "
            f"{len(self.plots)} plots, {len(self.alerts)} alerts>"
        )


def run(
    script: Text,
    *,
    bars: Any,
    symbol: str | None = None,
    timeframe: str | None = None,
    inputs: Mapping[str, Any] | None = None,
    feeds: Mapping[str, Text] | None = None,
    libraries: Iterable[Text] = (),
    symbols: Text | None = None,
    timezone: str | None = None,
    strict_data: bool = False,
    limits: Mapping[str, float] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RunResult:
    """Runs a script over bars.

    ``script`` is a path, or the script's text itself (any text with a line end in it).
    ``bars`` is a path, ``"synthetic:5000"``, a ``BarSeries``, or a mapping or data frame with the columns
    time, open, high, low, close and volume (time in Unix s, Unix ms or as datetime64).
    ``feeds`` gives further bars to requests: ``{"CME_MINI:ES1!@60": "es-60.csv"}``.
    ``inputs`` by title. ``libraries`` are folders with ``name/library/version.pine``. ``limits`` changes what
    protects against runaway scripts, as in ``{"max_loop_seconds": 60}``; docs/cli.md lists them.

    Raises ``CompileError``, ``UsageError``, ``DataError`` and ``PineRuntimeError``.
    """
    job = _job(script, bars, symbol, timeframe, inputs, feeds, libraries, symbols, timezone, strict_data, limits)
    return RunResult(execute(job, progress))


class BacktestResult(RunResult):
    """What a backtest produced, besides what a run does.

    ``trades`` are ``TradeRecord``; ``equity`` the account at each bar's close; ``metrics["net_profit"]`` a figure of
    all trades, ``metrics.long`` and ``metrics.short`` those of one side (docs/metrics.md has all names), nan where it
    is undefined. Amounts are in ``currency``.
    """

    def __init__(self, tested: Tested) -> None:
        super().__init__(tested.finished)
        self._tested = tested
        result = tested.result
        self.trades: list[TradeRecord] = result.trades
        self.metrics: Metrics = result.metrics
        self.equity: FloatArray = result.equity
        self.currency: str = result.currency
        self.settings: StrategySettings = result.settings
        self.warnings = tested.warnings

    def judge(self, gate: Text | Gate | None = None) -> Verdict:
        """Holds the result against a gate's limits: those of a TOML file, or the default ones."""
        return self._tested.result.judge(gate if isinstance(gate, Gate) else read_gate(Path(gate) if gate else None))

    def write_trades(self, path: Text, *, timezone: str | None = None) -> None:
        """TradingView's "List of trades" as CSV; times in ``timezone``, the exchange's by default."""
        if timezone is not None:
            zone_info(timezone)
        write_text(Path(path), [self._tested.result.trade_list(timezone)])

    def write_report(self, path: Text) -> None:
        """A self-contained HTML report."""
        write_text(Path(path), [report_page(self._tested)])

    def __repr__(self) -> str:
        return (
            f"<BacktestResult {self.title!r} on {self.symbol} {self.timeframe}: {len(self.bars)} bars, "
            f"{len(self.trades)} trades, net profit {self.metrics['net_profit']:.2f} {self.currency}>"
        )


def backtest(
    script: Text,
    *,
    bars: Any,
    symbol: str | None = None,
    timeframe: str | None = None,
    inputs: Mapping[str, Any] | None = None,
    rates: Mapping[str, Text] | None = None,
    feeds: Mapping[str, Text] | None = None,
    libraries: Iterable[Text] = (),
    symbols: Text | None = None,
    timezone: str | None = None,
    strict_data: bool = False,
    limits: Mapping[str, float] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> BacktestResult:
    """Tests a strategy on bars; arguments as those of ``run``.

    ``rates`` are files with daily rates between currencies: ``{"USDTUSD": "usdtusd.csv"}``.

    Raises ``CompileError``, ``UsageError``, ``DataError`` and ``PineRuntimeError``.
    """
    job = _job(script, bars, symbol, timeframe, inputs, feeds, libraries, symbols, timezone, strict_data, limits)
    found = dict(parse_rates(f"{pair}={file}") for pair, file in (rates or {}).items())
    return BacktestResult(execute_backtest(job, found, progress))


def check(script: Text, *, libraries: Iterable[Text] = ()) -> list[Finding]:
    """All errors and warnings of a script (a path, or its text), in the order of their places."""
    source, path = _source(script)
    checked = check_source(source, LibraryFolders.beside(path, [Path(folder) for folder in libraries]))
    return [
        Finding(
            str(entry["code"]),
            str(entry["severity"]),
            str(entry["message"]),
            int(entry["line"]),
            int(entry["column"]),
            str(entry["file"]),
            entry["hint"],
        )
        for entry in to_json(checked.diagnostics, checked.sources)
    ]


def _job(
    script: Text,
    bars: Any,
    symbol: str | None,
    timeframe: str | None,
    inputs: Mapping[str, Any] | None,
    feeds: Mapping[str, Text] | None,
    libraries: Iterable[Text],
    symbols: Text | None,
    timezone: str | None,
    strict_data: bool,
    limits: Mapping[str, float] | None,
) -> Job:
    source, path = _source(script)
    table = symbol_tables.load(Path(symbols)) if symbols is not None else None
    return Job(
        source,
        _market(bars, symbol, timeframe, table, strict_data, timezone),
        dict(inputs or {}),
        [Feed.parse(f"{name}={file}") for name, file in (feeds or {}).items()],
        BarStore.default(),
        table=table,
        libraries=LibraryFolders.beside(path, [Path(folder) for folder in libraries]),
        strict_data=strict_data,
        timezone=timezone or "UTC",
        limits=limits_from(limits, "limits") if limits is not None else None,
    )


def _source(script: Text) -> tuple[Source, Path | None]:
    if isinstance(script, str) and "\n" in script:
        return Source(decode(script.encode("utf-8", "surrogatepass"), "the script")), None
    path = Path(script)
    return read_script(path), path


def _market(
    given: Any,
    symbol: str | None,
    timeframe: str | None,
    table: symbol_tables.SymbolTable | None,
    strict: bool,
    timezone: str | None,
) -> market.MarketData:
    if isinstance(given, str | PathLike):
        return market.load(
            str(given), symbol=symbol, timeframe=timeframe, table=table, strict=strict, timezone=timezone
        )
    series = given if isinstance(given, BarSeries) else _series(given)
    return market.arrange(series, symbol or "BARS", timeframe, table)


def _series(columns: Any) -> BarSeries:
    """Bars from a mapping or data frame."""

    def column(name: str) -> Any:
        try:
            return columns[name]
        except (KeyError, IndexError, TypeError, ValueError):
            raise DataError(f"the bars have no column {name!r}", "give time, open, high, low, close, volume") from None

    def prices(name: str) -> FloatArray:
        try:
            return np.asarray(column(name), dtype=np.float64)
        except (TypeError, ValueError):
            raise DataError(f"column {name!r} holds something else than numbers") from None

    time = _times(np.asarray(column("time")))
    if len(time) > 1 and not bool(np.all(time[1:] > time[:-1])):
        raise DataError("times of bars must grow from bar to bar", "sort the bars and drop duplicates")
    has_volume = "volume" in (columns.columns if hasattr(columns, "columns") else columns)
    volume = prices("volume") if has_volume else np.full(len(time), np.nan)
    return BarSeries(time, prices("open"), prices("high"), prices("low"), prices("close"), volume)


def _times(values: Any) -> IntArray:
    if np.issubdtype(values.dtype, np.datetime64):
        milliseconds: IntArray = values.astype("datetime64[ms]").astype(np.int64)
        return milliseconds
    if not (np.issubdtype(values.dtype, np.integer) or np.issubdtype(values.dtype, np.floating)):
        raise DataError("column 'time' holds no times", "give Unix seconds, Unix milliseconds or datetime64")
    whole: IntArray = values.astype(np.int64)
    return whole if len(whole) == 0 or abs(int(whole[-1])) >= 10**11 else whole * 1000
