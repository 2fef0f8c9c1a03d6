"""Scripts, checks, the language and backtests over HTTP, with the real things behind it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.app.studio.conftest import TREND
from tests.gateway.control.conftest import Running, running
from tests.gateway.control.filling import ETH
from tests.gateway.control.working import working


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("studio")
    with working(folder) as services, running("sqlite", folder, services=services) as made:
        yield made


@pytest.fixture
def client(studio: Running) -> Iterator[httpx.Client]:
    with studio.client("trader") as made:
        yield made


def test_a_script_is_written_and_every_change_is_on_record(studio: Running, client: httpx.Client) -> None:
    made = client.post("/api/v1/scripts", json={"name": "turns", "text": TREND})
    assert made.status_code == 201 and made.json()["script"]["id"] == "own:turns"
    again = client.post("/api/v1/scripts", json={"name": "turns", "text": TREND})
    assert (again.status_code, again.json()["code"]) == (409, "refused")
    read = client.get("/api/v1/scripts/own:turns").json()
    changed = {"text": TREND + "// 2\n", "sha256": read["sha256"]}
    assert client.put("/api/v1/scripts/own:turns", json=changed).json()["text"].endswith("// 2\n")
    late = client.put("/api/v1/scripts/own:turns", json=changed)
    assert (late.status_code, late.json()["code"]) == (409, "refused") and "meanwhile" in late.json()["message"]
    assert [row["id"] for row in client.get("/api/v1/scripts").json()] == ["own:trend", "own:turns", "chart:other"]
    assert client.delete("/api/v1/scripts/own:trend").status_code == 409
    assert client.delete("/api/v1/scripts/own:turns").status_code == 200
    assert client.get("/api/v1/scripts/own:turns").status_code == 404
    with studio.client("admin") as admin:
        actions = [row["action"] for row in admin.get("/api/v1/audit").json()["items"]]
    assert actions[:3] == ["script.delete", "script.save", "script.create"]


@pytest.mark.parametrize("id", ["..%2F..%2Fpinery.toml", "own:..%2Fx", "own:%00", "%2Fetc%2Fpasswd"])
def test_an_id_is_no_path(client: httpx.Client, id: str) -> None:
    assert client.get(f"/api/v1/scripts/{id}").status_code in (404, 422)


def test_large_bodies_only_where_scripts_come_in(client: httpx.Client) -> None:
    long = TREND + "// note\n" * 20_000  # 160 KB
    checked = client.post("/api/v1/scripts/check", json={"text": long})
    assert checked.status_code == 200 and checked.json()["title"] == "Trend"
    assert client.post("/api/v1/halt", json={"reason": "x" * 100_000}).status_code == 413
    assert client.post("/api/v1/scripts/check", json={"text": "x" * 600_000}).status_code == 413
    assert client.post("/api/v1/scripts/check", json={"text": "x" * 300_000}).status_code == 422


def test_a_check_answers_findings_and_inputs(client: httpx.Client) -> None:
    good = client.post("/api/v1/scripts/check", json={"text": TREND, "inputs": {"Length": 3}}).json()
    assert good["inputs"][0]["value"] == 3 and good["problem"] is None
    bad = client.post("/api/v1/scripts/check", json={"text": "//@version=6\nplot(clos)"}).json()
    assert bad["diagnostics"][0]["severity"] in ("error", "warning") and bad["inputs"] == []


def test_the_language_is_fetched_once(client: httpx.Client) -> None:
    first = client.get("/api/v1/language")
    assert first.headers["content-encoding"] == "gzip" and first.headers["cache-control"] == "private, no-cache"
    assert any(entry["name"] == "ta.sma" for entry in first.json()["entries"])
    again = client.get("/api/v1/language", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_backtest_from_start_to_report(client: httpx.Client) -> None:
    market = {"source": "market", "symbol": ETH, "timeframe": "5"}
    started = client.post("/api/v1/backtests", json={"script": "own:trend", "market": market, "inputs": {"Length": 8}})
    assert started.status_code == 202
    url = f"/api/v1/backtests/{started.json()['id']}"
    early = client.get(f"{url}/report")
    assert early.status_code in (404, 200)
    end = time.monotonic() + 180
    while (found := client.get(url).json())["state"] in ("queued", "running") and time.monotonic() < end:
        time.sleep(0.05)
    assert (found["state"], found["error"], found["name"]) == ("done", "", "trend.pine")
    result = found["result"]
    assert result["trades"] and result["equity"] and result["metrics"]["all"]["closed_trades"] > 0
    assert client.get("/api/v1/backtests").json()[0]["id"] == found["id"]
    report = client.get(f"{url}/report")
    policy = report.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline';")
    assert "allow-same-origin" not in policy and "connect-src" not in policy
    assert report.headers["x-frame-options"] == "SAMEORIGIN"
    assert report.headers["content-type"] == "text/html; charset=utf-8" and "Trend" in report.text
    trades = client.get(f"{url}/trades.csv")
    assert trades.headers["content-disposition"] == 'attachment; filename="trades.csv"'
    assert trades.content.startswith(b"\xef\xbb\xbfTrade #,Type,")
    assert client.delete(url).json()["state"] == "done"


def test_a_backtest_of_nothing_is_refused(client: httpx.Client) -> None:
    market = {"source": "market", "symbol": ETH}
    for body, code in (
        ({"market": market}, 422),
        ({"market": market, "script": "own:trend", "text": TREND}, 422),
        ({"market": market, "script": "own:none"}, 404),
        ({"market": {"source": "nowhere"}, "text": TREND}, 422),
    ):
        assert client.post("/api/v1/backtests", json=body).status_code == code
    assert client.get("/api/v1/backtests/0123456789abcdef").status_code == 404
    assert {row["source"] for row in client.get("/api/v1/markets").json()} >= {"market", "synthetic"}
