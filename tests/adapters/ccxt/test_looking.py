"""An order whose outcome is not known: looked for as long as it may still arrive."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pinery.trading.errors import OutcomeUnknown
from pinery.trading.orders.model import Ticket
from tests.adapters.ccxt.harness import CcxtHarness
from tests.adapters.conformance.harness import Fault, Maker

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_an_order_counts_as_not_there_only_after_all_of_the_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    harness = CcxtHarness(patience=1.0)
    await harness.start()
    try:
        broker, order = harness.broker, Maker(harness).buy()
        harness.fault("submit", Fault.LOST)
        with pytest.raises(OutcomeUnknown):
            await broker.submit(Ticket(order))
        sent = broker._unsure[order.client_id]
        looked: list[float] = []
        look = broker._looked_up

        async def noted(*asked: Any) -> Any:
            looked.append(broker._clock.monotonic() - sent)
            return await look(*asked)

        monkeypatch.setattr(broker, "_looked_up", noted)
        assert await broker.find(order) is None
        assert looked[-1] >= broker._settings.patience
    finally:
        await harness.stop()


async def test_what_is_heard_while_the_account_is_read_is_newer_than_the_snapshot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    harness = CcxtHarness()
    await harness.start()
    try:
        broker = harness.broker
        assert broker._lookup is not None
        read, ask = 0, broker._lookup.open

        async def noted(*asked: Any) -> Any:
            nonlocal read
            found, read = await ask(*asked), harness.clock.now()
            while harness.clock.now() == read:
                await asyncio.sleep(0.001)
            return found

        monkeypatch.setattr(broker._lookup, "open", noted)
        assert (await broker.snapshot()).time <= read
    finally:
        await harness.stop()
