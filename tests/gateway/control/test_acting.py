from __future__ import annotations

import json

from pinery.trading.store import CommandKind, MessageStatus, TradingState
from tests.gateway.control.conftest import Running
from tests.gateway.control.filling import ETH, NOW


def test_halt_and_resume_are_states_of_the_store(api: Running) -> None:
    with api.client("trader") as client:
        halted = client.post("/api/v1/halt", json={"scope": "paper", "reason": "news"})
        client.post("/api/v1/halt", json={"scope": "deployment:demo", "state": "reducing"})
        states = api.store.read(lambda tx: tx.states.all())
        resumed = client.post("/api/v1/resume", json={"scope": "account:paper"}).json()
    assert halted.json()["scope"] == "account:paper"
    assert states["account:paper"].state is TradingState.HALTED and states["account:paper"].reason == "news"
    assert [(row["scope"], row["state"]) for row in resumed["states"]] == [("deployment:demo", "reducing")]
    with api.client("admin") as admin:
        trail = admin.get("/api/v1/audit").json()["items"]
        events = admin.get("/api/v1/events?kind=state.").json()["items"]
    assert [(row["by"], row["action"], row["scope"]) for row in trail[:3]] == [
        ("token:trader", "resume", "account:paper"),
        ("token:trader", "reduce", "deployment:demo"),
        ("token:trader", "halt", "account:paper"),
    ]
    assert len(events) == 3 and "news" in events[-1]["text"]


def test_flatten_asks_for_the_scopes_name(api: Running) -> None:
    with api.client("trader") as client:
        refused = client.post("/api/v1/flatten", json={"scope": "all", "confirm": "yes"})
        assert (refused.status_code, refused.json()["code"]) == (422, "confirm")
        given = client.post("/api/v1/flatten", json={"scope": "all", "confirm": "all", "halt": True})
        assert given.status_code == 202
        commands = given.json()["commands"]
        assert {row["account"] for row in commands} == {"paper", "spare"}
        number = next(row["id"] for row in commands if row["account"] == "paper")
        waiting = api.store.read(lambda tx: tx.commands.pending("paper"))
        assert [(command.kind, command.id) for command in waiting] == [(CommandKind.FLATTEN, number)]
        api.store.write(lambda tx: tx.commands.finish(number, NOW, "closed 2 positions"))
        assert client.get(f"/api/v1/commands/{number}").json()["result"] == "closed 2 positions"
    assert api.store.read(lambda tx: tx.states.all())["all"].state is TradingState.HALTED


def test_an_order_is_canceled_unless_it_has_ended(api: Running) -> None:
    with api.client("trader") as client:
        assert client.post("/api/v1/orders/pn-sig1-s0/cancel", json={}).status_code == 202
        ended = client.post("/api/v1/orders/pn-sig1-e0/cancel", json={})
        unknown = client.post("/api/v1/orders/none/cancel", json={})
    assert (ended.status_code, ended.json()["message"]) == (
        409,
        "order pn-sig1-e0 cannot be canceled: it is filled already",
    )
    assert unknown.status_code == 404


def test_a_position_is_closed_where_there_is_one(api: Running) -> None:
    with api.client("trader") as client:
        assert client.post("/api/v1/positions/close", json={"deployment": "demo", "symbol": ETH}).status_code == 202
        assert client.post("/api/v1/positions/close", json={"deployment": "other", "symbol": ETH}).status_code == 404
    (command,) = api.store.read(lambda tx: tx.commands.pending("paper"))
    assert (command.kind, dict(command.data)) == (CommandKind.CLOSE, {"deployment": "demo", "symbol": ETH})


def test_a_signal_by_hand_goes_into_the_inbox(api: Running) -> None:
    with api.client("trader") as client:
        body = {"signal": "moon", "note": "chart looks good", "quantity": "2", "price": 6000.25, "id": "once"}
        given = client.post("/api/v1/deployments/mini/signals", json=body)
        unknown = client.post("/api/v1/deployments/mini/signals", json={"signal": "mon"})
        nowhere = client.post("/api/v1/deployments/mni/signals", json={"signal": "IN"})
    assert given.status_code == 202
    message = api.store.read(lambda tx: tx.inbox.get(given.json()["message"]))
    assert message is not None and message.status is MessageStatus.NEW and message.by == "token:trader"
    assert json.loads(message.body) == {
        "signal": "moon",
        "unique_id": "once",
        "quantity": "2",
        "price": "6000.25",
        "note": "chart looks good",
    }
    assert unknown.status_code == 422 and "moon" in unknown.json()["message"]
    assert nowhere.status_code == 404 and nowhere.json()["hint"] == "did you mean mini?"


def test_an_unknown_scope_gets_a_hint(local_api: Running) -> None:
    with local_api.client("trader") as client:
        answer = client.post("/api/v1/halt", json={"scope": "deployment:dmeo"})
    assert (answer.status_code, answer.json()["hint"]) == (404, "did you mean demo?")
