"""Pivot highs and lows: a value that stands out among ``left`` bars before and ``right`` bars after.

Equal values are allowed before a pivot and not after it, so of a flat top the last bar counts.
"""

from __future__ import annotations

from pinery.runtime.kernels.primitives import NAN, Window, reserve, trim


class Surroundings(Window):
    __slots__ = ("left", "left_given", "right", "right_given")

    def __init__(self, dynamic: bool = False) -> None:
        super().__init__(dynamic)
        self.left_given: float = NAN
        self.right_given: float = NAN
        self.left: int = -1
        self.right: int = -1


def _place(state: Surroundings, left: float, right: float) -> None:
    state.left_given = left
    state.right_given = right
    state.left = int(left) if 0 <= left <= 1_000_000 else -1
    state.right = int(right) if 0 <= right <= 1_000_000 else -1
    reserve(state, state.left + state.right + 1)


def _candidate(state: Surroundings, source: float, left: float, right: float) -> bool:
    """Take one value; true if enough bars lie around the one ``right`` bars ago."""
    if left != state.left_given or right != state.right_given:
        _place(state, left, right)
    values = state.values
    values.append(source)
    if len(values) > state.limit:
        trim(state)
    return state.left >= 0 and state.right >= 0 and len(values) > state.left + state.right


def pivothigh(state: Surroundings, source: float, leftbars: float, rightbars: float) -> float:
    if not _candidate(state, source, leftbars, rightbars):
        return NAN
    values = state.values
    at = len(values) - 1 - state.right
    pivot = values[at]
    for i in range(at + 1, at + 1 + state.right):
        if values[i] >= pivot:
            return NAN
    for i in range(at - state.left, at):
        if values[i] > pivot:
            return NAN
    return pivot


def pivotlow(state: Surroundings, source: float, leftbars: float, rightbars: float) -> float:
    if not _candidate(state, source, leftbars, rightbars):
        return NAN
    values = state.values
    at = len(values) - 1 - state.right
    pivot = values[at]
    for i in range(at + 1, at + 1 + state.right):
        if values[i] <= pivot:
            return NAN
    for i in range(at - state.left, at):
        if values[i] < pivot:
            return NAN
    return pivot
