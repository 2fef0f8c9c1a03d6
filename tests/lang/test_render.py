"""How findings look."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from pinery.lang.diagnostics import Diagnostic, Diagnostics, Note, Severity
from pinery.lang.parser import parse
from pinery.lang.render import render, summary, to_json
from pinery.lang.source import Source, Span


def printed(text: str, *, color: bool = False) -> str:
    diagnostics = Diagnostics()
    source = Source(text, "s.pine")
    parse(source, diagnostics)
    out = StringIO()
    Console(file=out, force_terminal=color, width=200).print(render(diagnostics.sorted(), [source]), soft_wrap=True)
    return out.getvalue()


def test_message_place_line_underline_and_hint() -> None:
    assert printed("//@version=5\nif x = 1\n    y = 2").splitlines()[:6] == [
        "error[P019]: `=` cannot stand in a condition",
        " --> s.pine:2:6",
        "  |",
        "2 | if x = 1",
        "  |      ^",
        "  hint: use `==` to compare",
    ]


def test_underline_sits_below_its_text_after_tabs_and_wide_characters() -> None:
    lines = printed('//@version=5\nif x\n\ta = "全角é" + 1 2').splitlines()
    # Four blanks for the tab, two columns for each wide character.
    assert lines[3:5] == ['3 |     a = "全角é" + 1 2', "  |                     ^"]


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in printed("//@version=5\nx = 'a\x1b[31mb' 2\n\x1b = 1")


def test_long_lines_are_cut_around_the_place() -> None:
    text = "//@version=5\nx = " + "a + " * 200 + "1 2 + " + "b" * 500
    lines = printed(text).splitlines()
    assert max(map(len, lines)) < 160
    marked, under = lines[3], lines[4]
    assert marked[under.index("^")] == "2"


def test_colors_only_on_terminals() -> None:
    assert "\x1b[" in printed("x = ]", color=True)
    assert "\x1b[" not in printed("x = ]")


def test_place_at_the_end_of_the_script() -> None:
    assert " --> s.pine:2:7" in printed("//@version=5\nx = 1+")
    assert "s.pine" in printed("//@version=5\nx = (")


def test_notes_and_several_files() -> None:
    sources = [Source("a = 1\n", "main.pine"), Source("b = 2\nc = 3\n", "lib.pine", 1)]
    finding = Diagnostic("E999", Severity.WARNING, "odd", Span(0, 1), None, (Note("declared here", Span(6, 7, 1)),))
    text = render([finding], sources).plain
    assert "warning[E999]: odd" in text
    assert "note: declared here" in text
    assert "lib.pine:2:1" in text


def test_json_has_lines_and_columns_from_one() -> None:
    source = Source("x = 1\ny = 2 3\n", "s.pine")
    diagnostics = Diagnostics()
    parse(source, diagnostics)
    found = to_json(diagnostics.sorted(), [source])
    assert found[-1] | {"message": "", "hint": ""} == {
        "file": "s.pine",
        "line": 2,
        "column": 7,
        "endLine": 2,
        "endColumn": 8,
        "severity": "error",
        "code": "P013",
        "message": "",
        "hint": "",
        "notes": [],
    }


def test_summary_counts() -> None:
    span = Span(0, 0)
    findings = [Diagnostic("E", Severity.ERROR, "", span)] * 2 + [Diagnostic("W", Severity.WARNING, "", span)]
    assert summary(findings) == "2 errors, 1 warning"
    assert summary([]) == ""
