"""What a backtest prints: facts, the table of figures, the gate's verdict."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from pinery.app.backtesting import Tested
from pinery.app.bars import NO_EVIDENCE, SYNTHETIC_NOTICE
from pinery.app.figures import Row, figure_text, rows
from pinery.app.results import input_text
from pinery.app.summary import local_time
from pinery.app.terminal import console
from pinery.tester.gate import Verdict

_SIDES = ("all", "long", "short")


def print_backtest(tested: Tested, written: dict[str, str], *, every_figure: bool = False) -> None:
    result, finished = tested.result, tested.finished
    zone = result.run.instrument.timezone
    shown = console()
    title = str(result.run.declaration.get("title") or finished.script.sources[0].name)
    shown.print(Text(title, style="bold"))
    facts = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    times = result.bars.time
    facts.add_row("symbol", f"{result.run.instrument.tickerid} · {result.run.timeframe.text()}")
    span = f"{local_time(int(times[0]), zone)} to {local_time(int(times[-1]), zone)} ({zone})"
    facts.add_row("bars", f"{len(times):,}, {span}")
    facts.add_row("capital", figure_text(result.settings.initial_capital, "money", result.currency))
    changed = [f"{d.title} = {input_text(d.value, d.kind)}" for d in result.run.inputs if d.value != d.default]
    if result.run.inputs:
        facts.add_row("inputs", ", ".join(changed) or f"{len(result.run.inputs)}, all as the script has them")
    if finished.market.notice:
        facts.add_row("note", finished.market.notice)
    for kind, path in written.items():
        facts.add_row(kind, path)
    compiling, running = finished.seconds
    rate = f" ({len(times) / running:,.0f} bars/s)" if running > 0 else ""
    facts.add_row("time", f"{compiling:.2f} s to compile, {running:.2f} s to test{rate}")
    shown.print(facts)
    groups = rows(result.metrics)
    chosen = {name: [r for r in group if every_figure or r.brief] for name, group in groups.items()}
    shown.print(_figures(chosen, result.currency))


def _figures(groups: dict[str, list[Row]], currency: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(f"amounts in {currency}")
    for side in _SIDES:
        table.add_column(side, justify="right", no_wrap=True)
    for name, members in groups.items():
        table.add_row(Text(name, style="bold"))
        for row in members:
            table.add_row(Text(f"  {row.title}"), *(_toned(row, row.texts[side]) for side in _SIDES))
    return table


def _toned(row: Row, text: str) -> Text:
    if row.name != "net_profit" or not any(c in "123456789" for c in text):
        return Text(text)
    return Text(text, style="red" if text.startswith("-") else "green")


def print_verdict(verdict: Verdict, currency: str, *, synthetic: bool = False) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("gate")
    table.add_column("value", justify="right")
    table.add_column("limit", justify="right")
    table.add_column("")
    for check in verdict.checks:
        word = "at least" if check.comparison == ">=" else "at most"
        table.add_row(
            check.title,
            figure_text(check.value, check.unit, currency),
            f"{word} {figure_text(check.limit, check.unit, currency)}",
            Text("pass", style="green") if check.passed else Text("FAIL", style="bold red"),
        )
    shown = console()
    shown.print(table)
    shown.print(Text("gate passed", style="green") if verdict.passed else Text("gate not passed", style="bold red"))
    if synthetic:
        shown.print(Text(f"{SYNTHETIC_NOTICE} {NO_EVIDENCE}", style="yellow"))
