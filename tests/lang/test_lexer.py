"""Characters and words: what the lexer accepts and how it complains."""

from __future__ import annotations

import pytest

from pinery.lang import ast
from pinery.lang.diagnostics import Diagnostics, Severity
from pinery.lang.parser import parse
from pinery.lang.source import Source

from .reading import body, codes, expr, read, shown


def version(text: str) -> int:
    return read(text)[0].version


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("//@version=5\nx = 1", 5),
        ("// @version=4\nx = 1", 4),
        ("//@version = 6\nx = 1", 6),
        ("// This source code is subject to the MPL\n//@version=5\nx = 1", 5),
        ("x = 1\n//@version=3", 3),
        ("\ufeff//@version=5\r\nx = 1\r\n", 5),
        ("x = 1", 1),
    ],
)
def test_version_line_is_found_wherever_it_stands(text: str, number: int) -> None:
    assert version(text) == number


def test_script_without_version_line_is_told_so_and_still_read() -> None:
    diagnostics = Diagnostics()
    script = parse(Source("study('x')\nplot(close)"), diagnostics)
    assert [(d.code, d.severity) for d in diagnostics.items] == [("P090", Severity.WARNING)]
    assert len(script.body) == 2


def test_first_of_two_version_lines_counts() -> None:
    script, found = read("//@version=5\n//@version=6\nx = 1")
    assert script.version == 5
    assert [d.code for d in found] == ["P091"]


@pytest.mark.parametrize(("declaration", "version"), [("indicator('x')", 5), ("study('x')", 4), ("strategy('x')", 4)])
def test_of_two_version_lines_the_one_that_fits_the_declaration_counts(declaration: str, version: int) -> None:
    script, found = read(f"// @version=4 of an older script\n//@version=5\n{declaration}")
    assert script.version == version
    assert [d.code for d in found] == ["P091"]


def test_unknown_version_is_an_error() -> None:
    assert codes("//@version=9\nx = 1") == ["P092"]


def test_annotations_are_collected_with_their_text() -> None:
    text = '//@version=5\n//@description A library\n// @strategy_alert_message {"a": 1}\nx = 1'
    found = [(a.name, a.text) for a in read(text)[0].annotations]
    assert found == [("version", "5"), ("description", "A library"), ("strategy_alert_message", '{"a": 1}')]


@pytest.mark.parametrize(
    ("text", "value"),
    [("007", 7), (".5", 0.5), ("5.", 5.0), ("1e-10", 1e-10), ("1E3", 1000.0), ("1.5e2", 150.0), ("0", 0)],
)
def test_numbers(text: str, value: float) -> None:
    assert expr(text) == repr(value)


def test_whole_number_beyond_64_bits_becomes_a_float() -> None:
    assert expr("9223372036854775807") == "9223372036854775807"
    assert expr("9223372036854775808") == "9.223372036854776e+18"


@pytest.mark.parametrize("text", ["1_000", "12abc", "1" + "0" * 400])
def test_bad_numbers_are_reported_once(text: str) -> None:
    assert codes(f"x = {text}") == ["P003"]


@pytest.mark.parametrize(("text", "value"), [("#FF9800", "#FF9800FF"), ("#ff980080", "#FF980080")])
def test_colors(text: str, value: str) -> None:
    assert expr(text) == value


@pytest.mark.parametrize("text", ["#FFF", "#GGGGGG", "#", "#1234567"])
def test_bad_colors(text: str) -> None:
    assert codes(f"x = {text}") == ["P004"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\nb"', "a\nb"),
        (r"'it\'s'", "it's"),
        (r'"say \"hi\""', 'say "hi"'),
        (r'"tab\there"', "tab\there"),
        (r'"back\\slash"', "back\\slash"),
        (r'"\This"', "This"),
        ('"it\'s // no comment"', "it's // no comment"),
        ("'日本語 ✓'", "日本語 ✓"),
        ("''", ""),
    ],
)
def test_strings(text: str, value: str) -> None:
    assert expr(text) == repr(value)


def test_string_wrapped_over_lines_gets_one_space_per_line() -> None:
    assert expr('"one\n     two\n        three"') == repr("one two three")


def test_multiline_string_keeps_its_lines() -> None:
    assert expr('"""one\n  "two"\nthree"""') == repr('one\n  "two"\nthree')


def test_unterminated_string_does_not_swallow_the_next_line() -> None:
    script, found = read("x = 'abc\ny = 'def'\nif x\n    z = 'q\n    w = 'r'\n")
    assert [d.code for d in found] == ["P002", "P002"]
    assert [type(s) for s in script.body] == [ast.VarDecl, ast.VarDecl, ast.ExprStmt]


def test_typographic_quotes_are_named() -> None:
    _, found = read("x = “abc”")
    assert [d.code for d in found] == ["P005"]
    assert "straight" in (found[0].hint or "")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("x = a && b", "and"),
        ("x = a || b", "or"),
        ("x = !a", "not"),
        ("x = a === b", "=="),
        ("x++", "+= 1"),
        ("x = 1;", "comma"),
    ],
)
def test_operators_of_other_languages_are_explained(text: str, hint: str) -> None:
    _, found = read(text)
    assert [d.code for d in found] == ["P006"]
    assert hint in (found[0].hint or "")


def test_double_minus_between_values_is_pine() -> None:
    assert expr("a--b") == "(a - (- b))"


def test_names_with_foreign_letters_are_reported_whole() -> None:
    _, found = read("größe = 1")
    assert [(d.code, d.span.start, d.span.end) for d in found] == [("P007", 0, 5)]


def test_odd_white_space_is_white_space() -> None:
    assert shown("x\u00a0=\u30001\nif a\n\u00a0\u00a0\u00a0\u00a0b = 2\n\tc = 3\n") == ["x = 1", "if a {b = 2; c = 3}"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_line_ends(end: str) -> None:
    assert shown(end.join(["x = 1", "if x", "    y = 2", "z = 3"])) == ["x = 1", "if x {y = 2}", "z = 3"]


def test_stray_characters_are_reported_once_per_run() -> None:
    assert codes("x = 1 \x00\x01\x02\ny = 2 €\n") == ["P001", "P001"]


def test_block_comment() -> None:
    assert codes("/* a\n b */\nx = 1") == ["P008"]


def test_switch_may_name_a_variable_before_version_5() -> None:
    assert shown("//@version=4\nswitch = input(true)\nplot(switch ? 1 : 2)") == [
        "switch = input(True)",
        "plot((switch ? 1 : 2))",
    ]


def test_spans_point_at_the_text() -> None:
    text = "ab = foo.bar(1, x = y[2]) + 'str'"
    (declaration,) = body(text)
    assert isinstance(declaration, ast.VarDecl)
    value = declaration.value
    assert isinstance(value, ast.Binary)
    assert text[value.left.span.start : value.left.span.end] == "foo.bar(1, x = y[2])"
    assert text[value.right.span.start : value.right.span.end] == "'str'"
    assert text[value.op_span.start : value.op_span.end] == "+"
    assert text[declaration.name_span.start : declaration.name_span.end] == "ab"
