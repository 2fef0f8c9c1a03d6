"""Synthetic bars of an index future: made up, seeded, and shaped like the real thing. Not market data.

The model, per one-minute bar of each CME session:

* volatility: a daily level (AR(1) in logs) times a shape over the day (quiet nights, a step at London's open, the
  cash open's spike, the lull at noon, the rise into the close) times an EGARCH(1,1) that reacts to past shocks;
* shocks: Student's t with five degrees of freedom; falls raise volatility more than rises;
* gaps between sessions, wider over weekends and holidays;
* highs and lows: extremes of a Brownian bridge between open and close;
* volume: the same shape, larger on large moves, clustered.

Prices are whole ticks that add up, so that a last-bit difference between machines' exp and log does not spread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

import numpy as np

from pinery.core.bars import BarSeries, FloatArray, IntArray
from pinery.core.errors import UsageError
from pinery.core.instrument import Instrument
from pinery.market.calendar import CHICAGO, Session, cme_index_sessions
from pinery.market.symbols import lookup

SYMBOL = "SYNTH:ES1!"
FIRST_DAY = date(2023, 1, 3)
MINUTE = 60_000

Sessions = Callable[[date, date], Iterator[Session]]  # those of the trading days from .. to, in order

_SESSION_MINUTES = 23 * 60  # 17:00 to 16:00
_DAY_MINUTES = 24 * 60
_PAUSE = 0.5  # activity from 16:00 to 17:00, where somebody trades then, as a share of the mean
_BRIDGE_FLOOR = 1e-12


@dataclass(frozen=True, slots=True)
class Market:
    """The model's parameters. Volatilities are standard deviations of log returns."""

    price: float = 4000.0  # at the start
    daily_volatility: float = 0.0105
    yearly_drift: float = 0.07
    daily_volume: float = 1_300_000.0  # contracts
    level_persistence: float = 0.97  # of the daily volatility level
    level_noise: float = 0.09
    shock_persistence: float = 0.985  # of the EGARCH term, per minute
    shock_weight: float = 0.055
    leverage: float = -0.02
    degrees: float = 5.0  # of Student's t
    gap: float = 0.12  # between sessions, as a share of the day's volatility
    weekend_gap: float = 0.4


def generate(
    count: int | None = None,
    *,
    first: date = FIRST_DAY,
    last: date | None = None,
    seed: int = 1,
    symbol: str = SYMBOL,
    market: Market | None = None,
    sessions: Sessions = cme_index_sessions,
) -> BarSeries:
    """One-minute bars from the session of trading day ``first`` on; ``sessions`` are those of CME's index futures
    by default.

    ``count`` bars, or all up to trading day ``last`` (included); given both, whichever ends first. The tick is that of
    ``symbol``'s instrument. The same arguments give the same bars on every machine; more bars only add to fewer.
    """
    if count is None and last is None:
        raise UsageError("say how many bars to generate, or up to which day")
    if count is not None and count < 1:
        raise UsageError(f"cannot generate {count} bars")
    if last is not None and last < first:
        raise UsageError(f"the last day {last} is before the first {first}")
    if first.year < 1990 or (last or first).year > 2100:
        raise UsageError("the calendar covers the years 1990 to 2100")
    instrument = lookup(symbol)
    days: list[BarSeries] = []
    left = count
    for bars in _days(first, last, seed, instrument, market or Market(), sessions):
        days.append(bars if left is None or len(bars) <= left else bars.slice(0, left))
        if left is not None:
            left -= len(days[-1])
            if left <= 0:
                break
    if not days:
        raise UsageError(f"there is no trading session from {first} to {last}")
    return BarSeries(
        *(
            np.concatenate([getattr(d, name) for d in days])
            for name in ("time", "open", "high", "low", "close", "volume")
        )
    )


def _days(
    first: date, last: date | None, seed: int, instrument: Instrument, market: Market, sessions: Sessions
) -> Iterator[BarSeries]:
    end = date(2100, 12, 31) if last is None else last
    tick = instrument.mintick
    price = max(round(market.price / tick), 1)
    level, shock = 0.0, 0.0
    volatility_shape, volume_shape = _shapes()
    previous: Session | None = None
    for number, session in enumerate(islice(sessions(first, end), 100_000)):
        # One stream for each day: days stay the same however many are asked for.
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, number])))
        level = market.level_persistence * level + market.level_noise * float(rng.standard_normal())
        daily = market.daily_volatility * float(np.exp(level - 0.09))
        gap = 0 if previous is None else _gap(rng, session, previous, daily, price, market)
        at = _minutes(session)
        bars, shock = _day(rng, session, price + gap, daily, shock, volatility_shape[at], volume_shape[at], market)
        price = max(int(bars[3][-1]), 4)
        previous = session
        time, opened, high, low, close, volume = bars
        opens, highs, lows, closes = (_prices(ticks, instrument) for ticks in (opened, high, low, close))
        yield BarSeries(time, opens, highs, lows, closes, volume.astype(np.float64))


def _prices(ticks: IntArray, instrument: Instrument) -> FloatArray:
    """Prices of whole ticks, each the double nearest to its decimal."""
    return (ticks * instrument.minmove).astype(np.float64) / instrument.pricescale


def _gap(
    rng: np.random.Generator, session: Session, previous: Session, daily: float, price: int, market: Market
) -> int:
    """Ticks between the last close and the next open."""
    if session.start == previous.end:
        return 0
    closed_days = (session.start - previous.end) / 86_400_000
    share = market.gap if closed_days < 0.5 else market.weekend_gap
    drawn = float(np.clip(_student(rng, 1, market.degrees)[0], -6, 6))
    return round(drawn * share * daily * price)


def _student(rng: np.random.Generator, count: int, degrees: float) -> FloatArray:
    """Student's t scaled to unit variance."""
    return rng.standard_t(degrees, count) * float(np.sqrt((degrees - 2) / degrees))


def _minutes(session: Session) -> IntArray:
    """Minutes since 17:00 Chicago time, of each minute of a session."""
    local = datetime.fromtimestamp(session.start / 1000, CHICAGO)
    first = local.hour * 60 + local.minute - 17 * 60
    return (first + np.arange((session.end - session.start) // MINUTE, dtype=np.int64)) % _DAY_MINUTES


def _shapes() -> tuple[FloatArray, FloatArray]:
    """Volatility (its squares add to 1 up to 16:00) and volume (adds to 1) over the minutes from 17:00 Chicago time."""
    minute = np.arange(_SESSION_MINUTES)
    hours = [0, 0.5, 3, 8.5, 9, 10, 14.5, 15.45, 15.5, 16, 17, 18.5, 20, 21.5, 21.95, 22, 22.25, 23]
    #        17:00   20  01:30 02  03  07:30 08:27 08:30 09 10  11:30  13   14:30 14:57 15   15:15 16:00
    volatility = np.interp(
        minute / 60,
        hours,
        [1, 0.55, 0.45, 0.5, 0.85, 0.7, 0.8, 0.95, 2.9, 2.1, 1.5, 1.15, 1.2, 1.6, 1.9, 1.6, 0.9, 0.5],
    )
    volume = np.interp(
        minute / 60,
        hours,
        [0.35, 0.12, 0.1, 0.13, 0.35, 0.28, 0.4, 0.8, 5.5, 3.8, 2.4, 1.6, 1.7, 2.9, 5.2, 3.5, 0.6, 0.15],
    )
    volatility, volume = volatility / np.sqrt(np.sum(volatility**2)), volume / np.sum(volume)
    pause = np.full(_DAY_MINUTES - _SESSION_MINUTES, _PAUSE)
    return (
        np.concatenate([volatility, pause * volatility.mean()]),
        np.concatenate([volume, pause * volume.mean()]),
    )


def _decaying_sum(values: FloatArray, persistence: float, start: float) -> FloatArray:
    """y[t] = persistence·y[t-1] + values[t], y[-1] = start; by doubling, without a loop over bars."""
    found = values.copy()
    found[0] += persistence * start
    step = 1
    weight = persistence
    while step < len(found):
        shifted = found[:-step] * weight
        found = found.copy()
        found[step:] += shifted
        weight *= weight
        step *= 2
    return found


def _day(
    rng: np.random.Generator,
    session: Session,
    start: int,
    daily: float,
    shock: float,
    volatility_shape: FloatArray,
    volume_shape: FloatArray,
    market: Market,
) -> tuple[tuple[IntArray, IntArray, IntArray, IntArray, IntArray, IntArray], float]:
    """Time and prices in ticks of one session, and the EGARCH term at its end."""
    count = (session.end - session.start) // MINUTE
    z = np.clip(_student(rng, count, market.degrees), -9, 9)
    # E|z| of the scaled t with five degrees of freedom is 0.735.
    news = market.shock_weight * (np.abs(z) - 0.735) + market.leverage * z
    # The shock of a bar moves the volatility of the bars after it.
    terms = _decaying_sum(np.concatenate([[0.0], news[:-1]]), market.shock_persistence, shock)
    ending = market.shock_persistence * float(terms[-1]) + float(news[-1])
    sigma = daily * volatility_shape * np.exp(np.clip(terms, -1.5, 2.0) - 0.06)
    drift = market.yearly_drift / 252 / _SESSION_MINUTES
    width = sigma * start  # of one bar, in ticks
    steps = np.rint(z * width + drift * start).astype(np.int64)

    close = start + np.cumsum(steps)
    opened = np.concatenate([[start], close[:-1]])
    # Now and then the first trade of a minute is a tick off the last one of the minute before.
    jitter = rng.integers(0, 8, count)
    opened = opened + np.where(jitter == 0, 1, 0) - np.where(jitter == 1, 1, 0)
    opened[0] = start

    spread = (close - opened).astype(np.float64)
    top = opened + np.rint(_rise(rng, spread, width)).astype(np.int64)
    bottom = opened - np.rint(_rise(rng, -spread, width)).astype(np.int64)
    top, bottom = np.maximum(top, np.maximum(opened, close)), np.minimum(bottom, np.minimum(opened, close))
    floor = np.int64(1)
    opened, top, bottom, close = (np.maximum(p, floor) for p in (opened, top, bottom, close))

    activity = _decaying_sum(rng.standard_normal(count) * 0.18, 0.9, 0.0)
    move = np.abs(spread) / np.maximum(width, 0.25)
    mean = market.daily_volume * volume_shape * (daily / market.daily_volatility)
    volume = np.maximum(np.rint(mean * np.exp(activity - 0.085) * (0.55 + 0.6 * np.minimum(move, 5))), 1).astype(
        np.int64
    )
    time = session.start + MINUTE * np.arange(count, dtype=np.int64)
    return (time, opened, top, bottom, close, volume), ending


def _rise(rng: np.random.Generator, spread: FloatArray, width: FloatArray) -> FloatArray:
    """How far a Brownian bridge from 0 to ``spread`` rises above 0."""
    uniform = np.maximum(rng.random(len(spread)), _BRIDGE_FLOOR)
    return (spread + np.sqrt(spread**2 - 2 * width**2 * np.log(uniform))) / 2
