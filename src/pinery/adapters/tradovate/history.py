"""Bars of Tradovate's charts: pages of the past, and which of its bars make the wanted ones.

Bars are asked for in lengths that divide an hour: those begin where everybody's do. Longer ones, and days, are made of
hours by our own calendar, for how Tradovate cuts them is not documented. A bar's time is taken for its opening.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from pinery.adapters.tradovate.errors import Failure
from pinery.adapters.tradovate.market_stream import Broken, MarketStream
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.runtime.timeframes import Timeframe

_LENGTHS = (60, 30, 20, 15, 10, 5, 3, 2, 1)  # minutes
_PAGE = 2_000  # bars; how many an answer may hold is not documented, fewer are fine
_SILENCE = 30.0  # seconds without a packet of a history that has not ended
_ATTEMPTS = 3
_MINUTE_MS = 60_000

Bar = tuple[int, float, float, float, float, float]  # opening time (Unix ms), open, high, low, close, volume


def base_of(symbol: str, timeframe: Timeframe) -> Timeframe:
    """Raises DataError for bars that are shorter than a minute."""
    if timeframe.unit in ("T", "S"):
        raise DataError(f"Tradovate's {timeframe} bars of {symbol} are not read", "choose one minute or longer")
    minutes = timeframe.multiplier if timeframe.isintraday else 60
    return Timeframe(next(length for length in _LENGTHS if not minutes % length), "")


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def bars_of(packet: Mapping[str, Any]) -> list[Bar]:
    """Raises DataError for what cannot be read."""
    try:
        return [_bar(row) for row in packet.get("bars", ())]
    except (KeyError, ValueError, TypeError):
        raise DataError("Tradovate's answer holds bars that cannot be read") from None


def _bar(row: Mapping[str, Any]) -> Bar:
    time = round(datetime.fromisoformat(str(row["timestamp"]).replace("Z", "+00:00")).timestamp() * 1000)
    opened, high, low, close = (float(row[name]) for name in ("open", "high", "low", "close"))
    volume = float(row.get("upVolume", 0)) + float(row.get("downVolume", 0))
    if not (low <= min(opened, close) and high >= max(opened, close)):
        raise ValueError
    return time, opened, high, low, close, volume


def series_of(bars: list[Bar]) -> BarSeries:
    """In order of time; of two with one time the later told."""
    rows = sorted({bar[0]: bar for bar in bars}.values())
    columns = np.array([row[1:] for row in rows], np.float64).reshape(len(rows), 5).T
    return BarSeries(np.array([row[0] for row in rows], np.int64), *columns)


async def page(stream: MarketStream, contract: str, minutes: int, span: Mapping[str, Any]) -> list[Bar]:
    """Bars of a ``timeRange``. Asked for again where the connection breaks. Raises DataError."""
    for attempt in range(_ATTEMPTS):
        try:
            return await _page(stream, contract, minutes, span)
        except Broken as broken:
            if attempt == _ATTEMPTS - 1:
                raise failed(broken) from None
        except Failure as failure:
            raise failed(failure) from None
    raise AssertionError("the last attempt returns or raises")


async def _page(stream: MarketStream, contract: str, minutes: int, span: Mapping[str, Any]) -> list[Bar]:
    chart = await stream.chart(contract, minutes, span)
    found: list[Bar] = []
    try:
        while True:
            try:
                async with asyncio.timeout(_SILENCE):  # wait_for loses a cancellation that comes with a packet
                    packet = await chart.packets.get()
            except TimeoutError:
                raise Broken(f"the history of {contract} does not end") from None
            if packet is None:
                raise Broken("the connection broke")
            if packet.get("eoh"):
                return found
            found += bars_of(packet)
    finally:
        await stream.cancel(chart)


async def backwards(
    stream: MarketStream, contract: str, minutes: int, first: int | None, last: int | None, count: int
) -> AsyncGenerator[list[Bar], None]:
    """Pages from ``last`` (None: now) back to ``first`` (None: the first there is), both opening times, ``count`` bars
    at most. Raises DataError."""
    at, left = last, count
    while left > 0 and (first is None or at is None or at >= first):
        span: dict[str, Any] = {"asMuchAsElements": min(left, _PAGE)}
        if at is not None:
            span["closestTimestamp"] = iso(at)
        found = await page(stream, contract, minutes, span)
        fitting = [bar for bar in found if (first is None or bar[0] >= first) and (at is None or bar[0] <= at)]
        if fitting:
            yield fitting
        if not found or len(fitting) < len(found):
            return
        left -= len(fitting)
        at = min(bar[0] for bar in fitting) - _MINUTE_MS


def failed(failure: Failure) -> DataError:
    hint = "market data over the API are a subscription of their own at Tradovate; and the contract must be listed"
    return DataError(failure.reason, hint if getattr(failure, "kind", "") == "NoMarketData" else None)
