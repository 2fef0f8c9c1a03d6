"""The running program's surroundings: what host functions see.

One ``Runtime`` belongs to one program instance (the script on its chart, or the part of it that
a ``request.security`` runs elsewhere). Host functions take it as their first argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pinery.core.instrument import Instrument
from pinery.runtime.requests import DataPort, NullData

if TYPE_CHECKING:
    from pinery.runtime.drawings.store import Drawings
    from pinery.runtime.outputs import Outputs
    from pinery.runtime.strategy import StrategyPort
    from pinery.runtime.timeframes import Timeframe


@dataclass(slots=True)
class Limits:
    """Protective limits, TradingView's where it has one; all can be set per run."""

    max_labels: int = 50
    max_lines: int = 50
    max_boxes: int = 50
    max_polylines: int = 50
    max_collection_size: int = 100_000
    max_string_length: int = 40_960
    max_history: int = 10_000  # deepest look-back for offsets known only at run time
    max_loop_seconds: float = 10.0  # of all loops on one bar together
    max_memory: int = 2 << 30  # bytes that a run may take, beyond what was in use before it
    max_log_records: int = 10_000


@dataclass(slots=True)
class BarState:
    """``barstate.*``; a historical run has every bar confirmed."""

    isfirst: bool = False
    islast: bool = False
    isconfirmed: bool = True
    ishistory: bool = True
    isrealtime: bool = False
    isnew: bool = True
    islastconfirmedhistory: bool = False


PRICE_COLUMNS = ("open", "high", "low", "close", "volume", "hl2", "hlc3", "ohlc4", "hlcc4")


@dataclass(slots=True)
class Columns:
    """The bars seen so far and, in a historical run, those to come; Python lists for fast reads.

    ``open`` .. ``volume`` hold floats, ``time`` and ``time_close`` ints (Unix ms). Derived price
    columns (``hl2`` ...) are filled when a program uses their history.
    """

    time: list[int] = field(default_factory=list)
    time_close: list[int] = field(default_factory=list)
    open: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    close: list[float] = field(default_factory=list)
    volume: list[float] = field(default_factory=list)
    hl2: list[float] = field(default_factory=list)
    hlc3: list[float] = field(default_factory=list)
    ohlc4: list[float] = field(default_factory=list)
    hlcc4: list[float] = field(default_factory=list)
    bar_index: Sequence[int] = range(1 << 62)


@dataclass(slots=True)
class Runtime:
    """Everything a host function may read or change, for the bar at hand."""

    version: int
    instrument: Instrument
    timeframe: Timeframe  # of this context
    main_timeframe: Timeframe  # of the chart
    columns: Columns
    outputs: Outputs
    drawings: Drawings
    strategy: StrategyPort
    limits: Limits
    barstate: BarState = field(default_factory=BarState)
    data: DataPort = field(default_factory=NullData)
    main_instrument: Instrument | None = None  # of the chart; None: ``instrument`` is the chart's

    # the bar at hand
    bar_index: int = -1
    time: int = 0
    time_close: int = 0
    open: float = 0.0
    high: float = 0.0
    low: float = 0.0
    close: float = 0.0
    volume: float = 0.0
    hl2: float = 0.0
    hlc3: float = 0.0
    ohlc4: float = 0.0
    hlcc4: float = 0.0
    captured: Any = None  # in a request's program: the value asked for, on this bar

    # the data set
    last_bar_index: int = 0
    last_bar_time: int = 0

    timenow: int = 0  # Unix ms; a historical run uses the last bar's close, so that runs repeat
    loaded: int | None = None  # Unix ms; with realtime bars: when the history ended
    chart_kind: str = "standard"  # standard heikinashi renko linebreak kagi pnf range
    is_request: bool = False  # inside request.*: no outputs, drawings or orders
    warnings: list[str] = field(default_factory=list)  # what the run could not get, each once
    strict_data: bool = False  # missing data is an error instead of na and a warning
    clock: Callable[[], float] = float  # seconds, rising; only for the loop limit (the default stands still)
    loop_turns: int = 0  # since the last look at the clock
    loop_deadline: float | None = None  # for the bar at hand; None before its first look at the clock
    memory: Callable[[], int] = int  # bytes in use; only for the memory limit (the default says none)
    memory_next: float = 0.0  # when to look at it again
    memory_before: int | None = None  # bytes in use when the run began
    random: dict[int, Any] = field(default_factory=dict)  # math.random's generators by seed and call site
    cache: dict[str, Any] = field(default_factory=dict)  # per run scratch of host functions, by their own key

    def warn(self, text: str) -> None:
        """Tell the user once."""
        if text not in self.warnings:
            self.warnings.append(text)

    @property
    def timezone(self) -> str:
        return self.instrument.timezone
