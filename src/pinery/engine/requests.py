"""``request.security`` and ``request.security_lower_tf``: programs that run on other bars.

On history, without lookahead, a higher timeframe's value appears on the chart bar that closes
together with the higher bar and stays until the next; with lookahead it appears on the first chart
bar inside the higher bar, whose end is then already known. With gaps it exists on that bar only.
On a realtime bar it is, with and without lookahead, that of the higher bar as far as it has come.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from pinery.backends.interp import Code
from pinery.backends.interp.expressions import na_text
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError, PineRuntimeError
from pinery.core.instrument import Instrument
from pinery.engine.compile import deep_stack
from pinery.engine.instance import Instance, columns_of
from pinery.engine.snapshot import Snapshot
from pinery.engine.updates import Update, merged, shown_as
from pinery.ir import nodes as n
from pinery.lang.source import Source
from pinery.lang.types import Kind
from pinery.runtime.arrays import Array
from pinery.runtime.context import BarState, Columns, Runtime
from pinery.runtime.tickers import parse_tickerid
from pinery.runtime.timeframes import Timeframe

MAX_CONTEXTS = 1000  # distinct (site, symbol, timeframe) of one program
MAX_DEPTH = 8  # requests inside requests

_ON = (True, "gaps_on", "lookahead_on", "on")


class Missing(Exception):
    """A request's symbol has no data here."""


class Elsewhere:
    """One site's program on one symbol and timeframe. Bars are evaluated as far as they are asked for."""

    __slots__ = ("before", "closes", "cursor", "done", "instance", "parts", "stale", "symbol", "times", "values")

    def __init__(self, instance: Instance, symbol: str | None) -> None:
        self.instance = instance
        self.symbol = symbol  # None: its bars are more than the sum of shorter ones (other chart types, currencies)
        self.times = instance.columns.time
        self.closes = instance.columns.time_close
        self.values: list[Any] = []
        self.done = 0
        self.cursor = 0
        self.parts: Columns | None = None  # the symbol's bars of the asking chart's timeframe, once they are needed
        self.before: Snapshot | None = None  # the state before bar ``done``, once that bar was shown incomplete
        self.stale = False  # the state is that of an incomplete bar

    def value(self, index: int) -> Any:
        """The expression's value on bar ``index``."""
        if self.done <= index and self.before is not None:
            if self.stale:
                self.before.restore(self.instance)
            self.before, self.stale = None, False
            self.instance.rt.barstate = BarState()
        while self.done <= index:
            rt = self.instance.rt
            self.instance.step(self.done)
            self.values.append(rt.captured)
            self.done += 1
        return self.values[index]

    def moving(self, index: int, update: Update) -> Any:
        """The expression's value on bar ``index`` while that bar is as ``update`` shows it."""
        if index:
            self.value(index - 1)
        if self.done > index:  # already complete
            return self.values[index]
        with deep_stack():
            if self.before is None:
                self.before = Snapshot.take(self.instance)
            elif self.stale:
                self.before.restore(self.instance)
            self.stale = True
            rt = self.instance.rt
            rt.barstate = BarState(isconfirmed=update.is_last, ishistory=False, isrealtime=True, isnew=update.is_first)
            rt.last_bar_index, rt.last_bar_time, rt.timenow = index, self.times[index], update.now
            with shown_as(rt.columns, index, update):
                self.instance.step(index)
        return rt.captured

    def last_closed(self, time_close: int) -> int:
        """Index of the last bar that closed by then, -1 if none."""
        i, closes = self.cursor, self.closes
        if i > 0 and closes[i - 1] > time_close:
            i = 0
        while i < len(closes) and closes[i] <= time_close:
            i += 1
        self.cursor = i
        return i - 1

    def last_opened(self, time: int) -> int:
        """Index of the last bar that had opened by then, -1 if none."""
        i, times = self.cursor, self.times
        if i > 0 and times[i - 1] > time:
            i = 0
        while i < len(times) and times[i] <= time:
            i += 1
        self.cursor = i
        return i - 1


class Requests:
    """Answers the request sites of one running program."""

    __slots__ = ("codes", "contexts", "nothing", "outer", "rt", "sites", "sources")

    def __init__(
        self,
        rt: Runtime,
        codes: dict[int, Code],
        sites: list[n.RequestSite],
        sources: tuple[Source, ...],
        outer: tuple[int, ...] = (),
    ) -> None:
        self.rt = rt
        self.codes = codes
        self.sites = {site.index: site for site in sites}
        self.sources = sources
        self.outer = outer  # the sites inside whose programs this one runs
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
        if lookahead_on:
            i = context.last_opened(rt.time)
            fresh = i >= 0 and (rt.bar_index == 0 or context.times[i] > rt.columns.time[rt.bar_index - 1])
        else:
            i = context.last_closed(rt.time_close)
            fresh = i >= 0 and (rt.bar_index == 0 or context.closes[i] > rt.columns.time_close[rt.bar_index - 1])
        if i < 0 or (gaps_on and not fresh):
            return self._na(site)
        if rt.loaded is not None and context.closes[i] > rt.loaded:
            return self._unfinished(context, i, rt.loaded)
        return context.value(i)

    def _unfinished(self, context: Elsewhere, i: int, loaded: int) -> Any:
        """With lookahead, the bar during which the history ended: as far as it had come by then."""
        parts = self._parts(context)
        if parts is None:
            return context.value(i)
        first, last = bisect_left(parts.time, context.times[i]), bisect_left(parts.time, loaded) - 1
        return context.moving(i, merged(self.rt, parts, first, max(first, last), context.closes[i]))

    def _realtime(self, context: Elsewhere, site: n.RequestSite, gaps_on: bool) -> Any:
        """The unfinished bar's value, with and without lookahead; the last complete one's where nothing tells more."""
        rt = self.rt
        i, parts = context.last_opened(rt.time), self._parts(context)
        if i >= 0 and parts is not None and context.closes[i] > rt.time:
            first = bisect_left(parts.time, context.times[i])
            last = bisect_right(parts.time, rt.time) - 1
            if parts is not rt.columns and not rt.barstate.isconfirmed:
                last -= parts.time[last] == rt.time  # what the other symbol does inside this bar is not known
            if first <= last and not (gaps_on and not merged(rt, parts, first, last, context.closes[i]).is_last):
                return context.moving(i, merged(rt, parts, first, last, context.closes[i]))
        i = context.last_closed(rt.time_close if rt.barstate.isconfirmed else rt.time)
        fresh = i >= 0 and context.closes[i] > rt.columns.time_close[max(rt.bar_index - 1, 0)]
        return self._na(site) if i < 0 or (gaps_on and not fresh) else context.value(i)

    def _parts(self, context: Elsewhere) -> Columns | None:
        """What the unfinished bars of a request are made of; None where nobody knows."""
        rt, symbol = self.rt, context.symbol
        if context.parts is None and symbol is not None:
            if symbol in (rt.instrument.tickerid, rt.instrument.ticker):
                context.parts = rt.columns
            else:
                bars = rt.data.bars(symbol, rt.timeframe)
                if bars is None:
                    context.symbol = None
                else:
                    context.parts = columns_of(bars, context.instance.rt.instrument, rt.timeframe)
        return context.parts

    def _until(self) -> int:
        """Bars that close later are not there yet."""
        rt = self.rt
        return min(rt.time_close, rt.timenow) if rt.barstate.isrealtime else rt.time_close

    def _finer(self, context: Elsewhere, site: n.RequestSite, lookahead_on: bool) -> Any:
        """A timeframe finer than the chart's: the bar's first value with lookahead, else its last."""
        last = context.last_closed(self._until())
        if last < 0 or context.times[last] < self.rt.time:
            return self._na(site) if last < 0 or lookahead_on else context.value(last)
        if not lookahead_on:
            return context.value(last)
        first = last
        while first > 0 and context.times[first - 1] >= self.rt.time:
            first -= 1
        context.value(last)
        return context.value(first)

    def _inside(self, context: Elsewhere | None, site: n.RequestSite) -> Any:
        """The values on the finer bars inside this one, as an array (a tuple of arrays for a tuple)."""
        found: list[Any] = []
        if context is not None:
            last = context.last_closed(self._until())
            first = last + 1
            while first > 0 and context.times[first - 1] >= self.rt.time:
                first -= 1
            found = [context.value(i) for i in range(first, last + 1)]
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
        try:
            bars, instrument = self._bars(ticker, frame)
        except (Missing, DataError) as missing:
            self._missing(str(missing), ignore)
            return None
        if most is not None and 0 < most < len(bars):
            bars = bars.slice(len(bars) - int(most), len(bars))
        if currency is not None:
            bars = self._converted(bars, instrument, currency)
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
        nested = Requests(rt, self.codes, list(self.sites.values()), self.sources, (*self.outer, site.index))
        plain, modifiers = parse_tickerid(ticker)
        whole = not modifiers and currency in (None, "", "NONE", instrument.currency)
        return Elsewhere(Instance(self.codes[site.index], rt, nested, {}, self.sources), plain if whole else None)

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

    def _converted(self, bars: BarSeries, instrument: Instrument, currency: str) -> BarSeries:
        """Prices in another currency, by the rate of each bar's day; unchanged, with a warning, where none is known."""
        if currency in ("", "NONE", instrument.currency):
            return bars
        rate: Callable[[int], float | None] = lambda time: self.rt.data.currency_rate(  # noqa: E731
            instrument.currency, currency, time
        )
        rates = [rate(int(time)) for time in bars.time]
        if any(r is None for r in rates):
            self.rt.warn(f"request: no rate from {instrument.currency} to {currency}; prices are left unchanged")
            return bars
        factor = np.asarray(rates, dtype=np.float64)
        return replace(
            bars, open=bars.open * factor, high=bars.high * factor, low=bars.low * factor, close=bars.close * factor
        )
