"""Claim: the interpreter runs scripts at tens of thousands of bars per second, linear in bars.

Prints bars per second of processor time of three scripts, how the time per bar at the larger size compares with
that at the smaller one (1.00 is linear), and how often slower each is than a lower bound measured in the same run:
a bare Python loop that does nothing but the arithmetic of one exponential average.

    python -m benchmarks.interpreter_speed [SMALL [LARGE]]     # 50000 300000
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measuring import best, machine, table
from benchmarks.scripts import large
from pinery.app.bars import load
from pinery.app.session import Job, execute
from pinery.core.bars import BarSeries
from pinery.engine import compile_script
from pinery.lang.source import Source

SCRIPTS = Path(__file__).resolve().parent / "scripts"


def bare_loop(closes: list[float]) -> list[float]:
    """The lower bound: one exponential average, kept per bar."""
    kept: list[float] = []
    value = closes[0]
    for close in closes:
        value = value + (close - value) * (2 / 11)
        kept.append(value)
    return kept


def running_seconds(source: Source, bars: BarSeries, repeats: int) -> float:
    """Processor time of the fastest run without compiling."""
    market = load("synthetic:2", timeframe="5")
    job = Job(source, type(market)(bars, market.instrument, market.timeframe))
    running = best(lambda: execute(job), repeats) - best(lambda: compile_script(source), repeats)
    return max(running, 1e-6)


def main() -> None:
    sizes = [int(argument) for argument in sys.argv[1:]] or [50_000, 300_000]
    small, many = sizes[0], sizes[-1]
    bars = load(f"synthetic:{many}", timeframe="5").bars
    closes = bars.close.tolist()
    bound = best(lambda: bare_loop(closes)) / len(closes)
    sources = [
        Source((SCRIPTS / "averages.pine").read_text(encoding="utf-8"), "EMA, RSI, volume"),
        Source((SCRIPTS / "five_indicators.pine").read_text(encoding="utf-8"), "supertrend, MACD, BB, ATR, stochastic"),
        Source(large.text(), "1,000 lines"),
    ]
    rows = []
    for source in sources:
        repeats = 3 if len(source.text) < 5_000 else 1
        first = running_seconds(source, bars.slice(0, small), repeats)
        second = running_seconds(source, bars, repeats)
        rows.append(
            [
                f"{source.name} ({source.text.count(chr(10))} lines)",
                f"{small / first:,.0f}",
                f"{len(bars) / second:,.0f}",
                f"{(second / len(bars)) / (first / small):.2f}",
                f"{second / len(bars) / bound:.1f}",
            ]
        )
    print(machine())
    print(f"bare loop, one average: {1 / bound:,.0f} bars/s")
    print(
        table(
            [
                "script",
                f"bars/s at {small:,}",
                f"bars/s at {len(bars):,}",
                "time per bar, large / small",
                "× bare loop",
            ],
            rows,
        )
    )


if __name__ == "__main__":
    main()
