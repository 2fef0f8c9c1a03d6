"""What each promotion asks for, with the evidence just enough and just not."""

from __future__ import annotations

import copy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pinery.core.errors import UsageError
from pinery.trading.deployments import Stage
from pinery.trading.errors import Refused
from pinery.trading.stages.backtests import Identity, Limit, read_verdict
from pinery.trading.stages.gates import StageGate
from pinery.trading.stages.ladder import LADDER, Standing, lower_stage, rank, standing
from pinery.trading.stages.measures import DAY_MS, MEASURES, Measured, percentile
from pinery.trading.stages.records import Promotion
from pinery.trading.stages.rules import Facts, checks_for, evidence

D = Decimal
NOW = 1_795_000_000_000
SHA = "ab" * 32
DEPLOYED = Identity("CME_MINI:ES1!", "15", SHA, {"Length": 20, "Source": "close"}, is_strategy=True)
LIMITS = (
    Limit("months", "Months of bars", "count", ">=", 6.0),
    Limit("profit_factor", "Profit factor", "ratio", ">=", 1.2),
    Limit("max_drawdown_percent", "Largest drawdown", "percent", "<=", 25.0),
)
VERDICT: dict[str, Any] = {
    "passed": True,
    "checks": [
        {"name": "months", "value": 6.0, "comparison": ">=", "limit": 6.0, "passed": True},
        {"name": "profit_factor", "value": 1.2, "comparison": ">=", "limit": 1.2, "passed": True},
        {"name": "max_drawdown_percent", "value": 25, "comparison": "<=", "limit": 25, "passed": True},
    ],
    "script": {"name": "trend.pine", "sha256": SHA},
    "inputs": {"Length": 20, "Source": "close"},
    "data": {
        "symbol": "CME_MINI:ES1!",
        "timeframe": "15",
        "bars": 1,
        "first": 0,
        "last": 1,
        "sha256": "cd" * 32,
        "synthetic": False,
    },
}
GOOD = Measured(
    since=NOW - 7 * DAY_MS,
    until=NOW,
    alerts=100,
    delivered=99,
    latencies=(0.01,) * 99 + (9.0,),
    trades=10,
    wins=5,
    gross_profit=D(500),
    gross_loss=D(-500),
    max_drawdown=D(1_000),
    capital=D(10_000),
)


def granted(after: Stage, before: Stage = Stage.BACKTEST, at: int = NOW - 7 * DAY_MS, **more: Any) -> Promotion:
    kept = {"checks": [], "deployed": DEPLOYED.as_data(), "verdict": VERDICT}
    kept["checks"] = [{"name": "months", "title": "Months", "passed": True}]
    return Promotion("demo", before, after, at, "ada", True, evidence={**kept, **more})


def at_paper(**more: Any) -> Facts:
    history = [granted(Stage.PAPER)]
    facts = Facts(standing(Stage.PAPER, history), history, DEPLOYED, measured=GOOD, backtest_limits=LIMITS)
    return replace(facts, **more)


def failing(target: Stage, facts: Facts) -> list[str]:
    return [check.name for check in checks_for(target, facts) if not check.passed]


def at_backtest(**more: Any) -> Facts:
    return replace(Facts(Standing(Stage.BACKTEST, None, None), (), DEPLOYED, backtest_limits=LIMITS), **more)


def changed(*path: Any, value: Any) -> dict[str, Any]:
    verdict = copy.deepcopy(VERDICT)
    here: Any = verdict
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    return verdict


def test_a_backtest_of_what_is_deployed_leads_to_paper() -> None:
    assert failing(Stage.PAPER, at_backtest(verdict=VERDICT)) == []


@pytest.mark.parametrize(
    ("verdict", "missing"),
    [
        (changed("checks", 0, "value", value=5.99), "backtest.months"),
        (changed("checks", 1, "value", value=None), "backtest.profit_factor"),
        (changed("checks", 2, "value", value=25.1), "backtest.max_drawdown_percent"),
        (changed("checks", value=VERDICT["checks"][:2]), "backtest.max_drawdown_percent"),
        (changed("data", "symbol", value="CME_MINI:NQ1!"), "symbol"),
        (changed("data", "timeframe", value="5"), "timeframe"),
        (changed("script", "sha256", value="00" * 32), "script"),
        (changed("inputs", "Length", value=21), "inputs"),
        (changed("inputs", value={"Length": 20}), "inputs"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_one_that_is_too_poor_or_of_something_else_does_not(verdict: dict[str, Any], missing: str) -> None:
    assert failing(Stage.PAPER, at_backtest(verdict=verdict)) == [missing]


def test_a_backtest_on_bars_that_were_made_up_leads_to_paper_and_not_to_real_money() -> None:
    made_up = changed("data", "synthetic", value=True)
    asked = at_backtest(verdict=made_up)
    assert failing(Stage.PAPER, asked) == []
    (said,) = (check for check in checks_for(Stage.PAPER, asked) if check.name == "bars")
    assert said.value == "made up by a generator" and said.note == "real money will ask for a market's"
    later = at_paper(history=[granted(Stage.PAPER, verdict=made_up)])
    assert failing(Stage.SMALL, later) == ["bars"]
    assert failing(Stage.SMALL, replace(later, verdict=VERDICT)) == []
    small = [granted(Stage.SMALL, Stage.PAPER, verdict=made_up), granted(Stage.PAPER)]
    at_small = at_paper(standing=standing(Stage.SMALL, small), history=small)
    assert failing(Stage.PRODUCTION, at_small) == ["bars"]


def test_a_verdict_that_does_not_say_what_its_bars_were_is_none_for_real_money() -> None:
    older = copy.deepcopy(VERDICT)
    del older["data"]["synthetic"]
    assert failing(Stage.PAPER, at_backtest(verdict=older)) == []
    assert failing(Stage.SMALL, at_paper(verdict=older)) == ["bars"]


def test_a_chart_on_a_made_up_market_does_not_come_to_real_money() -> None:
    assert failing(Stage.PAPER, at_backtest(verdict=VERDICT, made_up_market=True)) == []
    assert failing(Stage.SMALL, at_paper(made_up_market=True)) == ["market"]


def test_trades_at_a_simulator_do_not_lead_to_real_money() -> None:
    facts = at_paper(rehearsed_at="http://127.0.0.1:8790")
    assert failing(Stage.SMALL, facts) == ["venue"]
    (check,) = [one for one in checks_for(Stage.SMALL, facts) if one.name == "venue"]
    assert "simulator at http://127.0.0.1:8790" in check.note


def test_limits_are_our_own_whatever_the_verdict_was_made_with() -> None:
    loose = changed("checks", 0, value={"name": "months", "value": 1, "comparison": ">=", "limit": 0, "passed": True})
    assert failing(Stage.PAPER, at_backtest(verdict=loose)) == ["backtest.months"]


def test_without_any_backtest_nothing_is_promoted() -> None:
    assert failing(Stage.PAPER, at_backtest()) == ["backtest"]


def test_alerts_from_elsewhere_may_go_to_paper_without_a_backtest_and_no_further() -> None:
    alerts = Identity("CME_MINI:ES1!", "15")
    asked = at_backtest(deployed=alerts, without_backtest=True)
    assert failing(Stage.PAPER, asked) == []
    assert evidence(Stage.PAPER, asked, checks_for(Stage.PAPER, asked))["without_backtest"] is True
    history = [granted(Stage.PAPER, deployed=alerts.as_data(), verdict=None)]
    later = at_paper(history=history, deployed=alerts, without_backtest=True)
    assert failing(Stage.SMALL, later) == ["backtest"]
    assert failing(Stage.SMALL, replace(later, verdict=VERDICT)) == []


def test_a_strategy_is_tested() -> None:
    assert failing(Stage.PAPER, at_backtest(without_backtest=True)) == ["backtest"]
    indicator = replace(DEPLOYED, is_strategy=False)
    assert failing(Stage.PAPER, at_backtest(deployed=indicator, without_backtest=True)) == []


def test_a_script_that_cannot_be_run_is_not_promoted() -> None:
    (check, *_) = checks_for(Stage.PAPER, at_backtest(deployed=None, cannot_say="there is no file trend.pine"))
    assert not check.passed and check.value == "there is no file trend.pine"


def test_a_good_week_on_paper_leads_to_small() -> None:
    assert failing(Stage.SMALL, at_paper()) == []


@pytest.mark.parametrize(
    ("worse", "missing"),
    [
        ({"since": NOW - 7 * DAY_MS + 1}, "days"),
        ({"trades": 9}, "trades"),
        ({"delivered": 98}, "delivery_rate"),
        ({"alerts": 0, "delivered": 0}, "delivery_rate"),
        ({"latencies": (0.01,) * 98 + (2.1, 9.0)}, "latency_p99"),
        ({"latencies": ()}, "latency_p99"),
        ({"unknown_orders": 1}, "unknown_orders"),
        ({"mismatches": 1}, "mismatches"),
        ({"gross_loss": D(-501)}, "profit_factor"),
        ({"gross_loss": D(0), "gross_profit": D(0)}, "profit_factor"),
        ({"max_drawdown": D(1_001)}, "max_drawdown_percent"),
        ({"capital": None}, "max_drawdown_percent"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_poor_week_does_not(worse: dict[str, Any], missing: str) -> None:
    assert failing(Stage.SMALL, at_paper(measured=replace(GOOD, **worse))) == [missing]


def test_no_losses_at_all_is_good_enough() -> None:
    facts = at_paper(measured=replace(GOOD, gross_loss=D(0)))
    (check,) = (one for one in checks_for(Stage.SMALL, facts) if one.name == "profit_factor")
    assert check.passed and check.value == "no losses"


def test_a_size_above_the_cap_of_small() -> None:
    caps = {Stage.SMALL: D(1)}
    assert failing(Stage.SMALL, at_paper(size=D(1), caps=caps)) == []
    assert failing(Stage.SMALL, at_paper(size=D(2), caps=caps)) == ["size"]


def test_a_script_changed_on_paper_goes_back() -> None:
    new = replace(DEPLOYED, script="ef" * 32)
    found = checks_for(Stage.SMALL, at_paper(deployed=new))
    assert [check.name for check in found if not check.passed] == ["script", "unchanged.script"]
    assert "demote it to backtest" in next(check.note for check in found if check.name == "unchanged.script")


def test_production_needs_small_on_record_and_measured() -> None:
    history = [granted(Stage.SMALL, Stage.PAPER), granted(Stage.PAPER, at=NOW - 20 * DAY_MS)]
    facts = at_paper(standing=standing(Stage.SMALL, history), history=history)
    assert failing(Stage.PRODUCTION, facts) == []
    demoted = Promotion("demo", Stage.PRODUCTION, Stage.SMALL, NOW, "ada", True)  # a way down is no promotion
    alone = replace(facts, history=[demoted, granted(Stage.PAPER)])
    assert failing(Stage.PRODUCTION, alone) == ["record"]
    assert "record" in failing(Stage.PRODUCTION, replace(facts, history=[granted(Stage.PAPER)]))


def test_limits_as_configured() -> None:
    gate = StageGate.over_defaults({"days": 14, "trades": False}, {"latency_p99": 0.5})
    assert gate.at_least["days"] == 14 and "trades" not in gate.at_least and gate.at_least["delivery_rate"] == 99
    assert failing(Stage.SMALL, at_paper(gates={Stage.SMALL: gate})) == ["days"]
    assert {*StageGate().at_least, *StageGate().at_most} <= set(MEASURES)


def test_a_stage_that_was_only_written_into_the_settings_counts_as_not_reached() -> None:
    assert standing(Stage.PRODUCTION, []).stage is Stage.BACKTEST
    assert standing(Stage.PRODUCTION, [granted(Stage.PAPER)]).next is Stage.SMALL
    assert standing(Stage.PAPER, [granted(Stage.PRODUCTION)]).stage is Stage.PAPER
    refused = replace(granted(Stage.SMALL), granted=False)
    assert standing(Stage.SMALL, [refused, granted(Stage.PAPER)]).stage is Stage.PAPER


def test_the_way_down_never_leads_above_what_is_on_record() -> None:
    recorded = standing(Stage.PRODUCTION, [granted(Stage.PRODUCTION)])
    assert lower_stage(recorded, None) is Stage.SMALL
    assert lower_stage(recorded, Stage.BACKTEST) is Stage.BACKTEST
    by_hand = standing(Stage.PRODUCTION, [granted(Stage.PAPER)])
    assert lower_stage(by_hand, None) is Stage.PAPER
    with pytest.raises(Refused, match="small is not on record"):
        lower_stage(by_hand, Stage.SMALL)
    with pytest.raises(Refused, match="not below"):
        lower_stage(recorded, Stage.PRODUCTION)
    with pytest.raises(Refused, match="lowest"):
        lower_stage(standing(Stage.BACKTEST, []), None)
    for configured in LADDER:
        for reached in LADDER:
            stands = standing(configured, [granted(reached)])
            if configured is not Stage.BACKTEST:
                assert rank(lower_stage(stands, None)) <= min(rank(reached), rank(configured) - 1)


def test_what_a_backtest_printed_is_a_verdict() -> None:
    printed = {"metrics": {}, "script": VERDICT["script"], "inputs": [], "gate": VERDICT | {"made": "2026"}}
    assert read_verdict(printed, "file") == VERDICT | {"made": "2026"}
    for wrong in (None, [], {}, {"gate": {"passed": True}}, VERDICT | {"checks": [1]}, VERDICT | {"data": {}}):
        with pytest.raises(UsageError, match="no verdict of the backtest gate"):
            read_verdict(wrong, "file")


def test_the_page_names_every_figure_with_its_default() -> None:
    page = (Path(__file__).parents[3] / "docs" / "stages.md").read_text(encoding="utf-8")
    gate = StageGate()
    for name in MEASURES:
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        limit = gate.at_least.get(name, gate.at_most.get(name))
        word = "at least" if name in gate.at_least else "at most"
        assert (f"| {word} {limit:g}" if limit is not None else "| |") in row


def test_percentile() -> None:
    assert percentile((1.0, 2.0, 3.0), 99) == 3.0
    assert percentile(tuple(map(float, range(1, 101))), 99) == 99.0
    assert percentile((), 99) is None
