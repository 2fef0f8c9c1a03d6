"""Deliveries arrive, whatever is slow, down, or killed; and a storm is a few messages."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from pinery.adapters.notify.dispatcher import Dispatcher
from pinery.adapters.notify.pace import Pace, Policy
from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.outbox import Outbox
from pinery.adapters.store.tables import outbox
from pinery.trading.channels import Channel, ChannelFailed
from pinery.trading.events import Event
from tests.stores import KINDS, store_of, store_url

QUICK = Policy(
    burst=5, window=0.3, rate=1000, timeout=0.5, first_retry=0.02, longest_retry=0.1, longest_pause=0.1, poll=0.02,
    lease=600.0, grace=0.5,
)  # fmt: skip


class Now:
    """The clock, ``later`` by so many seconds."""

    def __init__(self, later: float = 0.0) -> None:
        self._later = int(later * 1000)

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self._later

    def monotonic(self) -> float:
        return time.monotonic()


class Recording:
    """A channel that keeps what it is given; ``behave`` may wait or raise first."""

    def __init__(self, behave: Callable[[int], Any] | None = None) -> None:
        self.events: list[Event] = []
        self.numbers: list[int] = []
        self.tries = 0
        self.closed = False
        self._behave = behave

    async def send(self, event: Event, delivery_id: int) -> None:
        self.tries += 1
        if self._behave is not None:
            waits = self._behave(self.tries)
            if waits is not None:
                await waits
        self.events.append(event)
        self.numbers.append(delivery_id)

    async def close(self) -> None:
        self.closed = True

    @property
    def told(self) -> int:
        """Events, those within digests too."""
        return sum(sum(event.data["counts"].values()) if event.kind == "digest" else 1 for event in self.events)


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    with store_of(request.param, tmp_path) as opened:
        yield opened


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqlStore]:
    with store_of("sqlite", tmp_path) as opened:
        yield opened


def put(store: SqlStore, channels: Sequence[str], count: int = 1, kind: str = "order.filled", at: int = 0) -> None:
    at = at or Now().now()
    events = [Event(kind, at, f"{kind} {n}", "demo") for n in range(count)]
    store.write(lambda tx: tx.outbox.add(events, lambda event: channels))


def rows(store: SqlStore) -> list[Any]:
    return list(store.read(lambda tx: tx.connection.execute(sa.select(outbox).order_by(outbox.c.id)).all()))


def work(
    store: SqlStore,
    channels: dict[str, Channel],
    until: Callable[[], bool],
    policy: Policy = QUICK,
    limit: float = 120.0,
    observe: Any = lambda name, seconds, label: None,
    later: float = 0.0,
) -> None:
    """Runs a dispatcher until ``until`` says so."""

    async def run() -> None:
        stopping = asyncio.Event()
        dispatcher = Dispatcher(store, channels, Now(later), "me", policy, observe)
        task = asyncio.create_task(dispatcher.run(stopping))
        end = time.monotonic() + limit
        while not until():
            assert time.monotonic() < end, "not done in time"
            assert not task.done() or task.result()
            await asyncio.sleep(0.01)
        stopping.set()
        await task

    asyncio.run(run())


def test_what_is_due_is_sent_once_and_marked(store: SqlStore) -> None:
    one, other = Recording(), Recording()
    put(store, ["one", "other"], 2)
    put(store, ["one"], kind="test")
    seen: list[tuple[str, str]] = []
    work(
        store,
        {"one": one, "other": other},
        lambda: len(seen) == 5,
        observe=lambda name, seconds, label: seen.append((name, label)),
    )
    assert [event.text for event in one.events] == ["order.filled 0", "order.filled 1", "test 0"]
    assert len(other.events) == 2
    assert {row.status for row in rows(store)} == {"sent"}
    assert one.closed and other.closed
    assert Counter(seen) == {("notification_send", "one:sent"): 3, ("notification_send", "other:sent"): 2}


def test_what_fails_is_tried_again_until_it_works(store: SqlStore) -> None:
    def fail_twice(tries: int) -> None:
        if tries <= 2:
            raise ChannelFailed("451 later")

    channel = Recording(fail_twice)
    put(store, ["mail"])
    work(store, {"mail": channel}, lambda: len(channel.events) == 1)
    [row] = rows(store)
    assert (row.status, row.attempts, channel.tries) == ("sent", 3, 3)


def test_what_can_never_work_is_given_up_at_once(store: SqlStore) -> None:
    def refuse(tries: int) -> None:
        raise ChannelFailed("550 never", permanent=True)

    channel = Recording(refuse)
    put(store, ["mail"])
    work(store, {"mail": channel}, lambda: rows(store)[0].status != "due")
    [row] = rows(store)
    assert (row.status, row.error, channel.tries) == ("failed", "550 never", 1)


def test_what_has_failed_for_long_is_given_up(sqlite: SqlStore) -> None:
    def fail(tries: int) -> None:
        raise ChannelFailed("451 later")

    channel = Recording(fail)
    put(sqlite, ["mail"], at=Now().now() - 25 * 3_600_000)
    work(sqlite, {"mail": channel}, lambda: rows(sqlite)[0].status == "failed")
    assert channel.tries == 1
    put(sqlite, ["mail"])
    few = replace(QUICK, max_attempts=3)
    work(sqlite, {"mail": channel}, lambda: rows(sqlite)[1].status == "failed", few)
    assert channel.tries == 4


def test_a_slow_channel_delays_no_other(sqlite: SqlStore) -> None:
    slow, quick = Recording(lambda tries: asyncio.Event().wait()), Recording()
    put(sqlite, ["slow", "quick"], 4)
    patient = replace(QUICK, timeout=300.0)  # it hangs for as long as the others work
    work(sqlite, {"slow": slow, "quick": quick}, lambda: len(quick.events) == 4 and slow.tries == 1, patient)
    assert slow.events == []


def test_a_channel_that_hangs_is_cut_off_and_tried_again(sqlite: SqlStore) -> None:
    channel = Recording(lambda tries: asyncio.sleep(10) if tries == 1 else None)
    put(sqlite, ["mail"])
    work(sqlite, {"mail": channel}, lambda: len(channel.events) == 1)
    assert channel.tries == 2


def test_a_fault_in_a_channel_ends_neither_it_nor_the_others(sqlite: SqlStore) -> None:
    def break_once(tries: int) -> None:
        if tries == 1:
            raise KeyError("token hunter22")

    broken, sound = Recording(break_once), Recording()
    put(sqlite, ["broken", "sound"])
    work(sqlite, {"broken": broken, "sound": sound}, lambda: len(broken.events) == len(sound.events) == 1)
    assert all("hunter22" not in row.error for row in rows(sqlite))


def test_a_channel_goes_on_after_a_fault_in_marking(sqlite: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    mark, faults = Outbox.sent, [KeyError("a fault of ours")]

    def sent(self: Outbox, delivery_id: int, now: int) -> None:
        if faults:
            raise faults.pop()
        mark(self, delivery_id, now)

    monkeypatch.setattr(Outbox, "sent", sent)
    channel = Recording()
    put(sqlite, ["mail"], 2)
    with capture_logs() as lines:
        work(
            sqlite,
            {"mail": channel},
            lambda: all(row.status == "sent" for row in rows(sqlite)),
            replace(QUICK, lease=1.0),
        )
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["delivery failed unexpectedly"]
    assert channel.told >= 3  # the one whose mark failed again


def test_a_storm_is_a_few_messages_that_tell_of_everything(store: SqlStore) -> None:
    channel = Recording()
    put(store, ["mail"], 10_000)
    work(store, {"mail": channel}, lambda: channel.told == 10_000, limit=300)
    assert len(channel.events) <= 30
    assert {row.status for row in rows(store)} == {"sent"}


def test_a_few_events_come_one_by_one(sqlite: SqlStore) -> None:
    channel = Recording()
    put(sqlite, ["mail"], 5)
    work(sqlite, {"mail": channel}, lambda: channel.told == 5)
    assert [event.kind for event in channel.events] == ["order.filled"] * 5


def test_critical_events_come_singly_and_first_even_in_a_storm(store: SqlStore) -> None:
    channel = Recording()
    put(store, ["mail"], 300)
    put(store, ["mail"], 40, "order.rejected")
    work(store, {"mail": channel}, lambda: channel.told == 340)
    kinds = [event.kind for event in channel.events]
    assert kinds[:40] == ["order.rejected"] * 40
    assert kinds.count("digest") >= 1 and len(kinds) < 60


def test_a_digest_that_fails_loses_nothing(sqlite: SqlStore) -> None:
    def fail_first(tries: int) -> None:
        if tries == 1:
            raise ChannelFailed("451 later")

    channel = Recording(fail_first)
    put(sqlite, ["mail"], 50)
    work(sqlite, {"mail": channel}, lambda: channel.told == 50)
    assert {row.status for row in rows(sqlite)} == {"sent"}
    assert len(set(channel.numbers)) == len(channel.numbers)


def test_not_more_messages_a_second_than_allowed(sqlite: SqlStore) -> None:
    channel = Recording()
    slow = replace(QUICK, rate=20)
    put(sqlite, ["mail"], 10, "order.rejected")
    begun = time.monotonic()
    work(sqlite, {"mail": channel}, lambda: channel.told == 10, slow)
    assert time.monotonic() - begun >= 9 / 20


def test_two_dispatchers_share_the_work(store: SqlStore) -> None:
    one, other = Recording(lambda tries: asyncio.sleep(0.002)), Recording(lambda tries: asyncio.sleep(0.002))
    put(store, ["mail"], 60, "order.rejected")

    async def run() -> None:
        stopping = asyncio.Event()
        both = [Dispatcher(store, {"mail": c}, Now(), n, QUICK) for n, c in (("a", one), ("b", other))]
        tasks = [asyncio.create_task(dispatcher.run(stopping)) for dispatcher in both]
        while one.told + other.told < 60:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        stopping.set()
        await asyncio.gather(*tasks)

    asyncio.run(asyncio.wait_for(run(), 120))
    assert sorted(one.numbers + other.numbers) == sorted(row.id for row in rows(store))


_VICTIM = """
import asyncio, sys, time
from pathlib import Path
from pinery.adapters.notify.dispatcher import Dispatcher
from pinery.adapters.notify.pace import Policy
from pinery.adapters.store.database import open_store

class Now:
    def now(self): return time.time_ns() // 1_000_000 + int(sys.argv[3]) * 1000
    def monotonic(self): return time.monotonic()

class Paper:
    async def send(self, event, delivery_id):
        with open(sys.argv[2], "a") as out:
            out.write(f"{delivery_id}\\n")
        await asyncio.sleep(0.01)
    async def close(self): pass

policy = Policy(rate=10000, timeout=60, poll=0.02, lease=180)
asyncio.run(Dispatcher(open_store(sys.argv[1]), {"mail": Paper()}, Now(), "v", policy).run(asyncio.Event()))
"""


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_killed_process_had_claimed_is_sent_by_the_next(kind: str, tmp_path: Path) -> None:
    from pinery.adapters.store.database import open_store

    letters = tmp_path / "letters"
    with store_url(kind, tmp_path) as url:
        store = open_store(url)
        put(store, ["mail"], 60, "order.rejected")
        # Each lives when the leases of the one before have ended, as its clock says.
        for lines, later in ((5, 0), (25, 1_000)):
            victim = subprocess.Popen([sys.executable, "-c", _VICTIM, url, str(letters), str(later)])
            try:
                end = time.monotonic() + 180
                while not letters.exists() or len(letters.read_text().splitlines()) < lines:
                    assert time.monotonic() < end and victim.poll() is None
                    time.sleep(0.005)
            finally:
                victim.send_signal(signal.SIGKILL)
                victim.wait()
        rest = Recording()
        work(store, {"mail": rest}, lambda: {row.status for row in rows(store)} == {"sent"}, later=2_000)
        sent = Counter([*map(int, letters.read_text().split()), *rest.numbers])
        assert sent.keys() == {row.id for row in rows(store)}
        assert sum(sent.values()) <= 60 + 2  # one at a time: each kill repeats at most the one that was under way
        store.close()


def test_waiting_grows_and_differs() -> None:
    policy = Policy()
    assert [policy.retry_after(n, 1.0) for n in (1, 2, 3)] == [5, 10, 20]
    assert policy.retry_after(1, 0.0) == 2.5
    assert policy.retry_after(1000, 1.0) == 3600


def test_a_failing_channel_is_left_alone_for_longer_each_time() -> None:
    pace = Pace(Policy(rate=1000))
    waits = []
    for _ in range(6):
        pace.failed(0.0)
        waits.append(pace.wait(0.0))
    assert waits == [5, 10, 20, 40, 60, 60]
    pace.worked()
    pace.failed(100.0)
    assert pace.wait(100.0) == 5
