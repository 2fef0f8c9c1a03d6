"""``request.security`` and ``request.security_lower_tf``: programs that run on other bars.

On history, without lookahead, a higher timeframe's value appears on the chart bar that closes
together with the higher bar and stays until the next; with lookahead it appears on the first chart
bar inside the higher bar, whose end is then already known. With gaps it exists on that bar only.
On a realtime bar it is, with and without lookahead, that of the higher bar as far as it has come.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from pinery.backends.interp import Code
from pinery.backends.interp.expressions import na_text
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError, PineRuntimeError
from pinery.core.instrument import Instrument
from pinery.engine.elsewhere import Elsewhere, Rate
from pinery.engine.instance import Instance, columns_of
from pinery.engine.updates import BarUpdate
from pinery.ir import nodes as n
from pinery.lang.source import Source
from pinery.lang.types import Kind
from pinery.runtime.arrays import Array
from pinery.runtime.context import BarState, Runtime
from pinery.runtime.tickers import parse_tickerid
from pinery.runtime.timeframes import Timeframe

MAX_CONTEXTS = 1000  # distinct (site, symbol, timeframe) of one program
MAX_DEPTH = 8  # requests inside requests

_ON = (True, "gaps_on", "lookahead_on", "on")


class Missing(Exception):
    """A request's symbol has no data here."""


class Markets:
    """What a program's requests, nested ones too, read besides the chart's own bars, and what came of it since."""

    __slots__ = ("came", "contexts")

    def __init__(self) -> None:
        self.contexts: dict[tuple[str, Timeframe], list[Elsewhere]] = {}
        self.came: dict[tuple[str, Timeframe], list[BarUpdate]] = {}  # each bar as it was shown last

    def enter(self, symbol: str, timeframe: Timeframe, context: Elsewhere | None) -> None:
        """Note that a request reads a market; ``context`` None: it had no bars yet."""
        contexts = self.contexts.setdefault((symbol, timeframe), [])
        if context is not None:
            contexts.append(context)
            for bar in self.came.get((symbol, timeframe), ()):
                context.feed(bar)

    def feed(self, symbol: str, timeframe: Timeframe, bar: BarUpdate) -> None:
        came = self.came.setdefault((symbol, timeframe), [])
        if came and came[-1].time == bar.time:
            came[-1] = bar
        elif not came or came[-1].time < bar.time:
            came.append(bar)
        for context in self.contexts.get((symbol, timeframe), ()):
            context.feed(bar)


class Requests:
    """Answers the request sites of one running program."""

    __slots__ = ("codes", "contexts", "markets", "nothing", "outer", "rt", "sites", "sources")

    def __init__(
        self,
        rt: Runtime,
        codes: dict[int, Code],
        sites: list[n.RequestSite],
        sources: tuple[Source, ...],
        outer: tuple[int, ...] = (),
        markets: Markets | None = None,
    ) -> None:
        self.rt = rt
        self.codes = codes
        self.sites = {site.index: site for site in sites}
        self.sources = sources
        self.outer = outer  # the sites inside whose programs this one runs
        self.markets = markets or Markets()
        self.contexts: dict[tuple[int, str, str, str | None], Elsewhere | None] = {}
        self.nothing: dict[int, Any] = {}  # what each site answers where there is no data

    def __call__(
        self,
        index: int,
        symbol: str | None,
        timeframe: str | None,
        gaps: Any,
        lookahead: Any,
        ignore: Any,
        currency: Any,
        ignore_timeframe: Any,
        most: Any,
    ) -> Any:
        site = self.sites[index]
        if index in self.outer:
            # A request whose own program reaches it again, say through a list it helps to fill: it ends here.
            return self._inside(None, site) if site.kind == "lower_tf" else self._na(site)
        key = (index, symbol or "", timeframe or "", currency)
        context = self.contexts.get(key, self)
        if context is self:
            context = self.contexts[key] = self._open(site, symbol, timeframe, bool(ignore), currency, most)
        assert not isinstance(context, Requests)
        if site.kind == "lower_tf":
            if context is not None and context.instance.rt.timeframe.seconds > self.rt.timeframe.seconds:
                self._too_long(context.instance.rt.timeframe, bool(ignore_timeframe))
                context = None
            return self._inside(context, site)
        if context is None:
            return self._na(site)
        rt = self.rt
        gaps_on, lookahead_on = gaps in _ON, lookahead in _ON
        frame = context.instance.rt.timeframe
        if frame.seconds < rt.timeframe.seconds:
            return self._finer(context, site, lookahead_on)
        if rt.barstate.isrealtime:
            return self._realtime(context, site, gaps_on)
        live = rt.loaded is not None and rt.time >= rt.loaded  # a complete bar that was a realtime one
        if live and context.is_own:
            context.follow(rt.columns, rt.bar_index)
        if lookahead_on:
            i = context.last_opened(rt.time)
            fresh = i >= 0 and (rt.bar_index == 0 or context.times[i] > rt.columns.time[rt.bar_index - 1])
        else:
            i = context.last_closed(rt.time_close)
            fresh = i >= 0 and (rt.bar_index == 0 or context.closes[i] > rt.columns.time_close[rt.bar_index - 1])
        if i < 0 or (gaps_on and not fresh):
            return self._na(site)
        if not live and rt.loaded is not None and context.closes[i] > rt.loaded:
            return self._unfinished(context, i, rt.loaded)
        return context.shown(i, rt)

    def _unfinished(self, context: Elsewhere, i: int, loaded: int) -> Any:
        """With lookahead, the bar during which the history ended: as far as it had come by then."""
        rt = self.rt
        if context.is_own:
            last = bisect_left(rt.columns.time, loaded) - 1
            if last >= rt.bar_index:  # the chart holds its whole history while it is evaluated
                context.follow(rt.columns, last)
        return context.moving(i, rt.timenow)

    def _realtime(self, context: Elsewhere, site: n.RequestSite, gaps_on: bool) -> Any:
        """The unfinished bar's value, with and without lookahead; the last complete one's where nothing tells more."""
        rt = self.rt
        if context.is_own:
            begins = context.follow(rt.columns, rt.bar_index) and rt.barstate.isnew
            i = len(context.times) - 1
            ends = rt.barstate.isconfirmed and rt.time_close >= context.closes[i]
            return self._na(site) if gaps_on and not ends else context.moving(i, rt.timenow, begins, ends)
        i = context.last_opened(rt.time_close - 1)
        complete = i < context.complete
        if not context.is_fed(i):
            i = context.last_closed(rt.time_close if rt.barstate.isconfirmed else rt.time)
            complete = True
        fresh = i >= 0 and context.closes[i] > rt.columns.time_close[max(rt.bar_index - 1, 0)]
        if i < 0 or (gaps_on and not (fresh and complete)):
            return self._na(site)
        return context.shown(i, rt)

    def _last_inside(self, context: Elsewhere) -> int:
        """Index of the newest bar of a shorter timeframe that the bar at hand knows, -1 if none."""
        rt = self.rt
        if not rt.barstate.isrealtime:
            return context.last_closed(rt.time_close)
        last = context.last_opened(rt.time_close - 1)
        return last if context.is_fed(last) else context.last_closed(min(rt.time_close, rt.timenow))

    def _finer(self, context: Elsewhere, site: n.RequestSite, lookahead_on: bool) -> Any:
        """A timeframe finer than the chart's: the bar's first value with lookahead, else its last."""
        last = self._last_inside(context)
        if last < 0 or context.times[last] < self.rt.time:
            return self._na(site) if last < 0 or lookahead_on else context.shown(last, self.rt)
        if not lookahead_on:
            return context.shown(last, self.rt)
        first = last
        while first > 0 and context.times[first - 1] >= self.rt.time:
            first -= 1
        context.shown(last, self.rt)
        return context.shown(first, self.rt)

    def _inside(self, context: Elsewhere | None, site: n.RequestSite) -> Any:
        """The values on the finer bars inside this one, as an array (a tuple of arrays for a tuple)."""
        found: list[Any] = []
        if context is not None:
            last = self._last_inside(context)
            first = last + 1
            while first > 0 and context.times[first - 1] >= self.rt.time:
                first -= 1
            found = [context.shown(i, self.rt) for i in range(first, last + 1)]
        if site.type.kind is Kind.TUPLE:
            return tuple(Array([value[i] for value in found]) for i in range(len(site.type.args)))
        return Array(found)

    def _na(self, site: n.RequestSite) -> Any:
        if site.index not in self.nothing:
            text = na_text(site.type, self.rt.version)
            self.nothing[site.index] = eval(text, {"_nan": float("nan")})
        return self.nothing[site.index]

    # --- opening a context --------------------------------------------------------------

    def _open(
        self,
        site: n.RequestSite,
        symbol: str | None,
        timeframe: str | None,
        ignore: bool,
        currency: str | None,
        most: int | float | None,
    ) -> Elsewhere | None:
        if len(self.contexts) >= MAX_CONTEXTS or len(self.outer) >= MAX_DEPTH:
            raise PineRuntimeError("too many requests", f"at most {MAX_CONTEXTS} different ones, {MAX_DEPTH} deep")
        parent = self.rt
        frame = Timeframe.parse(timeframe or "", parent.timeframe)
        ticker = symbol or parent.instrument.tickerid
        plain, modifiers = parse_tickerid(ticker)
        is_own = plain in (parent.instrument.tickerid, parent.instrument.ticker)
        is_own = is_own and frame.seconds >= parent.timeframe.seconds
        kind = modifiers.get("type")
        grows = kind in (None, "heikinashi")  # bricks depend on how the price went; theirs stay as they were loaded
        try:
            bars, instrument = self._bars(ticker, frame)
        except (Missing, DataError) as missing:
            if grows and not is_own:
                self.markets.enter(plain, frame, None)
            self._missing(str(missing), ignore)
            return None
        if most is not None and 0 < most < len(bars):
            bars = bars.slice(len(bars) - int(most), len(bars))
        rate = self._rate(instrument, currency, bars)
        bars = _converted(bars, rate)
        rt = replace(
            parent,
            instrument=instrument,
            timeframe=frame,
            columns=columns_of(bars, instrument, frame),
            barstate=BarState(),
            is_request=True,
            cache={},
            random={},
        )
        if rt.main_instrument is None:
            rt.main_instrument = parent.instrument
        inner = (*self.outer, site.index)
        nested = Requests(rt, self.codes, list(self.sites.values()), self.sources, inner, self.markets)
        instance = Instance(self.codes[site.index], rt, nested, {}, self.sources)
        context = Elsewhere(instance, is_own and grows, kind is not None, rate)
        if grows and not is_own:
            self.markets.enter(plain, frame, context)
        return context

    def _bars(self, ticker: str, frame: Timeframe) -> tuple[BarSeries, Instrument]:
        parent = self.rt
        plain, _ = parse_tickerid(ticker)
        instrument = parent.instrument
        if plain not in (instrument.tickerid, instrument.ticker):
            found = parent.data.instrument(ticker)
            if found is None:
                raise Missing(f"symbol {plain!r} is not known")
            instrument = found
        bars = parent.data.bars(ticker, frame)
        if bars is not None and parent.loaded is not None:
            bars = bars.slice(0, int(np.searchsorted(bars.time, parent.loaded, side="left")))
        if bars is None or not len(bars):
            raise Missing(f"no {frame} bars of {plain}")
        return bars, instrument

    def _missing(self, what: str, ignore: bool) -> None:
        if ignore:
            return
        hint = "give bars with --feed SYMBOL@TIMEFRAME=FILE"
        if self.rt.strict_data or "not known" in what:
            raise PineRuntimeError(f"request: {what}", f"{hint}, or set ignore_invalid_symbol = true for na instead")
        self.rt.warn(f"request: {what}; its values are na ({hint})")

    def _too_long(self, frame: Timeframe, ignore: bool) -> None:
        if ignore:
            return
        what = f"request.security_lower_tf: {frame} is longer than the chart's {self.rt.timeframe}"
        if self.rt.strict_data:
            raise PineRuntimeError(what, "ask for a shorter one, or set ignore_invalid_timeframe = true")
        self.rt.warn(f"{what}; its arrays are empty")

    def _rate(self, instrument: Instrument, currency: str | None, bars: BarSeries) -> Rate | None:
        """What takes prices into another currency, by each moment's day; None, with a warning, where none is known."""
        if currency in (None, "", "NONE", instrument.currency):
            return None
        known: Callable[[int], float | None] = lambda time: self.rt.data.currency_rate(  # noqa: E731
            instrument.currency, currency, time
        )
        if any(known(int(time)) is None for time in bars.time):
            self.rt.warn(f"request: no rate from {instrument.currency} to {currency}; prices are left unchanged")
            return None
        return lambda time: known(time) or math.nan


def _converted(bars: BarSeries, rate: Rate | None) -> BarSeries:
    if rate is None:
        return bars
    factor = np.asarray([rate(int(time)) for time in bars.time], dtype=np.float64)
    return replace(
        bars, open=bars.open * factor, high=bars.high * factor, low=bars.low * factor, close=bars.close * factor
    )
