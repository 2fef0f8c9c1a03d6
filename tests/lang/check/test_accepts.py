"""Scripts that TradingView accepts must check without an error, however untidy."""

from __future__ import annotations

from pathlib import Path

import pytest

from pinery.lang.check import check
from pinery.lang.diagnostics import Severity
from pinery.lang.source import Source

HERE = Path(__file__).parent
SHARED = HERE.parents[3] / "shared" / "conformance"
OWN = sorted((HERE / "scripts").glob("*.pine"))
SHARED_SCRIPTS = [*sorted(SHARED.glob("tradingview/cases/*/strategy.pine")), *sorted(SHARED.glob("ta/**/*.pine"))]


def errors(path: Path) -> list[str]:
    source = Source(path.read_text(encoding="utf-8"), path.name)
    return [
        f"{source.position(d.span.start)[0]}: {d.code} {d.message}"
        for d in check(source).diagnostics
        if d.severity is Severity.ERROR
    ]


@pytest.mark.parametrize("path", OWN, ids=lambda p: p.stem)
def test_untidy_scripts(path: Path) -> None:
    assert errors(path) == []


@pytest.mark.skipif(not SHARED_SCRIPTS, reason="the shared conformance scripts are not here")
def test_conformance_scripts() -> None:
    assert {str(p): found for p in SHARED_SCRIPTS if (found := errors(p))} == {}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x = 1.5\nx(a) => a + 1\nplot(x(x))", id="one name as function and variable"),
        pytest.param("f(type, delete) => type + delete\nplot(f(1, 2))", id="parameters with odd names"),
        pytest.param("f() =>\n    x = close\nplot(f())", id="a declaration is the value"),
        pytest.param("f() =>\n    x = 1.0\n    x := close\nplot(f())", id="an assignment is the value"),
        pytest.param("f(c) =>\n    if c\n        1\n    else\n        2.5\nplot(f(true))", id="an if is the value"),
        pytest.param("f(c) =>\n    switch c\n        1 => 'a'\nx = f(1) + 'b'", id="a switch without default"),
        pytest.param(
            "f(c) =>\n    if c\n        label.new(0, 0)\n    else\n        'a'\nf(true)", id="no common value, not used"
        ),
        pytest.param("[a, b] = if close > open\n    [1, 2.5]\nelse\n    [na, 3]\nplot(a + b)", id="tuple of an if"),
        pytest.param("x = switch\n    close > 1 => 1\n    => runtime.error('no')\nplot(x)", id="a void branch"),
        pytest.param("for i = 10 to 0\n    log.info('x')", id="counting down"),
        pytest.param("s = 0.0\nfor i = 0.0 to 1.0 by 0.1\n    s += i", id="counting floats"),
        pytest.param("plot(ta.sma(close, input.int(10) / 2))", id="half a length"),
        pytest.param("n = input.int(9)\nh = n / 2\nplot(ta.wma(close, math.max(h, 1)))", id="half a length, named"),
        pytest.param("if input.bool(true)\n    x = input.int(3)", id="inputs in a branch"),
        pytest.param("plot(ta.ema(close, input.int(3)))", id="an input as argument"),
        pytest.param("f(s) => s[1] + nz(s[2])\nplot(f(close))", id="history of parameters"),
        pytest.param("plot(ta.sma(close, 3)[1])", id="history of calls"),
        pytest.param("type P\n    float x\np = P.new(1)\nplot(p.x[1])", id="history of fields in v5"),
        pytest.param("n = int(close) % 500\nplot(close[n])\nmax_bars_back(close, 500)", id="offsets of run time"),
        pytest.param(
            "color = color.red\nplot(close, color = color)\nplot(open, color = color.new(color, 9))", id="color"
        ),
        pytest.param("line = line.new(0, 0, 1, 1)\nline.set_x1(line, 3)\nline.set_x2(4)\nline.delete(line)", id="line"),
        pytest.param("label = label.new(0, 0)\nlabel := label.new(1, 1)\nlabel.delete(label[1])", id="label"),
        pytest.param("array = array.new<int>()\narray.push(array, 1)\nplot(array.size(array))", id="array"),
        pytest.param(
            "type N\n    int v\n    N next\na = N.new(1)\nb = N.new(2, a)\nplot(b.next.v)", id="recursive type"
        ),
        pytest.param("sma(a, b) => a + b\nplot(sma(1, 2))", id="own function named like an old built-in"),
        pytest.param(
            "method f(float x) => x\nmethod f(string x) => x + 'a'\nplot(close.f())\ns = 'x'.f()", id="overloads"
        ),
        pytest.param("f(float[] a) => array.size(a)\nplot(f(array.from(1, 2)))", id="ints where floats are asked for"),
        pytest.param("x = close > open ? 1 : 0\nif x and close\n    log.info('a')", id="numbers as conditions"),
        pytest.param("bool b = na\nb := close\nplot(nz(b) ? 1 : 0)", id="na as bool"),
        pytest.param("var a = 1, var b = 2.0\nplot(a + b)", id="declarations on one line"),
        pytest.param("f(x) =>\n    y = x * 2\n    [y, y > 3]\n[p, _] = f(close)\n[_, q] = f(open)", id="tuples"),
        pytest.param("a = close\nif close > open\n    a = 3\n    a := 4", id="a local of the same name"),
        pytest.param("f() => [1, 2]\ng() =>\n    [a, b] = f()\n    a + b\nplot(g())", id="a tuple inside a function"),
        pytest.param("plot(close, title = 'a' + ' b', linewidth = 1 + 1)", id="constant expressions"),
        pytest.param("f(float s, int n) => ta.ema(s, n)\ng(s, n) => ta.ema(s, n) + n / 2", id="functions not called"),
        pytest.param("f(s) =>\n    s = nz(s)\n    s + 1\nplot(f(close))", id="a local named like a parameter"),
        pytest.param(
            "f() => [10, close]\n[n, s] = f()\nplot(ta.ema(s, n))", id="each item of a tuple is as early known as it is"
        ),
        pytest.param("t = 'x'\nplot(close, title = t)", id="constants by name"),
        pytest.param(
            "x = request.security('A', 'D', ta.sma(close, 3))\n[a, b] = request.security('A', 'D', [x, open])",
            id="requests",
        ),
    ],
)
def test_untidy_lines(text: str) -> None:
    found = check(Source(f'//@version=5\nindicator("t")\n{text}\n')).diagnostics
    assert [d for d in found if d.severity is Severity.ERROR] == []
