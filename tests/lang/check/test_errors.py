"""Faulty scripts: each error is found, at its line, and nothing else is reported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pinery.lang.check import check
from pinery.lang.codes import CODES
from pinery.lang.diagnostics import Severity
from pinery.lang.source import Source

CASES = re.split(r"^=== (.*)\n", (Path(__file__).parent / "errors.txt").read_text(), flags=re.M)[1:]


def errors(text: str) -> list[tuple[int, str]]:
    source = Source(text)
    return [
        (source.position(d.span.start)[0], d.code)
        for d in check(source).diagnostics
        if d.severity is Severity.ERROR and d.span.file == 0
    ]


@pytest.mark.parametrize(("name", "text"), list(zip(CASES[::2], CASES[1::2], strict=True)), ids=CASES[::2])
def test_errors_are_found_where_they_are(name: str, text: str) -> None:
    expected = [
        (number, code)
        for number, line in enumerate(text.splitlines(), 1)
        for code in re.findall(r"[EP]\d{3}", line.partition("//!")[2])
    ]
    assert errors(text) == expected


def test_every_code_is_listed() -> None:
    folder = Path(check.__code__.co_filename).parent
    used = {code for file in folder.glob("*.py") for code in re.findall(r'"([EW]\d{3})"', file.read_text())}
    assert used == {code for code in CODES if code[0] in "EW"}


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("plot(clsoe)", "close"),
        ("plot(sma(close, 3))", "ta.sma"),
        ("plot(ta.sam(close, 3))", "ta.sma"),
        ("s = 'a' + 1", "str.tostring"),
        ("x = 1\nx = 2", ":="),
        ("x = na", "float x = na"),
        ("study('x')", "indicator"),
        ("plot(close, colour = color.red)", "color"),
        ("plot(color.rde)", "color.red"),
    ],
)
def test_hints_say_what_to_write(line: str, hint: str) -> None:
    found = check(Source(f'//@version=5\nindicator("t")\n{line}\n')).diagnostics
    assert any(d.hint is not None and hint in d.hint for d in found), found


def test_an_error_in_a_function_names_the_call_that_led_there() -> None:
    text = '//@version=5\nindicator("t")\nf(x) => x * 2\nplot(f(close))\ny = f("a")\n'
    source = Source(text)
    (found,) = check(source).diagnostics
    assert found.code == "E131" and source.position(found.span.start)[0] == 3
    (note,) = found.notes
    assert note.message == "in `f(string)`, called here"
    assert note.span is not None and source.position(note.span.start)[0] == 5
