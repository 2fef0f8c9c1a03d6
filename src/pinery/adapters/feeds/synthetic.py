"""Made-up bars of a symbol, in its own hours: for markets that need no files. Not market data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache
from zlib import crc32

from pinery.core.bars import BarSeries
from pinery.core.instrument import Instrument
from pinery.market.calendar import Session, cme_index_sessions
from pinery.market.generator import Market, Sessions, generate
from pinery.market.symbols import lookup
from pinery.runtime.sessions import calendar
from pinery.runtime.zones import zone

# Eight weeks without a holiday: they fit together when they are gone through again and again.
FIRST_DAY = date(2025, 9, 7)  # a Sunday
LAST_DAY = date(2025, 11, 1)

_BY_UNDERLYING = {  # roots of futures, coins, tickers
    "ES": Market(price=5400.0),
    "NQ": Market(price=19_000.0, daily_volatility=0.0135, daily_volume=600_000),
    "YM": Market(price=41_000.0, daily_volatility=0.0095, daily_volume=120_000),
    "RTY": Market(price=2150.0, daily_volatility=0.0135, daily_volume=160_000),
    "CL": Market(price=68.0, daily_volatility=0.021, daily_volume=300_000),
    "GC": Market(price=2600.0, daily_volatility=0.011, daily_volume=180_000),
    "BTC": Market(price=65_000.0, daily_volatility=0.026, daily_volume=40_000),
    "ETH": Market(price=3000.0, daily_volatility=0.034, daily_volume=700_000),
    "SOL": Market(price=150.0, daily_volatility=0.042, daily_volume=4_000_000),
    "SPX": Market(price=5400.0, daily_volume=2_000_000),
    "NDX": Market(price=19_000.0, daily_volatility=0.0135, daily_volume=1_000_000),
    "SPY": Market(price=540.0, daily_volume=60_000_000),
    "QQQ": Market(price=460.0, daily_volatility=0.0135, daily_volume=40_000_000),
}
_SAME = {
    "MES": "ES", "MNQ": "NQ", "MYM": "YM", "M2K": "RTY", "MCL": "CL", "MGC": "GC", "MBT": "BTC", "MET": "ETH",
    "XAU": "GC",
}  # fmt: skip
_OTHER = Market(price=100.0, daily_volatility=0.018, daily_volume=2_000_000)
_INDICES = ("ES", "MES", "NQ", "MNQ", "YM", "MYM", "RTY", "M2K")


@cache
def synthetic_bars(symbol: str) -> BarSeries:
    """One-minute bars of eight weeks, the same ones every time, other ones for every symbol."""
    instrument = lookup(symbol)
    name = instrument.root or instrument.basecurrency or instrument.ticker
    return generate(
        first=FIRST_DAY,
        last=LAST_DAY,
        seed=crc32(symbol.upper().encode()),
        symbol=symbol,
        market=_BY_UNDERLYING.get(_SAME.get(name, name), _OTHER),
        sessions=cme_index_sessions if instrument.root in _INDICES else _sessions_of(instrument),
    )


def _sessions_of(instrument: Instrument) -> Sessions:
    """By the symbol's weekly hours."""
    week = calendar(instrument.session, instrument.timezone).week
    local = zone(instrument.timezone)

    def sessions(first: date, last: date) -> Iterator[Session]:
        day = first
        while day <= last:
            for opens, closes in week[day.weekday()]:
                yield Session(day, _unix_ms(day, opens, local), _unix_ms(day, closes, local))
            day += timedelta(days=1)

    return sessions


def _unix_ms(day: date, minutes: int, local: tzinfo) -> int:
    """Of the minutes since midnight, which may lie on the days beside."""
    days, rest = divmod(minutes, 24 * 60)
    moment = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), local)
    return round(moment.timestamp()) * 1000
