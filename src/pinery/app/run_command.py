"""``pinery run``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pinery.app import bars as market
from pinery.app.bars import MarketData
from pinery.app.chart.html import render as render_chart
from pinery.app.chart.payload import build as build_payload
from pinery.app.libraries import LibraryFolders
from pinery.app.options import moment, name_and_value, writable
from pinery.app.progress import progress_bar
from pinery.app.results import chart_subject
from pinery.app.scripts import read_script
from pinery.app.session import Finished, Job, execute
from pinery.app.settings import Settings
from pinery.app.summary import local_time, print_logs, print_summary, print_warnings, summary_data
from pinery.app.terminal import console
from pinery.app.writing import write_text
from pinery.core.errors import CompileError, UsageError
from pinery.lang.diagnostics import Severity
from pinery.lang.render import render
from pinery.lang.source import Source
from pinery.market import symbols as symbol_tables
from pinery.market.providers import Feed
from pinery.market.rates import Rates, read_rates
from pinery.market.store import BarStore
from pinery.runtime.writers import alerts_jsonl, drawings_json, plots_csv_rows


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of ``pinery run`` as given."""

    file: Path
    data: str | None
    symbol: str | None = None
    timeframe: str | None = None
    inputs: list[str] = field(default_factory=list)
    first: str | None = None
    last: str | None = None
    plots: Path | None = None
    alerts: Path | None = None
    drawings: Path | None = None
    chart: Path | None = None
    logs: bool = False
    as_json: bool = False
    feeds: list[str] = field(default_factory=list)
    rates: list[str] = field(default_factory=list)
    symbols: Path | None = None
    libraries: list[Path] = field(default_factory=list)
    strict_data: bool = False
    timezone: str | None = None


def run_script(options: RunOptions, settings: Settings) -> None:
    """Runs a script, writes what was asked for, prints the summary."""
    check_outputs(options)
    job = job_of(options, settings)
    with showing_findings(job.source), progress_bar(options.file.name, enabled=not options.as_json) as report:
        finished = execute(job, report)
    written = write_outputs(options, finished)
    if options.as_json:
        json.dump(summary_data(finished, written), sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
        sys.stdout.write("\n")
        return
    print_warnings(finished)
    if options.logs:
        print_logs(finished)
    print_summary(finished, written)


def check_outputs(options: RunOptions) -> None:
    """Raises UsageError where a file that was asked for could not be written."""
    for path, name in (
        (options.plots, "--plots"),
        (options.alerts, "--alerts"),
        (options.drawings, "--drawings"),
        (options.chart, "--chart"),
    ):
        writable(path, name)


def job_of(options: RunOptions, settings: Settings) -> Job:
    """The run that the options describe, with its bars read and cut."""
    source = read_script(options.file)
    beside = None if str(options.file) == "-" else options.file
    libraries = LibraryFolders.beside(beside, [*options.libraries, *settings.libraries])
    inputs = dict(name_and_value(text, "--input", '--input "Length=20"') for text in options.inputs)
    named = options.symbols or settings.symbols
    table = symbol_tables.load(named) if named is not None else None
    return Job(
        source,
        _market(options, table),
        inputs,
        [Feed.parse(text) for text in options.feeds],
        BarStore.default(),
        dict(_rates(text) for text in options.rates),
        table,
        libraries,
        options.strict_data,
        options.timezone or "UTC",
        settings.limits,
    )


@contextmanager
def showing_findings(source: Source) -> Iterator[None]:
    """Prints the errors of a script that does not compile."""
    try:
        yield
    except CompileError as error:
        errors = [d for d in error.diagnostics if d.severity is Severity.ERROR]
        console(stderr=True).print(render(errors, error.sources or [source]), end="")
        raise CompileError(error.message, error.diagnostics) from None


def _market(options: RunOptions, table: symbol_tables.SymbolTable | None) -> MarketData:
    data = market.load(
        options.data,
        symbol=options.symbol,
        timeframe=options.timeframe,
        table=table,
        strict=options.strict_data,
        timezone=options.timezone,
    )
    if options.first is None and options.last is None:
        return data
    zone = options.timezone or data.instrument.timezone
    first = moment(options.first, zone, "--from") if options.first else None
    last = moment(options.last, zone, "--to", end=True) if options.last else None
    if first is not None and last is not None and first > last:
        raise UsageError(f"--from {options.first} is after --to {options.last}")
    kept = data.bars.between(first, last)
    if not len(kept):
        raise UsageError("there are no bars between --from and --to", hint=f"the data goes {_span(data)}")
    return replace(data, bars=kept)


def _rates(text: str) -> tuple[tuple[str, str], Rates]:
    example = '--rate "EUR/USD=eurusd.csv"'
    pair, path = name_and_value(text, "--rate", example)
    source, slash, target = pair.upper().partition("/")
    if not slash or not source.strip() or not target.strip():
        raise UsageError(f"--rate {text!r} names no pair of currencies", hint=f"write it as {example}")
    return (source.strip(), target.strip()), read_rates(Path(path))


def _span(data: MarketData) -> str:
    zone = data.instrument.timezone
    return f"from {local_time(int(data.bars.time[0]), zone)} to {local_time(int(data.bars.time[-1]), zone)} ({zone})"


def write_outputs(options: RunOptions, finished: Finished) -> dict[str, str]:
    """Writes the files asked for; their names by what they hold."""
    outputs = finished.result.outputs
    written: dict[str, str] = {}

    def put(kind: str, path: Path | None, chunks: Iterable[str]) -> None:
        if path is not None:
            write_text(path, chunks)
            written[kind] = str(path)

    put("plots", options.plots, plots_csv_rows(outputs, [int(t) for t in finished.result.bars.time]))
    put("alerts", options.alerts, alerts_jsonl(outputs))
    if options.drawings is not None:
        put("drawings", options.drawings, [drawings_json(finished.result.drawings)])
    if options.chart is not None:
        page: dict[str, Any] = build_payload(chart_subject(finished))
        put("chart", options.chart, [render_chart(page)])
    return written
