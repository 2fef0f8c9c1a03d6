"""The writer thread: order, limits, a clock that jumps."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from pinery.gateway.webhook.intake import Intake, Overloaded
from pinery.trading.signals import Source
from pinery.trading.store import Message, Store, Tx
from tests.gateway.webhook.running import stored
from tests.stores import sqlite_store

T = TypeVar("T")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with sqlite_store(tmp_path) as opened:
        yield opened


def message(body: str) -> Message:
    return Message("demo", Source.WEBHOOK, body, 0)


class Gate:
    """A store whose writes wait, as on a slow disk; counts them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.begun, self.open = threading.Event(), threading.Event()
        self.writes = 0

    def write(self, work: Callable[[Tx], T]) -> T:
        self.begun.set()
        assert self.open.wait(60)
        self.writes += 1
        return self.store.write(work)

    async def has_one(self) -> None:
        """Until the writer's thread has taken a message."""
        assert await asyncio.to_thread(self.begun.wait, 60)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def test_what_waits_is_written_together_and_in_order(store: Store) -> None:
    gate = Gate(store)
    intake = Intake(gate)

    async def main() -> list[int]:
        puts = [asyncio.create_task(intake.put(message(str(n)))) for n in range(50)]
        await asyncio.sleep(0.05)
        gate.open.set()
        return await asyncio.gather(*puts)

    ids = asyncio.run(main())
    intake.close()
    assert ids == sorted(ids)
    assert [row.body for row in stored(store)] == [str(n) for n in range(50)]
    assert gate.writes <= 2


def test_times_of_receipt_rise_also_when_the_clock_jumps_back(store: Store) -> None:
    clock = iter([5000, 5000, 1000, 1000, 9000])
    intake = Intake(store, now_us=lambda: next(clock), monotonic=lambda: 0.0)

    async def main() -> None:
        for n in range(5):
            await intake.put(message(str(n)))

    asyncio.run(main())
    intake.close()
    assert [row.received_us for row in stored(store)] == [5000, 5001, 5002, 5003, 9000]


def test_times_of_receipt_go_on_at_half_pace_until_a_clock_that_was_set_back_has_caught_up(store: Store) -> None:
    clock = iter([100_000_000, 40_000_000, 80_000_000, 165_000_000])
    seconds = 0.0
    intake = Intake(store, now_us=lambda: next(clock), monotonic=lambda: seconds)

    async def main() -> None:
        nonlocal seconds
        for n in range(4):
            await intake.put(message(str(n)))
            seconds += 40

    asyncio.run(main())
    intake.close()
    assert [row.received_us for row in stored(store)] == [100_000_000, 120_000_000, 140_000_000, 165_000_000]


def test_more_than_can_wait_is_refused_and_the_rest_stored(store: Store) -> None:
    gate = Gate(store)
    intake = Intake(gate, capacity=3)

    async def main() -> list[int | BaseException]:
        puts = [asyncio.create_task(intake.put(message("first")))]
        await gate.has_one()
        puts += [asyncio.create_task(intake.put(message(str(n)))) for n in range(5)]
        await asyncio.sleep(0.05)
        gate.open.set()
        return await asyncio.gather(*puts, return_exceptions=True)

    results = asyncio.run(main())
    intake.close()
    assert [isinstance(result, Overloaded) for result in results] == [False] * 4 + [True] * 2
    assert len(stored(store)) == 4


def test_large_messages_do_not_fill_the_memory(store: Store) -> None:
    gate = Gate(store)
    intake = Intake(gate, most_text=1000)

    async def main() -> None:
        first = asyncio.create_task(intake.put(message("first")))
        await gate.has_one()
        large = asyncio.create_task(intake.put(message("x" * 1000)))
        await asyncio.sleep(0.05)
        with pytest.raises(Overloaded):
            await intake.put(message("y"))
        gate.open.set()
        await asyncio.gather(first, large)
        await intake.put(message("y"))

    asyncio.run(main())
    intake.close()
    assert len(stored(store)) == 3


def test_a_message_whose_sender_has_gone_is_stored(store: Store) -> None:
    gate = Gate(store)
    intake = Intake(gate)

    async def main() -> None:
        put = asyncio.create_task(intake.put(message("gone")))
        await asyncio.sleep(0.02)
        put.cancel()
        gate.open.set()
        await asyncio.gather(put, return_exceptions=True)

    asyncio.run(main())
    intake.close()
    assert [row.body for row in stored(store)] == ["gone"]


def test_nothing_is_taken_after_the_end(store: Store) -> None:
    intake = Intake(store)
    intake.close()
    with pytest.raises(Overloaded):
        asyncio.run(intake.put(message("late")))


def test_a_system_that_gives_no_thread_is_asked_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    intake = Intake(store)

    def refused(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refused)
        with pytest.raises(RuntimeError):
            asyncio.run(intake.put(message("refused")))
    asyncio.run(asyncio.wait_for(intake.put(message("taken")), 60))
    intake.close()
    assert [row.body for row in stored(store)] == ["taken"]
