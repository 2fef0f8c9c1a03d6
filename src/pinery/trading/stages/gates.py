"""What each stage asks of the one before: limits on measured figures. The gate of backtests is ``tester.gate``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from pinery.trading.deployments import Stage
from pinery.trading.stages.measures import MEASURES, Measured
from pinery.trading.stages.records import Check

DEFAULT_AT_LEAST: Mapping[str, float] = {
    "days": 7.0,
    "trades": 10.0,
    "delivery_rate": 99.0,
    "profit_factor": 1.0,
}
DEFAULT_AT_MOST: Mapping[str, float] = {
    "latency_p99": 2.0,
    "unknown_orders": 0.0,
    "mismatches": 0.0,
    "max_drawdown_percent": 10.0,
}

#: Stages that are reached by what was measured at the one below.
MEASURED_STAGES = (Stage.SMALL, Stage.PRODUCTION)


@dataclass(frozen=True, slots=True)
class StageGate:
    """Limits by name of ``MEASURES``."""

    at_least: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_AT_LEAST))
    at_most: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_AT_MOST))

    @classmethod
    def over_defaults(cls, at_least: Mapping[str, float | bool], at_most: Mapping[str, float | bool]) -> StageGate:
        """The defaults with what is given; ``False`` lifts a limit."""
        return cls(_merged(DEFAULT_AT_LEAST, at_least), _merged(DEFAULT_AT_MOST, at_most))

    def judge(self, measured: Measured | None) -> list[Check]:
        """Every limit and how the figures stand to it. ``measured`` None: the stage was never reached."""
        rows = [
            (comparison, name, limit)
            for comparison, limits in ((">=", self.at_least), ("<=", self.at_most))
            for name, limit in limits.items()
        ]
        return [_check(comparison, name, limit, measured) for comparison, name, limit in rows]


def _merged(defaults: Mapping[str, float], given: Mapping[str, float | bool]) -> dict[str, float]:
    kept = {name: limit for name, limit in defaults.items() if given.get(name) is not False}
    return kept | {name: float(limit) for name, limit in given.items() if limit is not False}


def _check(comparison: str, name: str, limit: float, measured: Measured | None) -> Check:
    measure = MEASURES[name]
    value = measure.value(measured) if measured is not None else None
    passed = value is not None and (value >= limit if comparison == ">=" else value <= limit)
    note = "" if value is not None else "nothing was measured yet"
    shown: float | str | None = value
    if value is not None and math.isinf(value):
        shown, note = "no losses", ""
    return Check(name, measure.title, measure.unit, shown, comparison, limit, passed, note)
