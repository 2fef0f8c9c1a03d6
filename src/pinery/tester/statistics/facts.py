"""What the figures are made from: the trades of a run and the bars they were made on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pinery.core.bars import BarSeries, FloatArray, IntArray
from pinery.emulator.trades import TradeRecord
from pinery.tester.statistics.curves import Curves, curves

NAN = float("nan")
DAY_MS = 86_400_000
MARGIN_CALL = "Margin call"  # the exit signal of a liquidation


@dataclass(frozen=True, slots=True)
class Intrabar:
    """The largest swings of equity inside bars, as the broker saw them along its price path. Positive amounts."""

    max_drawdown: float
    max_drawdown_percent: float
    max_runup: float
    max_runup_percent: float


@dataclass(frozen=True, slots=True)
class Facts:
    """One run. Money in account currency; ``rates`` (account per quote currency) and ``equity`` have one value per bar.

    What the broker does not tell (``equity``, ``intrabar``, ``max_contracts`` of long and short, ``margin_calls``)
    is worked out from trades and bars. ``end`` is the closing time of the last bar, Unix ms.
    """

    bars: BarSeries
    trades: Sequence[TradeRecord]
    initial_capital: float
    end: int
    timezone: str = "UTC"
    pointvalue: float = 1.0
    risk_free_rate: float = 2.0  # percent per year
    rates: FloatArray | None = None
    equity: FloatArray | None = None
    intrabar: Intrabar | None = None
    max_contracts: tuple[float, float] | None = None
    margin_calls: int | None = None


class Side:
    """The trades of one column of the report: all, long or short. Columns of closed trades in order of exit."""

    def __init__(self, facts: Facts, name: str, direction: int = 0) -> None:
        self.facts = facts
        self.name = name
        self.direction = direction  # 0: both
        mine = [t for t in facts.trades if direction in (0, t.direction)]
        self.trades = mine
        self.closed = [t for t in mine if not t.is_open]
        self.open = [t for t in mine if t.is_open]

    def column(self, read: Callable[[TradeRecord], float]) -> FloatArray:
        return np.array([read(t) for t in self.closed], dtype=np.float64)

    @cached_property
    def profit(self) -> FloatArray:
        return self.column(lambda t: t.profit)

    @cached_property
    def percent(self) -> FloatArray:
        return self.column(lambda t: t.profit_percent)

    @cached_property
    def held_bars(self) -> FloatArray:
        return self.column(lambda t: t.exit_bar - t.entry_bar + 1)

    @cached_property
    def held_hours(self) -> FloatArray:
        return self.column(lambda t: (t.exit_time - t.entry_time) / 3_600_000)

    @cached_property
    def exit_times(self) -> IntArray:
        return np.array([t.exit_time for t in self.closed], dtype=np.int64)

    @property
    def wins(self) -> FloatArray:
        return self.profit[self.profit > 0]

    @property
    def losses(self) -> FloatArray:
        return self.profit[self.profit < 0]

    @cached_property
    def curves(self) -> Curves:
        """Equity had only these trades been made; for all trades the broker's own, where it is known."""
        facts = self.facts
        made = curves(facts.bars, self.trades, facts.initial_capital, facts.pointvalue, facts.rates)
        if self.direction == 0 and facts.equity is not None:
            made = replace(made, close=facts.equity)
        return made

    @property
    def capital(self) -> float:
        return self.facts.initial_capital


def mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else NAN


def share(part: float, whole: float) -> float:
    """``part`` of ``whole`` as a quotient; nan where the whole is 0."""
    return part / whole if whole else NAN
