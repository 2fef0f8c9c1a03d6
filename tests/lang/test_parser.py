"""Correct scripts, also untidy ones, and the trees they become."""

from __future__ import annotations

import pytest

from pinery.lang import ast

from .reading import body, expr, read, shown, walk


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("1 - 2 - 3", "((1 - 2) - 3)"),
        ("8 / 4 % 3", "((8 / 4) % 3)"),
        ("-a * b", "((- a) * b)"),
        ("not a and b", "((not a) and b)"),
        ("a or b and c", "(a or (b and c))"),
        ("a and b or c", "((a and b) or c)"),
        ("a > b == c < d", "((a > b) == (c < d))"),
        ("a + 1 >= b - 1", "((a + 1) >= (b - 1))"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a ? b ? 1 : 2 : 3", "(a ? (b ? 1 : 2) : 3)"),
        ("a or b ? c : d", "((a or b) ? c : d)"),
        ("-x[1]", "(- x[1])"),
        ("close [1]", "close[1]"),
        ("f(x)[1]", "f(x)[1]"),
        ("a.b.c(1).d[2]", "a.b.c(1).d[2]"),
        ("(a + b) * c", "((a + b) * c)"),
        ("not (a)", "(not a)"),
        ("- - a", "(- (- a))"),
        ("+a", "(+ a)"),
        ("f(a, b = 2, c)", "f(a, b=2, c)"),
        ("array.new<float>(0)", "array.new<float>(0)"),
        ("map.new<string, array<float>>()", "map.new<string, array<float>>()"),
        ("array.new<lib.T>(1)", "array.new<lib.T>(1)"),
        ("f(a < b, c > (d))", "f((a < b), (c > d))"),
        ("obj.new < 3", "(obj.new < 3)"),
        ("[a, b]", "[a, b]"),
        ("#FF0000", "#FF0000FF"),
        ("input.type", "input.type"),
    ],
)
def test_expressions(text: str, tree: str) -> None:
    assert expr(text) == tree


WRAPPED = [
    "x = a +\n  b",
    "x = a\n  + b",
    "x = a\n and b",
    "x = a ?\n     b :\n     c",
    "x = a\n     ? b\n     : c",
    "x = a ?\n    b :\n    c",
    "x = a ? b\n: c",
    "x =\n     a",
    "x = f(\n    a,\n        b\n)",
    "x = f(a,\nb)",
    "x = f(a // why\n  , b) // because\n",
    "x = [a,\n    b]",
    "x = a\n // comment between\n   + b",
    "x = a\n\n   + b",
    "x = a.\n  b",
    "x = (a +\n    b)",
]


@pytest.mark.parametrize("text", WRAPPED)
def test_wrapped_lines_are_one_statement(text: str) -> None:
    joined = " ".join(line.split("//")[0].strip() for line in text.splitlines())
    assert shown(text) == shown(joined)
    assert shown(f"if q\n    {text.replace(chr(10), chr(10) + '    ')}\ny = 1") == [
        f"if q {{{shown(joined)[0]}}}",
        "y = 1",
    ]


def test_line_of_a_block_may_start_with_a_sign_or_bracket() -> None:
    assert shown("f(x) =>\n    y = x\n    -y\ng() =>\n    [a, b] = h()\n    [b, a]") == [
        "f(x) => {y = x; (- y)}",
        "g() => {[a, b] = h(); [b, a]}",
    ]


def test_several_statements_on_a_line() -> None:
    assert shown("a = 1, b = 2\nx := 1, y += 2,\nvar c = 3, f(), float d = 4\nf() => e = 1, e + 1") == [
        "a = 1",
        "b = 2",
        "x := 1",
        "y += 2",
        "var c = 3",
        "f()",
        "float d = 4",
        "f() => {e = 1; (e + 1)}",
    ]


def test_blank_and_comment_lines_never_end_a_block() -> None:
    text = "if a\n// left\n    b = 1\n\n  // odd\n            // deep\n    c = 2\nelse\n\n    d = 3\n// end\n"
    assert shown(text) == ["if a {b = 1; c = 2} else {d = 3}"]


def test_tabs_count_as_four_columns() -> None:
    assert shown("if a\n\tif b\n\t    c = 1\n    \td = 2\n\te = 3") == ["if a {if b {c = 1; d = 2}; e = 3}"]


def test_declarations() -> None:
    text = """\
float x = na
var float[] a = array.new_float(0)
varip array<float> b = na
const int N = 1
series string s = "a"
simple bool q = true
lib.Type t = lib.Type.new()
var [m, n] = f()
[_, o, _] = g()
map<string, array<int>> mm = map.new<string, array<int>>()
"""
    assert shown(text) == [
        "float x = na",
        "var array<float> a = array.new_float(0)",
        "varip array<float> b = na",
        "const int N = 1",
        "series string s = 'a'",
        "simple bool q = True",
        "lib.Type t = lib.Type.new()",
        "var [m, n] = f()",
        "[_, o, _] = g()",
        "map<string, array<int>> mm = map.new<string, array<int>>()",
    ]


CONTEXTUAL = "type method enum export import delete to by in series simple input const as break continue float int na"


@pytest.mark.parametrize(
    "word",
    CONTEXTUAL.split(),
)
def test_contextual_words_are_names_where_a_name_stands(word: str) -> None:
    assert shown(f"{word} = 1\n{word} := 2\nplot({word})\nf({word}, int {word}2) => {word}\n{word}.x := 1") == [
        f"{word} = 1",
        f"{word} := 2",
        f"plot({word})",
        f"f({word}, int {word}2) => {{{word}}}",
        f"{word}.x := 1",
    ]


def test_functions_and_methods() -> None:
    text = """\
f(x) => x * 2
g(series float x = 1, simple int len, float[] a, array<float> b, lib.T t = na, type, method) =>
    y = x
    y := y + 1
method push(array<int> this, int delete) => this.x := delete
export h(float x) =>
    if x > 1
        1
    else
        2
export method k(T this) => [1, 2]
p() =>
    q = 1
r(
  a,
  b) =>
    a
"""
    assert shown(text) == [
        "f(x) => {(x * 2)}",
        "g(series float x = 1, simple int len, array<float> a, array<float> b, lib.T t = na, type, method) => "
        "{y = x; y := (y + 1)}",
        "method push(array<int> this, int delete) => {this.x := delete}",
        "export h(float x) => {if (x > 1) {1} else {2}}",
        "export method k(T this) => {[1, 2]}",
        "p() => {q = 1}",
        "r(a, b) => {a}",
    ]


def test_types_and_enums() -> None:
    text = """\
type Bar
    // a comment
    float price = na // why

    varip int count = 0
    array<line> lines
    chart.point type
export enum Side
    long = "Long"
    short
"""
    assert shown(text) == [
        "type Bar {float price = na; varip int count = 0; array<line> lines; chart.point type}",
        "export enum Side {long = 'Long'; short}",
    ]


def test_imports() -> None:
    assert shown("import user/lib/1 as alias\nimport A-b_1/c/12") == ["import user/lib/1 as alias", "import A-b_1/c/12"]


def test_structures_as_values() -> None:
    text = """\
a = if x
    1
else if y
    2
else
    3
b := switch x
    1 => 'one'
    2 =>
        t = 'two'
        t
    => 'other'
[c, d] = switch
    x > 1 => [1, 2]
    f(y)
      or z => [3, 4]
    => [5, 6]
e = for i = 0 to 10 by 2
    i
f() => if x
    1
g = while x
    x -= 1
"""
    assert shown(text) == [
        "a = if x {1} else {if y {2} else {3}}",
        "b := switch x (1 => {'one'}, 2 => {t = 'two'; t}, - => {'other'})",
        "[c, d] = switch - ((x > 1) => {[1, 2]}, (f(y) or z) => {[3, 4]}, - => {[5, 6]})",
        "e = for i = 0 to 10 by 2 {i}",
        "f() => {if x {1}}",
        "g = while x {x -= 1}",
    ]


def test_call_before_the_default_case_is_no_function() -> None:
    assert shown("switch\n    a => f(b)\n    => g(c)") == ["switch - (a => {f(b)}, - => {g(c)})"]


def test_loops() -> None:
    text = """\
for i = n to 0
    if i == 3
        continue
    break
for x in arr
    x
for [k, v] in m
    v.push(k)
"""
    assert shown(text) == [
        "for i = n to 0 by - {if (i == 3) {continue}; break}",
        "for -, x in arr {x}",
        "for k, v in m {v.push(k)}",
    ]


def test_statement_after_nested_blocks_returns_to_its_level() -> None:
    text = "if a\n    if b\n        c = 1\n    else\n        d = 2\n    e = 3\nelse\n    f = 4\ng = 5"
    assert shown(text) == ["if a {if b {c = 1} else {d = 2}; e = 3} else {f = 4}", "g = 5"]


def test_field_assignment_and_compound_operators() -> None:
    assert shown("a.b.c := 1\nf(x).y += 2\nx -= 1\nx *= 2\nx /= 3\nx %= 4") == [
        "a.b.c := 1",
        "f(x).y += 2",
        "x -= 1",
        "x *= 2",
        "x /= 3",
        "x %= 4",
    ]


def test_structure_inside_a_wrapped_assignment() -> None:
    assert shown("x =\n  if a\n    1\n") == ["x = if a {1}"]


def test_children_lie_within_their_parents() -> None:
    text = "f(float x = 1) =>\n    y = (x + 1) * -x[2]\n    [y, a.b(c = #FF0000)]\n"
    text += "if f(1)\n    z = 'a'\nelse\n    z := 'b'\n"
    script, found = read(text)
    assert not found
    for parent, child in walk(script):
        assert parent.span.start <= child.span.start <= child.span.end <= parent.span.end, (parent, child)


def test_long_chains_are_fine() -> None:
    (declaration,) = body("x = " + " + ".join(["a"] * 500))
    assert isinstance(declaration, ast.VarDecl)
    assert body("x = " + "a ? 1 : " * 300 + "2")


def test_banners_made_of_wrapped_strings() -> None:
    text = """\
f(x)=>'ra'
_       = '
              Settings
            ------------        '

a    ='   '     , b =    '  '
_   = "
     it's
    -----  "
type T
    float p
m = map  .new <float, float>()
c = 0., d = 0.
"""
    assert shown(text) == [
        "f(x) => {'ra'}",
        "_ = ' Settings ------------        '",
        "a = '   '",
        "b = '  '",
        '_ = " it\'s -----  "',
        "type T {float p}",
        "m = map.new<float, float>()",
        "c = 0.0",
        "d = 0.0",
    ]


def test_declarations_named_like_their_types() -> None:
    assert shown("var color color = na\nline line = na\nfloat[] float = na") == [
        "var color color = na",
        "line line = na",
        "array<float> float = na",
    ]


def test_value_of_a_declaration_on_the_next_line() -> None:
    assert shown("x =\n    if a\n        1\n    else\n        2\ny = 3") == ["x = if a {1} else {2}", "y = 3"]


def test_arguments_wrapped_at_any_column_with_comments() -> None:
    assert shown("plot(a\n , title   =    'x'  // why\n// left\n    ,\n\tcolor = b)\nx = 1") == [
        "plot(a, title='x', color=b)",
        "x = 1",
    ]


def test_switch_without_default_as_statement() -> None:
    text = "switch \n    a > b =>\n        f(a)\n        if c\n            d\n"
    text += "        else if e\n            f\n    b =>\n        g\nx = 1"
    assert shown(text) == ["switch - ((a > b) => {f(a); if c {d} else {if e {f}}}, b => {g})", "x = 1"]
