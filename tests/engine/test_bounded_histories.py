"""Loops between constants read history without tests: the values are those that any other loop reads."""

from __future__ import annotations

import pytest

from pinery.app.bars import load
from pinery.app.session import Job, execute
from pinery.lang.source import Source

SCRIPT = """//@version=6
indicator("back")
int zero = {zero}
back(float v) =>
    float sum = 0.0
    for i = {first} to {last}
        sum += nz(v[{offset}], -1) * (i + 1)
    sum
float doubled = close * 2 + bar_index
float of_main = 0.0
float of_bars = 0.0
for i = {first} to {last}
    of_main += nz(doubled[{offset}], -3) * (i + 1)
    of_bars += nz(close[{offset}], -7) * (i + 1)
float of_scope = 0.0
if bar_index % 3 == 0
    float inner = close * 3
    for i = {first} to {last}
        of_scope += nz(inner[{offset}], -3)
plot(back(close))
plot(of_main)
plot(of_bars)
plot(of_scope)
"""


def plots(first: str, last: str, offset: str, zero: str) -> list[list[float]]:
    text = SCRIPT.format(first=first, last=last, offset=offset, zero=zero)
    outputs = execute(Job(Source(text, "back"), load("synthetic:450", timeframe="5"))).result.outputs
    return [outputs.values[spec.index]["series"] for spec in outputs.specs]


@pytest.mark.parametrize(
    ("first", "last", "offset"),
    [
        ("0", "9", "i"),
        ("1", "9", "i"),
        ("9", "0", "i"),
        ("1", "9 by 4", "i"),
        ("0", "9", "i + 1"),
        ("0", "100", "i"),
        ("0", "200", "200 - i"),
        ("3", "70", "i - 3"),
    ],
)
def test_constant_and_other_bounds_read_the_same_bars(first: str, last: str, offset: str) -> None:
    fixed = plots(first, last, offset, "0")
    end, *step = last.split(" ", 1)
    moving = plots(first, " ".join([f"{end} + zero", *step]), offset, "int(close) * 0")
    assert fixed == moving


def test_sum_over_a_constant_loop() -> None:
    script = Source(
        '//@version=6\nindicator("s")\nn = float(bar_index)\ns = 0.0\n'
        "for i = 0 to 3\n    s += nz(n[i], 100)\nplot(s)\nplot(math.max(n, n[2], 1))\nplot(n != n[1] ? 1 : 0)\n",
        "s",
    )
    outputs = execute(Job(script, load("synthetic:5", timeframe="5"))).result.outputs
    columns = [outputs.values[spec.index]["series"] for spec in outputs.specs]
    assert columns[0] == [300, 201, 103, 6, 10]
    assert columns[2] == [0, 1, 1, 1, 1]
