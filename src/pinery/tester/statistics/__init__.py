"""The figures of a backtest: one table of definitions, computed for all, long and short trades."""

from pinery.tester.statistics.facts import Facts, Intrabar, Side
from pinery.tester.statistics.metric import Metric
from pinery.tester.statistics.periods import Period, months, years
from pinery.tester.statistics.table import METRICS, SIDES, Metrics, compute

__all__ = ["METRICS", "SIDES", "Facts", "Intrabar", "Metric", "Metrics", "Period", "Side", "compute", "months", "years"]
