"""Events of the market's streams: which there are, where they belong, and what they say.

A stream's name is ``symbol@kind``, or ``!kind`` of all symbols. Streams of the order book are on /public, all others on
/market.
"""

from __future__ import annotations

import re
from typing import Any

from pinery.simulators.binance import market_calls
from pinery.simulators.binance.exchange import Exchange
from pinery.simulators.binance.records import Order, money, plain
from pinery.simulators.binance.symbols import SymbolFacts
from pinery.simulators.binance.tape import INTERVALS, Candle, Print, Tape, closing

_NAME = re.compile(r"^(?P<symbol>!|[a-z0-9_]+@)(?P<kind>[A-Za-z]+)(?P<more>.*)$")
_PUBLIC = ("depth", "bookTicker", "trade", "rpiDepth")
_CONTINUOUS = re.compile(r"^(?P<pair>[a-z0-9]+)_perpetual@continuousKline_(?P<interval>\w+)$")


def belongs(name: str) -> str:
    """ "public" or "market"."""
    found = _NAME.match(name)
    return "public" if found and found["kind"] in _PUBLIC else "market"


def kind_of(name: str) -> str:
    found = _NAME.match(name)
    return found["kind"] if found else ""


class Quotes:
    def __init__(self, exchange: Exchange, tape: Tape) -> None:
        self._exchange = exchange
        self._tape = tape

    def symbols(self, name: str) -> list[SymbolFacts]:
        """Those that a stream tells of, if anything was traded."""
        known = self._exchange.symbols
        if name.startswith("!"):
            return [facts for facts in known.values() if facts.symbol in self._exchange.last]
        pair = name.partition("@")[0].removesuffix("_perpetual").upper()
        return [known[pair]] if pair in known and pair in self._exchange.last else []

    async def start(self, name: str) -> None:
        """Somebody listens: candles of that interval are kept from now on, and tickers tell of all of a day."""
        if kind_of(name) in ("ticker", "miniTicker"):
            for facts in self.symbols(name):
                await self._tape.recall(facts)
        if (interval := _interval(name)) is not None:
            for facts in self.symbols(name):
                await self._tape.complete(facts, interval)

    def now(self, name: str) -> Any:
        """What the stream says of the present; None where it tells of trades alone, or there is nothing to say."""
        kind, facts = kind_of(name), self.symbols(name)
        if not facts or kind in ("aggTrade", "trade"):
            return None
        if kind in ("kline", "continuousKline"):
            return self._open_candle(name, facts[0])
        rows = [row for it in facts if (row := self._row(kind, name, it)) is not None]
        if not rows:
            return None
        return rows if name.startswith("!") and "@arr" in name else rows[-1]

    def _row(self, kind: str, name: str, facts: SymbolFacts) -> Any:
        match kind:
            case "bookTicker":
                return self._best(facts)
            case "depth" | "rpiDepth":
                return self._depth(facts, name)
            case "markPrice":
                return self._mark(facts)
            case "ticker":
                return self._ticker(facts)
            case "miniTicker":
                return self._mini(facts)
        return None

    def of_move(self, name: str, facts: SymbolFacts, closed: list[tuple[str, Candle]]) -> list[Any]:
        """What a move of that symbol gives the stream."""
        if facts not in self.symbols(name):
            return []
        kind = kind_of(name)
        if kind in ("aggTrade", "trade"):
            return [self._print(facts, kind, self._tape.of(facts.symbol).prints[-1])]
        if kind in ("kline", "continuousKline"):
            interval = _interval(name)
            ended = [self._candle(name, facts, i, candle, True) for i, candle in closed if i == interval]
            return [*ended, self._open_candle(name, facts)]
        told = self.now(name)
        return [] if told is None else [told]

    def of_liquidation(self, name: str, order: Order) -> dict[str, Any] | None:
        """What the stream says of an order by which the venue has closed a position."""
        if kind_of(name) != "forceOrder" or self._exchange.symbols[order.symbol] not in self.symbols(name):
            return None
        told = {
            "s": order.symbol,
            "S": order.side,
            "o": order.type,
            "f": order.tif,
            "q": plain(order.quantity),
            "p": plain(order.price),
            "ap": plain(order.average),
            "X": order.status,
            "l": plain(order.executed),
            "z": plain(order.executed),
            "T": order.updated,
        }
        return {"e": "forceOrder", "E": self._exchange.now(), "st": 1, "o": told}

    def of_time(self, name: str, facts: SymbolFacts, closed: list[tuple[str, Candle]]) -> list[Any]:
        """What candles give the stream that ended without a trade."""
        interval = _interval(name)
        ended = [candle for known, candle in closed if known == interval]
        if interval is None or not ended or facts not in self.symbols(name):
            return []
        told = [self._candle(name, facts, interval, candle, True) for candle in ended]
        return [*told, self._open_candle(name, facts)]

    def _open_candle(self, name: str, facts: SymbolFacts) -> Any:
        interval = _interval(name)
        if interval is None:
            return None
        candles = self._tape.of(facts.symbol).of(interval)
        return self._candle(name, facts, interval, candles[-1], False) if candles else None

    def _candle(self, name: str, facts: SymbolFacts, interval: str, candle: Candle, closed: bool) -> dict[str, Any]:
        told: dict[str, Any] = {
            "t": candle.time,
            "T": closing(candle.time, interval) - 1,
            "s": facts.symbol,
            "i": interval,
            "f": candle.first,
            "L": candle.last,
            "o": plain(candle.open),
            "c": plain(candle.close),
            "h": plain(candle.high),
            "l": plain(candle.low),
            "v": plain(candle.volume),
            "n": candle.count,
            "x": closed,
            "q": plain(candle.quote),
            "V": plain(candle.volume / 2),
            "Q": plain(candle.quote / 2),
            "B": "0",
        }
        if "continuousKline" in name:
            del told["s"]
            names = {"e": "continuous_kline", "ps": facts.symbol, "ct": "PERPETUAL"}
            return {**names, "E": self._time(facts), "st": 1, "k": told}
        return {"e": "kline", "E": self._time(facts), "s": facts.symbol, "st": 1, "k": told}

    def _time(self, facts: SymbolFacts) -> int:
        """The market's, in which candles are."""
        tape = self._tape.of(facts.symbol)
        return max(tape.time, tape.candles["1m"][-1].time)

    def _print(self, facts: SymbolFacts, kind: str, it: Print) -> dict[str, Any]:
        told: dict[str, Any] = {"e": kind, "E": it.time, "s": facts.symbol, "st": 1}
        if kind == "trade":
            told |= {"t": it.number, "X": "MARKET"}
        else:
            told |= {"a": it.number, "nq": plain(it.quantity), "f": it.number, "l": it.number}
        return told | {"p": plain(it.price), "q": plain(it.quantity), "T": it.time, "m": it.seller_made}

    def _best(self, facts: SymbolFacts) -> dict[str, Any]:
        bids, asks = market_calls.book(facts, self._exchange.last[facts.symbol], 1)
        now = self._exchange.now()
        return {
            "e": "bookTicker",
            "u": self._tape.of(facts.symbol).number,
            "s": facts.symbol,
            "st": 1,
            "b": bids[0][0],
            "B": bids[0][1],
            "a": asks[0][0],
            "A": asks[0][1],
            "T": now,
            "E": now,
        }

    def _depth(self, facts: SymbolFacts, name: str) -> dict[str, Any]:
        """The whole coarse book, each time, and with a zero what was in it lately."""
        levels = re.search(r"epth(\d+)", name)
        price, now = self._exchange.last[facts.symbol], self._exchange.now()
        bids, asks = market_calls.book(facts, price, int(levels[1]) if levels else 20)
        if not levels:
            for before in self._tape.of(facts.symbol).recent:
                old_bids, old_asks = market_calls.book(facts, before, 20)
                _take_away(bids, old_bids)
                _take_away(asks, old_asks)
        return {
            "e": "depthUpdate",
            "E": now,
            "T": now,
            "s": facts.symbol,
            "st": 1,
            "U": now,
            "u": now,
            "pu": 0,  # numbers go on from one event of a connection to the next, so it fills them in
            "b": bids,
            "a": asks,
        }

    def _mark(self, facts: SymbolFacts) -> dict[str, Any]:
        now, price = self._exchange.now(), self._exchange.last[facts.symbol]
        return {
            "e": "markPriceUpdate",
            "E": now,
            "s": facts.symbol,
            "st": 1,
            "p": money(self._exchange.mark(facts.symbol)),
            "ap": money(self._exchange.mark(facts.symbol)),
            "i": money(price),
            "P": money(price),
            "r": "0.00000000",
            "T": market_calls.next_funding(now),
        }

    def _mini(self, facts: SymbolFacts) -> dict[str, Any]:
        it = market_calls.day(self._tape, facts, self._exchange.last[facts.symbol])
        return {
            "e": "24hrMiniTicker",
            "E": self._exchange.now(),
            "s": facts.symbol,
            "st": 1,
            "c": plain(it.close),
            "o": plain(it.open),
            "h": plain(it.high),
            "l": plain(it.low),
            "v": plain(it.volume),
            "q": plain(it.quote),
        }

    def _ticker(self, facts: SymbolFacts) -> dict[str, Any]:
        it = market_calls.day(self._tape, facts, self._exchange.last[facts.symbol])
        prints = self._tape.of(facts.symbol).prints
        return self._mini(facts) | {
            "e": "24hrTicker",
            "p": plain(it.close - it.open),
            "P": market_calls.change_percent(it),
            "w": market_calls.weighted(it),
            "Q": plain(prints[-1].quantity) if prints else "0",
            "O": it.time,
            "C": self._exchange.now(),
            "F": it.first,
            "L": it.last,
            "n": it.count,
        }


def _take_away(side: list[list[str]], old: list[list[str]]) -> None:
    """Prices of an older book that are not in this one any more have nothing left."""
    told = {level[0] for level in side}
    side += [[price, "0"] for price, _ in old if price not in told]


def _interval(name: str) -> str | None:
    if found := _CONTINUOUS.match(name):
        interval = found["interval"]
    elif "@kline_" in name:
        interval = name.partition("@kline_")[2].split("@")[0]
    else:
        return None
    return interval if interval in INTERVALS else None
