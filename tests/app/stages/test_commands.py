"""``pinery deploy``, ``promote`` and ``demote`` as people type them."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from pinery.adapters.store.database import SqlStore
from pinery.app.config.reading import load_configuration
from pinery.trading.deployments import Stage
from pinery.trading.positions.model import Lot, Position
from tests.app.conftest import Ended
from tests.app.stages.conftest import CONFIG, ETH

Pinery = Callable[..., Ended]
DEPLOY = ("deploy", "waves.pine", "--name", "waves", "--account", "paper", "--symbol", ETH, "--timeframe", "60")


def test_a_good_backtest_brings_a_script_to_paper(pinery: Pinery, folder: Path, store: SqlStore) -> None:
    ended = pinery(*DEPLOY, "--input", "Size=2", "--size", "0.5", "--stop", "1%", "--target", "2%")
    assert ended.code == 0, ended.err
    assert "waves is deployed at stage paper" in ended.out
    assert "1:2" in ended.out and "/hook/" in ended.out  # the row of the risk table, the address
    text = (folder / "pinery.toml").read_text(encoding="utf-8")
    assert text.startswith(CONFIG)
    configuration = load_configuration(folder)
    waves, chart = configuration.deployments["waves"], configuration.charts["waves"]
    assert (waves.stage, waves.symbol, str(waves.sizing.value)) == (Stage.PAPER, ETH, "0.5")
    assert (chart.script, chart.feed, dict(chart.inputs)) == (folder / "waves.pine", "market", {"Size": "2"})
    assert "waves" in configuration.hooks
    (row,) = store.read(lambda tx: tx.promotions.of("waves"))
    assert row.granted and (row.before, row.after) == (Stage.BACKTEST, Stage.PAPER)
    assert row.evidence["verdict"]["inputs"] == {"Size": 2} == row.evidence["deployed"]["inputs"]
    assert row.evidence["verdict"]["script"]["sha256"] == row.evidence["deployed"]["script"]
    check = pinery("promote", "waves", "--check")
    assert check.code == 5 and "Days at the stage" in check.out and "MISSING" in check.out


NO_LIMITS = """
[stages.paper]
at_least = { months = 0, closed_trades = 0, percent_profitable = 0, profit_factor = 0, net_profit_percent = -100 }
at_most = { max_drawdown_percent = 100 }
[stages.small]
at_least = { days = 0, trades = 0, delivery_rate = false, profit_factor = false }
at_most = { latency_p99 = false, max_drawdown_percent = false }
"""


def test_made_up_bars_are_named_as_such_and_do_for_paper_only(pinery: Pinery, folder: Path, store: SqlStore) -> None:
    text = (folder / "pinery.toml").read_text(encoding="utf-8")
    (folder / "pinery.toml").write_text(text + NO_LIMITS, encoding="utf-8")
    ended = pinery(*DEPLOY, "--data", "synthetic:600")
    assert ended.code == 0 and "waves is deployed at stage paper" in ended.out, ended.err + ended.out
    assert "made up by a seeded generator" in ended.out + ended.err
    small = pinery("promote", "waves", "--yes")
    assert small.code == 5 and "Bars of the backtest (test on bars of the market)" in small.err
    assert "made up by a generator" in small.out
    real = pinery("promote", "waves", "--yes", "--data", "eth.csv")
    assert real.code == 0 and "waves is at stage small" in real.out, real.err + real.out


def test_a_poor_one_leaves_it_at_backtest_and_says_what_is_missing(
    pinery: Pinery, folder: Path, store: SqlStore
) -> None:
    rows = (folder / "eth.csv").read_text(encoding="utf-8").splitlines()
    (folder / "short.csv").write_text("\n".join(rows[: 24 * 60]), encoding="utf-8")
    ended = pinery(*DEPLOY, "--data", "short.csv", "--json")
    assert ended.code == 0, ended.err
    made = json.loads(ended.out)
    assert made["stage"] == "backtest" and made["webhook_url"]
    missing = [check["name"] for check in made["promotion"]["checks"] if not check["passed"]]
    assert missing == ["backtest.months"]
    (row,) = store.read(lambda tx: tx.promotions.of("waves"))
    assert not row.granted
    again = pinery("promote", "waves", "--data", "eth.csv", "--json")
    assert again.code == 0, again.err
    assert json.loads(again.out)["stage"] == "paper"
    assert load_configuration(folder).deployments["waves"].stage is Stage.PAPER


def test_a_verdict_made_before_counts_while_nothing_was_changed(pinery: Pinery, folder: Path) -> None:
    tested = pinery(
        "backtest", "waves.pine", "--data", "eth.csv", "--symbol", ETH, "--timeframe", "60", "--gate", "--json"
    )
    assert tested.code == 0, tested.err
    (folder / "verdict.json").write_text(tested.out, encoding="utf-8")
    assert pinery(*DEPLOY, "--backtest", "verdict.json").code == 0
    assert load_configuration(folder).deployments["waves"].stage is Stage.PAPER
    assert pinery("demote", "waves").code == 0
    script = folder / "waves.pine"
    script.write_text(script.read_text(encoding="utf-8").replace("? 5 : 17", "? 5 : 16"), encoding="utf-8")
    refused = pinery("promote", "waves", "--backtest", "verdict.json")
    assert refused.code == 5 and "Script of the backtest" in refused.err


def test_alerts_from_elsewhere_go_to_paper_on_ones_word(pinery: Pinery, folder: Path, store: SqlStore) -> None:
    made = pinery("deploy", "--name", "tv", "--account", "paper", "--symbol", ETH, "--timeframe", "60")
    assert made.code == 0 and "stage backtest" in made.out and "--without-backtest" in made.out
    assert "say why" in pinery("promote", "tv", "--without-backtest").err
    assert pinery("promote", "tv", "--without-backtest", "--note", "tested at TradingView").code == 0
    (row,) = store.read(lambda tx: tx.promotions.of("tv"))
    assert row.granted and row.evidence["without_backtest"] and row.note == "tested at TradingView"
    refused = pinery("promote", "tv", "--without-backtest", "--note", "please")
    assert refused.code == 5 and "not promoted to small" in refused.err
    assert load_configuration(folder).deployments["tv"].stage is Stage.PAPER


def test_a_strategy_is_not_spared_its_backtest(pinery: Pinery) -> None:
    made = pinery(*DEPLOY, "--without-backtest", "--note", "trust me")
    assert made.code == 0 and "stage backtest" in made.out


def test_a_stage_written_by_hand_is_told(pinery: Pinery, folder: Path) -> None:
    path = folder / "pinery.toml"
    path.write_text(CONFIG.replace('stage = "paper"', 'stage = "production"'), encoding="utf-8")
    checked = pinery("promote", "demo", "--check", "--json")
    assert checked.code == 5
    found = json.loads(checked.out)
    assert (found["configured"], found["stage"], found["next"]) == ("production", "backtest", "paper")
    lowered = pinery("demote", "demo", "--json")
    assert json.loads(lowered.out) == {"name": "demo", "stage": "backtest"}
    assert 'stage = "backtest"               # paper, then small' in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("deploy", "waves.pine", *DEPLOY[2:], "--feed", "other"), 2, 'there is no feed "other"'),
        (("deploy", "none.pine", *DEPLOY[2:]), 2, "there is no file"),
        ((*DEPLOY[:3], "demo", *DEPLOY[4:]), 5, "there is a deployment 'demo' already"),
        ((*DEPLOY[:5], "papr", *DEPLOY[6:]), 2, "did you mean 'paper'?"),
        ((*DEPLOY, "--size", "many"), 2, "many"),
        ((*DEPLOY, "--input", "Szie=2"), 2, "the script has no input 'Szie'"),
        ((*DEPLOY, "--backtest", "pinery.toml"), 2, "cannot be read"),
        ((*DEPLOY, "--data", "none.csv"), 2, "there is no file none.csv"),
        (("promote", "dmo"), 2, "did you mean 'demo'?"),
        (("promote", "demo", "--data", "eth.csv"), 2, "demo has no script to test"),
        (("demote", "demo", "--to", "papper"), 2, "there is no stage 'papper'"),
        (("demote", "demo", "--to", "production"), 5, "not below it"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_is_wrong_is_said_and_nothing_is_changed(
    pinery: Pinery, folder: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ended = pinery(*arguments)
    assert (ended.code, said in ended.err.replace("\n", " ")) == (code, True), ended.err
    assert "Traceback" not in ended.err
    assert (folder / "pinery.toml").read_text(encoding="utf-8") == CONFIG


def test_a_name_that_still_holds_something_is_not_given_again(pinery: Pinery, folder: Path, store: SqlStore) -> None:
    """As after its section was taken out by hand: in another account, its exits would find nothing to close."""
    lots = (Lot(Decimal(3), Decimal(2000), 1, Decimal(0), "e0", "s1"),)
    store.write(lambda tx: tx.positions.put(Position("waves", "paper", ETH, 1, lots, opened=1, updated=1)))
    ended = pinery(*DEPLOY)
    assert ended.code == 5 and "waves that was there before holds 3 BINANCE:ETHUSDT.P" in " ".join(ended.err.split())
    assert (folder / "pinery.toml").read_text(encoding="utf-8") == CONFIG


def test_a_script_that_does_not_compile_is_not_deployed(pinery: Pinery, folder: Path) -> None:
    (folder / "waves.pine").write_text("//@version=6\nstrategy('x')\nplot(clsoe)\n", encoding="utf-8")
    ended = pinery(*DEPLOY)
    assert ended.code == 1 and "clsoe" in ended.err
    assert (folder / "pinery.toml").read_text(encoding="utf-8") == CONFIG


def test_an_indicator_is_not_tested_but_deployed(pinery: Pinery, folder: Path) -> None:
    (folder / "waves.pine").write_text('//@version=6\nindicator("x")\nplot(close)\n', encoding="utf-8")
    ended = pinery(*DEPLOY)
    assert ended.code == 0, ended.err
    assert "stage backtest" in ended.out and "it was not tested" in ended.out
