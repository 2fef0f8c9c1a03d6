"""Whatever the text: a tree or findings, never an exception, never a long wait."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinery.lang.diagnostics import Diagnostics
from pinery.lang.parser import MAX_DEPTH, parse
from pinery.lang.render import render, to_json
from pinery.lang.source import Source

from .reading import walk

VALID = """\
//@version=5
indicator("x", overlay = true)
import user/lib/1 as l
type Bar
    float price = na
    varip int count = 0
enum Side
    long = "Long"
    short
method push(array<int> this, int v = 1) =>
    this.x := v
    [a, b] = f(v)
    switch v
        1 => 'one'
        => a ? b : c
float y = close[1] + .5 * 1e3 - (high - low) / 2
var map<string, array<float>> m = map.new<string, array<float>>()
if y > 0 and not na(y)
    for i = 0 to 10 by 2
        if i == 3
            continue
        z = #FF0000, w += 1
else if y < 0
    for [k, x] in m
        break
    while true
        q = 1
plot(y,
     color = y > 0 ?
         color.red : color.green)
"""
PINE = (
    "if else for while switch var varip true false and or not to by in import export type enum method => := = == "
    "( ) [ ] < > , . ? : + - * / % += a b f float int array new 1 2.5 'str' #FF0000 // @version"
)
WORDS = [
    *PINE.split(),
    "\n",
    "\n    ",
    "\n        ",
    "\n  ",
    "\t",
    '"',
    "'",
    '"""',
    "\\",
    "é",
    "\u00a0",
    "“",
]


def check(text: str) -> None:
    diagnostics = Diagnostics()
    source = Source(text)
    script = parse(source, diagnostics)
    for finding in diagnostics.items:
        assert 0 <= finding.span.start <= finding.span.end <= len(text)
        assert finding.message
    render(diagnostics.sorted(), [source])
    to_json(diagnostics.sorted(), [source])
    if not diagnostics.has_errors:
        for parent, child in walk(script):
            assert parent.span.start <= child.span.start <= child.span.end <= parent.span.end


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    check(text)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    check(data.decode("latin-1"))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=120), st.sampled_from(["", " "]))
def test_token_soup(words: list[str], separator: str) -> None:
    check(separator.join(words))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_scripts(data: st.DataObject) -> None:
    text = VALID
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 12))
        text = text[:at] + data.draw(st.sampled_from(["", *WORDS])) + text[at + length :]
    check(text)


REPEATED = [
    "(", "[", ")", "f(", "a[", "not ", "-", "a+", "a?", "a?b:", "x.new<", "a<b,", '"\n ', "'", "=>", "if ", "else ",
    "for ", "x = if a\n", "a(\n", "f(x)=>", "\x00", "“", "#", "/*", "'\\",
    "    if a\n", "if a\n    b\nelse ", "\r", ",", "1.",
]  # fmt: skip


def steps(text: str) -> int:
    """How many calls parsing ``text`` takes: the work, whatever else the machine does meanwhile."""
    count = 0

    def counted(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        parse(Source(text), Diagnostics())
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("piece", REPEATED)
@pytest.mark.parametrize("frame", ["{}", "x = {}1"])
def test_four_times_the_text_is_four_times_the_work(piece: str, frame: str) -> None:
    check(frame.format(piece * 2000))
    assert steps(frame.format(piece * 800)) < 5 * steps(frame.format(piece * 200))


def test_depth_of_accepted_trees_is_bounded() -> None:
    diagnostics = Diagnostics()
    script = parse(Source("x = " + "a + " * (MAX_DEPTH - 10) + "a"), diagnostics)
    assert script.body
    parse(Source("x = " + "a + " * (MAX_DEPTH + 10) + "a"), diagnostics)
    assert diagnostics.has_errors
