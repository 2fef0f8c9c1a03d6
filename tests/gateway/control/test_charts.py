from __future__ import annotations

import sqlalchemy as sa

from pinery.adapters.store.tables import chart_alerts, charts
from tests.gateway.control.conftest import Running
from tests.gateway.control.filling import ETH, NOW

HOUR = 3_600_000


def _fill(api: Running) -> None:
    chart = {
        "deployment": "demo", "state": "live", "updated": NOW - 2_000, "script": "trend.pine", "sha256": "ab" * 32,
        "symbol": ETH, "timeframe": "5", "feed": "market", "error": "", "bars": 5000, "last_bar": NOW - HOUR,
        "market_now": NOW - HOUR + 1_000, "price": 3510.1, "price_at": NOW - 2_000, "missing": 1, "late": 0,
        "owner": "a",
    }  # fmt: skip

    def alert(name: str, outcome: str, at: int) -> dict[str, object]:
        return {
            "deployment": "demo", "key": name, "kind": "alert", "bar_time": at - HOUR, "at": at, "title": "Long",
            "message": '{"signal":"IN"}', "outcome": outcome,
        }  # fmt: skip

    rows = [alert("a", "sent", NOW - 3), alert("b", "missed", NOW - 2), alert("c", "missed", NOW - 25 * HOUR)]

    def work(tx: object) -> None:
        tx.connection.execute(sa.insert(charts), chart)  # type: ignore[attr-defined]
        tx.connection.execute(sa.insert(chart_alerts), rows)  # type: ignore[attr-defined]

    api.store.write(work)


def test_charts_tell_how_they_do(api: Running) -> None:
    _fill(api)
    with api.client("viewer") as client:
        demo, mini = client.get("/api/v1/charts").json()
    assert (demo["deployment"], demo["state"], demo["account"], demo["stage"]) == ("demo", "live", "paper", "paper")
    assert (demo["missed"], demo["price"], demo["bars"], demo["missing"]) == (1, 3510.1, 5000, 1)
    # One that has not started yet shows what it is to be.
    assert (mini["state"], mini["script"], mini["timeframe"], mini["updated"]) == ("stopped", "turn.pine", "15", None)


def test_a_chart_whose_process_was_killed_is_not_live(api: Running) -> None:
    _fill(api)
    api.store.write(lambda tx: tx.connection.execute(sa.update(charts).values(updated=NOW - 16_000)))  # type: ignore[attr-defined]
    with api.client("viewer") as client:
        assert client.get("/api/v1/charts").json()[0]["state"] == "stopped"


def test_alerts_of_a_chart(api: Running) -> None:
    _fill(api)
    with api.client("viewer") as client:
        first = client.get("/api/v1/charts/demo/alerts", params={"limit": 2}).json()
        rest = client.get("/api/v1/charts/demo/alerts", params={"limit": 2, "cursor": first["next"]}).json()
        none = client.get("/api/v1/charts/demo/alerts", params={"search": "short"}).json()
        unknown = client.get("/api/v1/charts/dmeo/alerts")
    assert [row["key"] for row in first["items"]] == ["b", "a"] and [row["key"] for row in rest["items"]] == ["c"]
    assert none["items"] == []
    assert unknown.status_code == 404 and "demo" in unknown.json()["hint"]


def test_feeds_tell_the_markets_time(local_api: Running) -> None:
    with local_api.client("viewer") as client:
        assert [feed["market_now"] for feed in client.get("/api/v1/feeds").json()] == [None, None]
        _fill(local_api)
        market, file = client.get("/api/v1/feeds").json()
        local_api.clock.ms += 120_000
        assert client.get("/api/v1/feeds").json()[0]["market_now"] is None  # nobody has looked for too long
    assert (market["name"], market["kind"], market["speed"], market["symbols"]) == ("market", "replay", 60, [ETH])
    # Two seconds later, at 60 times the speed.
    assert market["market_now"] == "2026-11-18T10:08:41.000Z" and file["speed"] == 1
