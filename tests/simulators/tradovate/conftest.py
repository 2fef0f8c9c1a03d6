from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.simulators.tradovate.venue import Venue


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def venue() -> AsyncIterator[Venue]:
    async with Venue() as venue:
        yield venue
