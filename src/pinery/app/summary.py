"""What a run prints: warnings, logs, and a table of what came out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from pinery.app.options import zone_info
from pinery.app.results import input_text, titled_plots
from pinery.app.session import Finished
from pinery.app.terminal import console
from pinery.lang.render import render

SHOWN_PLOTS = 20
SHOWN_ALERTS = 5
_LEVELS = {"info": "cyan", "warning": "yellow", "error": "red"}


def local_time(ms: int, zone: str) -> str:
    """A bar's time on the exchange's clock, to the minute."""
    return f"{datetime.fromtimestamp(ms / 1000, zone_info(zone)):%Y-%m-%d %H:%M}"


def print_warnings(finished: Finished, more: Sequence[str] = ()) -> None:
    """On stderr, so that piped output holds results only."""
    shown = console(stderr=True)
    if finished.script.warnings:
        shown.print(render(finished.script.warnings, finished.script.sources), end="")
    for text in (*finished.market.warnings, *finished.result.warnings, *more):
        shown.print(Text.assemble(("warning: ", "bold yellow"), text))


def print_logs(finished: Finished) -> None:
    shown = console()
    zone = finished.result.instrument.timezone
    for record in finished.result.outputs.logs:
        when = local_time(record.time, zone)
        shown.print(Text.assemble((f"{when} ", "dim"), (f"{record.level} ", _LEVELS[record.level]), record.message))


def print_summary(finished: Finished, written: dict[str, str]) -> None:
    result = finished.result
    zone = result.instrument.timezone
    shown = console()
    title = str(result.declaration.get("title") or finished.script.sources[0].name)
    shown.print(Text(title, style="bold"))
    facts = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    times = result.bars.time
    facts.add_row("symbol", f"{result.instrument.tickerid} · {result.timeframe.text()}")
    facts.add_row("bars", f"{len(times):,}")
    facts.add_row("range", f"{local_time(int(times[0]), zone)} to {local_time(int(times[-1]), zone)} ({zone})")
    if result.inputs:
        changed = [f"{d.title} = {input_text(d.value, d.kind)}" for d in result.inputs if d.value != d.default]
        facts.add_row("inputs", ", ".join(changed) if changed else f"{len(result.inputs)}, all as the script has them")
    facts.add_row("alerts", f"{len(result.outputs.alerts):,}")
    for event in result.outputs.alerts[-SHOWN_ALERTS:]:
        facts.add_row("", f"{local_time(event.time, zone)}  {event.message or event.title}")
    facts.add_row("drawings", _drawings_text(finished))
    facts.add_row("logs", f"{len(result.outputs.logs):,}")
    if result.kind == "strategy":
        facts.add_row("trades", f"{result.strategy.closedtrades:,} closed; pinery backtest lists and judges them")
    if finished.market.notice:
        facts.add_row("note", finished.market.notice)
    for kind, path in written.items():
        facts.add_row(kind, path)
    compiling, running = finished.seconds
    rate = f" ({len(times) / running:,.0f} bars/s)" if running > 0 else ""
    facts.add_row("time", f"{compiling:.2f} s to compile, {running:.2f} s to run{rate}")
    shown.print(facts)
    plots = titled_plots(result.outputs)
    if plots:
        shown.print(_plots_table(plots))


def _plots_table(plots: list[tuple[str, list[float]]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("plot", overflow="fold")
    for name in ("last", "lowest", "highest", "bars with a value"):
        table.add_column(name, justify="right")
    for title, values in plots[:SHOWN_PLOTS]:
        known = [v for v in values if v == v]
        numbers = [values[-1], min(known), max(known)] if known else [math.nan] * 3
        table.add_row(Text(title), *(_short(v) for v in numbers), f"{len(known):,}")
    if len(plots) > SHOWN_PLOTS:
        table.add_row(Text(f"and {len(plots) - SHOWN_PLOTS} more", style="dim"))
    return table


def _short(value: float) -> str:
    return "na" if value != value else f"{value:.10g}"


def _drawings_text(finished: Finished) -> str:
    counts = _drawing_counts(finished)
    return ", ".join(f"{n} {name}" for name, n in counts.items() if n) or "0"


def _drawing_counts(finished: Finished) -> dict[str, int]:
    drawn = finished.result.drawings
    return {
        "lines": len(drawn.lines),
        "labels": len(drawn.labels),
        "boxes": len(drawn.boxes),
        "linefills": len(drawn.linefills),
        "polylines": len(drawn.polylines),
        "tables": len(drawn.tables),
    }


def summary_data(finished: Finished, written: dict[str, str]) -> dict[str, Any]:
    """The summary as plain data for ``--json``; na is null, times are Unix ms."""
    result = finished.result
    return {
        "title": str(result.declaration.get("title") or finished.script.sources[0].name),
        "kind": result.kind,
        "version": finished.script.program.version,
        "symbol": result.instrument.tickerid,
        "timeframe": result.timeframe.text(),
        "bars": len(result.bars),
        "synthetic": finished.market.synthetic,
        "first": int(result.bars.time[0]),
        "last": int(result.bars.time[-1]),
        "inputs": {decl.title: input_text(decl.value, decl.kind) for decl in result.inputs},
        "plots": {title: _json_number(values[-1]) for title, values in titled_plots(result.outputs)},
        "alerts": len(result.outputs.alerts),
        "drawings": _drawing_counts(finished),
        "logs": [
            {"bar": log.bar_index, "time": log.time, "level": log.level, "message": log.message}
            for log in result.outputs.logs
        ],
        "trades": result.strategy.closedtrades,
        "warnings": [
            *(d.message for d in finished.script.warnings),
            *finished.market.warnings,
            *result.warnings,
        ],
        "written": written,
        "seconds": {"compile": round(finished.seconds[0], 4), "run": round(finished.seconds[1], 4)},
    }


def _json_number(value: float) -> float | None:
    return value if math.isfinite(value) else None
