"""The generic adapter does what every broker does, as far as it says that it can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.adapters.ccxt.harness import CcxtHarness
from tests.adapters.conformance.sessions import run_session
from tests.adapters.conformance.suite import BrokerConformance


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def harness() -> AsyncIterator[CcxtHarness]:
    harness = CcxtHarness()
    await harness.start()
    yield harness
    await harness.stop()


class TestCcxt(BrokerConformance):
    pass


@pytest.mark.parametrize("seed", range(5))
def test_31_random_sessions(seed: int) -> None:
    asyncio.run(run_session(CcxtHarness(seed), seed))
