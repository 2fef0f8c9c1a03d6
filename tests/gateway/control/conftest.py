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
import uvicorn

from pinery.adapters.store import people
from pinery.adapters.store.database import SqlStore
from pinery.gateway.control import create_app
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
            base_url=self.url, headers=headers, timeout=20, verify=False
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
    config = uvicorn.Config(app, "127.0.0.1", 0, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def running(kind: str, folder: Path, settings: ControlSettings | None = None) -> Iterator[Running]:
    clock = TestClock()
    ending = threading.Event()
    with store_of(kind, folder) as store:
        fill(store)
        people.create_user(store, "ada", PASSWORD, "admin", NOW)
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
