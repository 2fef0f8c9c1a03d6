"""Faults on demand: armed by name, by schedule or with a probability, and taken where they fit.

A simulator has a table of what can go wrong with it (``FaultKind``), and asks at each of its points whether something
is to go wrong there. Points are texts: ``"POST /fapi/v1/order"``, ``"stream ORDER_TRADE_UPDATE"``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from pinery.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class FaultKind:
    """``points``: patterns of where it can happen."""

    text: str
    points: tuple[str, ...]


@dataclass(slots=True)
class Armed:
    """``times`` None: until cleared. ``after``: fitting points that are let pass first. A plan gives the ``random``."""

    fault: str
    where: str = "*"
    times: int | None = 1
    share: float = 1.0
    after: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    random: Random = field(default_factory=Random, init=False, repr=False, compare=False)


class FaultPlan:
    """The same seed and the same requests in the same order meet the same faults.

    Each that is armed has chances of its own: else what happens in streams, by the clock, would decide about requests.
    """

    def __init__(self, kinds: Mapping[str, FaultKind], seed: int = 1) -> None:
        self.kinds = kinds
        self.armed: list[Armed] = []
        self.told: Callable[[str, Armed], None] = lambda point, armed: None  # of every fault that is taken, and where
        self._seed = seed
        self._count = 0  # that were armed so far

    def arm(self, armed: Armed) -> None:
        """Raises UsageError for what is not in the table, or makes no sense."""
        if armed.fault not in self.kinds:
            known = ", ".join(sorted(self.kinds))
            raise UsageError(f"there is no fault {armed.fault!r}", hint=f"known: {known}")
        if not 0 < armed.share <= 1:
            raise UsageError(f"share is above 0 and at most 1, not {armed.share}")
        if (armed.times is not None and armed.times < 1) or armed.after < 0:
            raise UsageError("times is at least 1, after at least 0")
        armed.random.seed(f"{self._seed} {self._count}")
        self._count += 1
        self.armed.append(armed)

    def clear(self, fault: str | None = None) -> None:
        self.armed = [armed for armed in self.armed if fault is not None and armed.fault != fault]

    def take(self, point: str, among: Iterable[str] | None = None) -> Armed | None:
        """What goes wrong at ``point`` now, if anything; of ``among`` only, where given. The first that fits wins."""
        for armed in self.armed:
            if among is not None and armed.fault not in among:
                continue
            if not self._fits(armed, point):
                continue
            if armed.after:
                armed.after -= 1
                continue
            if armed.share < 1 and armed.random.random() >= armed.share:
                continue
            if armed.times is not None:
                armed.times -= 1
                if not armed.times:
                    self.armed.remove(armed)
            self.told(point, armed)
            return armed
        return None

    def _fits(self, armed: Armed, point: str) -> bool:
        points = self.kinds[armed.fault].points
        return fnmatchcase(point, armed.where) and any(fnmatchcase(point, pattern) for pattern in points)
