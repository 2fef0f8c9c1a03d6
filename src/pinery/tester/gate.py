"""The check before deployment: is a backtest good and long enough to go on with?

A gate is a set of limits on figures of the backtest. Its verdict carries what was tested (hashes of script and bars,
inputs, range), so that it can later stand as evidence for a promotion.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pinery.core.errors import UsageError
from pinery.tester.statistics.table import METRICS, plain

MONTHS = "months"
TITLES = {MONTHS: "Months of bars", **{metric.name: metric.title for metric in METRICS.values()}}
UNITS = {MONTHS: "count", **{metric.name: metric.unit for metric in METRICS.values()}}
DEFAULT_AT_LEAST = {
    MONTHS: 6.0,
    "closed_trades": 30.0,
    "percent_profitable": 40.0,
    "profit_factor": 1.2,
    "net_profit_percent": 0.0,
}
DEFAULT_AT_MOST = {"max_drawdown_percent": 25.0, "margin_calls": 0.0}


@dataclass(frozen=True, slots=True)
class Gate:
    """Limits by name of a figure (``months`` or any of ``METRICS``)."""

    at_least: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_AT_LEAST))
    at_most: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_AT_MOST))

    @classmethod
    def from_data(cls, data: Mapping[str, Any], name: str = "the gate file") -> Gate:
        """Limits of a TOML file with the tables ``at_least`` and ``at_most`` over the defaults; ``false`` lifts one.

        Raises UsageError for anything else in it.
        """
        limits = {"at_least": dict(DEFAULT_AT_LEAST), "at_most": dict(DEFAULT_AT_MOST)}
        for table, values in data.items():
            if table not in limits or not isinstance(values, Mapping):
                raise UsageError(f"{name} has an unknown entry {table!r}", "it has the tables [at_least] and [at_most]")
            for key, value in values.items():
                if key not in TITLES:
                    near = difflib.get_close_matches(key, TITLES, n=1)
                    hint = f"did you mean {near[0]}?" if near else "docs/metrics.md lists the names"
                    raise UsageError(f"{name}: [{table}] has an unknown figure {key!r}", hint)
                if value is False:
                    limits[table].pop(key, None)
                elif isinstance(value, bool) or not isinstance(value, int | float) or value != value:
                    raise UsageError(f"{name}: {key} must be a number", "or false, to leave the check out")
                else:
                    limits[table][key] = float(value)
        return cls(limits["at_least"], limits["at_most"])


@dataclass(frozen=True, slots=True)
class Check:
    """One limit and how the figure stands to it; a figure that is na does not pass."""

    name: str
    title: str
    unit: str
    value: float
    comparison: str  # ">=" or "<="
    limit: float

    @property
    def passed(self) -> bool:
        return self.value >= self.limit if self.comparison == ">=" else self.value <= self.limit

    def as_data(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": plain(self.value),
            "comparison": self.comparison,
            "limit": plain(self.limit),
            "passed": self.passed,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """All checks; ``subject`` is plain data that says what was tested."""

    checks: list[Check]
    subject: Mapping[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    def as_data(self) -> dict[str, Any]:
        """Evidence: whether it passed, each check, and what was tested."""
        return {"passed": self.passed, "checks": [check.as_data() for check in self.checks], **self.subject}


def judge(
    figures: Mapping[str, float],
    first: int,
    end: int,
    gate: Gate | None = None,
    subject: Mapping[str, Any] | None = None,
) -> Verdict:
    """Holds the figures of all trades and the range of the bars (Unix ms) against the limits."""
    gate = gate or Gate()
    known = {**figures, MONTHS: months_between(first, end)}
    checks = [
        Check(name, TITLES[name], UNITS[name], known[name], comparison, limit)
        for comparison, limits in ((">=", gate.at_least), ("<=", gate.at_most))
        for name, limit in limits.items()
    ]
    return Verdict(checks, subject or {})


def months_between(first: int, end: int) -> float:
    """Calendar months (UTC) from one moment to another: whole ones, and the share of the one begun."""
    a, b = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (first, end))
    if b <= a:
        return 0.0
    whole = (b.year - a.year) * 12 + b.month - a.month
    if _later(a, whole) > b:
        whole -= 1
    begun, done = _later(a, whole), _later(a, whole + 1)
    return whole + (b - begun) / (done - begun)


def _later(moment: datetime, months: int) -> datetime:
    """The same day and time some months later; the last day of a month that is too short."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    for day in range(moment.day, moment.day - 4, -1):
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
