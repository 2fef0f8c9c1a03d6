"""The type and qualifier of expressions, as Pine has them."""

from __future__ import annotations

import pytest

from pinery.lang import typed
from pinery.lang.check import check
from pinery.lang.source import Source

PREAMBLE = """indicator("t")
n = input.int(14)
b = close > open
var c = 0
c := c + 1
f(x, k) => x * k
pair(x) => [x, x > 0]
type P
    float x
    int i
p = P.new()
var xs = array.new<int>()
"""


def type_of(expression: str, version: int = 5) -> str:
    text = f"//@version={version}\n{PREAMBLE}result = {expression}\n"
    checked = check(Source(text))
    assert checked.program is not None, checked.diagnostics
    last = checked.program.body.body[-1]
    assert isinstance(last, typed.TDecl)
    return str(last.symbol.qtype)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1", "const int"),
        ("1 + 2.0", "const float"),
        ("n", "input int"),
        ("n * 2", "input int"),
        ("n + 0.5", "input float"),
        ("n + close", "series float"),
        ("syminfo.mintick * 2", "simple float"),
        ("bar_index", "series int"),
        ("bar_index % 3", "series int"),
        ("c", "series int"),
        ("b", "series bool"),
        ("n > 3", "input bool"),
        ("n[1]", "series int"),
        ("'a' + 'b'", "const string"),
        ("'a' + syminfo.ticker", "simple string"),
        ("b ? 1 : 2.0", "series float"),
        ("n > 3 ? 1 : 2", "input int"),
        ("b ? na : color.red", "series color"),
        ("color.new(color.red, 50)", "const color"),
        ("math.max(n, 3)", "input int"),
        ("math.max(n, 3.0)", "input float"),
        ("math.max(1, 2, 3)", "const int"),
        ("f(2, 3)", "const int"),
        ("f(n, 3)", "input int"),
        ("f(close, 3)", "series float"),
        ("ta.sma(close, n)", "series float"),
        ("ta.crossover(close, open)", "series bool"),
        ("nz(close[1])", "series float"),
        ("nz(c)", "series int"),
        ("p.x", "series float"),
        ("p.i + 1", "series int"),
        ("xs.get(0)", "series int"),
        ("xs", "series array<int>"),
        ("array.from(1, 2.5)", "series array<float>"),
        ("array.from('a')", "series array<string>"),
        ("float(na)", "const float"),
        ("int(close)", "series int"),
        ("request.security(syminfo.tickerid, 'D', close)", "series float"),
        ("request.security(syminfo.tickerid, 'D', bar_index)", "series int"),
        ("request.security_lower_tf(syminfo.tickerid, '1', close)", "series array<float>"),
        ("label.new(bar_index, close)", "series label"),
        ("not b", "series bool"),
        ("-n", "input int"),
        ("input.source(close)", "series float"),
        ("input(5)", "input int"),
        ("input(close)", "series float"),
        ("switch n\n    1 => 'a'\n    => 'b'", "input string"),
        ("if b\n    1\nelse\n    2.5", "series float"),
        ("for i = 0 to 3\n    i", "series int"),
        ("map.new<string, float>()", "series map<string, float>"),
        ("str.tostring(close)", "series string"),
        ("timeframe.period", "simple string"),
    ],
)
def test_type(expression: str, expected: str) -> None:
    assert type_of(expression) == expected


@pytest.mark.parametrize(
    ("expression", "version", "expected"),
    [
        ("5 / 2", 5, 2),
        ("5 / 2", 6, 2.5),
        ("-7 / 2", 5, -3),
        ("2 * 3 + 1", 6, 7),
        ("-7 % 3", 6, -1),
        ("'a' + 'b'", 6, "ab"),
        ("not true", 6, False),
        ("3 > 2 ? 10 : 20", 6, 10),
    ],
)
def test_constants_are_folded(expression: str, version: int, expected: object) -> None:
    checked = check(Source(f"//@version={version}\n{PREAMBLE}result = {expression}\n"))
    assert checked.program is not None
    last = checked.program.body.body[-1]
    assert isinstance(last, typed.TDecl) and isinstance(last.value, typed.TConst)
    assert last.value.value == expected


def test_one_instance_per_argument_types() -> None:
    text = "//@version=5\nindicator('t')\nf(x) => x + 1\na = f(1)\nb = f(2)\nc = f(close)\nd = f(open)\n"
    checked = check(Source(text))
    assert checked.program is not None
    assert [str(i.returns) for i in checked.program.functions] == ["const int", "series float"]


def test_callees_come_before_callers() -> None:
    text = "//@version=5\nindicator('t')\na(x) => x\nb(x) => a(x)\nc(x) => b(x) + a(x)\nplot(c(close))\n"
    checked = check(Source(text))
    assert checked.program is not None
    assert [i.name for i in checked.program.functions] == ["a", "b", "c"]


def test_named_arguments_and_defaults_stand_in_parameter_order() -> None:
    text = (
        "//@version=5\nindicator('t')\nplot(color = color.red, series = close)\n"
        "f(a, b = 2) => a - b\nx = f(b = 1, a = 5)\n"
    )
    checked = check(Source(text))
    assert checked.program is not None
    plot, decl = checked.program.body.body
    assert isinstance(plot, typed.TExprStmt) and isinstance(plot.value, typed.TCall)
    call = plot.value
    assert len(call.args) == len(call.overload.params)
    assert isinstance(call.args[0], typed.TBuiltin) and call.args[1] is None
    assert isinstance(call.args[2], typed.TConst)
    assert isinstance(decl, typed.TDecl) and isinstance(decl.value, typed.TUserCall)
    assert [a.value for a in decl.value.args if isinstance(a, typed.TConst)] == [5, 1]


def test_a_compound_assignment_is_spelled_out() -> None:
    checked = check(Source("//@version=5\nindicator('t')\nx = 1.0\nx += close\n"))
    assert checked.program is not None
    assign = checked.program.body.body[-1]
    assert isinstance(assign, typed.TAssign) and isinstance(assign.value, typed.TBinary)
    assert assign.value.op == "+" and isinstance(assign.value.left, typed.TVar)


def test_the_declaration_stands_apart() -> None:
    checked = check(Source("//@version=5\nstrategy('t', overlay = true)\nx = 1\n"))
    assert checked.program is not None
    assert checked.program.kind == "strategy" and checked.program.declaration is not None
    assert len(checked.program.body.body) == 1
