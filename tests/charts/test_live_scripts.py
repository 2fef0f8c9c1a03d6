"""Every script of the repository, once on history and once with half of its bars live: closed bars are the same.

Where Pine itself says that realtime differs, a script is compared in less; its text tells (see the rules below).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pinery.app.libraries import LibraryFolders
from pinery.charts.bars import BarUpdate, Firing
from pinery.charts.live import LiveChart
from pinery.core.bars import BarSeries
from pinery.core.errors import CompileError, PineRuntimeError
from pinery.core.instrument import Instrument
from pinery.emulator.broker import Broker
from pinery.engine import CompiledScript, RunResult, compile_script, run
from pinery.lang.source import Source
from pinery.market.providers import FileData
from pinery.runtime.no_broker import NoBroker
from pinery.runtime.orders import StrategySettings
from pinery.runtime.timeframes import Timeframe

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "tests/pine",
    "tests/tester/audit/scripts",
    "benchmarks/scripts",
    "examples",
    "src/pinery/app/demo",
    "library",
)
SCRIPTS = sorted(
    str(p.relative_to(ROOT))
    for folder in FOLDERS
    for p in (ROOT / folder).rglob("*.pine")
    if "libraries" not in p.parts
)

# What a bar that was live shows may differ from history by Pine's rules if the script asks for ...
DIFFERS = re.compile(
    r"\bvarip\b|\btimenow\b|\bbarstate\.(?!isconfirmed|isfirst)|\blast_bar_(index|time)\b"
    r"|\bcalc_on_|\bcalc_bars_count\b|\buse_bar_magnifier\b|\brequest\.security\b|\bsecurity\(|\brequest\.security_lower_tf\b|\bchart\.(left|right)_"
)
MOVES = re.compile(r"\balert\(|\balertcondition\(")  # in indicators these fire inside bars, too

COIN = Instrument("BINANCE", "ETHUSDT.P", pricescale=100, mincontract=0.001, currency="USDT", basecurrency="ETH")
HOUR = Timeframe.parse("60")
COUNT, HALF = 160, 80


def market() -> BarSeries:
    rng = np.random.default_rng(7)
    close = np.round(2000 * np.exp(np.cumsum(rng.normal(0, 0.01, COUNT))), 2)
    opened = np.round(np.append(2000.0, close[:-1]) + rng.normal(0, 1, COUNT), 2)
    high = np.round(np.maximum(opened, close) + rng.exponential(8, COUNT), 2)
    low = np.round(np.minimum(opened, close) - rng.exponential(8, COUNT), 2)
    time = 1_704_067_200_000 + np.arange(COUNT) * 3_600_000
    return BarSeries(time, opened, high, low, close, np.round(rng.uniform(100, 900, COUNT)))


BARS = market()


def updates(i: int) -> Iterator[BarUpdate]:
    """Open, the nearer extreme, the other one, close: the path that the emulator assumes on history."""
    o, h, low, c, v = (float(column[i]) for column in (BARS.open, BARS.high, BARS.low, BARS.close, BARS.volume))
    t = int(BARS.time[i])
    near, far = (h, low) if h - o < o - low else (low, h)
    yield BarUpdate(t, o, o, o, o, v // 4, t, is_first=True)
    yield BarUpdate(t, o, max(o, near), min(o, near), near, v // 3, t + 900_000, jumps=False)
    yield BarUpdate(t, o, h, low, far, v // 2, t + 1_800_000, jumps=False)
    yield BarUpdate(t, o, h, low, c, v, t + 3_600_000, is_last=True, jumps=False)


def compiled(name: str) -> CompiledScript | None:
    path = ROOT / name
    try:
        return compile_script(Source(path.read_text(encoding="utf-8"), name), libraries=LibraryFolders((path.parent,)))
    except CompileError:
        return None


def historical(script: CompiledScript, bars: BarSeries) -> tuple[RunResult, Any]:
    settings = StrategySettings.from_declaration(script.program.declaration)
    broker = Broker(settings, COIN) if script.program.kind == "strategy" else None
    data = FileData(bars, COIN, HOUR)
    return run(script, bars, COIN, HOUR, strategy=broker or NoBroker(settings, COIN), data=data), broker


def loaded(script: CompiledScript, count: int) -> LiveChart:
    chart = LiveChart(script, BARS.slice(0, count), COIN, HOUR)
    for _ in chart.load():
        pass
    return chart


def played(chart: LiveChart, first: int, last: int) -> list[Firing]:
    found = []
    for i in range(first, last):
        for update in updates(i):
            found += chart.update(update)
            chart.prepare()
    return found


def plots(result: RunResult) -> dict[str, list[Any]]:
    outputs = result.outputs
    return {
        f"{spec.index} {name}": [None if v != v else v for v in values]
        for spec in outputs.specs
        for name, values in outputs.values[spec.index].items()
    }


def account(broker: Broker) -> dict[str, Any]:
    trades = broker.trades()  # and lets the book take note of the prices met
    book = broker.book
    names = [n for n in type(book).__slots__ if n not in ("opened", "high", "low", "rules")]
    rules = {n: repr(getattr(book.rules, n)) for n in type(book.rules).__slots__}
    return {
        "trades": trades,
        "rules": rules,
        "fills": [[getattr(fill, n) for n in type(fill).__slots__] for fill in broker.fills],
        "book": {n: repr(getattr(book, n)) for n in names if not isinstance(getattr(book, n), list)},
        "pending": [sorted((n, repr(getattr(o, n))) for n in type(o).__slots__) for o in (*book.orders, *book.exits)],
        "equity": [*broker.curve.closed.tolist(), *broker.curve.open.tolist()],
    }


@pytest.mark.parametrize("name", SCRIPTS)
def test_closed_bars_are_those_of_history(name: str) -> None:
    script = compiled(name)
    if script is None:
        return  # a test of errors
    text = (ROOT / name).read_text(encoding="utf-8")
    try:
        expected, broker = historical(script, BARS)
    except PineRuntimeError as error:
        with pytest.raises(PineRuntimeError) as caught:
            played(loaded(script, HALF), HALF, COUNT)
        assert caught.value.message == error.message
        return
    chart = loaded(script, HALF)
    fired = [*chart.past, *played(chart, HALF, COUNT)]
    if DIFFERS.search(text):
        return
    got = chart.result()
    assert len(got.bars) == COUNT
    assert plots(got) == plots(expected)
    assert got.drawings.as_data() == expected.drawings.as_data()
    if broker is not None and chart.broker is not None:
        assert account(chart.broker) == account(broker)
        assert [(f.kind, f.bar_time, f.message) for f in fired] == [
            (a.kind, a.time, a.message) for a in expected.outputs.alerts
        ]
    again = loaded(script, 2 * HALF - 20)
    keys = [f.key for f in again.past]
    assert len(set(keys)) == len(keys)
    until = int(BARS.time[2 * HALF - 20])
    before = [f.key for f in fired if f.bar_time < until]
    if broker is None and MOVES.search(text):
        assert set(keys) <= set(before)
        return
    assert keys == before
    later = [f for f in fired if f.bar_time >= until]
    assert played(again, 2 * HALF - 20, COUNT) == later
