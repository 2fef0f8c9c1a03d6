"""Runs every program in ``tests/pine`` and compares it with the expectations in its comments.

The bars: twelve hourly ones from 2024-01-01 00:00 UTC; bar ``i`` has open ``i + 0.5``, high ``i + 2``,
low ``i``, close ``i + 1`` and volume ``100 * (i + 1)``.

    //! plot TITLE: 1 2 na 4        the first values of that plot
    //! alert: 3 "message"          bar and text of each alert, in order
    //! log: 3 "message"            likewise for log.*
    //! stops: text                 the run ends with an error whose message holds the text
    //! stops at line 7             ... at that line
    //! error: E105 at 4            a compile error with that code at that line
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from pinery.core.bars import BarSeries
from pinery.core.errors import CompileError, PineRuntimeError
from pinery.core.instrument import Instrument
from pinery.engine import RunResult, compile_script, run
from pinery.lang.source import Source
from pinery.market.providers import FileData
from pinery.runtime.no_broker import NoBroker
from pinery.runtime.timeframes import Timeframe

FOLDER = Path(__file__).parent / "pine"
PROGRAMS = sorted(str(p.relative_to(FOLDER)) for p in FOLDER.rglob("*.pine"))
BARS = 12
INSTRUMENT = Instrument("BINANCE", "ETHUSDT.P", pricescale=100, currency="USDT", basecurrency="ETH")
HOUR = Timeframe.parse("60")


def hourly_bars(count: int = BARS) -> BarSeries:
    i = np.arange(count)
    start = 1_704_067_200_000
    return BarSeries(start + i * 3_600_000, i + 0.5, i + 2.0, i + 0.0, i + 1.0, 100.0 * (i + 1))


def run_text(text: str, name: str = "script") -> RunResult:
    bars = hourly_bars()
    data = FileData(bars, INSTRUMENT, HOUR)
    return run(compile_script(Source(text, name)), bars, INSTRUMENT, HOUR, strategy=NoBroker(), data=data)


def _value(text: str) -> float:
    return math.nan if text == "na" else float(text)


def _events(expected: list[str]) -> list[tuple[int, str]]:
    found = []
    for line in expected:
        match = re.fullmatch(r'(\d+) "(.*)"', line)
        assert match, line
        found.append((int(match[1]), match[2]))
    return found


@pytest.mark.parametrize("program", PROGRAMS)
def test_program(program: str) -> None:
    text = (FOLDER / program).read_text(encoding="utf-8")
    wanted = re.findall(r"^//! (.*?)\s*$", text, flags=re.M)
    assert wanted, "the program expects nothing"
    by_kind: dict[str, list[str]] = {}
    for line in wanted:
        kind, _, rest = line.partition(":")
        by_kind.setdefault(kind if kind in ("alert", "log", "stops", "error") else line.split()[0], []).append(
            rest.strip()
        )
    if "error" in by_kind:
        _expect_errors(text, by_kind["error"])
        return
    if "stops" in by_kind:
        _expect_stop(text, wanted)
        return
    result = run_text(text, program)
    plots = dict(result.outputs.plot_columns())
    for line in wanted:
        match = re.fullmatch(r"plot (.+?): (.*)", line)
        if match:
            values = [_value(word) for word in match[2].split()]
            got = plots[match[1]][: len(values)]
            np.testing.assert_allclose(got, values, rtol=1e-12, atol=1e-12, err_msg=match[1])
    if "alert" in by_kind:
        assert [(a.bar_index, a.message) for a in result.outputs.alerts] == _events(by_kind["alert"])
    if "log" in by_kind:
        assert [(r.bar_index, r.message) for r in result.outputs.logs] == _events(by_kind["log"])


def _expect_errors(text: str, wanted: list[str]) -> None:
    with pytest.raises(CompileError) as caught:
        run_text(text)
    source = Source(text)
    found = {
        f"{d.code} at {source.position(d.span.start)[0]}"
        for d in caught.value.diagnostics
        if d.severity.value == "error"
    }
    assert found == set(wanted)


def _expect_stop(text: str, wanted: list[str]) -> None:
    with pytest.raises(PineRuntimeError) as caught:
        run_text(text)
    for line in wanted:
        if line.startswith("stops: "):
            assert line.removeprefix("stops: ") in caught.value.message
        elif line.startswith("stops at line "):
            assert caught.value.line == int(line.removeprefix("stops at line "))
