from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.conformance.harness import Maker, Reader
from tests.adapters.tradovate.harness import TradovateHarness


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[TradovateHarness]:
    harness = TradovateHarness(tmp_path)
    await harness.start()
    yield harness
    await harness.stop()


@pytest.fixture
async def venue(tmp_path: Path) -> AsyncIterator[TradovateHarness]:
    """Served, and nobody is connected."""
    harness = TradovateHarness(tmp_path)
    await harness.serve()
    yield harness
    await harness.shut()


@pytest.fixture
async def reader(harness: TradovateHarness) -> AsyncIterator[Reader]:
    reader = Reader(harness.broker)
    yield reader
    await reader.close()


@pytest.fixture
def make(harness: TradovateHarness) -> Maker:
    return Maker(harness)
