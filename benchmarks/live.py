"""Claim: from a bar's close to its alerts take less than 5 ms, and one core carries fifty one-minute charts.

Each script has a history, then bars of four updates; between updates the chart may prepare, as it does when it has
nothing else to do. Prints processor time from the closing update to the alerts, what the other updates and the
preparing cost, and as the floor what one bare evaluation of the same script takes on history. Then fifty charts of
the thousand-line script side by side: the share of one core that they need at one-minute bars and one price a second.

    python -m benchmarks.live [HISTORY [BARS]]     # 5000 300
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.measuring import machine, table
from benchmarks.scripts import large
from pinery.app.bars import load
from pinery.charts.bars import BarUpdate
from pinery.charts.live import LiveChart
from pinery.core.bars import BarSeries
from pinery.engine import CompiledScript, compile_script
from pinery.lang.source import Source

SCRIPTS = Path(__file__).resolve().parent / "scripts"
LIBRARY = Path(__file__).resolve().parents[1] / "examples" / "strategies"
TRADES = """
if ta.crossover(total, 0)
    strategy.entry("Long", strategy.long, alert_message = "long")
if ta.crossunder(total, 0)
    strategy.entry("Short", strategy.short, alert_message = "short")
strategy.exit("Out", "Long", loss = 400, profit = 800)
if barstate.isconfirmed and math.abs(total) > 5
    alert("far " + str.tostring(total))
"""
CHARTS = 50
MINUTE = 60_000


def thousand_lines(kind: str) -> str:
    """The large script; as a strategy it also trades, evaluated on every tick or at the close."""
    text = large.text()
    if kind == "indicator":
        return text
    every_tick = "true" if kind == "every tick" else "false"
    head = f'strategy("A thousand lines", overlay = true, calc_on_every_tick = {every_tick})'
    first = next(line for line in text.splitlines() if line.startswith("indicator("))
    return text.replace(first, head) + TRADES


def updates(bars: BarSeries, i: int) -> Iterator[BarUpdate]:
    o, h, low, c, v = (float(column[i]) for column in (bars.open, bars.high, bars.low, bars.close, bars.volume))
    t = int(bars.time[i])
    near, far = (h, low) if h - o < o - low else (low, h)
    yield BarUpdate(t, o, o, o, o, v / 4, t, is_first=True)
    yield BarUpdate(t, o, max(o, near), min(o, near), near, v / 3, t + MINUTE // 3, jumps=False)
    yield BarUpdate(t, o, h, low, far, v / 2, t + MINUTE // 2, jumps=False)
    yield BarUpdate(t, o, h, low, c, v, t + MINUTE, is_last=True, jumps=False)


class Timed:
    """Milliseconds of processor time of a chart's work."""

    def __init__(self, script: CompiledScript, history: int, bars: BarSeries) -> None:
        market = load("synthetic:2", timeframe="1")
        self.bars = bars
        self.chart = LiveChart(script, bars.slice(0, history), market.instrument, market.timeframe)
        started = time.process_time()
        for _ in self.chart.load():
            pass
        self.floor = (time.process_time() - started) * 1000 / history
        self.closes: list[float] = []
        self.ticks: list[float] = []
        self.prepares: list[float] = []

    def bar(self, i: int) -> None:
        for update in updates(self.bars, i):
            started = time.process_time()
            self.chart.update(update)
            (self.closes if update.is_last else self.ticks).append((time.process_time() - started) * 1000)
            started = time.process_time()
            self.chart.prepare()
            self.prepares.append((time.process_time() - started) * 1000)


def _ms(values: list[float], percent: int) -> str:
    return f"{np.percentile(values, percent):.2f}"


def main() -> None:
    history, count = [*(int(argument) for argument in sys.argv[1:]), *(5_000, 300)[len(sys.argv) - 1 :]]
    bars = load(f"synthetic:{history + count}", timeframe="1").bars
    sources = {
        "1,000 lines, indicator": thousand_lines("indicator"),
        "1,000 lines, strategy at the close": thousand_lines("close"),
        "1,000 lines, strategy on every tick": thousand_lines("every tick"),
    }
    biggest = sorted(LIBRARY.glob("*.pine"), key=lambda path: -path.stat().st_size)[:2]
    for path in [*biggest, SCRIPTS / "five_indicators.pine"]:
        sources[path.stem] = path.read_text(encoding="utf-8")
    rows = []
    for name, text in sources.items():
        timed = Timed(compile_script(Source(text, name)), history, bars)
        for i in range(history, history + count):
            timed.bar(i)
        rows.append(
            [
                name,
                _ms(timed.closes, 50),
                _ms(timed.closes, 99),
                _ms(timed.ticks, 50),
                _ms(timed.prepares, 50),
                f"{timed.floor:.2f}",
                f"{np.percentile(timed.closes, 50) / timed.floor:.1f}",
            ]
        )
    print(machine())
    print(f"{history} bars of history, {count} live ones; milliseconds of processor time\n")
    print(
        table(["script", "close p50", "close p99", "tick p50", "prepare p50", "floor: bare bar", "close / floor"], rows)
    )
    print(f"\n{CHARTS} charts of the 1,000-line strategy\n")
    print(
        table(["evaluated", "close p50", "close p99", "all closes together", "share of a core"], _many(history, bars))
    )


def _many(history: int, bars: BarSeries) -> list[list[str]]:
    rows = []
    for kind in ("close", "every tick"):
        script = compile_script(Source(thousand_lines(kind)))
        charts = [Timed(script, min(history, 1_000), bars) for _ in range(CHARTS)]
        first = min(history, 1_000)
        for i in range(first, min(first + 20, len(bars))):
            for timed in charts:
                timed.bar(i)
        closes = [x for timed in charts for x in timed.closes]
        ticks = float(np.mean([x for timed in charts for x in timed.ticks]))
        prepare = float(np.mean([x for timed in charts for x in timed.prepares]))
        minute = CHARTS * (float(np.mean(closes)) + 59 * ticks + 60 * prepare)  # milliseconds in each minute
        rows.append(
            [
                "at the close" if kind == "close" else "on every tick",
                _ms(closes, 50),
                _ms(closes, 99),
                f"{CHARTS * float(np.mean(closes)):.0f} ms",
                f"{minute / MINUTE:.1%}",
            ]
        )
    return rows


if __name__ == "__main__":
    main()
