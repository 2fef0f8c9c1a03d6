"""Quotes from the market data socket, for accounts that have a subscription."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from decimal import Decimal
from math import log2
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from pinery.trading.broker import Quote
from pinery.trading.orders.model import Ticket
from tests.adapters.conformance.harness import Maker, Reader
from tests.adapters.tradovate.harness import SYMBOL, TradovateHarness, quick

pytestmark = pytest.mark.anyio


async def _quote(reader: Reader, price: Decimal) -> Quote:
    report = await reader.wait(lambda r: r.quote is not None and r.quote.price == price, "quote")
    assert report.quote is not None
    return report.quote


async def test_quotes_of_what_is_traded_and_again_after_a_break(tmp_path: Path) -> None:
    harness = TradovateHarness(tmp_path, market_data=True)
    await harness.start()
    reader, make = Reader(harness.broker), Maker(harness)
    try:
        assert harness.broker.capabilities.market_data
        await harness.broker.submit(Ticket(make.buy()))
        quote = await _quote(reader, harness.price)
        assert (quote.symbol, quote.source) == (SYMBOL, "venue")
        await harness.move(Decimal("6003.75"))
        quote = await _quote(reader, Decimal("6003.75"))
        assert quote.bid is not None and quote.ask is not None and quote.bid < quote.ask
        harness.simulator.hub.drop(kind="md")
        await harness.move(Decimal("6005.25"))
        await _quote(reader, Decimal("6005.25"))  # the last price comes with the new subscription
        await harness.move(Decimal("6006.00"))
        await _quote(reader, Decimal("6006.00"))
    finally:
        await reader.close()
        await harness.stop()


async def test_quotes_of_what_is_held_from_before(tmp_path: Path) -> None:
    harness = TradovateHarness(tmp_path, market_data=True)
    await harness.start()
    try:
        await harness.broker.submit(Ticket(Maker(harness).buy()))
        await harness.restart()
        reader = Reader(harness.broker)
        await harness.broker.snapshot()
        await _quote(reader, harness.price)
        await reader.close()
    finally:
        await harness.stop()


async def test_no_subscription_no_quotes(harness: TradovateHarness, reader: Reader, make: Maker) -> None:
    assert not harness.broker.capabilities.market_data
    order = make.buy()
    await harness.broker.submit(Ticket(order))
    await reader.filled(order)
    await harness.broker.price_seen(Quote(SYMBOL, Decimal(1), 0, "alert"))
    assert not [report for report in reader.seen if report.quote is not None]
    assert not [each for each in harness.simulator.hub.open if each.kind == "md"]


def _refusals(lines: Sequence[Any]) -> int:
    return sum(line["event"] == "tradovate_quotes" for line in lines)


async def test_without_a_subscription_quotes_are_asked_for_ever_more_rarely(tmp_path: Path) -> None:
    harness = TradovateHarness(tmp_path, market_data=True, waits=quick(backoff=0.02, longest_backoff=10.0))
    await harness.start()
    try:
        harness.arm("error_text", "md/subscribeQuote", times=None, text="no subscription")
        with capture_logs() as lines:
            await harness.broker.submit(Ticket(Maker(harness).buy()))
            async with asyncio.timeout(30):
                while not _refusals(lines):
                    await asyncio.sleep(0.01)
            began = time.monotonic()
            await asyncio.sleep(0.5)
            passed = time.monotonic() - began
        assert _refusals(lines) <= 2 + log2(1 + passed / 0.02)  # each pause is twice as long as the one before
    finally:
        await harness.stop()
