"""What is kept of decisions about stages: also of those that were refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pinery.trading.deployments import Stage


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a stage asks for. ``value`` None: not known, which does not pass. ``note`` says what to do."""

    name: str
    title: str
    unit: str  # "days", "count", "percent", "seconds", "ratio", "money", "" for texts
    value: float | str | None
    comparison: str  # ">=", "<=", "="
    limit: float | str
    passed: bool
    note: str = ""

    def as_data(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "unit": self.unit,
            "value": self.value,
            "comparison": self.comparison,
            "limit": self.limit,
            "passed": self.passed,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Promotion:
    """A decision. ``evidence``: what it rests on, as plain data; ``evidence["checks"]`` are ``Check.as_data``."""

    deployment: str
    before: Stage
    after: Stage
    at: int  # Unix ms
    by: str
    granted: bool
    note: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0  # given by the store


@dataclass(frozen=True, slots=True)
class Checklist:
    """What stands between a deployment and its next stage. ``next`` is None at production."""

    deployment: str
    configured: Stage
    stage: Stage  # what counts: see ladder.Standing
    next: Stage | None
    checks: tuple[Check, ...]
    history: tuple[Promotion, ...] = ()  # newest first

    @property
    def allowed(self) -> bool:
        return self.next is not None and all(check.passed for check in self.checks)

    @property
    def missing(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if not check.passed)
