"""Times PyneCore on one script, in a process of its own; prints one line of JSON.

    python run_pynecore.py SCRIPT.py BARS.csv RUNS BUDGET_SECONDS

Timed is the bar loop of ``ScriptRunner.run_iter`` only: start-up, import of the script and reading are not.
"""
# mypy: ignore-errors

from __future__ import annotations

import csv
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

from pynecore.core.script_runner import ScriptRunner
from pynecore.core.syminfo import SymInfo
from pynecore.types.ohlcv import OHLCV


def main() -> None:
    script, bars, runs, budget = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    with bars.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows)
        candles = [OHLCV(int(row[0]) // 1000, *(float(cell) for cell in row[1:])) for row in rows]
    symbol = SymInfo(
        prefix="BENCH",
        ticker="BENCH",
        currency="USD",
        basecurrency=None,
        description="synthetic bars",
        period="5",
        type="crypto",
        mintick=0.25,
        pricescale=100,
        mincontract=1,
        minmove=25,
        pointvalue=1.0,
        timezone="UTC",
        volumetype="base",
        opening_hours=[],
        session_starts=[],
        session_ends=[],
    )
    seconds: list[float] = []
    values: dict[str, float] = {}
    while len(seconds) < runs and sum(seconds) < budget:
        runner = ScriptRunner(script, candles, symbol, last_bar_index=len(candles) - 1)
        started = time.perf_counter()
        for _, plots in runner.run_iter():
            values = plots
        seconds.append(time.perf_counter() - started)
    numbers = {title: float(value) for title, value in values.items() if isinstance(value, float | int)}
    print(json.dumps({"version": version("pynesys-pynecore"), "seconds": seconds, "last": numbers}))


if __name__ == "__main__":
    main()
