"""``syminfo.*`` and ``chart.*``, read from the instrument at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinery.runtime import tickers
from pinery.runtime.values import NAN

if TYPE_CHECKING:
    from pinery.runtime.context import Runtime

_BACKGROUND = 0xFFFFFFFF
_FOREGROUND = 0x000000FF


def basecurrency(rt: Runtime) -> str:
    return rt.instrument.basecurrency


def country(rt: Runtime) -> str | None:
    return rt.instrument.country or None


def currency(rt: Runtime) -> str:
    return rt.instrument.currency


def description(rt: Runtime) -> str:
    return rt.instrument.description


def mincontract(rt: Runtime) -> float:
    return rt.instrument.mincontract


def minmove(rt: Runtime) -> int:
    return rt.instrument.minmove


def mintick(rt: Runtime) -> float:
    return rt.instrument.mintick


def pointvalue(rt: Runtime) -> float:
    return rt.instrument.pointvalue


def prefix(rt: Runtime) -> str:
    return rt.instrument.prefix


def pricescale(rt: Runtime) -> int:
    return rt.instrument.pricescale


def root(rt: Runtime) -> str:
    return rt.instrument.root or rt.instrument.ticker


def session(rt: Runtime) -> str:
    return "regular"


def ticker(rt: Runtime) -> str:
    return rt.instrument.ticker


def tickerid(rt: Runtime) -> str:
    symbol = rt.instrument.tickerid
    return tickers.heikinashi(symbol) if rt.chart_kind == "heikinashi" else symbol


def main_tickerid(rt: Runtime) -> str:
    main = rt.main_instrument
    return tickerid(rt) if main is None else main.tickerid


def standard_tickerid(rt: Runtime) -> str:
    return rt.instrument.tickerid


def timezone(rt: Runtime) -> str:
    return rt.instrument.timezone


def type(rt: Runtime) -> str:
    return rt.instrument.type


def volumetype(rt: Runtime) -> str:
    return rt.instrument.volumetype


def current_contract(rt: Runtime) -> None:
    """Which contract a continuous future holds is not known from its bars."""


def isin(rt: Runtime) -> None:
    """Not known from bars."""


def no_text(rt: Runtime) -> None:
    """A fact of companies that bars do not carry."""


def no_number(rt: Runtime) -> float:
    """A figure of companies that bars do not carry."""
    return NAN


def bg_color(rt: Runtime) -> int:
    return _BACKGROUND


def fg_color(rt: Runtime) -> int:
    return _FOREGROUND


def left_visible_bar_time(rt: Runtime) -> int:
    return rt.columns.time[0] if rt.columns.time else rt.time


def right_visible_bar_time(rt: Runtime) -> int:
    return rt.last_bar_time


def is_standard(rt: Runtime) -> bool:
    return rt.chart_kind == "standard"


def is_heikinashi(rt: Runtime) -> bool:
    return rt.chart_kind == "heikinashi"


def is_renko(rt: Runtime) -> bool:
    return rt.chart_kind == "renko"


def is_linebreak(rt: Runtime) -> bool:
    return rt.chart_kind == "linebreak"


def is_kagi(rt: Runtime) -> bool:
    return rt.chart_kind == "kagi"


def is_pnf(rt: Runtime) -> bool:
    return rt.chart_kind == "pnf"


def is_range(rt: Runtime) -> bool:
    return rt.chart_kind == "range"
