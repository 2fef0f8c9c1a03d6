"""Messages of a deployment that is gone end after a while, with their reason, and are told; no others do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog

from pinery.adapters.store import tables as t
from pinery.adapters.store.database import SqlStore, open_store
from pinery.adapters.store.views.status import status
from pinery.app.config.watching import Watcher
from pinery.app.up.unclaimed import PATIENCE, Unclaimed
from pinery.trading.signals import Source
from pinery.trading.store import Message, MessageStatus
from tests.trading.desk.harness import Clock

DEPLOYMENT = """
[deployments.{name}]
account = "paper"
symbol = "BINANCE:ETHUSDT.P"
"""
BOTH = '[accounts.paper]\nbroker = "paper"\n' + DEPLOYMENT.format(name="kept") + DEPLOYMENT.format(name="gone")
WITHOUT = BOTH.replace(DEPLOYMENT.format(name="gone"), "")


class Place:
    """A folder with its store, and any number of workers that look after its messages."""

    def __init__(self, folder: Path, store: SqlStore) -> None:
        self.folder, self.store, self.clock = folder, store, Clock(time.time_ns() // 1_000_000)
        self.write(BOTH)

    def write(self, text: str) -> None:
        (self.folder / "pinery.toml").write_text(text, encoding="utf-8")

    def worker(self) -> Unclaimed:
        return Unclaimed(Watcher(self.folder).fresh, self.store, self.clock, structlog.get_logger())

    def arrives(self, deployment: str) -> int:
        message = Message(deployment, Source.WEBHOOK, "IN", self.clock.now_us())
        return self.store.write(lambda tx: tx.inbox.add([message]))[0]

    def message(self, number: int) -> Message:
        found = self.store.read(lambda tx: tx.inbox.get(number))
        assert found is not None
        return found

    def told(self) -> list[tuple[str, int]]:
        query = sa.select(t.events.c.deployment, t.events.c.data).where(t.events.c.kind == "signal.unclaimed")
        rows = self.store.read(lambda tx: tx.connection.execute(query).all())
        return [(row.deployment, row.data["message_id"]) for row in rows]

    def problems(self) -> tuple[str, ...]:
        now = self.clock.now()
        found = self.store.read(lambda tx: status(tx, {}, {}, lambda symbol: 1, now))  # type: ignore[arg-type,return-value]
        return tuple(text for text in found.problems if "wait" in text)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    store = open_store(f"sqlite:///{tmp_path / 'pinery.db'}")
    yield Place(tmp_path, store)
    store.close()


def test_a_message_that_waited_when_its_section_was_taken_out_ends(place: Place) -> None:
    worker = place.worker()
    number, kept = place.arrives("gone"), place.arrives("kept")
    worker.look()
    place.write(WITHOUT)
    worker.look()
    place.clock.advance(PATIENCE - 1)
    worker.look()
    assert place.message(number).status is MessageStatus.NEW
    place.clock.advance(2)
    worker.look()
    ended = place.message(number)
    assert (ended.status, ended.body) == (MessageStatus.UNCLAIMED, "IN")
    assert ended.note == "UNKNOWN_DEPLOYMENT: the deployment is no longer configured"
    assert place.message(kept).status is MessageStatus.NEW  # its desk may be busy, or its broker away
    assert place.told() == [("gone", number)]
    place.clock.advance(10 * PATIENCE)
    worker.look()
    assert place.told() == [("gone", number)]


def test_one_that_came_by_a_gateway_that_had_not_heard_of_the_removal_ends(place: Place) -> None:
    place.write(WITHOUT)
    worker = place.worker()
    worker.look()
    place.clock.advance(10 * PATIENCE)
    late = place.arrives("gone")
    worker.look()
    assert place.message(late).status is MessageStatus.NEW
    place.clock.advance(PATIENCE + 1)
    assert place.problems()[0].startswith("1 message waits, for 31 s")
    worker.look()
    assert place.told() == [("gone", late)]
    assert place.problems() == ()


@pytest.mark.parametrize("other", [WITHOUT, WITHOUT + "\n[deployments.gone"], ids=["half", "invalid"])
def test_a_file_that_is_being_edited_ends_nothing(place: Place, other: str) -> None:
    worker = place.worker()
    number = place.arrives("gone")
    for _ in range(4):
        place.write(other)
        worker.look()
        place.clock.advance(PATIENCE - 1)
        worker.look()
        place.write(BOTH)
        worker.look()
    assert place.message(number).status is MessageStatus.NEW
    assert place.told() == []


def test_an_invalid_file_leaves_the_settings_of_before_in_force(place: Place) -> None:
    worker = place.worker()
    number = place.arrives("gone")
    place.write(WITHOUT + "\n[deployments.gone")
    for _ in range(3):
        worker.look()
        place.clock.advance(10 * PATIENCE)
    assert place.message(number).status is MessageStatus.NEW


def test_several_workers_tell_of_it_once(place: Place) -> None:
    place.write(WITHOUT)
    workers = [place.worker() for _ in range(3)]
    numbers = [place.arrives("gone") for _ in range(3)]
    for worker in workers:
        worker.look()
    place.clock.advance(PATIENCE + 1)
    for worker in workers:
        worker.look()
    assert place.told() == [("gone", number) for number in numbers]


def test_a_deployment_of_the_same_name_does_not_act_on_them(place: Place) -> None:
    place.write(WITHOUT)
    worker = place.worker()
    place.arrives("gone")
    worker.look()
    place.clock.advance(PATIENCE + 1)
    worker.look()
    place.write(BOTH)
    fresh = place.arrives("gone")
    pending = place.store.read(lambda tx: tx.inbox.pending(["gone"], 10, 2**62))
    assert [message.id for message in pending] == [fresh]
