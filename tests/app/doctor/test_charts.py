"""What ``pinery doctor`` and ``pinery charts`` say of charts, on prepared stores."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pinery.adapters.store.charts import record_alert, save_chart
from pinery.adapters.store.database import SqlStore, open_store
from pinery.charts.records import AlertOutcome, ChartAlert, ChartRow, ChartState
from tests.app.conftest import Ended
from tests.stores import new_sqlite

Pinery = Callable[..., Ended]

SCRIPT = '//@version=6\nindicator("Crossing")\nplot(close)\n'
CONFIGURATION = """\
[feeds.market]
kind = "replay"
bars = { "BINANCE:ETHUSDT.P" = "synthetic" }
[accounts.paper]
broker = "paper"
[deployments.eth]
account = "paper"
symbol = "BINANCE:ETHUSDT.P"
timeframe = "5"
chart = { script = "crossing.pine", feed = "market" }
"""


def now() -> int:
    return time.time_ns() // 1_000_000


def row(**more: Any) -> ChartRow:
    made = ChartRow(
        "eth", ChartState.LIVE, now(), "crossing.pine", sha256(SCRIPT.encode()).hexdigest(), "BINANCE:ETHUSDT.P", "5",
        "market", bars=500, last_bar=1_757_286_000_000, market_now=1_757_286_360_000, price=3024.34,
        price_at=now() - 2000,
    )  # fmt: skip
    return replace(made, **more)


@pytest.fixture
def store(home: Path, standing_clock: None) -> Iterator[SqlStore]:
    (home / "pinery.toml").write_text(CONFIGURATION)
    (home / "crossing.pine").write_text(SCRIPT)
    opened = open_store(new_sqlite(home / "pinery.db"))
    yield opened
    opened.close()


def findings(pinery: Pinery) -> dict[str, tuple[str, str]]:
    """Check of charts -> (level, what was found)."""
    said = json.loads(pinery("doctor", "--json", "--offline").out)
    (charts,) = (each for each in said["lists"] if each["name"] == "charts")
    return {
        check["name"]: (check["findings"][0]["level"], check["findings"][0]["found"])
        for check in charts["checks"]
        if check["findings"]
    }


def test_a_chart_needs_no_webhook(pinery: Pinery, store: SqlStore) -> None:
    said = json.loads(pinery("doctor", "--json", "--offline").out)
    (webhook,) = (each for each in said["lists"] if each["name"] == "webhook")
    (tokens,) = (check for check in webhook["checks"] if check["name"] == "webhook tokens")
    assert [(each["level"], "from its chart" in each["found"]) for each in tokens["findings"]] == [("ok", True)]


def test_a_chart_that_is_well(pinery: Pinery, store: SqlStore) -> None:
    store.write(lambda tx: save_chart(tx, row()))
    assert {level for level, _ in findings(pinery).values()} == {"ok"}
    assert "eth: crossing.pine on BINANCE:ETHUSDT.P 5, live" in findings(pinery)["charts"][1]
    shown = pinery("charts").out
    assert "live" in shown and "3024.34" in shown and "2025-09-07 23:00" in shown
    (one,) = json.loads(pinery("charts", "--json").out)
    assert (one["state"], one["alerts"], one["missed"], one["price"]) == ("live", 0, 0, 3024.34)
    assert one["price_age"] == 2


def test_a_chart_that_does_not_run(pinery: Pinery, store: SqlStore) -> None:
    assert findings(pinery)["charts"] == ("problem", "eth: its chart has never run")
    assert "not running" in pinery("charts").out
    store.write(lambda tx: save_chart(tx, row(updated=now() - 120_000)))
    level, found = findings(pinery)["charts"]
    assert level == "problem" and "last heard of" in found
    assert json.loads(pinery("charts", "--json").out)[0]["state"] == "not running"


def test_a_chart_that_failed(pinery: Pinery, store: SqlStore) -> None:
    error = "the array has 3 elements, and there is no element 5 (line 7)"
    store.write(lambda tx: save_chart(tx, row(state=ChartState.FAILED, error=error)))
    assert findings(pinery)["scripts"] == ("problem", f"eth: {error}")
    assert error in " ".join(pinery("charts").out.split())


def test_a_script_that_is_wrong_or_another_one_by_now(pinery: Pinery, store: SqlStore, home: Path) -> None:
    store.write(lambda tx: save_chart(tx, row()))
    (home / "crossing.pine").write_text(SCRIPT + "plot(open)\n")
    assert findings(pinery)["scripts"] == ("warning", "eth: crossing.pine has changed since the chart took it")
    (home / "crossing.pine").write_text(SCRIPT + "plot(opn)\n")
    level, found = findings(pinery)["scripts"]
    assert level == "problem" and "line 4, column 6" in found


def test_a_market_that_is_silent_or_has_gaps(pinery: Pinery, store: SqlStore) -> None:
    store.write(lambda tx: save_chart(tx, row(state=ChartState.SILENT)))
    level, found = findings(pinery)["prices"]
    assert level == "problem" and "no prices of BINANCE:ETHUSDT.P though the market is open" in found
    store.write(lambda tx: save_chart(tx, row(missing=3, late=1)))
    level, found = findings(pinery)["prices"]
    assert level == "warning" and "3 bars are missing and 1 prices came too late" in found


def test_alerts_that_wait_or_were_missed(pinery: Pinery, store: SqlStore) -> None:
    store.write(lambda tx: save_chart(tx, row(error="the webhook answers 403")))
    missed = ChartAlert("eth", "a", "alert", 1, now() - 60_000, "", "IN", AlertOutcome.MISSED)
    store.write(lambda tx: record_alert(tx, missed))
    level, found = findings(pinery)["chart alerts"]
    assert level == "warning" and "1 alerts of the last 24 hours were missed" in found
    store.write(lambda tx: record_alert(tx, replace(missed, key="b", outcome=AlertOutcome.DUE)))
    level, found = findings(pinery)["chart alerts"]
    assert level == "problem" and "the webhook answers 403" in found
    (one,) = json.loads(pinery("charts", "--json").out)
    assert (one["alerts"], one["missed"]) == (2, 1)


def test_without_charts_there_is_nothing_to_say(pinery: Pinery, store: SqlStore, home: Path) -> None:
    text = CONFIGURATION.replace('chart = { script = "crossing.pine", feed = "market" }\n', "")
    (home / "pinery.toml").write_text(text)
    assert set(findings(pinery).values()) == {("skipped", "no deployment has a chart")}
    assert "no charts" in pinery("charts").out and json.loads(pinery("charts", "--json").out) == []
