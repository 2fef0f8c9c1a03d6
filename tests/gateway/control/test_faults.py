"""A fault of our own: an answer without details, a line in the log without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from pinery.adapters.store import people
from pinery.gateway.control.application import create_app
from pinery.gateway.settings import ControlSettings
from pinery.trading.deployments import Deployment
from tests.gateway.control.conftest import Running, serving
from tests.gateway.control.filling import NOW, TestClock, TestConfiguration
from tests.stores import sqlite_store


def test_a_fault_shows_and_logs_no_secret(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def broken(deployment: Deployment) -> None:
        raise KeyError("a password")

    configuration, clock = TestConfiguration(), TestClock()
    with sqlite_store(tmp_path) as store:
        secret, _ = people.create_token(store, "viewer", "viewer", NOW)
        app = create_app(ControlSettings(), store, lambda: configuration, clock, risk=broken)
        with serving(app) as url, Running(url, app, store, clock, {"viewer": secret}).client("viewer") as client:
            answer = client.get("/api/v1/deployments")
    logged = "".join(capfd.readouterr())
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "KeyError" in logged and "in broken" in logged
    assert secret not in logged and "a password" not in logged.replace('raise KeyError("a password")', "")
