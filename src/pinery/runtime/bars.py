"""The place of the bar at hand: indexes, times and ``barstate.*``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinery.runtime.calendars import DAY, EPOCH_ORDINAL
from pinery.runtime.sessions import trading_calendar
from pinery.runtime.values import NAN

if TYPE_CHECKING:
    from pinery.runtime.context import Runtime


def bid(rt: Runtime) -> float:
    """Bars carry no quotes."""
    return NAN


def ask(rt: Runtime) -> float:
    return NAN


def time_tradingday(rt: Runtime) -> int:
    """00:00 UTC of the date of the trading day; of the last one for bars of several days."""
    time = rt.time_close - 1 if rt.timeframe.isdwm else rt.time
    return (trading_calendar(rt.instrument).day(time).ordinal - EPOCH_ORDINAL) * DAY


def timenow(rt: Runtime) -> int:
    return rt.timenow


def last_bar_index(rt: Runtime) -> int:
    return rt.last_bar_index


def last_bar_time(rt: Runtime) -> int:
    return rt.last_bar_time


def isfirst(rt: Runtime) -> bool:
    return rt.barstate.isfirst


def islast(rt: Runtime) -> bool:
    return rt.barstate.islast


def ishistory(rt: Runtime) -> bool:
    return rt.barstate.ishistory


def isrealtime(rt: Runtime) -> bool:
    return rt.barstate.isrealtime


def isnew(rt: Runtime) -> bool:
    return rt.barstate.isnew


def isconfirmed(rt: Runtime) -> bool:
    return rt.barstate.isconfirmed


def islastconfirmedhistory(rt: Runtime) -> bool:
    return rt.barstate.islastconfirmedhistory
