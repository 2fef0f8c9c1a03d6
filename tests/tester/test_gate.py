from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pinery.core.errors import UsageError
from pinery.tester.gate import Gate, judge, months_between

GOOD = {
    "closed_trades": 40.0,
    "percent_profitable": 55.0,
    "profit_factor": 1.6,
    "net_profit_percent": 12.0,
    "max_drawdown_percent": 11.0,
    "margin_calls": 0.0,
}


def ms(*day: int) -> int:
    return int(datetime(*day, tzinfo=UTC).timestamp()) * 1000  # type: ignore[misc, arg-type]


def test_a_good_backtest_passes() -> None:
    verdict = judge(GOOD, ms(2024, 1, 1), ms(2024, 7, 1))
    assert verdict.passed
    assert verdict.as_data()["checks"][0] == {
        "name": "months",
        "value": 6,
        "comparison": ">=",
        "limit": 6,
        "passed": True,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("closed_trades", 29),
        ("percent_profitable", 39.9),
        ("profit_factor", 1.19),
        ("profit_factor", float("nan")),
        ("net_profit_percent", -0.1),
        ("max_drawdown_percent", 25.1),
        ("margin_calls", 1),
    ],
)
def test_one_bad_figure_fails(name: str, value: float) -> None:
    verdict = judge({**GOOD, name: value}, ms(2024, 1, 1), ms(2024, 7, 1))
    assert [check.name for check in verdict.checks if not check.passed] == [name]
    assert not verdict.passed


def test_less_than_six_months_of_bars_fail() -> None:
    verdict = judge(GOOD, ms(2024, 1, 1), ms(2024, 6, 30, 23))
    assert [check.name for check in verdict.checks if not check.passed] == ["months"]


def test_a_file_changes_adds_and_lifts_limits() -> None:
    gate = Gate.from_data(
        {
            "at_least": {"months": 12, "sharpe_ratio": 0.5, "profit_factor": False},
            "at_most": {"max_drawdown_percent": 8},
        }
    )
    verdict = judge({**GOOD, "sharpe_ratio": 1.0}, ms(2023, 1, 1), ms(2024, 7, 1), gate)
    assert {check.name for check in verdict.checks} == {
        "months",
        "sharpe_ratio",
        "closed_trades",
        "percent_profitable",
        "net_profit_percent",
        "max_drawdown_percent",
        "margin_calls",
    }
    assert [check.name for check in verdict.checks if not check.passed] == ["max_drawdown_percent"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"at_lest": {}}, "at_lest"),
        ({"at_least": 3}, "at_least"),
        ({"at_least": {"profit_facter": 1}}, "profit_facter"),
        ({"at_most": {"margin_calls": "none"}}, "must be a number"),
        ({"at_most": {"margin_calls": True}}, "must be a number"),
    ],
)
def test_wrong_files(data: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Gate.from_data(data)


@pytest.mark.parametrize(
    ("first", "end", "months"),
    [
        ((2024, 1, 31), (2024, 2, 29), 1.0),
        ((2024, 1, 15), (2024, 1, 30, 12), 0.5),
        ((2023, 12, 1), (2025, 12, 1), 24.0),
        ((2024, 1, 1), (2024, 1, 1), 0.0),
    ],
)
def test_months(first: tuple[int, ...], end: tuple[int, ...], months: float) -> None:
    assert months_between(ms(*first), ms(*end)) == pytest.approx(months)
