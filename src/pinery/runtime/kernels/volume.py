"""Volume-weighted averages and volume indices."""

from __future__ import annotations

from math import sqrt

from pinery.runtime.kernels.crosses import Total, cum
from pinery.runtime.kernels.primitives import NAN, over_zero
from pinery.runtime.kernels.state import State


class Anchored(State):
    """Sums of volume, price * volume and price^2 * volume since the anchor."""

    __slots__ = ("day", "price", "square", "started", "volume")

    def __init__(self) -> None:
        self.started: bool = False
        self.day: float = NAN
        self.volume: float = 0.0
        self.price: float = 0.0
        self.square: float = 0.0


def vwap(state: Anchored, volume: float, source: float, anchor: bool) -> float:
    """Na until the anchor is first true."""
    if anchor:
        state.started = True
        state.volume = 0.0
        state.price = 0.0
        state.square = 0.0
    if not state.started:
        return NAN
    weighted = source * volume
    if weighted == weighted:
        state.volume += volume
        state.price += weighted
        state.square += source * weighted
    if state.volume == 0.0:
        return NAN
    return state.price / state.volume


def vwap_bands(
    state: Anchored, volume: float, source: float, anchor: bool, stdev_mult: float
) -> tuple[float, float, float]:
    """The deviation is that of the population, weighted with volume."""
    middle = vwap(state, volume, source, anchor)
    if middle != middle:
        return NAN, NAN, NAN
    variance = state.square / state.volume - middle * middle
    width = 0.0
    if variance > 0.0:
        width = sqrt(variance) * stdev_mult
    return middle, middle + width, middle - width


def _new_day(state: Anchored, trading_day: float) -> bool:
    """The first bar begins a day, whatever its time."""
    changed = not state.started or (trading_day == trading_day and trading_day != state.day)
    state.day = trading_day
    return changed


def vwap_daily(state: Anchored, trading_day: int, volume: float, source: float) -> float:
    return vwap(state, volume, source, _new_day(state, trading_day))


def vwap_bands_daily(
    state: Anchored, trading_day: int, volume: float, source: float, stdev_mult: float
) -> tuple[float, float, float]:
    return vwap_bands(state, volume, source, _new_day(state, trading_day), stdev_mult)


class Accumulation(State):
    __slots__ = ("close", "total")

    def __init__(self) -> None:
        self.close: float = NAN
        self.total = Total()


def obv(state: Accumulation, close: float, volume: float) -> float:
    change = close - state.close
    state.close = close
    signed = NAN
    if change > 0:
        signed = volume
    elif change < 0:
        signed = -volume
    elif change == 0:
        signed = 0.0 * volume
    return cum(state.total, signed)


def pvt(state: Accumulation, close: float, volume: float) -> float:
    before = state.close
    state.close = close
    if before == 0.0:  # no share of nothing: the bar adds none
        return cum(state.total, NAN)
    return cum(state.total, (close - before) / before * volume)


def wad(state: Accumulation, high: float, low: float, close: float) -> float:
    before = state.close
    state.close = close
    gain = 0.0
    if close > before:
        gain = close - min(low, before)
    elif close < before:
        gain = close - max(high, before)
    return cum(state.total, gain)


def accdist(state: Total, high: float, low: float, close: float, volume: float) -> float:
    if high == low:
        return cum(state, 0.0)
    return cum(state, (2.0 * close - low - high) / (high - low) * volume)


class Plain(State):
    __slots__ = ()


def wvad(state: Plain, open_: float, high: float, low: float, close: float, volume: float) -> float:
    if high == low:
        return over_zero((close - open_) * volume)
    return (close - open_) / (high - low) * volume


def iii(state: Plain, high: float, low: float, close: float, volume: float) -> float:
    size = (high - low) * volume
    if size == 0.0:
        return over_zero(2.0 * close - high - low)
    return (2.0 * close - high - low) / size


class VolumeIndex(State):
    __slots__ = ("close", "value", "volume")

    def __init__(self) -> None:
        self.close: float = NAN
        self.volume: float = 0.0
        self.value: float = 1.0


def nvi(state: VolumeIndex, close: float, volume: float) -> float:
    return _index(state, close, volume, volume < state.volume)


def pvi(state: VolumeIndex, close: float, volume: float) -> float:
    return _index(state, close, volume, volume > state.volume)


def _index(state: VolumeIndex, close: float, volume: float, follow: bool) -> float:
    """Follow the close on the bars that count; an index that reached 0 starts again at 1."""
    before = state.close
    value = state.value
    if value == 0.0:
        value = 1.0
    if follow and close == close and close != 0.0 and before == before and before != 0.0:
        value += (close - before) / before * value
    state.close = close
    state.volume = volume if volume == volume else 0.0
    state.value = value
    return value
