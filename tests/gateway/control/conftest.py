"""A control API that listens: a real server over a real store, filled with a morning's trading."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import uvicorn

from pinery.adapters.store import people, tables
from pinery.adapters.store.database import SqlStore
from pinery.gateway.control.application import create_app
from pinery.gateway.control.services import Services
from pinery.gateway.settings import ControlSettings
from tests.gateway.control.filling import NOW, TestClock, TestConfiguration, fill
from tests.stores import store_of

PASSWORD = "correct horse battery"


@dataclass(slots=True)
class Running:
    url: str
    app: Any
    store: SqlStore
    clock: TestClock
    tokens: dict[str, str]  # role -> secret

    def client(self, role: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=60, verify=False
        )  # loading certificates takes time

    @contextmanager
    def browser(self, user: str = "ada", password: str = PASSWORD) -> Iterator[httpx.Client]:
        """Logged in, with the CSRF token."""
        with self.client() as client:
            answer = client.post("/api/v1/login", json={"name": user, "password": password})
            assert answer.status_code == 200, answer.text
            client.headers["X-CSRF-Token"] = answer.json()["csrf"]
            yield client


@contextmanager
def serving(app: Any) -> Iterator[str]:
    config = uvicorn.Config(app, "127.0.0.1", 0, log_config=None, access_log=False, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()


_ada: list[tuple[sa.Table, dict[str, Any]]] = []  # what the making of the user left in the first store


def _create_ada(store: SqlStore) -> None:
    """The admin. Hashing a password takes a sixth of a second by design: once is enough."""
    if _ada:
        store.write(lambda tx: [tx.connection.execute(sa.insert(table).values(row)) for table, row in _ada])
        return
    people.create_user(store, "ada", PASSWORD, "admin", NOW)
    for table, name in ((tables.users, tables.users.c.name), (tables.audit, tables.audit.c.scope)):
        (row,) = store.read(
            lambda tx, name=name: tx.connection.execute(sa.select(name.table).where(name == "ada")).all()
        )
        _ada.append((table, {key: value for key, value in row._mapping.items() if key != "id"}))


@contextmanager
def running(
    kind: str, folder: Path, settings: ControlSettings | None = None, services: Services | None = None
) -> Iterator[Running]:
    clock = TestClock()
    ending = threading.Event()
    with store_of(kind, folder) as store:
        fill(store)
        _create_ada(store)
        tokens = {role: people.create_token(store, role, role, NOW)[0] for role in ("viewer", "trader", "admin")}
        configuration = TestConfiguration()
        app = create_app(
            settings or ControlSettings(),
            store,
            lambda: configuration,
            clock,
            metrics=lambda: "pinery_up 1\n",
            risk=lambda deployment: {"ratio": 0.71} if deployment.name == "mini" else None,
            stopping=ending.is_set,
            services=services,
        )
        with serving(app) as url:
            try:
                yield Running(url, app, store, clock, tokens)
            finally:
                ending.set()


@pytest.fixture(params=["sqlite", "postgresql"])
def api(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    with running(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def local_api(tmp_path: Path) -> Iterator[Running]:
    """On SQLite only, where the database makes no difference."""
    with running("sqlite", tmp_path) as made:
        yield made
