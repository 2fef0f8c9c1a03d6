"""The command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pinery.app.data_commands import data_app
from pinery.app.demo.command import register as register_demo
from pinery.app.failures import INTERRUPTED, report, silence_stdout
from pinery.app.library.command import register as register_library
from pinery.app.operate import OPERATE
from pinery.app.settings import load_settings
from pinery.app.sim.command import register as register_sim

app = typer.Typer(
    name="pinery",
    help="Runs TradingView Pine Script v4, v5 and v6 on your own bars.",
    epilog="Exit codes: 0 done · 1 errors in the script · 2 wrong usage · 3 unusable data · 4 the script failed · "
    "5 refused, or a gate not passed · 6 the store · 7 the broker · 70 a fault of Pinery · 130 stopped.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

_debug = False


def _set_debug(value: bool) -> bool:
    global _debug
    _debug = _debug or value
    return value


def _show_version(value: bool) -> None:
    if value:
        from pinery.core.version import VERSION

        print(f"pinery {VERSION}")
        raise typer.Exit


Debug = Annotated[
    bool, typer.Option("--debug", help="Show the traceback of errors.", callback=_set_debug, is_eager=True)
]
Libraries = Annotated[
    list[Path] | None,
    typer.Option("--libraries", metavar="DIR", help="Folder with name/library/version.pine; may be repeated."),
]


@app.callback()
def common(
    debug: Debug = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


@app.command("check", epilog="Example: pinery check strategies/*.pine --json")
def check_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Scripts; - reads standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print findings as JSON.")] = False,
    libraries: Libraries = None,
    debug: Debug = False,
) -> None:
    """Find errors and warnings in scripts."""
    from pinery.app.check_command import check_files

    folders = [*(libraries or ()), *load_settings(Path.cwd()).libraries]
    raise typer.Exit(check_files(files, folders, as_json=as_json, debug=_debug))


@app.command(
    "run",
    epilog="Example: pinery run script.pine --data bars.csv --symbol BINANCE:ETHUSDT.P --timeframe 15 "
    '--input "Length=20" --chart out.html',
)
def run_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The script; - reads standard input.")],
    data: Annotated[
        str | None,
        typer.Option(
            metavar="BARS", help="CSV or Parquet file, or synthetic[:BARS] for made-up bars; default: stored bars."
        ),
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="EXCHANGE:TICKER; sets price step, session and time zone.")] = None,
    timeframe: Annotated[
        str | None, typer.Option(help="5, 60, 1D …; longer than the data's, bars are made from them.")
    ] = None,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", metavar="NAME=VALUE", help="Set an input by its title; repeatable.")
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="First bar, in the exchange's time.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Last bar.")] = None,
    plots: Annotated[Path | None, typer.Option(metavar="CSV", help="Write plots: a row per bar.")] = None,
    alerts: Annotated[Path | None, typer.Option(metavar="JSONL", help="Write alerts: a JSON object per line.")] = None,
    drawings: Annotated[Path | None, typer.Option(metavar="JSON", help="Write lines, labels, boxes, tables …")] = None,
    chart: Annotated[Path | None, typer.Option(metavar="HTML", help="Write a self-contained chart.")] = None,
    logs: Annotated[bool, typer.Option("--logs", help="Print what the script logged.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    feeds: Annotated[
        list[str] | None,
        typer.Option("--feed", metavar="SYMBOL@TF=BARS", help="Bars that requests may ask for; repeatable."),
    ] = None,
    rates: Annotated[
        list[str] | None,
        typer.Option("--rate", metavar="FROM/TO=FILE", help="Daily currency rates (day, rate); repeatable."),
    ] = None,
    symbols: Annotated[Path | None, typer.Option(metavar="FILE", help="A file with more symbols.")] = None,
    libraries: Libraries = None,
    strict_data: Annotated[
        bool, typer.Option("--strict-data", help="Stop at the first bad row, and at requests without data.")
    ] = False,
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Zone of times without an offset; else the exchange's.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Run a script over bars and show or write what comes out."""
    from pinery.app.run_command import RunOptions, run_script

    options = RunOptions(
        file=file,
        data=data,
        symbol=symbol,
        timeframe=timeframe,
        inputs=inputs or [],
        first=first,
        last=last,
        plots=plots,
        alerts=alerts,
        drawings=drawings,
        chart=chart,
        logs=logs,
        as_json=as_json,
        feeds=feeds or [],
        rates=rates or [],
        symbols=symbols,
        libraries=libraries or [],
        strict_data=strict_data,
        timezone=timezone,
    )
    run_script(options, load_settings(Path.cwd()))


@app.command(
    "backtest",
    epilog="Example: pinery backtest strategy.pine --data bars.csv --symbol BINANCE:ETHUSDT.P --timeframe 15 "
    "--trades trades.csv --report report.html --gate",
)
def backtest_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The strategy; - reads standard input.")],
    data: Annotated[
        str | None,
        typer.Option(
            metavar="BARS", help="CSV or Parquet file, or synthetic[:BARS] for made-up bars; default: stored bars."
        ),
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="EXCHANGE:TICKER; sets price step, session and time zone.")] = None,
    timeframe: Annotated[
        str | None, typer.Option(help="5, 60, 1D …; longer than the data's, bars are made from them.")
    ] = None,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", metavar="NAME=VALUE", help="Set an input by its title; repeatable.")
    ] = None,
    first: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="TIME", help="First bar, in the exchange's time; the strategy starts cold there."
        ),
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Last bar.")] = None,
    trades: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Write the list of trades, with TradingView's columns.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Zone of the times in the list of trades; else the exchange's.")
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="HTML", help="Write a self-contained report.")] = None,
    gate: Annotated[
        str | None,
        typer.Option(
            metavar="[FILE.toml]",
            help="Judge the result by limits; exit code 5 if it does not pass. Default limits without a file.",
        ),
    ] = None,
    every_figure: Annotated[bool, typer.Option("--all-figures", help="Print every figure, not the main ones.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    rates: Annotated[
        list[str] | None,
        typer.Option(
            "--rates", "--rate", metavar="USDTUSD=FILE", help="Daily currency rates (date, rate); repeatable."
        ),
    ] = None,
    plots: Annotated[Path | None, typer.Option(metavar="CSV", help="Write plots: a row per bar.")] = None,
    alerts: Annotated[Path | None, typer.Option(metavar="JSONL", help="Write alerts: a JSON object per line.")] = None,
    drawings: Annotated[Path | None, typer.Option(metavar="JSON", help="Write lines, labels, boxes, tables …")] = None,
    logs: Annotated[bool, typer.Option("--logs", help="Print what the script logged.")] = False,
    feeds: Annotated[
        list[str] | None,
        typer.Option("--feed", metavar="SYMBOL@TF=BARS", help="Bars that requests may ask for; repeatable."),
    ] = None,
    symbols: Annotated[Path | None, typer.Option(metavar="FILE", help="A file with more symbols.")] = None,
    libraries: Libraries = None,
    strict_data: Annotated[
        bool, typer.Option("--strict-data", help="Stop at the first bad row, and at requests without data.")
    ] = False,
    data_timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Zone of times in files without an offset; else the exchange's.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Test a strategy on bars: its trades, its figures, a report."""
    from pinery.app.backtest_command import BacktestOptions, backtest_script
    from pinery.app.run_command import RunOptions

    options = BacktestOptions(
        RunOptions(
            file=file,
            data=data,
            symbol=symbol,
            timeframe=timeframe,
            inputs=inputs or [],
            first=first,
            last=last,
            plots=plots,
            alerts=alerts,
            drawings=drawings,
            logs=logs,
            as_json=as_json,
            feeds=feeds or [],
            symbols=symbols,
            libraries=libraries or [],
            strict_data=strict_data,
            timezone=data_timezone,
        ),
        trades=trades,
        zone=timezone,
        report=report,
        rates=rates or [],
        gate=gate is not None,
        gate_file=Path(gate) if gate else None,
        every_figure=every_figure,
    )
    backtest_script(options, load_settings(Path.cwd()))


@app.command("bundle", epilog="Example: pinery bundle strategy.pine --out for-tradingview.pine")
def bundle_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A script; - reads standard input.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where to write it; else it is printed.")
    ] = None,
    libraries: Libraries = None,
    debug: Debug = False,
) -> None:
    """Put the libraries that a script imports into it: one file that pastes into TradingView."""
    from pinery.app.bundle_command import bundle_script

    bundle_script(file, [*(libraries or ()), *load_settings(Path.cwd()).libraries], out)


@app.command("convert", epilog="Example: pinery convert old.pine --to 6 --out new.pine")
def convert_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A script; - reads standard input.")],
    to: Annotated[int, typer.Option(metavar="VERSION", help="The version of Pine to convert to: 6.")] = 6,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where to write it; else it is printed.")
    ] = None,
    new_colors: Annotated[
        bool, typer.Option("--new-colors", help="Keep the names of colours that have another shade in version 6.")
    ] = False,
    libraries: Libraries = None,
    debug: Debug = False,
) -> None:
    """Rewrite a script of an older Pine in version 6, with the same results."""
    from pinery.app.convert_command import convert_script

    convert_script(file, to, [*(libraries or ()), *load_settings(Path.cwd()).libraries], out, new_colors=new_colors)


@app.command(
    "audit",
    epilog="Example: pinery audit script.pine --data bars.csv --symbol CME_MINI:ES1! --timeframe 15. "
    "Exit code 1: something repaints or looks ahead.",
)
def audit_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The script; - reads standard input.")],
    data: Annotated[
        str | None,
        typer.Option(
            metavar="BARS", help="CSV or Parquet file, or synthetic[:BARS] for made-up bars; default: stored bars."
        ),
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="EXCHANGE:TICKER; sets price step, session and time zone.")] = None,
    timeframe: Annotated[
        str | None, typer.Option(help="5, 60, 1D …; longer than the data's, bars are made from them.")
    ] = None,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", metavar="NAME=VALUE", help="Set an input by its title; repeatable.")
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="First bar, in the exchange's time.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Last bar.")] = None,
    realtime_bars: Annotated[
        int, typer.Option(min=1, help="How many of the last bars are fed update by update, as in realtime.")
    ] = 50,
    cuts: Annotated[int, typer.Option(min=1, max=100, help="How many shorter histories are compared.")] = 4,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    feeds: Annotated[
        list[str] | None,
        typer.Option("--feed", metavar="SYMBOL@TF=BARS", help="Bars that requests may ask for; repeatable."),
    ] = None,
    rates: Annotated[
        list[str] | None,
        typer.Option("--rate", metavar="FROM/TO=FILE", help="Daily currency rates (day, rate); repeatable."),
    ] = None,
    symbols: Annotated[Path | None, typer.Option(metavar="FILE", help="A file with more symbols.")] = None,
    libraries: Libraries = None,
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Zone of times without an offset; else the exchange's.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Find out whether a script repaints or looks ahead, and which line is to blame."""
    from pinery.app.audit_command import audit_script
    from pinery.app.run_command import RunOptions

    options = RunOptions(
        file=file,
        data=data,
        symbol=symbol,
        timeframe=timeframe,
        inputs=inputs or [],
        first=first,
        last=last,
        as_json=as_json,
        feeds=feeds or [],
        rates=rates or [],
        symbols=symbols,
        libraries=libraries or [],
        timezone=timezone,
    )
    raise typer.Exit(audit_script(options, load_settings(Path.cwd()), realtime_bars=realtime_bars, cuts=cuts))


app.add_typer(data_app)
for register in OPERATE:
    register(app)


register_library(app)
register_demo(app)
register_sim(app)


def _gates(arguments: list[str]) -> list[str]:
    """``--gate`` may stand alone: what follows it is its file only where it is a TOML file."""
    return [
        "--gate=" if word == "--gate" and not following.endswith(".toml") else word
        for word, following in zip(arguments, [*arguments[1:], ""], strict=True)
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits; every error ends in a message and its exit code."""
    global _debug
    _debug = False
    try:
        app(_gates(sys.argv[1:] if arguments is None else list(arguments)))
        sys.stdout.flush()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            report(KeyboardInterrupt(), debug=False)
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            silence_stdout()
        raise
    except BaseException as error:
        sys.exit(report(error, debug=_debug))
