"""``pinery data``: bar files into the store, what is there, synthetic bars, the symbol table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.table import Table
from rich.text import Text

from pinery.app.bars import parse_timeframe
from pinery.app.fetch_command import fetch_app
from pinery.app.options import zone_info
from pinery.app.progress import progress_bar
from pinery.app.settings import load_settings
from pinery.app.terminal import console
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError, UsageError
from pinery.core.instrument import Instrument
from pinery.market.files import BarFileError, Report, guess, read_bars, write_bars
from pinery.market.generator import FIRST_DAY, SYMBOL, generate
from pinery.market.resample import resample
from pinery.market.spacing import Gap, detect_timeframe, find_gaps
from pinery.market.store import BarStore
from pinery.market.symbols import SYNTHETIC, SymbolTable, assumptions, load, lookup, plain
from pinery.runtime.timeframes import Timeframe

data_app = typer.Typer(
    name="data",
    help="Import bar files, download bars, list and inspect stored ones, generate synthetic ones, look up symbols.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
)

data_app.add_typer(fetch_app)

_SHOWN_GAPS = 10
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
SymbolsOption = Annotated[
    list[Path] | None,
    typer.Option("--symbols", metavar="FILE", help="A TOML file with more symbols; repeatable."),
]
TimeframeOption = Annotated[
    str | None,
    typer.Option(
        "--timeframe", "-t", metavar="TF", help='As TradingView writes it: "5", "60", "1D". Default: told by the bars.'
    ),
]


@data_app.command("import")
def import_bars(
    files: Annotated[list[Path], typer.Argument(help="TradingView exports, Binance klines, CSV or Parquet files.")],
    symbol: Annotated[
        str | None,
        typer.Option("--symbol", "-s", metavar="SYMBOL", help="EXCHANGE:TICKER. Default: told by the file's name."),
    ] = None,
    timeframe: TimeframeOption = None,
    lenient: Annotated[
        bool, typer.Option("--lenient/--strict", help="Drop, sort or repair wrong rows instead of refusing the file.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Forget what is stored instead of adding to it.")] = False,
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", metavar="ZONE", help="Zone of times without an offset. Default: the exchange's."),
    ] = None,
    time_format: Annotated[
        str | None, typer.Option("--time-format", metavar="FORMAT", help="How times are written, as in strptime.")
    ] = None,
    allow_negative: Annotated[
        bool, typer.Option("--allow-negative", help="Prices of zero and below are good (spreads, oil in 2020).")
    ] = False,
    symbols: SymbolsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read bar files and keep them in the store.

    Several files of one symbol are joined; of bars with one time the later file's stays.

    **Examples**

    `pinery data import "BINANCE_ETHUSDT.P, 15.csv"`

    `pinery data import BTCUSDT-1m-2024-*.zip`

    `pinery data import es.csv --symbol CME_MINI:ES1! --timezone America/Chicago --lenient`
    """
    store = BarStore.default()
    table = _symbol_table(symbols)
    given = _timeframe(timeframe)
    results: list[dict[str, Any]] = []
    with progress_bar("importing", enabled=not as_json and len(files) > 1) as progress:
        for number, path in enumerate(files):
            if progress is not None:
                progress(number, len(files))
            if not path.is_file():
                raise UsageError(f"there is no file {path}")
            guessed_symbol, guessed_frame = guess(path.name)
            tickerid = symbol or guessed_symbol
            if tickerid is None:
                raise UsageError(f"the name of {path} does not tell its symbol", "say it with --symbol EXCHANGE:TICKER")
            try:
                found = read_bars(
                    path,
                    lenient=lenient,
                    timezone=timezone or lookup(tickerid, table).timezone,
                    time_format=time_format,
                    allow_negative=allow_negative,
                )
            except BarFileError as error:
                if as_json:
                    print(json.dumps({"error": error.message, **error.report.as_dict()}, indent=2))
                raise
            frame = given or _detected(found.bars, path, guessed_frame)
            instrument = lookup(tickerid, table, prices=found.bars.close)
            stored = store.put(instrument.tickerid, frame, found.bars, replace=replace and number == 0)
            results.append(
                {
                    "symbol": stored.tickerid,
                    "timeframe": str(frame),
                    "path": str(stored.path),
                    "stored_bars": stored.count,
                    "first": stored.first,
                    "last": stored.last,
                    "warning": assumptions(instrument) if instrument.assumed else None,
                    **found.report.as_dict(),
                }
            )
            if not as_json:
                _print_report(found.report, done=True)
    if as_json:
        print(json.dumps(results, indent=2))
        return
    screen = console()
    for text in dict.fromkeys(r["warning"] for r in results if r["warning"]):
        screen.print(Text.assemble(("warning: ", "yellow"), text))
    for key in dict.fromkeys((r["symbol"], r["timeframe"]) for r in results):
        last = [r for r in results if (r["symbol"], r["timeframe"]) == key][-1]
        span = f"{_when(last['first'])} to {_when(last['last'])} UTC"
        screen.print(f"{key[0]} {key[1]}: {last['stored_bars']:,} bars stored, {span}")


@data_app.command("list")
def list_bars(as_json: JsonOption = False) -> None:
    """List the bars in the store."""
    store = BarStore.default()
    found = store.list()
    if as_json:
        rows = [
            {
                "symbol": s.tickerid,
                "timeframe": str(s.timeframe),
                "bars": s.count,
                "first": s.first,
                "last": s.last,
                "path": str(s.path),
            }
            for s in found
        ]
        print(json.dumps(rows, indent=2))
        return
    screen = console()
    if not found:
        screen.print(f"There are no bars in {store.folder} yet.")
        screen.print("Import some: pinery data import FILE --symbol EXCHANGE:TICKER")
        screen.print("Or make some up: pinery data generate")
        return
    table = _table("Symbol", "Timeframe", ">Bars", "First (UTC)", "Last (UTC)")
    for s in found:
        table.add_row(s.tickerid, str(s.timeframe), f"{s.count:,}", _when(s.first), _when(s.last))
    screen.print(table)


@data_app.command("info")
def info(
    target: Annotated[str, typer.Argument(metavar="SYMBOL|FILE", help="A stored symbol or a bar file.")],
    timeframe: TimeframeOption = None,
    symbol: Annotated[
        str | None, typer.Option("--symbol", "-s", metavar="SYMBOL", help="The symbol of a file's bars.")
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", metavar="ZONE", help="Zone of times without an offset. Default: the exchange's."),
    ] = None,
    symbols: SymbolsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show range, count, gaps and prices of bars, and what is known of their symbol."""
    table = _symbol_table(symbols)
    wanted = _timeframe(timeframe)
    path = Path(target)
    subjects = _of_file(path, symbol, wanted, timezone, table) if path.is_file() else _of_store(target, wanted, table)
    if as_json:
        facts = [_facts(s) for s in subjects]
        print(json.dumps(facts if len(facts) > 1 else facts[0], indent=2))
        return
    for subject in subjects:
        _print_info(subject, _facts(subject))


@dataclass(frozen=True, slots=True)
class _Subject:
    """What ``info`` is about. A file whose symbol nobody named has no ``instrument`` of its own."""

    instrument: Instrument
    timeframe: Timeframe
    bars: BarSeries
    report: Report | None
    named: bool


def _of_file(
    path: Path, symbol: str | None, wanted: Timeframe | None, timezone: str | None, table: SymbolTable
) -> list[_Subject]:
    guessed, guessed_frame = guess(path.name)
    name = symbol or guessed
    zone = timezone or (lookup(name, table).timezone if name else "UTC")
    found = read_bars(path, lenient=True, timezone=zone, allow_negative=True)
    frame = wanted or _detected(found.bars, path, guessed_frame)
    instrument = lookup(name, table, found.bars.close) if name else Instrument("", path.name, assumed=True)
    return [_Subject(instrument, frame, found.bars, found.report, name is not None)]


def _of_store(target: str, wanted: Timeframe | None, table: SymbolTable) -> list[_Subject]:
    store = BarStore.default()
    name = store.resolve(target)
    name = name if ":" in name else lookup(name, table).tickerid
    subjects = []
    for frame in store.timeframes(name):
        bars = store.get(name, frame) if wanted in (None, frame) else None
        if bars is not None:
            subjects.append(_Subject(lookup(name, table, bars.close), frame, bars, None, True))
    if not subjects:
        what = f"{name} {wanted}" if wanted else name
        raise DataError(
            f"there is no file and there are no stored bars {what}", "pinery data list shows what is stored"
        )
    return subjects


@data_app.command("generate")
def generate_bars(
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help=".csv or .parquet. Default: into the store."),
    ] = None,
    bars: Annotated[int | None, typer.Option("--bars", "-n", min=1, help="How many bars.")] = None,
    first: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First trading day.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last trading day.")] = None,
    timeframe: TimeframeOption = "1",
    symbol: Annotated[str, typer.Option("--symbol", "-s", help="A future on the exchange SYNTH.")] = SYMBOL,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same bars.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Make up bars of an index future: realistic in shape, not market data.

    **Examples**

    `pinery data generate --bars 300000`

    `pinery data generate --from 2024-01-02 --to 2024-06-28 --timeframe 5 --out es.csv`
    """
    symbol = symbol.upper() if ":" in symbol else f"{SYNTHETIC}:{symbol.upper()}"
    if not symbol.startswith(f"{SYNTHETIC}:"):
        raise UsageError(f"made-up bars must not bear the name of {symbol}", f"name them {SYNTHETIC}:ES1!")
    instrument = lookup(symbol)
    if instrument.root == instrument.ticker:  # SYNTH:ES means the continuous contract
        symbol += "1!"
        instrument = lookup(symbol)
    if instrument.assumed or instrument.type != "futures":
        raise UsageError(f"{symbol} cannot be generated", f"index futures can: {SYNTHETIC}:ES1!, {SYNTHETIC}:NQ1! ...")
    frame = _timeframe(timeframe) or Timeframe(1, "")
    if frame.seconds < 60:
        raise UsageError(f"{frame} bars cannot be generated", "the shortest timeframe is 1 minute")
    start = FIRST_DAY if first is None else _day(first, "--from")
    end = None if last is None else _day(last, "--to")
    count = 100_000 if bars is None and end is None else bars
    made = _generate(count, start, end, frame, seed, instrument)
    if out is not None:
        write_bars(made, out)
        place = str(out)
    else:
        place = str(BarStore.default().put(symbol, frame, made, replace=True).path)
    summary = {"symbol": symbol, "timeframe": str(frame), "bars": len(made), "path": place}
    summary |= {"first": int(made.time[0]), "last": int(made.time[-1]), "seed": seed, "synthetic": True}
    if as_json:
        print(json.dumps(summary, indent=2))
        return
    span = f"{_when(int(made.time[0]))} to {_when(int(made.time[-1]))} UTC"
    screen = console()
    screen.print(f"{symbol} {frame}: {len(made):,} synthetic bars, {span}")
    screen.print(f"written to {place}")


@data_app.command("symbols")
def list_symbols(
    words: Annotated[list[str] | None, typer.Argument(help="Only symbols with all of these words.")] = None,
    symbols: SymbolsOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the symbol table, or search it."""
    found = _symbol_table(symbols).search(" ".join(words or []))
    if as_json:
        print(json.dumps([_instrument_facts(i) for i in found], indent=2))
        return
    screen = console()
    if not found:
        screen.print(f"No symbol with {' '.join(words or [])!r}.")
        screen.print("Unknown symbols work too, with defaults; --symbols FILE.toml adds your own.")
        return
    table = _table("Symbol", "Type", ">Tick", ">Point value", ">Qty step", "Currency", "Zone", "Session", "Description")
    for i in found:
        table.add_row(
            i.tickerid,
            i.type,
            plain(i.mintick),
            f"{i.pointvalue:g}",
            plain(i.qty_step),
            i.currency,
            i.timezone,
            i.session,
            i.description,
        )
    screen.print(table)


# --- what the commands share ----------------------------------------------------------


def _symbol_table(files: list[Path] | None) -> SymbolTable:
    """The package's table, the folder's own symbols (``pinery.toml``), then the files named."""
    own = load_settings(Path.cwd()).symbols
    return load(*([own] if own else []), *(files or []))


def _timeframe(text: str | None) -> Timeframe | None:
    return None if text is None else parse_timeframe(text)


def _detected(bars: BarSeries, path: Path, guessed: Timeframe | None) -> Timeframe:
    if guessed is not None:
        return guessed
    try:
        return detect_timeframe(bars.time)
    except DataError as error:
        raise DataError(f"{path}: {error.message}", error.hint) from None


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{option} {text!r} is no date", "write it as 2025-01-31") from None


def _generate(
    count: int | None, first: date, last: date | None, frame: Timeframe, seed: int, instrument: Instrument
) -> BarSeries:
    """Bars of any timeframe from one minute up; ``count`` counts bars of that timeframe."""
    one_minute = Timeframe(1, "")
    if frame == one_minute:
        return generate(count, first=first, last=last, seed=seed, symbol=instrument.tickerid)
    minutes = None
    if count is not None:
        # A few more than needed, for sessions cut short and months without a fixed length.
        minutes = int(count * min(frame.seconds // 60, 23 * 60 * max(frame.seconds // 86_400, 1)) * 1.2) + 3000
    made = generate(minutes, first=first, last=last, seed=seed, symbol=instrument.tickerid)
    bars = resample(made, instrument, one_minute, frame).bars
    return bars if count is None else bars.slice(0, min(count, len(bars)))


def _facts(subject: _Subject) -> dict[str, Any]:
    bars = subject.bars
    gaps = find_gaps(bars.time, subject.timeframe, subject.instrument)
    return {
        "symbol": subject.instrument.tickerid if subject.named else None,
        "timeframe": str(subject.timeframe),
        "bars": len(bars),
        "first": int(bars.time[0]),
        "last": int(bars.time[-1]),
        "lowest": float(bars.low.min()),
        "highest": float(bars.high.max()),
        "bars_without_volume": int(np.isnan(bars.volume).sum()),
        "gaps": len(gaps),
        "missing_bars": sum(g.missing for g in gaps),
        "largest_gaps": [{"after": g.after, "before": g.before, "missing": g.missing} for g in _largest(gaps)],
        "instrument": _instrument_facts(subject.instrument) if subject.named else None,
        "file": None if subject.report is None else subject.report.as_dict(),
    }


def _largest(gaps: list[Gap]) -> list[Gap]:
    return sorted(sorted(gaps, key=lambda g: -g.missing)[:_SHOWN_GAPS], key=lambda g: g.after)


def _instrument_facts(i: Instrument) -> dict[str, Any]:
    return {
        "symbol": i.tickerid,
        "description": i.description,
        "type": i.type,
        "mintick": i.mintick,
        "pricescale": i.pricescale,
        "minmove": i.minmove,
        "pointvalue": i.pointvalue,
        "mincontract": i.mincontract,
        "qty_step": i.qty_step,
        "currency": i.currency,
        "timezone": i.timezone,
        "session": i.session,
        "assumed": i.assumed,
    }


def _print_info(subject: _Subject, fact: dict[str, Any]) -> None:
    screen = console()
    i, report = subject.instrument, subject.report
    zone = zone_info(i.timezone)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column()
    if subject.named:
        step = f"tick {plain(i.mintick)}, point value {i.pointvalue:g}, quantity step {plain(i.qty_step)}"
        table.add_row("symbol", f"{i.tickerid} {i.description}".strip())
        table.add_row("", f"{i.type}, {step}, {i.currency}, {i.timezone}, session {i.session}")
    else:
        table.add_row("symbol", "not known; --symbol EXCHANGE:TICKER gives trading hours and tick")
    if report is not None:
        table.add_row("file", f"{report.source} ({report.format})")
    table.add_row("timeframe", str(subject.timeframe))
    table.add_row("bars", f"{fact['bars']:,}")
    table.add_row("first", _when(fact["first"], zone))
    table.add_row("last", _when(fact["last"], zone))
    table.add_row("prices", f"{fact['lowest']:g} to {fact['highest']:g}")
    if fact["bars_without_volume"]:
        table.add_row("no volume", f"{fact['bars_without_volume']:,} bars")
    hours = "holidays included" if subject.named else "as if it traded around the clock"
    table.add_row(
        "gaps", f"{fact['gaps']:,}, about {fact['missing_bars']:,} bars ({hours})" if fact["gaps"] else "none"
    )
    screen.print(table)
    if i.assumed and subject.named:
        screen.print(Text.assemble(("warning: ", "yellow"), assumptions(i)))
    if fact["largest_gaps"]:
        gaps = _table("Gap after", "Next bar", ">Missing")
        for gap in fact["largest_gaps"]:
            gaps.add_row(_when(gap["after"], zone), _when(gap["before"], zone), f"{gap['missing']:,}")
        screen.print(gaps)
    if report is not None and not report.clean:
        _print_report(report, done=True)
    screen.print()


def _print_report(report: Report, *, done: bool) -> None:
    screen = console()
    kept = "" if report.rows_kept == report.rows_read else f", {report.rows_kept:,} kept"
    screen.print(f"{report.source}: {report.format}, {report.rows_read:,} rows{kept}")
    for text in report.texts(done=done):
        screen.print(Text.assemble(("  ! ", "yellow"), text))
    for note in report.notes:
        screen.print(f"  {note}")


def _table(*columns: str) -> Table:
    """A table without borders; a name with ``>`` in front is a column of numbers."""
    table = Table(box=None, pad_edge=False)
    for name in columns:
        right = name.startswith(">")
        table.add_column(name.lstrip(">"), justify="right" if right else "left", no_wrap=name != "Description")
    return table


def _when(ms: int, zone: tzinfo = UTC) -> str:
    local = datetime.fromtimestamp(ms / 1000, zone)
    return local.strftime("%Y-%m-%d %H:%M" if zone is UTC else "%Y-%m-%d %H:%M %Z")
