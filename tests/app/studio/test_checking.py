from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pinery.app.config.configuration import Configuration
from pinery.app.studio.checking import ScriptChecker
from pinery.core.errors import UsageError
from pinery.trading.errors import Refused
from tests.app.studio.conftest import TREND, install

EVERY_INPUT = """//@version=6
indicator("Inputs", shorttitle = "In")
enum Side
    up = "Going up"
    down
a = input.color(color.new(color.red, 50), "Colour", display = display.none)
b = input.enum(Side.down, "Side")
c = input.source(hl2, "Source", tooltip = "Of what")
d = input.time(timestamp("2024-01-01"), "Begin", confirm = true)
e = input.string("x", options = ["x", "y"])
f = input.float(1.5, "Same")
g = input.float(2, "Same", display = display.status_line + display.data_window)
plot(close)
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    return install(tmp_path_factory.mktemp("checking"))


@pytest.fixture(scope="module")
def checker(shared: Configuration) -> Iterator[ScriptChecker]:
    """Its process starts once."""
    made = ScriptChecker(lambda: shared, seconds=60, patience=60)
    yield made
    made.close()


def test_inputs_as_the_settings_dialog_shows_them(checker: ScriptChecker) -> None:
    found = checker.check(TREND, "trend.pine", None)
    assert (found["kind"], found["title"], found["version"], found["problem"]) == ("strategy", "Trend", 6, None)
    assert found["diagnostics"] == [] and found["declaration"]["initial_capital"] == 10000
    assert found["inputs"] == [
        {
            "key": "Length",
            "title": "Length",
            "type": "int",
            "default": 20,
            "value": 20,
            "min": 2,
            "max": 100,
            "step": 2,
            "options": None,
            "group": "Averages",
            "inline": "a",
            "tooltip": "Bars",
            "confirm": False,
            "display": ["pane", "data_window", "price_scale", "status_line", "pine_screener"],
        }
    ]
    other = checker.check(EVERY_INPUT, "x.pine", {"#6": 3})
    colour, side, source, begin, text, first, second = other["inputs"]
    assert (colour["default"], colour["display"]) == ("#F2364580", [])
    assert (side["default"], side["options"]) == ("down", ["Going up", "down"])
    assert source["default"] == "hl2" and "close" in source["options"] and source["tooltip"] == "Of what"
    assert begin["default"] == 1_704_067_200_000 and begin["confirm"] is True
    assert (text["title"], text["options"]) == ("e", ["x", "y"])
    assert [(one["key"], one["value"]) for one in (first, second)] == [("#6", 3), ("#7", 2)]
    assert second["display"] == ["data_window", "status_line"]


def test_errors_with_their_places(checker: ScriptChecker) -> None:
    found = checker.check('//@version=6\nindicator("X")\nplot(clos)\n', "x.pine", None)
    (error,) = [one for one in found["diagnostics"] if one["severity"] == "error"]
    assert (error["line"], error["column"], error["endColumn"]) == (3, 6, 10) and "close" in error["hint"]
    assert found["inputs"] == [] and found["title"] == "X" and found["kind"] == "indicator"


def test_values_that_do_not_fit(checker: ScriptChecker) -> None:
    assert "above its maximum 100" in checker.check(TREND, "x", {"Length": 101})["problem"]
    assert "did you mean 'Length'" in checker.check(TREND, "x", {"Lenght": 5})["problem"]
    assert len(checker.check(TREND, "x", {"Lenght": 5})["inputs"]) == 1


def test_libraries_are_found(checker: ScriptChecker, shared: Configuration) -> None:
    folder = shared.folder / "scripts" / "libraries" / "me" / "tools"
    folder.mkdir(parents=True)
    (folder / "1.pine").write_text('//@version=6\nlibrary("tools")\nexport two() => 2\n')
    text = '//@version=6\nindicator("X")\nimport me/tools/1 as t\nplot(t.two())\n'
    assert checker.check(text, "x.pine", None)["diagnostics"] == []


DEEP = "//@version=6\nindicator('x')\n" + "x = " + "(" * 900 + "1" + ")" * 900 + "\n"


def test_a_check_that_takes_too_long_ends_and_others_go_on(installation: Configuration) -> None:
    slow = ScriptChecker(lambda: installation, seconds=0.001)
    try:
        with pytest.raises(Refused, match="could not be checked in"):
            slow.check(TREND, "x", None)
        slow._seconds = 60
        assert slow.check(TREND, "x", None)["title"] == "Trend"
    finally:
        slow.close()


def test_the_start_of_the_process_is_not_the_scripts_time(
    installation: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "python"
    slow.write_text(f'#!/bin/sh\nsleep 6\nexec {sys.executable} "$@"\n')
    slow.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(slow))
    checker = ScriptChecker(lambda: installation, seconds=5)
    try:
        assert checker.check(TREND, "x", None)["title"] == "Trend"
    finally:
        checker.close()


def test_too_much_memory_ends_one_process_only(installation: Configuration) -> None:
    small = ScriptChecker(lambda: installation, memory=1 << 20)
    try:
        with pytest.raises((Refused, UsageError), match="too much memory"):
            small.check(TREND, "x", None)
    finally:
        small.close()


def test_deep_and_many_at_once(checker: ScriptChecker) -> None:
    answers: list[str] = []

    def ask(text: str) -> None:
        answers.append(checker.check(text, "x.pine", None)["kind"])

    threads = [threading.Thread(target=ask, args=(text,)) for text in (DEEP, TREND, TREND, EVERY_INPUT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["indicator", "indicator", "strategy", "strategy"]
