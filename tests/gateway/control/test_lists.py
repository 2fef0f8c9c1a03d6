from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest

from pinery.adapters.store.tables import equity
from pinery.adapters.store.views.connection import connection
from tests.gateway.control.conftest import Running, running
from tests.gateway.control.filling import ES, ETH, NOW


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """These only read: one for all."""
    with running(request.param, tmp_path_factory.mktemp("lists")) as made:
        yield made


def test_a_signal_is_listed_with_its_outcome_orders_and_latency(api: Running) -> None:
    with api.client("viewer") as client:
        page = client.get("/api/v1/signals").json()
    assert [row["id"] for row in page["items"]] == ["sig2", "sig1"]
    denied, accepted = page["items"]
    assert (denied["outcome"], denied["code"], denied["orders"]) == ("denied", "SESSION", [])
    assert accepted["orders"] == ["pn-sig1-e0", "pn-sig1-s0"]
    assert accepted["latency"] == {"decided": 1.25, "sent": 4, "filled": 10.5}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("outcome=denied", ["sig2"]),
        ("deployment=demo&limit=1", ["sig2"]),
        ("deployment=mini", []),
        (f"since={NOW - 55_000}", ["sig2"]),
        ("search=session", ["sig2"]),
        ("search=%25", []),
        ("symbol=" + ETH, ["sig1"]),
    ],
)
def test_signals_are_filtered(api: Running, query: str, found: list[str]) -> None:
    with api.client("viewer") as client:
        answer = client.get(f"/api/v1/signals?{query}")
    assert [row["id"] for row in answer.json()["items"]] == found


def test_pages_follow_one_another_without_gaps(api: Running) -> None:
    with api.client("viewer") as client:
        for path, key in (("signals", "id"), ("orders", "client_id"), ("trades", "id"), ("events", "id")):
            whole = client.get(f"/api/v1/{path}").json()["items"]
            first = client.get(f"/api/v1/{path}?limit=1").json()
            second = client.get(f"/api/v1/{path}", params={"cursor": first["next"]}).json()
            assert [row[key] for row in first["items"] + second["items"]] == [row[key] for row in whole]
            assert len(whole) > 1 and second["next"] is None
        assert client.get("/api/v1/signals?cursor=nonsense").status_code == 422


def test_one_signal_shows_message_steps_orders_and_fills(api: Running) -> None:
    with api.client("viewer") as client:
        detail = client.get("/api/v1/signals/sig1").json()
        missing = client.get("/api/v1/signals/none")
    assert detail["message"]["body"] == '{"signal":"IN","instrument":"ETHUSDT.P"}'
    assert [step["step"] for step in detail["steps"]] == ["read", "size"]
    assert [order["role"] for order in detail["orders"]] == ["entry", "stop"]
    assert detail["fills"][0]["price"] == 3500.1
    assert missing.status_code == 404 and missing.json()["code"] == "not_found"


def test_unparsed_messages_are_found(api: Running) -> None:
    with api.client("viewer") as client:
        rows = client.get("/api/v1/messages?status=unparsed").json()["items"]
    assert [(row["body"], row["note"]) for row in rows] == [("what is this", "no signal word")]


def test_an_order_shows_its_history_and_the_venues_words(api: Running) -> None:
    with api.client("viewer") as client:
        detail = client.get("/api/v1/orders/pn-sig1-e0").json()
        unfinished = client.get("/api/v1/orders?unfinished=true").json()["items"]
    assert detail["order"]["slippage"] == 0.1
    assert detail["history"][0]["after"] == "filled"
    assert detail["reports"][0]["data"] == {"price": "3500.10"}
    assert [row["client_id"] for row in unfinished] == ["pn-sig1-s0"]


def test_positions_carry_open_profit_in_money(api: Running) -> None:
    with api.client("viewer") as client:
        rows = {row["symbol"]: row for row in client.get("/api/v1/positions").json()}
        flat = client.get("/api/v1/positions?flat=true&deployment=other").json()
    assert (rows[ETH]["side"], rows[ETH]["quantity"], rows[ETH]["open_profit"]) == ("long", 1.5, 15)
    # Two contracts short, half a point down, 50 dollars a point.
    assert (rows[ES]["side"], rows[ES]["quantity"], rows[ES]["open_profit"]) == ("short", -2, 50)
    assert [(row["side"], row["quantity"]) for row in flat] == [("flat", 0)]


def test_numbers_keep_their_digits(api: Running) -> None:
    with api.client("viewer") as client:
        text = client.get("/api/v1/fills").text
    assert '"price": 3500.10' in text
    assert json.loads(text, parse_float=Decimal)["items"][0]["price"] == Decimal("3500.10")


def test_status_tells_money_positions_and_problems(api: Running) -> None:
    with api.client("viewer") as client:
        found = client.get("/api/v1/status").json()
    paper = next(account for account in found["accounts"] if account["name"] == "paper")
    assert (paper["equity"], paper["day_profit"], paper["open_profit"]) == (100065, 15, 65)
    assert (paper["positions"], paper["working_orders"]) == (2, 1)
    assert any("no component is running" in problem for problem in found["problems"])
    assert found["inbox"]["unparsed"] == 1


def test_the_configuration_is_shown_without_brokers_options(api: Running) -> None:
    with api.client("viewer") as client:
        accounts = client.get("/api/v1/accounts")
        deployments = {row["name"]: row for row in client.get("/api/v1/deployments").json()}
    assert "name-of-a-secret" not in accounts.text
    assert deployments["mini"]["risk"] == {"ratio": 0.71} and deployments["demo"]["risk"] is None


def test_equity_trades_and_metrics(api: Running) -> None:
    with api.client("viewer") as client:
        assert [row["equity"] for row in client.get("/api/v1/equity?account=paper").json()] == [100065]
        assert [row["won"] for row in client.get("/api/v1/trades").json()["items"]] == [False, True]
        assert client.get("/metrics").text == "pinery_up 1\n"


def test_equity_of_long_times_comes_in_steps(api: Running) -> None:
    start = NOW // 3_600_000 * 3_600_000
    rows = [
        {"account": account, "minute": start + 60_000 * minute, "equity": Decimal(minute), "balance": Decimal(0)}
        for account in ("spare", "third")
        for minute in range(0, 60, 7)
    ]
    api.store.write(lambda tx: connection(tx).execute(equity.insert(), rows))
    with api.client("viewer") as client:
        found = client.get("/api/v1/equity", params={"account": "spare", "step": 30}).json()
        assert [row["equity"] for row in found] == [28, 56]
        later = client.get("/api/v1/equity", params={"since": start + 1_800_000, "step": 60}).json()
        assert {row["account"]: row["equity"] for row in later if row["account"] != "paper"} == {
            "spare": 56,
            "third": 56,
        }


def test_instruments_of_what_is_traded(api: Running) -> None:
    with api.client("viewer") as client:
        found = {row.pop("symbol"): row for row in client.get("/api/v1/instruments").json()}
    assert set(found) == {ETH, ES, "CME_MINI:ES1!"}
    assert found[ES] == {"tick": 0.25, "point_value": 50, "currency": "USD"}
    assert found[ETH] == {"tick": 0.01, "point_value": 1, "currency": "USDT"}
