"""Calls about the market, without a key. The order book is coarse: one tick wide, as deep as anybody asks."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from pinery.simulators.binance.account_calls import nothing
from pinery.simulators.binance.calls import Call, Route
from pinery.simulators.binance.errors import refusal
from pinery.simulators.binance.params import Params
from pinery.simulators.binance.records import money, plain
from pinery.simulators.binance.symbols import SymbolFacts
from pinery.simulators.binance.tape import INTERVALS, Candle, Print, Tape, closing

_FUNDING = 8 * 3_600_000
_DEPTHS = {5: 2, 10: 2, 20: 2, 50: 2, 100: 5, 500: 10, 1000: 20}  # levels that can be asked for, and their weights
_CONTRACT_TYPES = ("PERPETUAL", "CURRENT_QUARTER", "NEXT_QUARTER", "TRADIFI_PERPETUAL")


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
    limit = call.params.limit(500, 1000)
    if limit not in _DEPTHS:
        raise refusal(-4021, limit)
    bids, asks = book(facts, price, limit)
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


async def continuous_klines(call: Call) -> Any:
    """Of the pair's perpetual; there are no other contracts here."""
    kind = call.params.one_of("contractType", _CONTRACT_TYPES, -1130)
    rows = await _klines(call, "pair")
    return rows if kind == "PERPETUAL" else []


async def mark_klines(call: Call) -> Any:
    return _of_prices(await _klines(call, "symbol"))


async def index_klines(call: Call) -> Any:
    return _of_prices(await _klines(call, "pair"))


def _of_prices(rows: list[Any]) -> list[Any]:
    """Of a price at which nothing is traded."""
    return [[*row[:5], "0", row[6], "0", row[8], "0", "0", "0"] for row in rows]


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


def _prints(found: Iterable[Print]) -> list[Any]:
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
        for it in found
    ]


def recent(call: Call) -> Any:
    found = call.tape.of(call.exchange.symbol(call.params.need("symbol")).symbol).prints
    return _prints(list(found)[-call.params.limit(500, 1000) :])


def older(call: Call) -> Any:
    found = call.tape.of(call.exchange.symbol(call.params.need("symbol")).symbol).prints
    from_id, limit = call.params.whole("fromId"), call.params.limit(100, 500)
    if from_id is None:
        return _prints(list(found)[-limit:])
    return _prints([it for it in found if it.number >= from_id][:limit])


def aggregated(call: Call) -> Any:
    params = call.params
    found = call.tape.of(call.exchange.symbol(params.need("symbol")).symbol).prints
    from_id, (start, end) = params.whole("fromId"), params.period()
    until = found[-1].time if found and end is None else end or 0
    fitting = [it for it in found if it.number >= (from_id or 0) and start <= it.time <= until]
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
        for it in (fitting[:limit] if from_id is not None or start else fitting[-limit:])
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
    """The last 24 hours, as one bar."""
    recent = tape.of(facts.symbol).day()
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
        next((minute.first for minute in recent if minute.first >= 0), -1),
        recent[-1].last,
    )


async def ticker(call: Call) -> Any:
    rows = []
    for facts in _wanted(call):
        await call.tape.recall(facts)
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


def funding_info(call: Call) -> Any:
    return [
        {
            "symbol": facts.symbol,
            "adjustedFundingRateCap": "0.02000000",
            "adjustedFundingRateFloor": "-0.02000000",
            "fundingIntervalHours": _FUNDING // 3_600_000,
            "disclaimer": False,
        }
        for facts in call.exchange.symbols.values()
    ]


def adl_risk(call: Call) -> Any:
    """Low, always: positions are deleveraged by control only."""
    now = call.exchange.now()
    return _one_or_all(call, [{"symbol": it.symbol, "adlRisk": "low", "updateTime": now} for it in _wanted(call)])


def open_interest(call: Call) -> Any:
    facts = call.exchange.symbol(call.params.need("symbol"))
    held = call.exchange.ledger.positions.values()
    total = sum((abs(it.amount) for it in held if it.symbol == facts.symbol), Decimal(0))
    return {"openInterest": plain(total), "symbol": facts.symbol, "time": call.exchange.now()}


def _by_depth(params: Params) -> int:
    return _DEPTHS.get(params.limit(500, 1000), 2)


def _by_rows(params: Params) -> int:
    """Of bars."""
    limit = params.limit(500, 1500)
    return 1 if limit < 100 else 2 if limit < 500 else 5 if limit <= 1000 else 10


ROUTES = (
    *(
        Route("GET", f"/fapi/v1/{path}", answer, "none", weight, weight_of_all)
        for path, answer, weight, weight_of_all in (
            ("ping", ping, 1, None),
            ("time", time, 1, None),
            ("exchangeInfo", exchange_info, 1, None),
            ("depth", depth, _by_depth, None),
            ("rpiDepth", depth, 20, None),
            ("trades", recent, 5, None),
            ("aggTrades", aggregated, 20, None),
            ("klines", klines, _by_rows, None),
            ("continuousKlines", continuous_klines, _by_rows, None),
            ("markPriceKlines", mark_klines, _by_rows, None),
            ("indexPriceKlines", index_klines, _by_rows, None),
            ("premiumIndexKlines", premium_klines, _by_rows, None),
            ("ticker/price", price, 1, 2),
            ("ticker/bookTicker", best, 2, 5),
            ("ticker/24hr", ticker, 1, 40),
            ("premiumIndex", premium, 1, 10),
            ("fundingRate", nothing, 0, None),
            ("fundingInfo", funding_info, 0, None),
            ("openInterest", open_interest, 1, None),
            ("symbolAdlRisk", adl_risk, 1, None),
            ("indexInfo", nothing, 1, None),
        )
    ),
    Route("GET", "/fapi/v2/ticker/price", price, "none", 1, 2),
    Route("GET", "/fapi/v1/historicalTrades", older, "key", 200),
    *(
        Route("GET", f"/futures/data/{name}", nothing, "none", 0)
        for name in (
            "openInterestHist",
            "globalLongShortAccountRatio",
            "topLongShortAccountRatio",
            "topLongShortPositionRatio",
            "takerlongshortRatio",
            "basis",
            "delivery-price",
        )
    ),
)
