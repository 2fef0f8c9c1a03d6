"""Deployments over the real control API of a real installation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from pinery.adapters.store import people
from pinery.adapters.store import tables as t
from pinery.adapters.store.charts import anchor
from pinery.adapters.store.database import SqlStore
from pinery.app.config.reading import load_configuration
from pinery.app.config.watching import Watcher
from pinery.app.stages.desk import StageDesk
from pinery.app.stages.testing import backtest
from pinery.app.up.clock import SystemClock
from pinery.app.up.control import control_app
from pinery.core.errors import UsageError
from pinery.gateway.control.application import create_app
from pinery.gateway.control.services import Services
from pinery.trading.deployments import Stage
from pinery.trading.orders.model import Order, OrderType, Role, Side, Status
from pinery.trading.positions.model import Lot, Position
from pinery.trading.signals import Source
from pinery.trading.store import Message, MessageStatus
from tests.app.stages.conftest import CONFIG, ETH
from tests.gateway.control.conftest import serving

WAVES = {
    "name": "waves",
    "account": "paper",
    "symbol": ETH,
    "timeframe": "60",
    "script": "own:waves",
    "feed": "market",
}


@dataclass(slots=True)
class Api:
    url: str
    app: Any
    tokens: dict[str, str]

    def ask(self, method: str, path: str, body: Any = None, role: str = "admin") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        with httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=60, verify=False) as client:
            return client.request(method, path, json=body)


@pytest.fixture
def api(folder: Path, store: SqlStore) -> Iterator[Api]:
    now = time.time_ns() // 1_000_000
    _own_script(folder)
    tokens = {role: people.create_token(store, role, role, now)[0] for role in ("viewer", "trader", "admin")}
    app = control_app(Watcher(folder), store, SystemClock(), asyncio.Event())
    with serving(app) as url:
        yield Api(url, app, tokens)


def _own_script(folder: Path) -> None:
    (folder / "scripts").mkdir()
    (folder / "waves.pine").rename(folder / "scripts" / "waves.pine")


def stage(folder: Path, name: str) -> Stage:
    return load_configuration(folder).deployments[name].stage


def told(store: SqlStore, table: Any, column: str) -> list[Any]:
    rows = store.read(lambda tx: tx.connection.execute(table.select().order_by(table.c.id)).all())
    return [getattr(row, column) for row in rows]


def test_a_script_is_deployed_promoted_and_removed(folder: Path, store: SqlStore, desk: StageDesk) -> None:
    verdicts: dict[str, Any] = {}
    with_backtests = StageDesk(folder, store, desk.now, verdict_of=verdicts.get)
    watcher = Watcher(folder)
    app = create_app(
        watcher.current.control,
        store,
        lambda: watcher.current,
        SystemClock(),
        services=Services(staging=with_backtests),
    )
    secret = people.create_token(store, "admin", "admin", desk.now())[0]
    with serving(app) as url:
        api = Api(url, app, {"admin": secret})
        wanted = WAVES | {"script": "waves.pine"}
        made = api.ask("POST", "/deployments", wanted | {"bracket": {"stop": "1%"}, "inputs": {"Size": 2}})
        assert made.status_code == 201, made.text
        assert made.json()["stage"] == "backtest" and "/hook/" in made.json()["webhook_url"]
        configuration = load_configuration(folder)
        assert dict(configuration.charts["waves"].inputs) == {"Size": 2}
        refused = api.ask("POST", "/deployments/waves/promote", {"note": "now"})
        assert refused.status_code == 409 and "Backtest" in refused.json()["message"]
        assert api.ask("POST", "/deployments/waves/promote", {"backtest": "b1"}).status_code == 404
        verdicts["b1"] = backtest(configuration, configuration.charts["waves"], str(folder / "eth.csv")).verdict
        done = api.ask("POST", "/deployments/waves/promote", {"backtest": "b1", "note": "good"})
        assert done.status_code == 200, done.text
        assert (done.json()["stage"], done.json()["next"], done.json()["allowed"]) == ("paper", "small", False)
        assert [(row["granted"], row["note"]) for row in done.json()["history"]] == [(True, "good"), (False, "now")]
        assert stage(folder, "waves") is Stage.PAPER
        assert api.ask("DELETE", "/deployments/waves").status_code == 200
    assert (folder / "pinery.toml").read_text(encoding="utf-8").rstrip() == CONFIG.rstrip()
    assert "waves" not in load_configuration(folder).secrets.tokens
    assert (
        store.read(lambda tx: tx.promotions.stage("waves")) is Stage.BACKTEST
    )  # the next one of that name begins anew
    actions = ["deployment added", "promotion refused", "promote", "deployment removed"]
    assert told(store, t.audit, "action")[-4:] == actions
    assert told(store, t.audit, "by")[-1] == "token:admin"
    assert told(store, t.events, "kind")[-4:] == [
        "deployment.changed",
        "stage.refused",
        "stage.changed",
        "deployment.changed",
    ]


def test_a_change_is_seen_by_the_next_request(api: Api) -> None:
    """No process has polled for the new settings here."""

    def seen() -> dict[str, Any]:
        rows = api.ask("GET", "/deployments", role="viewer").json()
        return {row["name"]: row for row in rows}

    body = {"name": "tv", "account": "paper", "symbol": ETH}
    assert api.ask("POST", "/deployments", body).status_code == 201
    assert "tv" in seen()
    assert "tv" in {row["name"] for row in api.ask("GET", "/status", role="viewer").json()["deployments"]}
    assert api.ask("POST", "/deployments/tv/pause", {"paused": True}).status_code == 200
    assert seen()["tv"]["paused"] is True
    assert api.ask("DELETE", "/deployments/tv").status_code == 200
    assert "tv" not in seen()


def test_the_time_of_a_market_is_known_without_a_chart_and_looking_does_not_begin_it(
    api: Api, folder: Path, store: SqlStore
) -> None:
    def time_there() -> str | None:
        (feed,) = api.ask("GET", "/feeds", role="viewer").json()
        found: str | None = feed["market_now"]
        return found

    assert time_there() is None and time_there() is None
    an_hour_ago = time.time_ns() // 1_000_000 - 3_600_000
    anchor(store, "market", an_hour_ago)
    found = time_there()
    assert found is not None and found.startswith("2025-01-01T01:")  # its bars begin on 2025-01-01 at 00:00
    text = (folder / "pinery.toml").read_text(encoding="utf-8")
    (folder / "pinery.toml").write_text(
        text.replace("[feeds.market] ", "[feeds.market]\nspeed = 24 "), encoding="utf-8"
    )
    found = time_there()
    assert found is not None and found.startswith("2025-01-02T00:")


def test_scripts_are_named_by_their_ids_or_lie_in_the_folder(api: Api, folder: Path, desk: StageDesk) -> None:
    made = api.ask("POST", "/deployments", WAVES)
    assert made.status_code == 201, made.text
    assert load_configuration(folder).charts["waves"].script == folder / "scripts" / "waves.pine"
    assert desk.wanted_script("scripts/waves.pine") == "scripts/waves.pine"
    with pytest.raises(UsageError, match="not in the folder"):
        desk.wanted_script("../../etc/passwd")


def test_alerts_go_to_paper_on_ones_word(api: Api, folder: Path) -> None:
    body = {"name": "tv", "account": "paper", "symbol": ETH, "size": "risk 250 USD", "bracket": {"stop": "1%"}}
    assert api.ask("POST", "/deployments", body | {"without_backtest": True}).status_code == 422
    made = api.ask("POST", "/deployments", body | {"without_backtest": True, "note": "tested elsewhere"})
    assert made.status_code == 201 and made.json()["stage"] == "paper"
    assert stage(folder, "tv") is Stage.PAPER
    found = api.ask("GET", "/deployments/tv/promotion", role="viewer").json()
    assert found["next"] == "small" and not found["allowed"]
    days = next(check for check in found["checks"] if check["name"] == "days")
    assert (days["comparison"], days["limit"], days["unit"], days["passed"]) == (">=", 7, "days", False)
    assert api.ask("POST", "/deployments/tv/demote", {"note": "no"}, role="trader").json() == {
        "name": "tv",
        "stage": "backtest",
    }


def test_pause_token_template_and_test(api: Api, folder: Path) -> None:
    assert api.ask("POST", "/deployments/demo/pause", {"paused": True}, role="trader").status_code == 200
    assert load_configuration(folder).deployments["demo"].paused
    assert api.ask("POST", "/deployments/demo/pause", {"paused": False}, role="trader").status_code == 200
    assert not load_configuration(folder).deployments["demo"].paused
    first = api.ask("POST", "/deployments/demo/token", {}).json()["webhook_url"]
    second = api.ask("POST", "/deployments/demo/token", {}).json()["webhook_url"]
    assert first != second and len(load_configuration(folder).hooks["demo"].token_hashes) == 1
    text = api.ask("GET", "/deployments/demo/template?strategy=true", role="viewer").json()["text"]
    assert "{{strategy.market_position}}" in text
    body = {"message": '{"signal":"IN","price":2000}'}
    tested = api.ask("POST", "/deployments/demo/test", body, role="trader").json()
    assert tested["understood"] and tested["signal"]["action"] == "enter_long" and tested["signal"]["price"] == 2000
    assert ("decision", "accepted") in [(step["step"], step["result"]) for step in tested["steps"]]
    unclear = api.ask("POST", "/deployments/demo/test", {"message": "hello there"}, role="trader").json()
    assert not unclear["understood"] and unclear["reason"]
    assert api.ask("GET", "/messages").json()["items"] == []


def test_what_holds_something_is_not_removed(api: Api, folder: Path, store: SqlStore) -> None:
    one = Decimal(1)
    lot = Lot(one, Decimal(2000), 1, Decimal(0), "e0", "s1")
    held = Position("demo", "paper", ETH, 1, (lot,), opened=1, updated=1)
    order = Order("s0", "s1", "demo", "paper", ETH, Side.SELL, OrderType.STOP, Role.STOP, one, status=Status.WORKING)
    store.write(lambda tx: (tx.positions.put(held), tx.orders.put([order])))
    refused = api.ask("DELETE", "/deployments/demo")
    assert refused.status_code == 409
    assert f"holds 1 {ETH} and 1 order that has not ended" in refused.json()["message"]
    assert "demo" in load_configuration(folder).deployments


def test_messages_that_wait_end_with_the_deployment(api: Api, store: SqlStore) -> None:
    waiting = [Message(name, Source.WEBHOOK, "IN", 1_000_000 + i) for i, name in enumerate(("demo", "demo", "other"))]
    one, two, other = store.write(lambda tx: tx.inbox.add(waiting))
    store.write(lambda tx: tx.inbox.finish(one, MessageStatus.DONE, "s1"))
    assert api.ask("DELETE", "/deployments/demo").status_code == 200
    got = {row["id"]: (row["status"], row["note"]) for row in api.ask("GET", "/messages").json()["items"]}
    assert got[one] == ("done", "") and got[other] == ("new", "")
    assert got[two] == ("unclaimed", "UNKNOWN_DEPLOYMENT: the deployment is no longer configured")
    listed = api.ask("GET", "/messages?status=unclaimed").json()["items"]
    assert [row["id"] for row in listed] == [two]
    assert told(store, t.events, "kind")[-2:] == ["deployment.changed", "signal.unclaimed"]
    assert f"demo: message {two} is not acted on: UNKNOWN_DEPLOYMENT" in told(store, t.events, "text")[-1]


def test_messages_of_what_is_not_removed_go_on_waiting(api: Api, store: SqlStore) -> None:
    (waits,) = store.write(lambda tx: tx.inbox.add([Message("demo", Source.WEBHOOK, "IN", 1_000_000)]))
    one = Decimal(1)
    order = Order("s0", "s1", "demo", "paper", ETH, Side.SELL, OrderType.STOP, Role.STOP, one, status=Status.WORKING)
    store.write(lambda tx: tx.orders.put([order]))
    assert api.ask("DELETE", "/deployments/demo").status_code == 409
    message = store.read(lambda tx: tx.inbox.get(waits))
    assert message is not None and message.status is MessageStatus.NEW


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (WAVES | {"name": "demo"}, 409, "there is a deployment 'demo' already"),
        (WAVES | {"account": "none"}, 422, "there is no account"),
        (WAVES | {"feed": "none"}, 422, 'there is no feed "none"'),
        (WAVES | {"script": "../../etc/passwd"}, 404, "there is no script"),
        (WAVES | {"name": "a b"}, 422, "not as it should be"),
        (WAVES | {"size": "lots"}, 422, "lots"),
        (WAVES | {"name": "all"}, 422, "choose another name"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_wrong_wishes_change_nothing(api: Api, folder: Path, body: dict[str, Any], status: int, said: str) -> None:
    answer = api.ask("POST", "/deployments", body)
    assert (answer.status_code, said in answer.text.replace('\\"', '"')) == (status, True), answer.text
    assert "line" not in answer.json()["message"]
    assert (folder / "pinery.toml").read_text(encoding="utf-8") == CONFIG


def test_unknown_names(api: Api) -> None:
    for method, path, body in (
        ("DELETE", "/deployments/nobody", None),
        ("POST", "/deployments/nobody/pause", {"paused": True}),
        ("POST", "/deployments/nobody/promote", {}),
        ("POST", "/deployments/nobody/demote", {}),
        ("GET", "/deployments/nobody/promotion", None),
        ("GET", "/deployments/nobody/template", None),
        ("POST", "/deployments/nobody/test", {"message": "IN"}),
    ):
        assert api.ask(method, path, body).status_code == 404, path


@pytest.mark.slow
def test_nothing_makes_the_routes_fail(api: Api, folder: Path) -> None:
    schema = schemathesis.openapi.from_dict(api.app.openapi())
    schema.config.base_url = api.url
    headers = {"Authorization": f"Bearer {api.tokens['admin']}"}
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    for found in schema.include(tag="deployments").get_all_operations():
        operation = found.ok()

        @hypothesis.given(case=operation.as_strategy())
        @hypothesis.settings(
            max_examples=5,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        def ask(case: schemathesis.Case) -> None:
            if case.path_parameters and len(str(case.body)) % 2:
                case.path_parameters["name"] = "demo"
            case.call_and_validate(headers=headers, checks=checks, timeout=60)

        ask()
    load_configuration(folder)
