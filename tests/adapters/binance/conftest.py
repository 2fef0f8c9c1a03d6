"""A broker on the simulated venue, and who reads its reports."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters.binance.harness import BinanceHarness
from tests.adapters.conformance.harness import Maker, Reader


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[BinanceHarness]:
    """Connected. Settings of its own come by indirect parameters."""
    harness = BinanceHarness(**getattr(request, "param", {}))
    await harness.start()
    yield harness
    await harness.stop()


@pytest.fixture
async def reader(harness: BinanceHarness) -> AsyncIterator[Reader]:
    reader = Reader(harness.broker)
    yield reader
    await reader.close()


@pytest.fixture
def make(harness: BinanceHarness) -> Maker:
    return Maker(harness)
