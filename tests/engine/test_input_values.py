"""Values that users give to inputs, as text."""

from __future__ import annotations

import pytest

from pinery.core.errors import UsageError
from pinery.engine import compile_script
from pinery.lang.source import Source

SCRIPT = """//@version=6
indicator("inputs")
red_ = input.color(color.new(color.red, 40), "Color")
start = input.time(timestamp("2024-01-01"), "Start")
frame = input.timeframe("60", "Frame")
hours = input.session("0930-1600", "Hours")
size = input.int(5, "Size", minval = 1, maxval = 10)
if close > open
    part = input.float(1.5, "Part")
plot(math.max(close, input.int(3, "Least")))
"""


def values(**given: str) -> dict[str, object]:
    script = compile_script(Source(SCRIPT, "script"), inputs=dict(given))
    return {decl.title: decl.value for decl in script.program.inputs}


def test_defaults_that_are_calls_are_known() -> None:
    assert values() == {
        "Color": 0xF2364599,
        "Start": 1_704_067_200_000,
        "Frame": "60",
        "Hours": "0930-1600",
        "Size": 5,
        "Part": 1.5,
        "Least": 3,
    }


@pytest.mark.parametrize(
    ("title", "text", "value"),
    [
        ("Color", "#00FF0080", 0x00FF0080),
        ("Color", "blue", 0x2962FFFF),
        ("Color", "color.blue", 0x2962FFFF),
        ("Start", "1700000000000", 1_700_000_000_000),
        ("Start", "2024-05-05 10:00", 1_714_903_200_000),
        ("Start", "5 May 2024 10:00 +0200", 1_714_896_000_000),
        ("Frame", "D", "D"),
        ("Frame", "", ""),
        ("Hours", "0800-1200,1300-1700:23456", "0800-1200,1300-1700:23456"),
        ("Part", "2", 2.0),
        ("Least", "7", 7),
    ],
)
def test_text_becomes_the_inputs_value(title: str, text: str, value: object) -> None:
    assert values(**{title: text})[title] == value


@pytest.mark.parametrize(
    ("title", "text", "message"),
    [
        ("Color", "no color", "is not a color"),
        ("Start", "someday", "is not a time"),
        ("Frame", "hourly", "is not a timeframe"),
        ("Hours", "9 to 5", "is not a session"),
        ("Size", "2.5", "is not an int"),
        ("Size", "11", "above its maximum 10"),
        ("Sise", "1", "no input 'Sise'"),
    ],
)
def test_what_does_not_fit_is_an_error_that_says_so(title: str, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        values(**{title: text})
