"""What an audit says: a verdict for each output, its changes, and the line to blame."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from pinery.tester.audit.blame import Cause


class Verdict(IntEnum):
    """From good to bad."""

    STABLE = 0
    MOVES = 1
    REPAINTS = 2
    LOOKS_AHEAD = 3

    @property
    def text(self) -> str:
        return ("stable", "changes until the bar closes", "repaints after the bar closed", "looks ahead")[self]


@dataclass(frozen=True, slots=True)
class Change:
    """On bar ``bar`` the output showed ``was``, and ``now`` when looked at again. None: nothing.

    ``found`` says when: ``update`` before and at the bar's close, ``realtime`` live and after a reload,
    ``later`` before and after more bars came, ``future`` with other prices on the bars to come.
    """

    found: str
    bar: int
    time: int  # opening time of the bar, Unix ms
    part: str  # of the output: series, color ... "" for alerts and orders
    was: Any
    now: Any


@dataclass(slots=True)
class Output:
    """A plot, alert, order command or kind of drawing. ``line`` 0: not known."""

    kind: str
    name: str
    line: int
    verdict: Verdict = Verdict.STABLE
    changes: list[Change] = field(default_factory=list)  # the first of each kind and part
    bars_changed: dict[str, int] = field(default_factory=dict)  # by ``Change.found``
    blame: Cause | None = None
    others: list[Cause] = field(default_factory=list)


@dataclass(slots=True)
class Audit:
    """``notes``: what the audit could not look at, and what is no fault but worth knowing."""

    outputs: list[Output]
    bars: int
    realtime_bars: int
    cuts: tuple[int, ...]
    notes: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        return max((output.verdict for output in self.outputs), default=Verdict.STABLE)

    @property
    def repaints(self) -> bool:
        return self.verdict >= Verdict.REPAINTS
