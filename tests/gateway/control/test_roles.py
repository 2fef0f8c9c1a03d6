"""Every route, asked by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pinery.adapters.store.one_time import make_code
from tests.gateway.control.conftest import PASSWORD, Running, running
from tests.gateway.control.filling import ETH, NOW
from tests.gateway.control.working import working

SCRIPT = '//@version=6\nindicator("X")\nplot(close)\n'

#: route -> the least role, and a body or what makes it. Besides these, the dashboard's pages are open (test_pages).
ROUTES: dict[tuple[str, str], tuple[str, Any]] = {
    ("get", "/healthz"): ("anonymous", None),
    ("get", "/readyz"): ("anonymous", None),
    ("post", "/api/v1/login"): ("anonymous", {"name": "ada", "password": PASSWORD}),
    ("post", "/api/v1/login/once"): ("anonymous", lambda api: {"code": make_code(api.store, "ada", NOW)}),
    ("get", "/metrics"): ("viewer", None),
    ("get", "/api/v1/openapi.json"): ("viewer", None),
    ("post", "/api/v1/logout"): ("viewer", None),
    ("get", "/api/v1/me"): ("viewer", None),
    ("get", "/api/v1/status"): ("viewer", None),
    ("get", "/api/v1/signals"): ("viewer", None),
    ("get", "/api/v1/signals/sig1"): ("viewer", None),
    ("get", "/api/v1/messages"): ("viewer", None),
    ("get", "/api/v1/messages/1"): ("viewer", None),
    ("get", "/api/v1/orders"): ("viewer", None),
    ("get", "/api/v1/orders/pn-sig1-e0"): ("viewer", None),
    ("get", "/api/v1/fills"): ("viewer", None),
    ("get", "/api/v1/positions"): ("viewer", None),
    ("get", "/api/v1/trades"): ("viewer", None),
    ("get", "/api/v1/equity"): ("viewer", None),
    ("get", "/api/v1/instruments"): ("viewer", None),
    ("get", "/api/v1/performance"): ("viewer", None),
    ("get", "/api/v1/events"): ("viewer", None),
    ("get", "/api/v1/events/stream"): ("viewer", None),
    ("get", "/api/v1/commands/1"): ("viewer", None),
    ("get", "/api/v1/deployments"): ("viewer", None),
    ("get", "/api/v1/accounts"): ("viewer", None),
    ("get", "/api/v1/export/trades.csv"): ("viewer", None),
    ("get", "/api/v1/charts"): ("viewer", None),
    ("get", "/api/v1/charts/demo/alerts"): ("viewer", None),
    ("get", "/api/v1/feeds"): ("viewer", None),
    ("get", "/api/v1/system"): ("viewer", None),
    ("get", "/api/v1/notifications"): ("viewer", None),
    ("get", "/api/v1/notifications/channels"): ("viewer", None),
    ("post", "/api/v1/notifications/test"): ("admin", {"channel": "console"}),
    ("get", "/api/v1/backups"): ("viewer", None),
    ("post", "/api/v1/backups"): ("admin", None),
    ("get", "/api/v1/scripts"): ("viewer", None),
    ("post", "/api/v1/scripts"): ("trader", {"name": "mine", "text": SCRIPT}),
    ("post", "/api/v1/scripts/check"): ("viewer", {"text": SCRIPT}),
    ("get", "/api/v1/scripts/own:trend"): ("viewer", None),
    ("put", "/api/v1/scripts/own:trend"): ("trader", {"text": SCRIPT, "sha256": "0" * 64}),
    ("delete", "/api/v1/scripts/own:trend"): ("trader", None),
    ("post", "/api/v1/views"): ("viewer", {"deployment": "demo"}),
    ("get", "/api/v1/views/v1"): ("viewer", None),
    ("get", "/api/v1/views/v1/stream"): ("viewer", None),
    ("delete", "/api/v1/views/v1"): ("viewer", None),
    ("get", "/api/v1/language"): ("viewer", None),
    ("get", "/api/v1/markets"): ("viewer", None),
    ("get", "/api/v1/backtests"): ("viewer", None),
    ("post", "/api/v1/backtests"): ("trader", {"text": SCRIPT, "market": {"source": "market", "symbol": ETH}}),
    ("get", "/api/v1/backtests/0123456789abcdef"): ("viewer", None),
    ("delete", "/api/v1/backtests/0123456789abcdef"): ("trader", None),
    ("get", "/api/v1/backtests/0123456789abcdef/report"): ("viewer", None),
    ("get", "/api/v1/backtests/0123456789abcdef/trades.csv"): ("viewer", None),
    ("post", "/api/v1/halt"): ("trader", {}),
    ("post", "/api/v1/resume"): ("trader", {}),
    ("post", "/api/v1/flatten"): ("trader", {"scope": "demo", "confirm": "demo"}),
    ("post", "/api/v1/orders/pn-sig1-s0/cancel"): ("trader", {}),
    ("post", "/api/v1/positions/close"): ("trader", {"deployment": "demo", "symbol": ETH}),
    ("post", "/api/v1/deployments/demo/signals"): ("trader", {"signal": "IN"}),
    ("post", "/api/v1/deployments"): ("admin", {"name": "new", "account": "paper", "symbol": ETH}),
    ("delete", "/api/v1/deployments/grafana"): ("admin", None),
    ("post", "/api/v1/deployments/demo/pause"): ("trader", {"paused": True}),
    ("post", "/api/v1/deployments/demo/token"): ("admin", {}),
    ("get", "/api/v1/deployments/demo/template"): ("viewer", None),
    ("post", "/api/v1/deployments/demo/test"): ("trader", {"message": "IN"}),
    ("get", "/api/v1/deployments/demo/promotion"): ("viewer", None),
    ("post", "/api/v1/deployments/demo/promote"): ("admin", {"note": "two good weeks"}),
    ("post", "/api/v1/deployments/demo/demote"): ("trader", {"stage": "paper"}),
    ("get", "/api/v1/users"): ("admin", None),
    ("post", "/api/v1/users"): ("admin", {"name": "bob", "password": PASSWORD}),
    ("patch", "/api/v1/users/bob"): ("admin", {"role": "trader"}),
    ("get", "/api/v1/tokens"): ("admin", None),
    ("post", "/api/v1/tokens"): ("admin", {"name": "grafana"}),
    ("delete", "/api/v1/tokens/grafana"): ("admin", None),
    ("get", "/api/v1/audit"): ("admin", None),
}
RANKS = ["anonymous", "viewer", "trader", "admin"]


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("roles")
    with working(folder) as services, running("sqlite", folder, services=services) as made:
        yield made


def _status(client: httpx.Client, method: str, path: str, body: Any) -> int:
    with client.stream(method, path, json=body) as answer:  # the events' stream has no end
        return answer.status_code


@pytest.mark.parametrize("role", RANKS)
@pytest.mark.parametrize(("method", "path"), list(ROUTES), ids=lambda part: part)
def test_a_route_is_open_to_its_role_and_those_above(everybody: Running, method: str, path: str, role: str) -> None:
    least, body = ROUTES[method, path]
    body = body(everybody) if callable(body) else body
    with everybody.client(None if role == "anonymous" else role) as client:
        status = _status(client, method, path, body)
    if RANKS.index(role) >= RANKS.index(least):
        assert status < 500 and status not in (401, 403)
    else:
        assert status == (401 if role == "anonymous" else 403)


def test_no_route_is_missing_above(everybody: Running) -> None:
    described = {
        (method, path) for path, operations in everybody.app.openapi()["paths"].items() for method in operations
    }
    samples = {
        "{signal_id}": "sig1",
        "{message_id}": "1",
        "{command_id}": "1",
        "{table}": "trades",
        "{view}": "v1",
        "backtests/{id}": "backtests/0123456789abcdef",
        "scripts/{id}": "scripts/own:trend",
        "charts/{name}": "charts/demo",
    }

    def asked(method: str, path: str) -> str:
        for name, value in samples.items():
            path = path.replace(name, value)
        if "{client_id}" in path:
            path = path.replace("{client_id}", "pn-sig1-s0" if path.endswith("cancel") else "pn-sig1-e0")
        if "{name}" in path:
            path = path.replace(
                "{name}", {"p": "bob", "d": "grafana"}.get(method[0] if method != "post" else "", "demo")
            )
        return path

    assert {(method, asked(method, path)) for method, path in described} == set(ROUTES)


def test_what_is_not_there_is_not_told_to_strangers(everybody: Running) -> None:
    with everybody.client() as stranger, everybody.client("viewer") as viewer:
        assert stranger.get("/api/v1/secret").status_code == 401
        assert stranger.get("/docs").status_code == 401
        assert stranger.post("/api/v1/halt", content=b"{not json").status_code == 401
        assert viewer.get("/api/v1/secret").status_code == 404


@pytest.mark.parametrize("header", ["Bearer pn_wrong", "Bearer", "Basic YTpi", "Bearer \xff"])
def test_a_wrong_token_is_refused(everybody: Running, header: str) -> None:
    with everybody.client() as client:
        answer = client.get("/api/v1/me", headers={"Authorization": header.encode("latin-1")})  # type: ignore[dict-item]
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
