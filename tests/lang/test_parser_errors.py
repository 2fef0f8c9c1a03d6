"""Broken scripts: each error is found, named and placed, and the rest is still read."""

from __future__ import annotations

import pytest

from .reading import codes, errors, read, show, shown


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("x = ", "P021", ""),
        ("x = 1 +", "P010", ""),
        ("x = (1", "P011", "("),
        ("x = f(1", "P011", "("),
        ("x = 1)", "P012", ")"),
        ("x = ]", "P012", "]"),
        ("x = 1 2", "P013", "2"),
        ("plot(x) plot(y)", "P013", "plot"),
        ("x = 1\n  y = 2", "P013", "y"),
        ("x = 1\n    y = 2", "P014", "y"),
        ("if x\ny = 1", "P015", ""),
        ("f(x) =>\ny = 1", "P015", ""),
        ("if x\n  y = 1", "P016", "y"),
        ("if x y = 1", "P017", "y"),
        ("x = y = 1", "P018", "="),
        ("x := y := 1", "P018", ":="),
        ("if x = 1\n    y", "P019", "="),
        ("x = (y = 1)", "P019", "="),
        ("x[1] := 2", "P020", "x[1]"),
        ("a.b = 2", "P020", "a.b"),
        ("float x", "P021", "x"),
        ("var x", "P021", "x"),
        ("var x := 1", "P021", ":="),
        ("f(1) => 2", "P022", "1"),
        ("import foo", "P023", "import foo"),
        ("type A\nx = 1", "P024", ""),
        ("type A\n    x = 1", "P024", "x"),
        ("for i = 0\n    x", "P025", ""),
        ("for i in 0 to 3\n    x", "P025", "to"),
        ("else\n    x = 1", "P026", "else"),
        ("if x\n    f(y) => y", "P027", "f"),
        ("if x\n    import a/b/1", "P027", "import"),
        ("switch x\ny = 1", "P030", "switch"),
        ("switch x\n    1\n    2 => 3", "P030", ""),
        ("if x:\n    y = 1", "P010", ":"),
        ("if x\n    y = 1\nelse:\n    y = 2", "P010", ":"),
        ("if x\n    y = 1\n  else\n    z = 2", "P026", "else"),
        ("x = a ? b", "P010", "?"),
        ("x = a.", "P010", ""),
        ("x = 1(2)", "P010", "1"),
    ],
)
def test_each_mistake_has_its_code_and_place(text: str, code: str, place: str) -> None:
    _, found = read(text)
    assert [d.code for d in found] == [code], [(d.code, d.message) for d in found]
    assert text[found[0].span.start : found[0].span.end] == place


def test_all_errors_are_reported_in_one_run() -> None:
    text = "x = (1\ny = 2 3\nif a = b\n    plot(1 2)\n    z = ]\nok = 1\nfor i = 1\n    q = 1 +\n"
    assert codes(text) == ["P011", "P013", "P019", "P010", "P012", "P025", "P010"]


def test_errors_in_two_arguments_of_one_call() -> None:
    assert codes("plot(1 2, b = , c = 3)") == ["P010", "P010"]


def test_the_rest_of_the_script_survives_an_unclosed_bracket() -> None:
    script, found = read(
        'indicator("x"\na = 1\nif a\n    b = f(c,\n         d = 2\nvar e = 3\nplot(\n    a,\n    title = "t"\n)\n'
    )
    assert [d.code for d in found] == ["P011", "P011"]
    assert len(script.body) == 4  # a, if, e, plot


def test_block_below_a_broken_header_is_still_checked() -> None:
    assert codes("while (b\n    x := ]\ny = 1") == ["P011", "P012"]
    assert codes("if ]\n    x = ]\ny = 1") == ["P012", "P012"]
    assert codes("if (close > open\n    label.new(bar_index, high)\ny = ]") == ["P011", "P012"]


def test_deep_nesting_is_reported_cleanly() -> None:
    assert errors("x = " + "(" * 5000 + "1" + ")" * 5000) == ["P028"]
    assert errors("x = " + "not " * 5000 + "a") == ["P028"]
    assert errors("x = " + "a + " * 5000 + "a") == ["P028"]
    assert "P028" in errors("".join("    " * i + "if a\n" for i in range(500)))


def test_number_of_findings_is_limited() -> None:
    found = codes("x = ]\n" * 1000)
    assert len(found) == 99  # and the missing version line
    assert found.count("P029") == 1


def test_hints_say_what_to_write() -> None:
    assert "==" in (read("if x = 1\n    y")[1][0].hint or "")
    assert "x = na" in (read("float x")[1][0].hint or "")
    assert "four" in (read("if x\n  y = 1")[1][0].hint or "")


def test_good_statements_on_both_sides_of_an_error_stay() -> None:
    script, _ = read("a = 1\nb = = 2\nc = 3")
    assert [show(s) for s in script.body] == ["a = 1", "c = 3"]
    assert shown("a = 1") == ["a = 1"]
