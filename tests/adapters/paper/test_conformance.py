"""The paper account passes the conformance suite, and random sessions."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from pinery.adapters.paper.memory_book import MemoryBook
from pinery.adapters.paper.settings import PaperSettings
from pinery.adapters.store.database import open_store
from pinery.adapters.store.paper_book import SqlPaperBook
from pinery.trading.paper.book import PaperBook
from tests.adapters.conformance.sessions import run_session
from tests.adapters.conformance.suite import BrokerConformance
from tests.adapters.paper.harness import PaperHarness

_VENUES = ["feed-memory", "alerts-memory", "feed-sqlite", "alerts-sqlite", "slow-memory"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=_VENUES)
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PaperHarness]:
    prices, _, kept = request.param.partition("-")
    settings = PaperSettings(latency_ms=2 if prices == "slow" else 0)
    stores = []
    reopen: Callable[[], PaperBook]
    if kept == "memory":
        book = MemoryBook()
        reopen = lambda: book  # noqa: E731
    else:

        def reopen() -> PaperBook:
            stores.append(open_store(f"sqlite:///{tmp_path}/book.db"))
            return SqlPaperBook(stores[-1], "test")

    harness = PaperHarness(reopen, feed=prices != "alerts", settings=settings)
    await harness.start()
    yield harness
    await harness.stop()
    for store in stores:
        store.close()


class TestPaper(BrokerConformance):
    pass


def _sessions(first: int, count: int) -> None:
    for seed in range(first, first + count):
        book = MemoryBook()
        harness = PaperHarness(lambda book=book: book, feed=seed % 2 == 0)  # type: ignore[misc]
        asyncio.run(run_session(harness, seed))


def test_random_sessions() -> None:
    _sessions(0, 40)


@pytest.mark.slow
def test_many_random_sessions() -> None:
    """As many as PINERY_SESSIONS says."""
    _sessions(1000, int(os.environ.get("PINERY_SESSIONS", "400")))
