"""The benchmarks' scripts are scripts, and the programs that measure run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import pinery
from benchmarks import orders, rivals
from benchmarks.alerts_place import Place
from benchmarks.scripts import large
from pinery.adapters.store.database import open_store
from pinery.app.bars import load
from pinery.trading.signals import Source
from pinery.trading.store import Message
from tests.stores import new_sqlite

ROOT = Path(__file__).resolve().parents[1]


def test_scripts_have_no_findings() -> None:
    for path in sorted((ROOT / "benchmarks/scripts").glob("*.pine")):
        assert pinery.check(path) == []
    text = large.text()
    assert pinery.check(text) == []
    assert 950 <= text.count("\n") <= 1050


@pytest.mark.parametrize("name", ["interpreter_speed", "memory"])
def test_benchmarks_run(name: str) -> None:
    command = [sys.executable, "-m", f"benchmarks.{name}", "100", "300"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("|") > 20


def test_live_charts_are_measured() -> None:
    command = [sys.executable, "-m", "benchmarks.live", "40", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("|") > 60


def test_alerts_are_measured_from_receipt_to_broker() -> None:
    command = [sys.executable, "-m", "benchmarks.alerts", "--store", "sqlite", "--rate", "20", "--seconds", "1"]
    done = subprocess.run(
        [*command, "--deployments", "2", "--json"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)
    assert run["deployments"] == 2
    statuses = run["statuses"]
    assert sum(statuses.values()) == 20
    assert set(statuses) <= {"200", "503"}  # what a machine that stands still cannot store in time
    assert run["orders"] > 0
    assert {run["spreads"][name]["count"] for name in ("stored", "answer")} == {statuses["200"]}
    # Alerts of the warm-up that a machine received late count, too.
    assert run["spreads"]["decided"]["count"] >= statuses["200"]
    assert run["spreads"]["floor"]["p99"] > 0


def test_missing_orders_are_explained(tmp_path: Path) -> None:
    store = open_store(new_sqlite(tmp_path / "pinery.db"))
    try:
        messages = [Message("d0", Source.WEBHOOK, f"{n}", n) for n in range(3)]
        store.write(lambda tx: tx.inbox.add(messages))
        place = Place(tmp_path, f"sqlite:///{tmp_path / 'pinery.db'}", 0, {})
        place.log.write_text("worker: ImportError: cannot import name 'x'", encoding="utf-8")
        why = orders.why(place)
    finally:
        store.close()
    assert "alerts: 3 x new" in why and "signals: none" in why and why.endswith("cannot import name 'x'")


def test_engines_are_measured_and_compared_on_the_same_bars(tmp_path: Path) -> None:
    bars = tmp_path / "bars.csv"
    rivals.write_bars(bars, load("synthetic:300", timeframe="5").bars)
    engine = rivals.pinery(tmp_path)
    found = rivals.measured(engine, "averages", bars)
    assert sorted(found.last) == ["Fast", "Slow"]
    assert found.seconds > 0
    assert rivals.agreement(found.last, found.last) == "all 2 plots"
    assert "Fast: 1, not" in rivals.agreement(found.last, {**found.last, "Fast": 1.0})
    assert rivals.agreement(found.last, {"Fast": found.last["Fast"]}) == "no Slow"


def test_an_engine_that_fails_is_named_with_the_reason(tmp_path: Path) -> None:
    fails = [sys.executable, "-c", "raise SystemExit('no such engine')"]
    engine = rivals.Engine("Nobody", tmp_path, lambda script, bars: fails)
    with pytest.raises(rivals.Unavailable, match="no such engine"):
        rivals.measured(engine, "averages", tmp_path / "bars.csv")
    silent = rivals.Engine("Silent", tmp_path, lambda script, bars: [sys.executable, "-c", "print('x')"])
    with pytest.raises(rivals.Unavailable, match="printed no measurement"):
        rivals.measured(silent, "averages", tmp_path / "bars.csv")
