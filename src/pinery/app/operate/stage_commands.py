"""``pinery deploy``, ``promote``, ``demote``: from a script to paper and on to real money, with evidence."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from pinery.app.operate.opening import FolderOption, JsonOption, Opened, now_us, opened, say, table, when
from pinery.core.errors import PineryError, UsageError
from pinery.trading.errors import Refused
from pinery.trading.stages.wanted import Evidence, Wanted

if TYPE_CHECKING:
    from pinery.app.config.configuration import Configuration
    from pinery.app.stages.desk import StageDesk
    from pinery.charts.settings import ChartSettings
    from pinery.trading.stages.records import Check, Checklist

NoteOption = Annotated[str, typer.Option("--note", "-m", metavar="TEXT", help="Why: is kept with the decision.")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The deployment.")]
DataOption = Annotated[
    str | None,
    typer.Option("--data", metavar="BARS", help="Bars for the backtest: a file; default: those of the script's feed."),
]
BacktestOption = Annotated[
    Path | None,
    typer.Option("--backtest", metavar="FILE", help="A verdict made before: pinery backtest … --gate --json > FILE."),
]
WithoutOption = Annotated[
    bool, typer.Option("--without-backtest", help="To paper only, with a --note; not for strategies that run here.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def register(app: typer.Typer) -> None:
    app.command(
        "deploy",
        epilog="Example: pinery deploy strategies/trend.pine --name trend --account paper --symbol CME_MINI:ES1! "
        "--timeframe 5 --feed market --stop '7 points' --target '14 points'",
    )(deploy)
    app.command(
        "promote",
        epilog="Example: pinery promote trend --check · pinery promote trend --note 'two good weeks'. "
        "Exit code 5: something is missing.",
    )(promote)
    app.command("demote", epilog="Example: pinery demote trend · pinery demote trend --to backtest")(demote)


def deploy(
    name: Annotated[str, typer.Option("--name", "-n", metavar="NAME", help="Of the deployment.")],
    account: Annotated[str, typer.Option("--account", "-a", metavar="NAME", help="Where it trades.")],
    symbol: Annotated[str, typer.Option("--symbol", "-s", metavar="SYMBOL", help="EXCHANGE:TICKER.")],
    timeframe: Annotated[str, typer.Option("--timeframe", "-t", metavar="TF", help="5, 60, 1D …")] = "",
    script: Annotated[
        Path | None,
        typer.Argument(metavar="[SCRIPT]", help="The Pine script; without one its signals come through the webhook."),
    ] = None,
    feed: Annotated[
        str, typer.Option(metavar="NAME", help="Market that the script runs on; default: the only one.")
    ] = "",
    inputs: Annotated[
        list[str] | None, typer.Option("--input", metavar="NAME=VALUE", help="Set an input by its title; repeatable.")
    ] = None,
    size: Annotated[str, typer.Option(metavar="SIZE", help='1, "5000 USD", "10%", "risk 250 USD".')] = "",
    stop: Annotated[str, typer.Option(metavar="DISTANCE", help='"1%", "7 points", "20 ticks".')] = "",
    target: Annotated[str, typer.Option(metavar="DISTANCE", help="As --stop.")] = "",
    trail: Annotated[str, typer.Option(metavar="DISTANCE", help="As --stop.")] = "",
    data: DataOption = None,
    backtest: BacktestOption = None,
    without_backtest: WithoutOption = False,
    note: NoteOption = "",
    as_json: JsonOption = False,
    folder: FolderOption = Path(),
) -> None:
    """Write a deployment into pinery.toml and bring it to paper, if its backtest is good enough."""
    from pinery.app.options import name_and_value
    from pinery.app.stages.desk import file_name

    if data is not None and script is None:
        raise UsageError("--data is for a script", "without one: --backtest FILE, or --without-backtest --note WHY")
    with opened(folder) as here:
        desk = _desk(here)
        here.configuration.account(account)
        if name in here.configuration.deployments:  # before a backtest that takes its time
            raise Refused(f"there is a deployment {name!r} already", "choose another name")
        wanted = Wanted(
            name=name,
            account=account,
            symbol=symbol,
            timeframe=timeframe,
            size=size,
            script=file_name(script, here.configuration.folder) if script is not None else "",
            feed=_feed(here.configuration, feed) if script is not None else "",
            inputs=dict(name_and_value(text, "--input", '--input "Length=20"') for text in inputs or ()),
            bracket={key: text for key, text in (("stop", stop), ("target", target), ("trail", trail)) if text},
        )
        given, why = _evidence_to_deploy(here.configuration, wanted, data, backtest, without_backtest, quiet=as_json)
        made = desk.create(wanted, here.person(note), given)
        if as_json:
            shown = {"name": made.name, "stage": made.stage.value, "webhook_url": made.webhook_url}
            print(json.dumps({**shown, "promotion": checklist_data(made.checklist)}, indent=2, ensure_ascii=False))
            return
        say(Text.assemble((made.name, "bold"), " is deployed at stage ", (made.stage.value, "bold cyan")))
        if made.stage.value == "backtest":
            say("its signals are recorded only; what is missing for paper:")
            for check in made.checklist.missing or ():
                say(Text.assemble("  ", check.title, _because(check)))
            if why:
                say(Text(f"  {why}", style="yellow"))
            say(f"then: pinery promote {name}")
        _show_risk(here, name)
        say(Text.assemble(("webhook ", "dim"), made.webhook_url))
        say(
            Text(
                "Only its hash is kept: copy it now. A running Pinery takes the deployment over within seconds.", "dim"
            )
        )


def promote(
    name: NameArgument,
    check: Annotated[bool, typer.Option("--check", help="Only show what is asked for and what is there.")] = False,
    data: DataOption = None,
    backtest: BacktestOption = None,
    without_backtest: WithoutOption = False,
    note: NoteOption = "",
    yes: YesOption = False,
    as_json: JsonOption = False,
    folder: FolderOption = Path(),
) -> None:
    """Bring a deployment one stage up: paper, small, production. Refused while evidence is missing."""
    with opened(folder) as here:
        desk = _desk(here)
        here.configuration.deployment(name)
        given = _evidence(here.configuration, name, data, backtest, without_backtest, quiet=as_json)
        found = desk.checklist(name, given)
        if check or (found.next is not None and not as_json):
            _show(found, as_json)
        if check:
            if not found.allowed:
                raise Refused(_verdict(found))
            return
        if found.allowed and found.next is not None and found.next.value in ("small", "production") and not yes:
            _confirm(f"promote {name} to {found.next.value}, which trades real money on a live account?")
        done = desk.promote(name, here.person(note), given)
        if as_json:
            print(json.dumps(checklist_data(done), indent=2, ensure_ascii=False))
        else:
            say(Text.assemble((name, "bold"), " is at stage ", (done.stage.value, "bold cyan")))


def demote(
    name: NameArgument,
    to: Annotated[str | None, typer.Option("--to", metavar="STAGE", help="Default: one step down.")] = None,
    note: NoteOption = "",
    as_json: JsonOption = False,
    folder: FolderOption = Path(),
) -> None:
    """Bring a deployment down again. Positions stay, and may still be closed by signals."""
    from pinery.trading.stages.ladder import read_stage

    with opened(folder) as here:
        stage = _desk(here).demote(name, read_stage(to) if to is not None else None, here.person(note))
    if as_json:
        print(json.dumps({"name": name, "stage": stage.value}))
    else:
        say(Text.assemble((name, "bold"), " is at stage ", (stage.value, "bold cyan")))


# --- evidence -------------------------------------------------------------------------


def _desk(here: Opened) -> StageDesk:
    from pinery.app.stages.desk import StageDesk

    return StageDesk(here.configuration.folder, here.store, lambda: now_us() // 1000)


def _feed(configuration: Configuration, name: str) -> str:
    names = sorted(configuration.feeds)
    if name or len(names) == 1:
        return name or names[0]
    if not names:
        raise UsageError(
            "a script needs a market to run on",
            'add [feeds.market] kind = "replay", bars = { "EXCHANGE:TICKER" = "bars.csv" } to pinery.toml',
        )
    raise UsageError("there are several feeds", f"name one with --feed: {', '.join(names)}")


def _evidence_to_deploy(
    configuration: Configuration,
    wanted: Wanted,
    data: str | None,
    backtest: Path | None,
    without_backtest: bool,
    *,
    quiet: bool,
) -> tuple[Evidence, str]:
    """And why there is none."""
    from pinery.charts.settings import ChartSettings

    if backtest is not None or without_backtest or not wanted.script:
        return _stated(data, backtest, without_backtest), ""
    chart = ChartSettings(
        wanted.name,
        configuration.folder / wanted.script,
        wanted.feed,
        wanted.symbol.strip().upper(),
        wanted.timeframe,
        wanted.inputs,
    )
    return _tested(configuration, chart, data, quiet=quiet)


def _evidence(
    configuration: Configuration,
    name: str,
    data: str | None,
    backtest: Path | None,
    without_backtest: bool,
    *,
    quiet: bool,
) -> Evidence:
    """What is given with a promotion: without any option, what is on record."""
    if data is None:
        return _stated(data, backtest, without_backtest)
    chart = configuration.charts.get(name)
    if chart is None:
        raise UsageError(f"{name} has no script to test", "give a verdict with --backtest FILE")
    found, why = _tested(configuration, chart, data, quiet=quiet)
    if why:
        raise UsageError(why)
    return found


def _stated(data: str | None, backtest: Path | None, without_backtest: bool) -> Evidence:
    from pinery.trading.stages.backtests import read_verdict

    if backtest is None:
        return Evidence(None, without_backtest)
    if without_backtest or data is not None:
        raise UsageError("--backtest stands alone", "leave --data and --without-backtest out")
    try:
        read: Any = json.loads(backtest.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there is no file {backtest}") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"--backtest {backtest} cannot be read: {error}") from None
    return Evidence(read_verdict(read, str(backtest)))


def _tested(
    configuration: Configuration, chart: ChartSettings, data: str | None, *, quiet: bool
) -> tuple[Evidence, str]:
    """A script that cannot be tested on the bars that were named is an error; on those of its feed it is told."""
    from pinery.app.progress import progress_bar
    from pinery.app.run_command import showing_findings
    from pinery.app.scripts import read_script
    from pinery.app.stages.testing import backtest, bars_of_feed

    source = read_script(chart.script)
    bars = data if data is not None else bars_of_feed(configuration, chart)
    if bars is None:
        return Evidence(), "there are no bars to test it on: give a file with --data BARS"
    try:
        with showing_findings(source), progress_bar(f"backtest of {chart.script.name}", enabled=not quiet) as progress:
            tested = backtest(configuration, chart, bars, progress)
    except UsageError as error:
        if data is not None:
            raise
        return Evidence(), f"it was not tested: {error.message}"
    if not quiet:
        for warning in tested.warnings:
            say(Text.assemble(("warning: ", "yellow"), warning))
    return Evidence(tested.verdict), ""


# --- showing --------------------------------------------------------------------------


def checklist_data(found: Checklist) -> dict[str, Any]:
    """As GET /deployments/NAME/promotion answers."""
    from pinery.adapters.store.views.values import iso

    return {
        "deployment": found.deployment,
        "configured": found.configured.value,
        "stage": found.stage.value,
        "next": found.next.value if found.next is not None else None,
        "checks": [check.as_data() for check in found.checks],
        "allowed": found.allowed,
        "history": [
            {
                "id": row.id,
                "before": row.before.value,
                "after": row.after.value,
                "at": iso(row.at),
                "by": row.by,
                "granted": row.granted,
                "note": row.note,
            }
            for row in found.history
        ],
    }


def _show(found: Checklist, as_json: bool) -> None:
    from pinery.adapters.store.views.values import iso

    if as_json:
        print(json.dumps(checklist_data(found), indent=2, ensure_ascii=False))
        return
    say(Text.assemble((found.deployment, "bold"), " is at stage ", (found.stage.value, "bold cyan")))
    if found.configured is not found.stage:
        say(Text(f"pinery.toml says {found.configured.value}, which is not on record", style="yellow"))
    if found.next is not None:
        rows = table(f"For {found.next.value}", ">Value", ">Limit", "", "")
        for check in found.checks:
            verdict = Text("pass", "green") if check.passed else Text("MISSING", "bold red")
            rows.add(check.title, _text(check.value, check.unit), _limit(check), verdict, check.note)
        say(rows)
    for row in found.history[:5]:
        word = Text("granted", "green") if row.granted else Text("refused", "red")
        said = f" · {row.note}" if row.note else ""
        say(Text.assemble((when(iso(row.at)), "dim"), f" {row.before} → {row.after} ", word, f" by {row.by}{said}"))


_WORDS = {">=": "at least", "<=": "at most", "=": ""}
_SIGNS = {"percent": " %", "seconds": " s", "days": " days"}


def _limit(check: Check) -> str:
    return f"{_WORDS[check.comparison]} {_text(check.limit, check.unit)}".strip()


def _text(value: float | str | None, unit: str) -> str:
    if value is None:
        return "—"
    if isinstance(value, str):
        return value
    shown = f"{value:,.3f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"
    return shown + _SIGNS.get(unit, "")


def _because(check: Check) -> str:
    if check.value is None:
        return f": {check.note}" if check.note else ": not known"
    return f": {_text(check.value, check.unit)}, {_limit(check)} is asked for" + (
        f" ({check.note})" if check.note else ""
    )


def _verdict(found: Checklist) -> str:
    if found.next is None:
        return f"{found.deployment} is at the highest stage"
    failing = f"{len(found.missing)} of {len(found.checks)} checks fail"
    return f"{found.deployment} is not ready for {found.next.value}: {failing}"


def _show_risk(here: Opened, name: str) -> None:
    from pinery.app.config.reading import load_configuration
    from pinery.app.config.risk_table import risk_table
    from pinery.app.operate.config_command import risk_rows

    try:
        quotes = here.store.read(lambda tx: tx.standings.quotes())
    except PineryError:
        quotes = {}
    prices = {symbol: quote.price for symbol, quote in quotes.items()}
    rows = risk_table(load_configuration(here.configuration.folder), prices)
    say(risk_rows([row for row in rows if row.deployment == name]))


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError("this needs a confirmation", "add --yes")
    if not typer.confirm(question, err=True):
        raise Refused("nothing was done")
