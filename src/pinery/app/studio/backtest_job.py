"""One backtest for the control port: ``python -m pinery.app.studio.backtest_job``.

A line of JSON comes in (see ``backtests``); lines go out: ``{"done": bars, "total": bars}`` while it runs, then
``{"finished": true}`` with ``result.json``, ``report.html`` and ``trades.csv`` in the folder asked for, or
``{"error": …, "hint": …}``. It ends when its input does.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pinery.adapters.feeds.synthetic import synthetic_bars
from pinery.app.backtest_command import backtest_data, report_page
from pinery.app.backtesting import Tested, execute_backtest
from pinery.app.bars import NO_EVIDENCE, SYNTHETIC_NOTICE, MarketData, arrange, load, parse_timeframe
from pinery.app.libraries import LibraryFolders
from pinery.app.options import moment
from pinery.app.session import Job
from pinery.app.studio.limits import end_with_parent, hold_memory, hold_time, stand_back
from pinery.core.errors import CompileError, PineryError, UsageError
from pinery.core.version import VERSION
from pinery.lang.diagnostics import Severity
from pinery.lang.source import Source
from pinery.market import symbols
from pinery.market.store import BarStore
from pinery.runtime.context import Limits
from pinery.tester.gate import Gate

_EVERY = 0.2  # seconds between two words of progress
_POINTS = 2_000  # of the equity curve
_SHOWN_ERRORS = 3


def run(request: dict[str, Any]) -> None:
    """Raises PineryError."""
    folder = Path(request["folder"])
    table = symbols.load(Path(request["symbols"])) if request["symbols"] else None
    market = _market(request, table)
    libraries = LibraryFolders.beside(Path(request["scripts"]) / "x", [Path(path) for path in request["libraries"]])
    job = Job(
        Source(request["text"], request["name"]),
        market,
        request["inputs"],
        store=BarStore.default(),
        table=table,
        libraries=libraries,
        limits=Limits(max_memory=request["memory"]),
    )
    tested = execute_backtest(job, progress=_Progress(), properties=request["properties"])
    _write(folder, tested, None if request["properties"] else Gate(**request["gate"]))


def _market(request: dict[str, Any], table: symbols.SymbolTable | None) -> MarketData:
    timeframe = request["timeframe"]
    if timeframe:
        parse_timeframe(timeframe, "timeframe")  # there are no options of a command here to speak of
    if request["feed_symbol"]:
        data = arrange(synthetic_bars(request["feed_symbol"]), request["feed_symbol"], timeframe, table)
        data = replace(data, synthetic=True)
    else:
        data = load(request["data"], symbol=request["symbol"], timeframe=timeframe, table=table)
    zone = data.instrument.timezone
    first = moment(request["first"], zone, "first") if request["first"] else None
    last = moment(request["last"], zone, "last", end=True) if request["last"] else None
    kept = data.bars.between(first, last)
    if not len(kept):
        raise UsageError("there are no bars in this range", "choose an earlier beginning or a later end")
    return replace(data, bars=kept)


def _write(folder: Path, tested: Tested, gate: Gate | None) -> None:
    """A verdict is evidence for the script as it is, so there is no ``gate`` for other properties."""
    verdict = tested.result.judge(gate) if gate is not None else None
    data = backtest_data(tested, {}, verdict)
    bars = tested.result.bars
    step = max(1, -(-len(bars) // _POINTS))
    at = sorted({*range(0, len(bars), step), len(bars) - 1})
    data["equity"] = [[int(bars.time[i]), round(float(tested.result.equity[i]), 4)] for i in at]
    if tested.result.synthetic:
        data["warnings"].insert(0, f"{SYNTHETIC_NOTICE} {NO_EVIDENCE}")
    data["subject"] = dict(tested.result.subject())
    if verdict is not None:
        made = datetime.now(UTC).isoformat(timespec="seconds")
        data["verdict"] = verdict.as_data() | {"pinery": VERSION, "made": made}
    else:
        data["verdict"] = None
        data["warnings"].append("tested with other properties than the script's own: no evidence for a promotion")
    (folder / "trades.csv").write_text(tested.result.trade_list(), encoding="utf-8", newline="")
    try:
        (folder / "report.html").write_text(report_page(tested, verdict), encoding="utf-8")
    except UsageError as error:  # the chart library was not fetched
        data["warnings"].append(f"there is no report: {error.message}")
    (folder / "result.json").write_text(json.dumps(data, allow_nan=False), encoding="utf-8")


class _Progress:
    def __init__(self) -> None:
        self._said = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._said >= _EVERY or done >= total:
            self._said = now
            say({"done": done, "total": total})


def say(what: dict[str, Any]) -> None:
    sys.__stdout__.write(json.dumps(what) + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


def told(error: PineryError) -> dict[str, Any]:
    """An error for people; of a script that does not compile the first findings."""
    if isinstance(error, CompileError):
        errors = [found for found in error.diagnostics if found.severity is Severity.ERROR]
        lines = []
        for found in errors[:_SHOWN_ERRORS]:
            line, column = error.sources[found.span.file].position(found.span.start)
            lines.append(f"line {line}, column {column}: {found.message} [{found.code}]")
        return {"error": error.message, "hint": "; ".join(lines)}
    return {"error": error.message, "hint": error.hint or ""}


def main() -> None:
    request = json.loads(sys.stdin.buffer.readline())
    stand_back()
    hold_memory(request["memory"] * 3 // 2)  # the engine's own limit comes first, and says more
    hold_time(request["seconds"] + 5)  # whoever started this ends it before
    end_with_parent()
    sys.stdout = sys.stderr
    try:
        run(request)
    except PineryError as error:
        say(told(error))
    except MemoryError:
        say({"error": "the backtest takes too much memory", "hint": "test fewer bars, or make the script simpler"})
    else:
        say({"finished": True})


if __name__ == "__main__":
    main()
