"""One running program: generated code, its state, and the bars it reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pinery.backends.interp import Code
from pinery.core.bars import BarSeries
from pinery.core.errors import PineRuntimeError, PineryError
from pinery.core.instrument import Instrument
from pinery.lang.source import Source
from pinery.runtime.context import Columns, Runtime
from pinery.runtime.loops import check_memory
from pinery.runtime.timeframes import Timeframe, buckets

MEMORY_EVERY = 64  # bars between two looks at the memory in use
DERIVED = ("hl2", "hlc3", "ohlc4", "hlcc4")  # prices that only generated code reads


def columns_of(bars: BarSeries, instrument: Instrument, timeframe: Timeframe) -> Columns:
    """The bars as Python lists, with the closing times that the symbol's calendar gives them."""
    times = bars.time.tolist()
    o, h, l, c = bars.open, bars.high, bars.low, bars.close  # noqa: E741 - the field's own letters
    columns = Columns(
        time=times,
        time_close=buckets(timeframe, instrument).closes_of(times),
        open=o.tolist(),
        high=h.tolist(),
        low=l.tolist(),
        close=c.tolist(),
        volume=bars.volume.tolist(),
        hl2=((h + l) / 2).tolist(),
        hlc3=((h + l + c) / 3).tolist(),
        ohlc4=((o + h + l + c) / 4).tolist(),
        hlcc4=((h + l + c + c) / 4).tolist(),
    )
    columns.bar_index = range(len(times))
    return columns


class Instance:
    """A program bound to its bars. ``step(i)`` evaluates bar ``i``; bars go in order."""

    __slots__ = ("_derived", "_main", "code", "columns", "namespace", "rt", "sources")

    def __init__(
        self,
        code: Code,
        rt: Runtime,
        request: Callable[..., Any],
        outputs: dict[str, Callable[[Any], None]],
        sources: tuple[Source, ...],
    ) -> None:
        self.code = code
        self.rt = rt
        self.columns = rt.columns
        self.sources = sources
        self.namespace = code.instantiate(rt, request, outputs)
        self._main: Callable[[], None] = self.namespace["_main"]
        self._derived = [(name, getattr(self.columns, name)) for name in DERIVED if name in code.columns]
        count = len(self.columns.time)
        rt.last_bar_index = count - 1
        rt.last_bar_time = self.columns.time[-1] if count else 0

    @property
    def frame(self) -> Any:
        """Main's frame: with what it refers to, all state of the running program."""
        return self.namespace["_g"]

    def step(self, i: int) -> None:
        """Evaluate one bar. Raises PineRuntimeError with its place in the script and its bar."""
        rt, c = self.rt, self.columns
        rt.bar_index = i
        rt.time = c.time[i]
        rt.time_close = c.time_close[i]
        rt.open = c.open[i]
        rt.high = c.high[i]
        rt.low = c.low[i]
        rt.close = c.close[i]
        rt.volume = c.volume[i]
        for name, values in self._derived:
            setattr(rt, name, values[i])
        rt.loop_deadline = None
        if not i % MEMORY_EVERY:
            check_memory(rt)
        state = rt.barstate
        state.isfirst = i == 0
        state.islast = i == rt.last_bar_index
        state.islastconfirmedhistory = state.islast and state.ishistory
        try:
            self._main()
        except PineryError as error:
            self._locate(error)
            raise
        except Exception as error:
            failure = translate(error)
            self._locate(failure, error)
            raise failure from error

    def _locate(self, error: PineryError, cause: BaseException | None = None) -> None:
        """Say where in the script and on which bar an error happened, unless an inner program said so."""
        if not isinstance(error, PineRuntimeError) or error.bar_index is not None:
            return
        error.bar_index = self.rt.bar_index
        error.bar_time = self.rt.time
        trace = (cause or error).__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.code.filename:
                span = self.code.spans[trace.tb_lineno] if trace.tb_lineno < len(self.code.spans) else None
                if span is not None and span.file < len(self.sources):
                    error.line, error.column = self.sources[span.file].position(span.start)
            trace = trace.tb_next


def translate(error: Exception) -> PineRuntimeError:
    """A Python error out of generated code, in a trader's words."""
    if isinstance(error, AttributeError) and "'NoneType'" in str(error):
        return PineRuntimeError(
            "a field of na was used", "create the object first with its type's new(), or test it with na()"
        )
    if isinstance(error, OverflowError):
        return PineRuntimeError("a number grew too large", "see the arithmetic on this line")
    if isinstance(error, RecursionError | MemoryError):
        return PineRuntimeError("the script needs more memory than there is", "shorten its collections or nesting")
    return PineRuntimeError(f"this line cannot be evaluated ({type(error).__name__}: {error})")
