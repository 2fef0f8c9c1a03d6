from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from pinery.adapters.store.figures import Figures
from pinery.gateway.control.services import BackupFile, Services
from pinery.trading.errors import Refused
from tests.gateway.control.conftest import Running, running
from tests.gateway.control.filling import NOW


def test_latencies_uptimes_and_the_store(tmp_path: Path) -> None:
    for kind in ("sqlite", "postgresql"):
        with running(kind, tmp_path, services=None) as api, api.client("viewer") as client:
            assert client.get("/api/v1/system").json()["latency"] == {}
        figures: list[Figures] = []
        services = Services(folder=tmp_path, figures=lambda now, f=figures: f[0].collect(now))  # type: ignore[misc]
        with running(kind, tmp_path / kind, services=services) as api, api.client("viewer") as client:
            figures.append(Figures(api.store))
            figures[0].add(
                [("webhook", "ack", "0.005", 90), ("webhook", "ack", "0.01", 10), ("webhook", "ack", "sum", 0.4)]
            )
            figures[0].beat("gateway", NOW - 5_000)
            figures[0].beat("gateway", NOW)
            found = client.get("/api/v1/system").json()
        ack = found["latency"]["webhook:ack"]
        assert (ack["count"], ack["mean"], ack["p99"]) == (100, 0.004, 0.0095)
        assert 0.0025 < ack["p50"] < 0.005
        assert found["latency"]["filled"]["count"] == 1
        assert found["uptimes"][0]["component"] == "gateway" and found["uptimes"][0]["ratio"] == 1
        assert found["components"][0]["alive"] is True
        assert found["store"]["kind"] == kind and found["store"]["bytes"] > 100_000
        assert 0 < found["disk"]["free"] <= found["disk"]["total"]


def test_a_test_message_goes_to_its_channel(api: Running) -> None:
    with api.client("admin") as client:
        assert client.get("/api/v1/notifications/channels").json() == ["console"]
        sent = client.post("/api/v1/notifications/test", json={"channel": "console"})
        unknown = client.post("/api/v1/notifications/test", json={"channel": "consol"})
        assert (unknown.status_code, unknown.json()["hint"]) == (404, "did you mean console?")
        row = sent.json()
        assert sent.status_code == 202
        assert (row["channel"], row["kind"], row["status"], row["attempts"]) == ("console", "test", "due", 0)
        api.store.write(lambda tx: tx.outbox.claim("me", NOW, 1000, 5, ["console"]))
        api.store.write(lambda tx: tx.outbox.give_up(row["id"], NOW, "no such host"))
        failed = client.get("/api/v1/notifications", params={"status": "failed"}).json()["items"]
        assert [(one["id"], one["error"], one["attempts"], one["sent"]) for one in failed] == [
            (row["id"], "no such host", 1, None)
        ]
        assert client.get("/api/v1/notifications", params={"channel": "mail"}).json()["items"] == []
        actions = [one["action"] for one in client.get("/api/v1/audit").json()["items"]]
    assert "notification.test" in actions


class _Slow:
    """Backups that take as long as the test wants."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self._lock = threading.Lock()

    def all(self) -> Sequence[BackupFile]:
        return [BackupFile("pinery-backup-1.tar.gz", 10, "2026-11-18T00:00:00.000Z", True)]

    def make(self, by: str) -> BackupFile:
        if not self._lock.acquire(blocking=False):
            raise Refused("a backup is being made", "wait until it is there")
        self.begun.set()
        self.go_on.wait(60)
        return self.all()[0]


def test_the_server_answers_while_a_backup_is_made(tmp_path: Path) -> None:
    slow = _Slow()
    with running("sqlite", tmp_path, services=Services(backups=slow)) as api, api.client("admin") as client:
        answers: list[int] = []
        with api.client("admin") as other:
            thread = threading.Thread(target=lambda: answers.append(other.post("/api/v1/backups").status_code))
            thread.start()
            assert slow.begun.wait(60)
            assert client.get("/api/v1/backups").json()[0]["verified"] is True
            refused = client.post("/api/v1/backups")
            slow.go_on.set()
            thread.join(60)
    assert (refused.status_code, refused.json()["code"], answers) == (409, "refused", [201])


def test_what_a_server_has_not_is_404(local_api: Running) -> None:
    with local_api.client("admin") as client:
        assert client.get("/api/v1/backups").status_code == 404
