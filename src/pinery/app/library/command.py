"""``pinery library``: browse the scripts that come with Pinery, look at one, copy one, try one."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from pinery.app.library.cards import Card

app = typer.Typer(
    name="library",
    help="Browse, copy and try the scripts that come with Pinery.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A script's name or one of its other spellings.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
BARS = 20_000


def register(root: typer.Typer) -> None:
    root.add_typer(app)


@app.command("list", epilog="Example: pinery library list --market NQ · pinery library list --kind indicator --json")
def list_scripts(
    kind: Annotated[
        Literal["strategy", "indicator"] | None, typer.Option("--kind", help="Only strategies, or indicators.")
    ] = None,
    market: Annotated[str, typer.Option("--market", metavar="TEXT", help="Only those for a market, as ES.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the scripts: market, timeframe, signals, what each is for."""
    from rich.table import Table

    from pinery.app.library.shelf import cards
    from pinery.app.terminal import console

    found = [card for card in cards() if kind in (None, card.kind) and market.lower() in card.market.lower()]
    if as_json:
        _print_json([_data(card) for card in found])
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("script", "kind", "market", "tf", "signals", "purpose"):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("script", "tf"))
    for card in found:
        color = "green" if card.kind == "strategy" else "cyan"
        table.add_row(
            card.name, f"[{color}]{card.kind}[/]", card.market, card.timeframe, " ".join(card.signals), card.purpose
        )
    console().print(table if found else "no script fits; leave out --market or --kind")


@app.command("show", epilog="Example: pinery library show es-ema-momentum · pinery library show ES1M-BEST --source")
def show(
    name: Name,
    source: Annotated[bool, typer.Option("--source", help="Print the script itself.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a script's card: what it does, its inputs, its signals, its risk, what to know."""
    from pinery.app.library.shelf import find

    card = find(name)
    if source:
        sys.stdout.write(card.path.read_text(encoding="utf-8"))
    elif as_json:
        _print_json(_data(card) | {"text": card.text, "inputs": _inputs(card)})
    else:
        _print_card(card)


@app.command("new", epilog="Example: pinery library new es-ema-momentum my-momentum.pine")
def new(
    name: Name,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Where to write it; NAME.pine in this folder if left out.")
    ] = None,
    bundled: Annotated[
        bool, typer.Option("--bundle", help="With its libraries in it, as TradingView takes it.")
    ] = False,
) -> None:
    """Copy a script as a start for one's own."""
    from pinery.app.library.shelf import find
    from pinery.app.options import writable
    from pinery.app.terminal import console
    from pinery.app.writing import write_text
    from pinery.core.errors import UsageError

    card = find(name)
    target = file or Path(f"{card.name}.pine")
    if target.is_dir():
        target /= f"{card.name}.pine"
    if target.exists():
        raise UsageError(f"{target} is there already", hint="give another name: pinery library new NAME FILE")
    writable(target, "FILE")
    write_text(target, [_bundled(card) if bundled else card.path.read_text(encoding="utf-8")])
    command = "backtest" if card.kind == "strategy" else "run"
    console().print(f"[green]{target}[/] written. Change it, then try it:", highlight=False)
    options = f"--data synthetic:{BARS} --symbol {card.market} --timeframe {card.timeframe}"
    console().print(f"  pinery {command} {target} {options}", highlight=False, soft_wrap=True)


@app.command("run", epilog="Example: pinery library run es-ema-momentum --report report.html")
def run(
    name: Name,
    data: Annotated[
        str, typer.Option("--data", metavar="BARS", help="A bar file, SYMBOL@TF of the store, or synthetic:N.")
    ] = f"synthetic:{BARS}",
    symbol: Annotated[str | None, typer.Option("--symbol", help="Another market than the card's.")] = None,
    timeframe: Annotated[str | None, typer.Option("--timeframe", help="Another timeframe than the card's.")] = None,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", metavar="TITLE=VALUE", help="An input by its title; repeatable.")
    ] = None,
    chart: Annotated[Path | None, typer.Option(metavar="HTML", help="Write a chart (indicators).")] = None,
    report: Annotated[Path | None, typer.Option(metavar="HTML", help="Write a report (strategies).")] = None,
    as_json: AsJson = False,
) -> None:
    """Try a script on its market: a strategy is tested, an indicator is run."""
    from pinery.app.backtest_command import BacktestOptions, backtest_script
    from pinery.app.library.shelf import find
    from pinery.app.run_command import RunOptions, run_script
    from pinery.app.settings import load_settings
    from pinery.core.errors import UsageError

    card = find(name)
    if report is not None and card.kind != "strategy":
        raise UsageError(f"{card.name} is an indicator: it has no report", hint="use --chart FILE")
    if chart is not None and card.kind == "strategy":
        raise UsageError(f"the chart of {card.name} is part of its report", hint="use --report FILE")
    options = RunOptions(
        file=card.path,
        data=data,
        symbol=symbol or card.market,
        timeframe=timeframe or card.timeframe,
        inputs=inputs or [],
        chart=chart,
        as_json=as_json,
    )
    settings = load_settings(Path.cwd())
    if card.kind == "strategy":
        backtest_script(BacktestOptions(options, report=report), settings)
    else:
        run_script(options, settings)


def _data(card: Card) -> dict[str, Any]:
    return {name: value for name, value in asdict(card).items() if name != "text"} | {"path": str(card.path)}


def _inputs(card: Card) -> list[dict[str, Any]]:
    from pinery.app.libraries import LibraryFolders
    from pinery.app.scripts import read_script
    from pinery.app.studio.describing import describe

    found: list[dict[str, Any]] = describe(read_script(card.path), LibraryFolders.beside(card.path), None)["inputs"]
    return found


def _bundled(card: Card) -> str:
    from pinery.app.libraries import LibraryFolders
    from pinery.app.scripts import read_script
    from pinery.lang.rewrite import bundle

    return bundle(read_script(card.path), LibraryFolders.beside(card.path))


def _print_card(card: Card) -> None:
    from rich.console import Group
    from rich.markup import escape
    from rich.panel import Panel
    from rich.table import Table

    from pinery.app.terminal import console

    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column()
    for label, value in (
        ("file", str(card.path)),
        ("also called", ", ".join(card.aliases)),
        ("market", f"{card.market}, timeframe {card.timeframe}"),
        ("session", card.session),
        ("signals", ", ".join(card.signals)),
        ("risk", card.risk),
    ):
        if value:
            facts.add_row(label, escape(value))
    inputs = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("input", "default", "limits", "what it does"):
        inputs.add_column(heading, overflow="fold")
    group = None
    for row in _inputs(card):
        if row["group"] != group:
            group = row["group"]
            inputs.add_row(f"[bold]{escape(group)}[/]" if group else "", "", "", "")
        limits = "–".join("" if row[end] is None else str(row[end]) for end in ("min", "max")).strip("–")
        options = ", ".join(map(str, row["options"] or ()))
        inputs.add_row(
            escape(f"  {row['title']}"), escape(str(row["default"])), escape(options or limits), escape(row["tooltip"])
        )
    warnings = [f"[yellow]![/] {escape(text)}" for text in card.warnings]
    body = Group(escape(card.text), "", facts, *([""] if warnings else []), *warnings, "", inputs)
    console().print(Panel(body, title=f"[bold]{escape(card.title)}[/]", title_align="left", border_style="dim"))


def _print_json(value: object) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=1, default=str)
    sys.stdout.write("\n")
