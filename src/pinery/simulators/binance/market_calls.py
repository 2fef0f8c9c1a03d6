"""Calls about the market, without a key. The order book is coarse: one tick wide, as deep as anybody asks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pinery.simulators.binance.account_calls import nothing
from pinery.simulators.binance.calls import Call, Route
from pinery.simulators.binance.errors import refusal
from pinery.simulators.binance.records import money, plain
from pinery.simulators.binance.symbols import SymbolFacts
from pinery.simulators.binance.tape import INTERVALS, Candle, Tape, closing

_DAY = 86_400_000
_FUNDING = 8 * 3_600_000


def ping(call: Call) -> Any:
    return {}


def time(call: Call) -> Any:
    return {"serverTime": call.exchange.now()}


def exchange_info(call: Call) -> Any:
    return {
        "timezone": "UTC",
        "serverTime": call.exchange.now(),
        "futuresType": "U_MARGINED",
        "rateLimits": call.limits.shape(),
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
        "symbols": [facts.shape() for facts in call.exchange.symbols.values()],
    }


def _wanted(call: Call) -> list[SymbolFacts]:
    name = call.params.text("symbol")
    if name:
        facts = call.exchange.symbol(name)
        call.exchange.price(facts.symbol)
        return [facts]
    return [facts for facts in call.exchange.symbols.values() if facts.symbol in call.exchange.last]


def _one_or_all(call: Call, rows: list[Any]) -> Any:
    return rows[0] if call.params.text("symbol") else rows


def depth(call: Call) -> Any:
    facts = call.exchange.symbol(call.params.need("symbol"))
    price, now = call.exchange.price(facts.symbol), call.exchange.now()
    bids, asks = book(facts, price, call.params.limit(500, 1000))
    return {
        "lastUpdateId": now,
        "E": now,
        "T": now,
        "bids": bids,
        "asks": asks,
    }


def book(facts: SymbolFacts, price: Decimal, levels: int) -> tuple[list[list[str]], list[list[str]]]:
    """Bids from the last price down, asks from one tick above it up."""
    size = plain(max(facts.min_quantity, facts.step * 1000))
    levels = min(levels, 20)
    bids = [price - facts.tick * i for i in range(levels)]
    asks = [price + facts.tick * (i + 1) for i in range(levels)]
    return [[plain(it), size] for it in bids if it > 0], [[plain(it), size] for it in asks]


def klines(call: Call) -> Any:
    return _klines(call, "symbol")


def pair_klines(call: Call) -> Any:
    return _klines(call, "pair")


async def premium_klines(call: Call) -> Any:
    """Mark and index price are the same here, so the premium is nothing."""
    rows = await _klines(call, "symbol")
    return [[row[0], *(["0.00000000"] * 4), "0", row[6], "0", row[8], "0", "0", "0"] for row in rows]


async def _klines(call: Call, name: str) -> Any:
    facts = call.exchange.symbol(call.params.need(name))
    interval = call.params.need("interval")
    start, end = call.params.whole("startTime"), call.params.whole("endTime")
    if start is not None and end is not None and start > end:
        raise refusal(-1023)
    if interval not in INTERVALS:
        raise refusal(-1120)
    rows = await call.tape.rows(facts, interval, start, end, call.params.limit(500, 1500))
    return [_kline(row, interval) for row in rows]


def _kline(row: Candle, interval: str) -> list[Any]:
    half = row.volume / 2
    return [
        row.time,
        plain(row.open),
        plain(row.high),
        plain(row.low),
        plain(row.close),
        plain(row.volume),
        closing(row.time, interval) - 1,
        plain(row.quote),
        row.count,
        plain(half),
        plain(row.quote / 2),
        "0",
    ]


def prints(call: Call) -> Any:
    found = call.tape.of(call.exchange.symbol(call.params.need("symbol")).symbol).prints
    return [
        {
            "id": it.number,
            "price": plain(it.price),
            "qty": plain(it.quantity),
            "quoteQty": plain(it.price * it.quantity),
            "time": it.time,
            "isBuyerMaker": it.seller_made,
            "isRPITrade": False,
        }
        for it in list(found)[-call.params.limit(500, 1000) :]
    ]


def aggregated(call: Call) -> Any:
    params = call.params
    found = call.tape.of(call.exchange.symbol(params.need("symbol")).symbol).prints
    from_id, start, end = params.whole("fromId") or 0, params.whole("startTime") or 0, params.whole("endTime")
    fitting = [it for it in found if it.number >= from_id and start <= it.time <= (end or it.time)]
    limit = params.limit(500, 1000)
    return [
        {
            "a": it.number,
            "p": plain(it.price),
            "q": plain(it.quantity),
            "nq": plain(it.quantity),
            "f": it.number,
            "l": it.number,
            "T": it.time,
            "m": it.seller_made,
        }
        for it in (fitting[:limit] if from_id or start else fitting[-limit:])
    ]


def price(call: Call) -> Any:
    rows = [
        {"symbol": facts.symbol, "price": plain(call.exchange.last[facts.symbol]), "time": call.exchange.now()}
        for facts in _wanted(call)
    ]
    return _one_or_all(call, rows)


def best(call: Call) -> Any:
    rows = []
    for facts in _wanted(call):
        bids, asks = book(facts, call.exchange.last[facts.symbol], 1)
        rows.append(
            {
                "symbol": facts.symbol,
                "bidPrice": bids[0][0],
                "bidQty": bids[0][1],
                "askPrice": asks[0][0],
                "askQty": asks[0][1],
                "time": call.exchange.now(),
                "lastUpdateId": call.tape.of(facts.symbol).number,
            }
        )
    return _one_or_all(call, rows)


def day(tape: Tape, facts: SymbolFacts, last: Decimal) -> Candle:
    """The last 24 hours of what was traded here, as one bar."""
    minutes = tape.of(facts.symbol).candles["1m"]
    since = (minutes[-1].time if minutes else 0) - _DAY
    recent = [minute for minute in minutes if minute.time > since]
    if not recent:
        return Candle(0, last, last, last, last)
    return Candle(
        recent[0].time,
        recent[0].open,
        max(minute.high for minute in recent),
        min(minute.low for minute in recent),
        last,
        sum((minute.volume for minute in recent), Decimal(0)),
        sum((minute.quote for minute in recent), Decimal(0)),
        sum(minute.count for minute in recent),
        recent[0].first,
        recent[-1].last,
    )


def ticker(call: Call) -> Any:
    rows = []
    for facts in _wanted(call):
        last = call.exchange.last[facts.symbol]
        it = day(call.tape, facts, last)
        rows.append(
            {
                "symbol": facts.symbol,
                "priceChange": plain(last - it.open),
                "priceChangePercent": change_percent(it),
                "weightedAvgPrice": weighted(it),
                "lastPrice": plain(last),
                "lastQty": plain(call.tape.of(facts.symbol).prints[-1].quantity) if it.count else "0",
                "openPrice": plain(it.open),
                "highPrice": plain(it.high),
                "lowPrice": plain(it.low),
                "volume": plain(it.volume),
                "quoteVolume": plain(it.quote),
                "openTime": it.time,
                "closeTime": call.exchange.now(),
                "firstId": it.first,
                "lastId": it.last,
                "count": it.count,
            }
        )
    return _one_or_all(call, rows)


def change_percent(it: Candle) -> str:
    return format((it.close - it.open) / it.open * 100, ".3f")


def weighted(it: Candle) -> str:
    return format(it.quote / it.volume, ".8f") if it.volume else plain(it.close)


def premium(call: Call) -> Any:
    now = call.exchange.now()
    rows = [
        {
            "symbol": facts.symbol,
            "markPrice": money(call.exchange.mark(facts.symbol)),
            "indexPrice": money(call.exchange.last[facts.symbol]),
            "estimatedSettlePrice": money(call.exchange.last[facts.symbol]),
            "lastFundingRate": "0.00000000",
            "interestRate": "0.00010000",
            "nextFundingTime": next_funding(now),
            "time": now,
        }
        for facts in _wanted(call)
    ]
    return _one_or_all(call, rows)


def next_funding(now: int) -> int:
    """It comes, and is nothing: funding is paid by control."""
    return (now // _FUNDING + 1) * _FUNDING


def open_interest(call: Call) -> Any:
    facts = call.exchange.symbol(call.params.need("symbol"))
    held = call.exchange.ledger.positions.values()
    total = sum((abs(it.amount) for it in held if it.symbol == facts.symbol), Decimal(0))
    return {"openInterest": plain(total), "symbol": facts.symbol, "time": call.exchange.now()}


ROUTES = tuple(
    Route(method, path, answer, "none", weight)
    for method, path, answer, weight in (
        ("GET", "/fapi/v1/ping", ping, 1),
        ("GET", "/fapi/v1/time", time, 1),
        ("GET", "/fapi/v1/exchangeInfo", exchange_info, 1),
        ("GET", "/fapi/v1/depth", depth, 5),
        ("GET", "/fapi/v1/trades", prints, 5),
        ("GET", "/fapi/v1/historicalTrades", prints, 20),
        ("GET", "/fapi/v1/aggTrades", aggregated, 20),
        ("GET", "/fapi/v1/klines", klines, 5),
        ("GET", "/fapi/v1/continuousKlines", pair_klines, 5),
        ("GET", "/fapi/v1/markPriceKlines", klines, 5),
        ("GET", "/fapi/v1/indexPriceKlines", pair_klines, 5),
        ("GET", "/fapi/v1/premiumIndexKlines", premium_klines, 5),
        ("GET", "/fapi/v1/ticker/price", price, 1),
        ("GET", "/fapi/v2/ticker/price", price, 1),
        ("GET", "/fapi/v1/ticker/bookTicker", best, 2),
        ("GET", "/fapi/v1/ticker/24hr", ticker, 1),
        ("GET", "/fapi/v1/premiumIndex", premium, 1),
        ("GET", "/fapi/v1/fundingRate", nothing, 1),
        ("GET", "/fapi/v1/fundingInfo", nothing, 1),
        ("GET", "/fapi/v1/openInterest", open_interest, 1),
        ("GET", "/futures/data/openInterestHist", nothing, 1),
        ("GET", "/futures/data/globalLongShortAccountRatio", nothing, 1),
        ("GET", "/futures/data/topLongShortAccountRatio", nothing, 1),
        ("GET", "/futures/data/topLongShortPositionRatio", nothing, 1),
        ("GET", "/futures/data/takerlongshortRatio", nothing, 1),
    )
)
