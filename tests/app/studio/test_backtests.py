"""Backtests in real processes. One desk serves most tests: its processes start once for each backtest."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pinery.app.config.configuration import Configuration
from pinery.app.studio import backtests as module
from pinery.app.studio.backtests import BacktestDesk
from pinery.app.up.clock import SystemClock
from pinery.core.errors import UsageError
from pinery.gateway.control.services import Busy
from pinery.gateway.control.studio import BacktestOrder, BacktestRow
from pinery.tester.gate import Gate
from pinery.trading.errors import NotFound
from tests.app.studio.conftest import TREND, install

ENDLESS = """//@version=6
strategy("Endless")
var a = array.new<float>()
for i = 0 to 1000
    for j = 0 to 1000
        for k = 0 to 10
            a.push(i * j)
            a.pop()
"""


def order(text: str = TREND, **more: Any) -> BacktestOrder:
    values: dict[str, Any] = {
        "text": text,
        "name": "trend.pine",
        "script": "own:trend",
        "source": "market",
        "symbol": "BINANCE:ETHUSDT.P",
        "timeframe": "",
        "first": "",
        "last": "",
        "inputs": {},
        "properties": {},
    }
    return BacktestOrder(**(values | more))


def until(desk: BacktestDesk, id: str, reached: Callable[[BacktestRow], bool]) -> BacktestRow:
    end = time.monotonic() + 180
    while time.monotonic() < end:
        row, _ = desk.get(id)
        if reached(row):
            return row
        time.sleep(0.02)
    raise AssertionError(f"not reached: {row}")


def ended(row: BacktestRow) -> bool:
    return row.state in ("done", "failed", "canceled")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    return install(tmp_path_factory.mktemp("backtests"))


@pytest.fixture(scope="module")
def desk(shared: Configuration) -> Iterator[BacktestDesk]:
    made = BacktestDesk(lambda: shared, SystemClock())
    yield made
    made.close()


def result_of(desk: BacktestDesk, wanted: BacktestOrder) -> dict[str, Any]:
    row = until(desk, desk.start(wanted, "ada").id, ended)
    assert row.state == "done", row
    found: dict[str, Any] = json.loads(desk.get(row.id)[1] or b"")
    return found


def test_a_strategy_is_tested_on_a_feeds_bars(desk: BacktestDesk, shared: Configuration) -> None:
    started = desk.start(order(timeframe="5", first="2026-01-01", last="2026-01-01", inputs={"Length": 10}), "ada")
    assert started.state in ("queued", "running") and started.by == "ada"
    row = until(desk, started.id, ended)
    assert (row.state, row.error, row.symbol) == ("done", "", "BINANCE:ETHUSDT.P")
    assert row.done == row.total == 288 and row.seconds is not None and row.seconds > 0
    result = json.loads(desk.get(row.id)[1] or b"")
    assert result["timeframe"] == "5" and result["inputs"]["Length"] == "10" and result["bars"] == 288
    assert len(result["trades"]) == result["metrics"]["all"]["closed_trades"] + result["metrics"]["all"]["open_trades"]
    assert result["equity"][0] == [1_767_225_600_000, 10000.0] and len(result["equity"]) == 288
    assert result["verdict"]["passed"] is False and result["verdict"]["data"]["bars"] == 288
    assert result["verdict"]["data"]["synthetic"] is False
    assert desk.verdict(row.id) == result["verdict"]
    listed = list(csv.reader(io.StringIO(desk.file(row.id, "trades.csv").read_text("utf-8-sig"))))
    assert listed[0][:3] == ["Trade #", "Type", "Date and time"] and len(listed) == 1 + 2 * len(result["trades"])
    assert "<html" in desk.file(row.id, "report.html").read_text()
    with pytest.raises(NotFound):
        desk.file(row.id, "result.json")
    assert desk.all()[0].id == row.id


def test_the_gate_is_the_configured_one(shared: Configuration) -> None:
    """So that a backtest that passes here is taken for the promotion too."""
    desk = BacktestDesk(lambda: replace(shared, backtest_gate=Gate({"closed_trades": 1}, {})), SystemClock())
    try:
        verdict = result_of(desk, order(timeframe="5", last="2026-01-01"))["verdict"]
    finally:
        desk.close()
    assert verdict["passed"] and [check["name"] for check in verdict["checks"]] == ["closed_trades"]


@pytest.mark.parametrize("source", ["market", "synthetic"])
def test_a_verdict_on_made_up_bars_says_so(desk: BacktestDesk, source: str) -> None:
    made_up = result_of(desk, order(source=source, symbol="CME_MINI:ES1!", timeframe="60"))
    assert made_up["verdict"]["data"]["synthetic"] is True
    assert "made up by a seeded generator" in made_up["warnings"][0] and "real money" in made_up["warnings"][0]


def test_other_properties_are_no_evidence(desk: BacktestDesk) -> None:
    plain = result_of(desk, order())
    dear = result_of(desk, order(properties={"commission_type": "strategy.commission.percent", "commission_value": 1}))
    assert dear["trades"][0]["commission"] > 0 == plain["trades"][0]["commission"]
    assert dear["settings"]["commission_type"] == "percent"
    assert dear["verdict"] is None and "no evidence" in dear["warnings"][-1]


@pytest.mark.parametrize(
    ("wanted", "error", "hint"),
    [
        (order("//@version=6\nstrategy('x')\nplot(clos)"), "1 error", "line 3, column 6"),
        (order("//@version=6\nindicator('x')\nplot(close)"), "no strategy", ""),
        (order(inputs={"Length": 1000}), "above its maximum", ""),
        (order(first="2030-01-01"), "no bars in this range", ""),
        (order(properties={"pyramidding": 1}), "no property", "pyramiding"),
        (order("//@version=6\nstrategy('x')\nruntime.error('oops')"), "oops", ""),
        (order(timeframe="banana"), "timeframe: Invalid timeframe 'BANANA'", "60"),
    ],
)
def test_what_is_wrong_is_told(desk: BacktestDesk, wanted: BacktestOrder, error: str, hint: str) -> None:
    row = until(desk, desk.start(wanted, "ada").id, ended)
    assert row.state == "failed" and error in row.error and hint in row.hint
    assert "Traceback" not in row.error + row.hint and "--" not in row.error
    assert desk.get(row.id)[1] is None and desk.verdict(row.id) is None


def test_markets_are_those_of_feeds_the_store_and_made_up_ones(desk: BacktestDesk) -> None:
    rows = {(row.source, row.symbol): row for row in desk.markets()}
    eth = rows["market", "BINANCE:ETHUSDT.P"]
    assert (eth.timeframe, eth.bars, eth.first) == ("1", 2000, "2026-01-01T00:00:00.000Z")
    assert ("market", "CME_MINI:ES1!") in rows and ("synthetic", "") in rows
    for wanted, said in (
        (order(source="market", symbol="BINANCE:BTCUSDT"), "no bars of BINANCE:BTCUSDT"),
        (order(source="/etc/passwd"), "no market"),
        (order(source="stored", symbol=""), "which symbol"),
    ):
        with pytest.raises(UsageError, match=said):
            desk.start(wanted, "ada")


def test_one_that_runs_is_killed_and_those_that_wait_follow(installation: Configuration) -> None:
    desk = BacktestDesk(lambda: installation, SystemClock(), at_once=1)
    try:
        first = desk.start(order(ENDLESS), "ada")
        second = desk.start(order(ENDLESS), "ada")
        third = desk.start(order("//@version=6\nindicator('x')"), "ada")
        until(desk, first.id, lambda row: row.total > 0 or row.state == "running")
        assert desk.get(second.id)[0].state == "queued"
        assert desk.cancel(second.id).state == "canceled"
        assert desk.cancel(first.id).state == "canceled"
        assert until(desk, third.id, ended).state == "failed"
        assert desk.cancel(third.id).state == "failed"  # it had ended before
        assert [row.state for row in desk.all()] == ["failed", "canceled", "canceled"]
    finally:
        desk.close()


def test_time_and_memory_end(installation: Configuration) -> None:
    desk = BacktestDesk(lambda: installation, SystemClock(), seconds=0.05)
    try:
        late = until(desk, desk.start(order(ENDLESS), "ada").id, ended)
        assert late.state == "failed" and "more than 0.05 seconds" in late.error
    finally:
        desk.close()
    small = BacktestDesk(lambda: installation, SystemClock(), memory=30 << 20)
    try:
        large = until(small, small.start(order(), "ada").id, ended)
        assert large.state == "failed" and "memory" in large.error
    finally:
        small.close()


def test_only_so_many_wait_and_are_kept(installation: Configuration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    monkeypatch.setattr(module, "KEPT", 2)
    desk = BacktestDesk(lambda: installation, SystemClock(), at_once=0)
    try:
        ids = [desk.start(order(), "ada").id for _ in range(2)]
        with pytest.raises(Busy):
            desk.start(order(), "ada")
        for id in ids:
            desk.cancel(id)
        desk.start(order(), "ada")
        assert len(desk.all()) == 2
        with pytest.raises(NotFound):
            desk.get(ids[0])
    finally:
        desk.close()


def test_files_are_gone_with_the_desk(installation: Configuration) -> None:
    left = installation.folder / module.FOLDER / "x"
    left.mkdir(parents=True)
    BacktestDesk(lambda: installation, SystemClock()).close()
    assert not Path(left).exists()
