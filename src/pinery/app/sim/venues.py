"""The venues that ``pinery sim`` can be. Another one is a row."""

from __future__ import annotations

import secrets as randomness
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pinery.app.sim.options import SimOptions
from pinery.charts.feed import ChartFeed
from pinery.core.bars import BarSeries
from pinery.core.errors import UsageError
from pinery.runtime.timeframes import Timeframe
from pinery.simulators.binance.faults import FAULTS
from pinery.simulators.binance.records import Access
from pinery.simulators.binance.tape import INTERVALS, Candle
from pinery.simulators.binance.venue import BinanceSimulator
from pinery.simulators.common.book import VenueBook
from pinery.simulators.common.faults import FaultKind, FaultPlan
from pinery.simulators.common.market import Market
from pinery.simulators.tradovate.faults import KINDS
from pinery.simulators.tradovate.ledger import Change
from pinery.simulators.tradovate.products import by_id, by_symbol
from pinery.simulators.tradovate.settings import SimAccount, SimUser
from pinery.simulators.tradovate.venue import TradovateSimulator
from pinery.trading.clock import Clock
from pinery.trading.mapping import contract_of

Say = Callable[[str, str], None]  # kind and text of what happened

_NAME = "SIM1"  # of the account at the venue
_CID, _SEC = "1", "simulator"


@dataclass(frozen=True, slots=True)
class Simulator:
    """``app`` is the ASGI application."""

    app: Any
    faults: FaultPlan
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Around:
    """What a simulator is made with. ``feed`` has the bars from before; ``say`` is told of fills."""

    options: SimOptions
    market: Market
    feed: ChartFeed
    book: VenueBook
    clock: Clock
    say: Say


@dataclass(frozen=True, slots=True)
class Venue:
    """``key`` and ``secret`` are words for the two parts of its credentials, ``credentials`` makes new ones;
    ``account`` gives the settings of ``[accounts.NAME]`` for a port, ``secrets`` names and values of its secrets.
    ``pings``: seconds between pings of its streams, and until a stream that does not answer them is cut."""

    title: str
    port: int
    symbols: tuple[str, ...]
    faults: Mapping[str, FaultKind]
    key: str
    secret: str
    balance: Decimal
    credentials: Callable[[], tuple[str, str]]
    make: Callable[[Around], Simulator]
    account: Callable[[SimOptions, int], dict[str, Any]]
    secrets: Callable[[SimOptions], dict[str, str]]
    urls: Callable[[int], dict[str, str]]
    pings: tuple[float | None, float | None] = (None, None)


# --- Binance --------------------------------------------------------------------------

# Long candles are made of minutes while everybody who trades waits; a symbol is taken to be listed so long, in ms.
_FARTHEST = 2 * 365 * 86_400_000
_TIMEFRAMES = {"1d": "1D", "3d": "3D", "1w": "1W", "1M": "1M"}


def _binance(around: Around) -> Simulator:
    options = around.options
    for symbol in options.bars:
        if not symbol.endswith(".P"):
            raise UsageError(f"{symbol} is no perpetual of Binance", "write BINANCE:ETHUSDT.P")
    made = BinanceSimulator(
        around.market,
        [contract_of(symbol) for symbol in options.bars],
        accounts=[Access(_NAME, options.key, options.secret, balance=options.balance)],
        seed=options.seed,
        book=around.book,
        clock=around.clock,
        history=klines(around.feed),
    )

    def heard(account: str, event: dict[str, Any]) -> None:
        order = event.get("o", {})
        if event.get("e") == "ORDER_TRADE_UPDATE" and order.get("x") == "TRADE":
            text = f"{order['S'].lower()} {order['l']} {order['s']} at {order['L']}, {order['z']} of {order['q']}"
            around.say("fill", f"{text}  {order['c']}")

    made.exchange.hear(heard)
    return Simulator(made.app, made.faults, made.close)


def klines(feed: ChartFeed) -> Callable[[str, str, int | None, int | None, int], Any]:
    """The feed's bars as candles, the open one as far as it has come; nothing from before ``_FARTHEST``."""

    async def rows(symbol: str, interval: str, start: int | None, end: int | None, limit: int) -> Sequence[Candle]:
        minutes = INTERVALS[interval] // 60_000
        timeframe = Timeframe.parse(_TIMEFRAMES.get(interval, str(minutes)))
        now = feed.now()
        length = timeframe.seconds * 1000
        newest = now if end is None else min(end, now)
        count = (now - newest) // length + limit + 1 if start is None else (now - start) // length + 2
        found = await feed.history(symbol, timeframe, max(0, min(count, 200_000, _FARTHEST // length)))
        bars = found.bars.between(start, newest)
        first = max(0, len(bars) - limit) if start is None else 0
        made = [_candle(bars, i) for i in range(first, min(len(bars), first + limit))]
        if found.open is not None and (start or 0) <= found.open.time <= newest:
            now_open = found.open
            values = (now_open.open, now_open.high, now_open.low, now_open.close, now_open.volume)
            made.append(_candle_of(now_open.time, values))
        return made[-limit:] if start is None else made[:limit]

    return rows


def _candle(bars: BarSeries, i: int) -> Candle:
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    return _candle_of(int(bars.time[i]), [column[i] for column in columns])


def _candle_of(time: int, values: Sequence[float]) -> Candle:
    opens, high, low, close, volume = (Decimal(repr(float(value))) for value in values)
    return Candle(time, opens, high, low, close, volume, volume * close)


def _binance_account(options: SimOptions, port: int) -> dict[str, Any]:
    return {
        "broker": "binance",
        "environment": "demo",
        "api_key_secret": _secret_name(options, "key"),
        "api_secret_secret": _secret_name(options, "secret"),
        "leverage": 20,
        "rest_url": f"http://127.0.0.1:{port}",
        "stream_url": f"ws://127.0.0.1:{port}",
    }


def _binance_urls(port: int) -> dict[str, str]:
    return {"REST": f"http://127.0.0.1:{port}/fapi/v1", "streams": f"ws://127.0.0.1:{port}/public, /market, /private"}


# --- Tradovate ------------------------------------------------------------------------


def _tradovate(around: Around) -> Simulator:
    options = around.options
    today = datetime.fromtimestamp(around.clock.now() / 1000, UTC).date()
    for symbol in options.bars:
        found = by_symbol(symbol, today)
        if found is None or found.expiry < today:
            raise UsageError(f"{symbol} is no future that the simulated Tradovate trades now", "write CME_MINI:ES1!")
    user = SimUser(options.key, options.secret, (SimAccount(_NAME, options.balance),), cid=_CID, sec=_SEC)
    made = TradovateSimulator(
        around.market, [user], around.clock, book=around.book, history=around.feed.history, seed=options.seed
    )

    def heard(change: Change) -> None:
        if change.kind == "fill" and change.what == "Created":
            fill, contract = change.entity, by_id(int(change.entity["contractId"]))
            name = contract.name if contract is not None else fill["contractId"]
            around.say("fill", f"{str(fill['action']).lower()} {fill['qty']} {name} at {fill['price']}")

    made.state.ledger.listen(heard)
    return Simulator(made.app, made.faults, made.close)


def _tradovate_account(options: SimOptions, port: int) -> dict[str, Any]:
    return {
        "broker": "tradovate",
        "environment": "demo",
        "account": _NAME,
        "username": options.key,
        "password_secret": _secret_name(options, "password"),
        "cid": int(_CID),
        "sec_secret": _secret_name(options, "sec"),
        "rest_url": f"http://127.0.0.1:{port}/v1",
        "stream_url": f"ws://127.0.0.1:{port}/v1/websocket",
        "md_url": f"ws://127.0.0.1:{port}/md/v1/websocket",
        "market_data": True,
    }


def _tradovate_urls(port: int) -> dict[str, str]:
    return {
        "REST": f"http://127.0.0.1:{port}/v1",
        "user stream": f"ws://127.0.0.1:{port}/v1/websocket",
        "market data": f"ws://127.0.0.1:{port}/md/v1/websocket",
    }


def _secret_name(options: SimOptions, part: str) -> str:
    return f"{options.account}_{part}".replace("-", "_")


VENUES: dict[str, Venue] = {
    "binance": Venue(
        title="Binance USDⓈ-M Futures",
        port=8790,
        symbols=("BINANCE:ETHUSDT.P", "BINANCE:BTCUSDT.P"),
        faults=FAULTS,
        key="API key",
        secret="API secret",
        balance=Decimal(10_000),
        credentials=lambda: (randomness.token_hex(16), randomness.token_hex(32)),
        make=_binance,
        account=_binance_account,
        secrets=lambda options: {
            _secret_name(options, "key"): options.key,
            _secret_name(options, "secret"): options.secret,
        },
        urls=_binance_urls,
        pings=(180, 600),
    ),
    "tradovate": Venue(
        title="Tradovate",
        port=8791,
        symbols=("CME_MINI:ES1!", "CME_MINI:MES1!", "CME_MINI:NQ1!"),
        faults=KINDS,
        key="user",
        secret="password",
        balance=Decimal(50_000),
        credentials=lambda: ("trader", randomness.token_urlsafe(12)),
        make=_tradovate,
        account=_tradovate_account,
        secrets=lambda options: {
            _secret_name(options, "password"): options.secret,
            _secret_name(options, "sec"): _SEC,
        },
        urls=_tradovate_urls,
    ),
}
