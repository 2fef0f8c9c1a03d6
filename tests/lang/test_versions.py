"""What older versions of Pine call things, against TradingView's migration guides."""

from __future__ import annotations

import pytest

from pinery.lang.builtins import registry
from pinery.lang.versions import for_version


@pytest.mark.parametrize(
    ("number", "old", "new"),
    [
        (4, "sma", "ta.sma"),
        (4, "security", "request.security"),
        (4, "abs", "math.abs"),
        (4, "tickerid", "ticker.new"),
        (4, "heikinashi", "ticker.heikinashi"),
        (4, "plot", "plot"),
        (3, "color", "color.new"),
        (5, "ta.sma", "ta.sma"),
        (6, "ta.sma", "ta.sma"),
    ],
)
def test_functions(number: int, old: str, new: str) -> None:
    assert for_version(number).function(old) == new
    assert new in registry().functions


@pytest.mark.parametrize(
    ("number", "old", "new"),
    [
        (4, "tr", "ta.tr"),
        (4, "vwap", "ta.vwap"),
        (4, "close", "close"),
        (3, "red", "color.red"),
        (3, "linebr", "plot.style_linebr"),
        (3, "dashed", "hline.style_dashed"),
        (3, "ismonthly", "timeframe.ismonthly"),
        (3, "period", "timeframe.period"),
        (3, "interval", "timeframe.multiplier"),
        (2, "tickerid", "syminfo.tickerid"),
        (1, "n", "bar_index"),
        (3, "integer", "input.integer"),
        (3, "monday", "dayofweek.monday"),
    ],
)
def test_variables(number: int, old: str, new: str) -> None:
    assert for_version(number).variable(old) == new
    assert new in registry().variables


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_every_renamed_builtin_exists(number: int) -> None:
    version = for_version(number)
    assert [n for n in version.functions.values() if n not in registry().functions] == []
    assert [n for n in version.variables.values() if n not in registry().variables] == []
    for function, names in version.parameters.items():
        row = registry().functions[function]
        known = {p.name for overload in row.overloads for p in overload.params}
        assert set(names.values()) <= known, function


def test_names_of_later_versions_do_not_exist_in_earlier_ones() -> None:
    assert for_version(4).function("ta.sma") is None
    assert for_version(3).variable("color.red") is None


def test_hints_across_versions() -> None:
    assert for_version(6).modern_name("study") == "indicator"
    assert for_version(5).modern_name("tostring") == "str.tostring"
    assert for_version(5).modern_name("red") == "color.red"
    assert for_version(4).modern_name("ta.ema") == "ema"
    assert for_version(6).modern_name("nothing") is None


def test_parameters() -> None:
    assert for_version(4).parameter("request.security", "resolution") == "timeframe"
    assert for_version(4).parameter("ta.crossover", "x") == "source1"
    assert for_version(5).parameter("request.security", "resolution") == "resolution"


def test_rules_of_meaning() -> None:
    assert [for_version(n).lazy_logic for n in range(1, 7)] == [False] * 5 + [True]
    assert [for_version(n).numeric_truth for n in (4, 5, 6)] == [True, True, False]
    assert [for_version(n).margin_default for n in (4, 5, 6)] == [0, 0, 100]
    assert [for_version(n).session_days for n in (4, 5)] == ["23456", "1234567"]
    assert [for_version(n).bool_arithmetic for n in (2, 3)] == [True, False]
    assert for_version(5).constants["color.red"] == 0xFF5252FF
    assert [for_version(n).rows for n in range(1, 7)] == [4, 4, 4, 4, 5, 6]
