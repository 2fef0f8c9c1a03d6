"""The account at each bar's close, worked out from the bars on which it changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pinery.core.bars import FloatArray
from pinery.emulator.account import units_value
from pinery.emulator.state import Terms


class Mark(NamedTuple):
    """The account from a bar on: realised equity, position and cost of its lots, their commissions, the rate."""

    bar: int
    realised: float
    position: int
    cost: float
    fees: float
    rate: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Per bar, at its close: equity from closed trades, and the open position's profit, entry fees taken off."""

    closed: FloatArray
    open: FloatArray


def curve_of(closes: Sequence[float], marks: Sequence[Mark], terms: Terms) -> Curve:
    """Marks are in order; of several of one bar the last counts."""
    start = Mark(0, terms.initial_capital, 0, 0.0, 0.0, 1.0)
    table = np.array([start, *marks], dtype=np.float64)
    bars = np.arange(len(closes))
    row = table[np.searchsorted(table[:, 0], bars, side="right") - 1]
    position, cost = row[:, 2], row[:, 3]
    value = np.sign(position) * (np.asarray(closes, dtype=np.float64) * np.abs(position) - cost)
    return Curve(row[:, 1], value * units_value(1.0, terms) * row[:, 5] - row[:, 4])
