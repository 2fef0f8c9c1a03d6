"""The table of all figures, and computing it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pinery.tester.statistics.facts import NAN, Facts, Side
from pinery.tester.statistics.metric import Metric
from pinery.tester.statistics.periods import Period, months, years
from pinery.tester.statistics.returns import RETURNS, RISK
from pinery.tester.statistics.trades import TRADES

GROUPS: Mapping[str, list[Metric]] = {"Returns": RETURNS, "Risk": RISK, "Trades": TRADES}
METRICS: Mapping[str, Metric] = {metric.name: metric for group in GROUPS.values() for metric in group}
SIDES = {"all": 0, "long": 1, "short": -1}

Values = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Metrics:
    """Values by name for all, long and short trades; nan where undefined. ``metrics["net_profit"]`` is that of all."""

    all: Values
    long: Values
    short: Values
    monthly: list[Period]
    yearly: list[Period]

    def __getitem__(self, name: str) -> float:
        return self.all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def __contains__(self, name: object) -> bool:
        return name in self.all

    def as_data(self) -> dict[str, dict[str, float | None]]:
        """Plain data by side; na is None."""
        return {
            side: {name: plain(value) for name, value in getattr(self, side).items()}
            for side in ("all", "long", "short")
        }


def compute(facts: Facts) -> Metrics:
    """Every figure of the table."""
    columns = {name: Side(facts, name, direction) for name, direction in SIDES.items()}
    values = {
        name: {
            metric.name: float(metric.of(side)) if metric.sides or name == "all" else NAN for metric in METRICS.values()
        }
        for name, side in columns.items()
    }
    whole = columns["all"]
    return Metrics(values["all"], values["long"], values["short"], months(facts, whole), years(facts, whole))


def plain(value: float) -> float | None:
    """For JSON: na and infinities are None, whole numbers ints."""
    if not math.isfinite(value):
        return None
    return int(value) if value == int(value) and abs(value) < 1e15 else value
