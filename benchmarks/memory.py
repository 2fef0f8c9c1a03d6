"""Claim: memory grows with bars and plots, not with a script's history or length.

Prints the peak resident memory of whole processes: one that only makes the bars, and one per script, at two
sizes; and the bytes per bar that running adds.

    python -m benchmarks.memory [SMALL [LARGE]]     # 50000 300000
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from benchmarks.measuring import machine, table
from benchmarks.scripts import large
from pinery.app.bars import load
from pinery.app.session import Job, execute
from pinery.lang.source import Source

SCRIPTS = Path(__file__).resolve().parent / "scripts"


def measure(script: str, bars: int) -> None:
    """In a process of its own: runs and prints its peak in bytes."""
    market = load(f"synthetic:{bars}", timeframe="5")
    if script == "large":
        execute(Job(Source(large.text(), script), market))
    elif script != "none":
        execute(Job(Source((SCRIPTS / f"{script}.pine").read_text(encoding="utf-8"), script), market))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def peak(script: str, bars: int) -> int:
    command = [sys.executable, "-m", "benchmarks.memory", "--measure", script, str(bars)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    if "--measure" in sys.argv:
        measure(sys.argv[2], int(sys.argv[3]))
        return
    sizes = [int(argument) for argument in sys.argv[1:]] or [50_000, 300_000]
    small, many = sizes[0], sizes[-1]
    base = {size: peak("none", size) for size in (small, many)}
    rows = [["bars alone", f"{base[small] / 1e6:.0f}", f"{base[many] / 1e6:.0f}", ""]]
    for script, name in (
        ("averages", "EMA, RSI, volume"),
        ("five_indicators", "supertrend, MACD, BB, ATR, stochastic"),
        ("large", "1,000 lines"),
    ):
        peaks = {size: peak(script, size) for size in (small, many)}
        added = (peaks[many] - peaks[small]) / (many - small)
        rows.append([name, f"{peaks[small] / 1e6:.0f}", f"{peaks[many] / 1e6:.0f}", f"{added:,.0f}"])
    print(machine())
    print(table(["script", f"peak MB at {small:,}", f"peak MB at {many:,}", "bytes per further bar"], rows))


if __name__ == "__main__":
    main()
