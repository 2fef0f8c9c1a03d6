"""``pinery audit``."""

from __future__ import annotations

import json
import math
import sys
import time
from dataclasses import replace
from typing import Any

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pinery.app.progress import progress_bar
from pinery.app.run_command import RunOptions, job_of, showing_findings
from pinery.app.session import Job, data_port, memory_in_use
from pinery.app.settings import Settings
from pinery.app.summary import local_time
from pinery.app.terminal import console
from pinery.core.bars import BarSeries
from pinery.engine import CompiledScript, compile_script
from pinery.runtime.requests import DataPort
from pinery.tester.audit import Audit, Cause, Change, Output, Subject, Verdict, audit

COLORS = {
    Verdict.STABLE: "green",
    Verdict.MOVES: "dim",
    Verdict.REPAINTS: "yellow",
    Verdict.LOOKS_AHEAD: "red",
}
FOUND = {
    "future": "with other prices to come",
    "later": "once more bars came",
    "realtime": "after a reload",
    "update": "at the close",
}
ORDER = tuple(FOUND)
SHOWN = 60  # characters of a value


def audit_script(options: RunOptions, settings: Settings, *, realtime_bars: int, cuts: int) -> int:
    """Audits a script and prints what was found; the exit code: 1 where something repaints or looks ahead."""
    job = job_of(options, settings)
    with showing_findings(job.source), progress_bar(options.file.name, enabled=not options.as_json) as report:
        script = compile_script(job.source, inputs=dict(job.inputs), libraries=job.libraries)
        found = audit(_subject(job, script), realtime_bars=realtime_bars, cuts=cuts, progress=report)
    if options.as_json:
        json.dump(_data(found, job), sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
        sys.stdout.write("\n")
    else:
        _print(found, job, script)
    return 1 if found.repaints else 0


def _subject(job: Job, script: CompiledScript) -> Subject:
    market = job.market

    def data(bars: BarSeries) -> DataPort:
        return data_port(replace(job, market=replace(market, bars=bars)))

    return Subject(
        script,
        market.bars,
        market.instrument,
        market.timeframe,
        data,
        job.limits,
        time.monotonic,
        memory_in_use,
    )


# --- for people -------------------------------------------------------------------------


def _print(found: Audit, job: Job, script: CompiledScript) -> None:
    shown = console()
    title = str(script.program.declaration.get("title") or job.source.name)
    shown.print(Text(title, style="bold"))
    zone = job.market.instrument.timezone
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("verdict", no_wrap=True)
    table.add_column("output", overflow="fold")
    table.add_column("line", justify="right")
    table.add_column("for example", overflow="fold")
    for output in found.outputs:
        color = COLORS[output.verdict]
        change = worst(output)
        table.add_row(
            f"[{color}]{output.verdict.text}[/]",
            Text(_name(output)),
            str(output.line) if output.line else "",
            Text(_example(change, output, zone)),
        )
    if found.outputs:
        shown.print(table)
    else:
        shown.print("The script shows nothing that could repaint: no plots, alerts, drawings or orders.")
    _print_blame(found, script)
    for note in found.notes:
        shown.print(Text.assemble(("note: ", "bold"), note))
    shown.print(
        f"[dim]{found.bars:,} bars; {len(found.cuts)} shorter histories, each also with another future; "
        f"the last {found.realtime_bars:,} bars update by update.[/]"
    )


def _print_blame(found: Audit, script: CompiledScript) -> None:
    """Each line that is to blame for something worse than the movement of an unfinished bar, with its text."""
    shown = console()
    blamed: dict[Cause, list[str]] = {}
    for output in found.outputs:
        if output.blame is not None and output.verdict >= Verdict.REPAINTS:
            blamed.setdefault(output.blame, []).append(_name(output))
    lines = script.sources[0].text.splitlines()
    for cause, names in blamed.items():
        text = lines[cause.line - 1].strip() if 0 < cause.line <= len(lines) else ""
        shown.print(f"\n[bold]line {cause.line}[/]: {escape(cause.text)} [dim]→ {escape(', '.join(names))}[/]")
        shown.print(Text(f"    {text}"))
    if blamed:
        shown.print()


def _name(output: Output) -> str:
    plain = output.kind in ("alert", "order", "fill") or output.name.startswith(output.kind)
    return output.name if plain else f"{output.kind} {output.name!r}"


def _example(change: Change | None, output: Output, zone: str) -> str:
    if output.blame is not None and output.blame.kind == "offset":
        return "each value stands on a bar before the one that made it"
    if change is None:
        return ""
    count = output.bars_changed[change.found]
    more = f" ({count:,} bars in all)" if count > 1 else ""
    return f"{local_time(change.time, zone)}: {_value(change.was)} → {_value(change.now)} {FOUND[change.found]}{more}"


def worst(output: Output) -> Change | None:
    """The change that decides the verdict."""
    return min(output.changes, key=lambda change: ORDER.index(change.found), default=None)


def _value(value: Any) -> str:
    if value is None or value == []:
        return "nothing"
    if isinstance(value, float):
        return "na" if value != value else f"{value:.10g}"
    if isinstance(value, list) and len(value) == 1:
        return _value(value[0])
    if isinstance(value, dict):
        value = ", ".join(f"{k} {_value(v)}" for k, v in value.items() if v not in (None, "", False) and v == v)
    text = str(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


# --- for programs -----------------------------------------------------------------------


def _data(found: Audit, job: Job) -> dict[str, Any]:
    return {
        "file": job.source.name,
        "symbol": job.market.instrument.tickerid,
        "timeframe": job.market.timeframe.text(),
        "bars": found.bars,
        "realtimeBars": found.realtime_bars,
        "cuts": list(found.cuts),
        "verdict": found.verdict.text,
        "repaints": found.repaints,
        "outputs": [
            {
                "kind": output.kind,
                "name": output.name,
                "line": output.line or None,
                "verdict": output.verdict.text,
                "blame": _cause_data(output.blame),
                "others": [_cause_data(cause) for cause in output.others],
                "barsChanged": output.bars_changed,
                "changes": [
                    {
                        "found": change.found,
                        "bar": change.bar,
                        "time": change.time,
                        "part": change.part,
                        "was": _plain(change.was),
                        "now": _plain(change.now),
                    }
                    for change in output.changes
                ],
            }
            for output in found.outputs
        ],
        "notes": found.notes,
    }


def _cause_data(cause: Cause | None) -> dict[str, Any] | None:
    return None if cause is None else {"kind": cause.kind, "text": cause.text, "line": cause.line}


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
