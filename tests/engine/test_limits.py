"""Loops and collections without end stop with an error of the script, at its line."""

from __future__ import annotations

import time

import numpy as np
import pytest

from pinery.app.session import memory_in_use
from pinery.core.bars import BarSeries
from pinery.core.errors import PineRuntimeError
from pinery.core.instrument import Instrument
from pinery.engine import compile_script, run
from pinery.lang.source import Source
from pinery.runtime.context import Limits
from pinery.runtime.no_broker import NoBroker
from pinery.runtime.timeframes import Timeframe

AT = np.arange(30)
BARS = BarSeries(1_704_067_200_000 + AT * 3_600_000, AT + 0.5, AT + 2.0, AT + 0.0, AT + 1.0, AT + 100.0)

ENDLESS = {
    "while": "while true\n    s += 1",
    "one loop": "for i = 0 to 1000000000000\n    s += 1",
    "floats": "for i = 1e18 to 2e18 by 1.0\n    s += 1",
    "short inside long": "for i = 0 to 10000000\n    for j = 0 to 3\n        s += 1",
    "each below a check": "for i = 0 to 400\n    for j = 0 to 400\n        for k = 0 to 400\n            s += 1",
    "through functions": "for i = 0 to 400\n    for j = 0 to 400\n        s += f(i)",
    "lists": "a = array.new<int>(400, 1)\nfor x in a\n    for y in a\n        for [i, z] in a\n            s += 1",
    "a moving end": "n = 10\nfor i = 0 to n\n    n += 1",
    "slow turns": "a = array.new<float>(20000, 1)\nfor i = 0 to 100000\n    s += a.sum()",
}


@pytest.mark.parametrize("name", ENDLESS)
def test_time(name: str) -> None:
    head = 'indicator("x")\nf(x) =>\n    t = 0.0\n    while t < 400\n        t += 1\n    t + x\ns = 0.0\n'
    text = f"//@version=6\n{head}{ENDLESS[name]}\nplot(s)\n"
    started = time.monotonic()
    with pytest.raises(PineRuntimeError, match=r"loops ran longer than 0\.1 seconds on one bar"):
        run(
            compile_script(Source(text)),
            BARS,
            Instrument("A", "B"),
            Timeframe.parse("60"),
            strategy=NoBroker(),
            limits=Limits(max_loop_seconds=0.1),
            clock=time.monotonic,
        )
    assert time.monotonic() - started < 10


def test_each_bar_has_its_own_time() -> None:
    clock = iter(range(1_000_000))
    text = '//@version=6\nindicator("x")\ns = 0\nfor i = 0 to 599\n    s += 1\nplot(s)\n'
    result = run(
        compile_script(Source(text)),
        BARS,
        Instrument("A", "B"),
        Timeframe.parse("60"),
        strategy=NoBroker(),
        limits=Limits(max_loop_seconds=2),
        clock=lambda: next(clock),
    )
    assert result.outputs.plot_columns()[0][1] == [600.0] * len(BARS)


def test_memory() -> None:
    if not memory_in_use():
        pytest.skip("this system does not say how much memory is in use")
    text = (
        '//@version=6\nindicator("x")\ntype Node\n    array<float> items\nvar kept = array.new<Node>()\n'
        "for i = 0 to 99999\n    kept.push(Node.new(array.new<float>(100000, 0)))\nplot(kept.size())\n"
    )
    before = memory_in_use()
    with pytest.raises(PineRuntimeError, match=r"needs more than 0\.0625 GiB of memory") as caught:
        run(
            compile_script(Source(text)),
            BARS,
            Instrument("A", "B"),
            Timeframe.parse("60"),
            strategy=NoBroker(),
            limits=Limits(max_memory=1 << 26),
            clock=time.monotonic,
            memory=memory_in_use,
        )
    assert caught.value.line in (6, 7)
    assert memory_in_use() - before < 2**30
