"""How one figure is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pinery.tester.statistics.facts import Side

Unit = Literal["money", "percent", "ratio", "count", "bars", "quantity", "days", "hours"]


@dataclass(frozen=True, slots=True)
class Metric:
    """``name`` is the key in JSON and in ``metrics``; ``of`` gives the value, nan where it is undefined.

    ``brief`` figures stand in the terminal's summary. ``sides`` is False for figures of the account as a whole:
    those are na for long and for short.
    """

    name: str
    title: str
    unit: Unit
    formula: str
    of: Callable[[Side], float]
    brief: bool = False
    sides: bool = True
