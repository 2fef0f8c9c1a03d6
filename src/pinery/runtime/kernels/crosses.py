"""Crossings, changes, and what happened when."""

from __future__ import annotations

from pinery.runtime.kernels.averages import past
from pinery.runtime.kernels.primitives import NAN, Window
from pinery.runtime.kernels.state import State


class Both(State):
    """Both series on the bar before."""

    __slots__ = ("first", "second")

    def __init__(self) -> None:
        self.first: float = NAN
        self.second: float = NAN


def crossover(state: Both, source1: float, source2: float) -> bool:
    crossed = source1 > source2 and state.first <= state.second
    state.first = source1
    state.second = source2
    return crossed


def crossunder(state: Both, source1: float, source2: float) -> bool:
    crossed = source1 < source2 and state.first >= state.second
    state.first = source1
    state.second = source2
    return crossed


def cross(state: Both, source1: float, source2: float) -> bool:
    crossed = (source1 > source2 and state.first <= state.second) or (source1 < source2 and state.first >= state.second)
    state.first = source1
    state.second = source2
    return crossed


def change(state: Window, source: float, length: int) -> float:
    return source - past(state, source, length)


def change_bool(state: Window, source: bool, length: int) -> bool:
    """False while there is no bar to compare with."""
    now = 0.0
    if source:
        now = 1.0
    before = past(state, now, length)
    return before == before and now != before


class Count(State):
    __slots__ = ("bars",)

    def __init__(self) -> None:
        self.bars: int = -1


def barssince(state: Count, condition: bool) -> float:
    if condition:
        state.bars = 0
    elif state.bars >= 0:
        state.bars += 1
    if state.bars < 0:
        return NAN
    return state.bars


class Occurrences(State):
    """The source's values on the bars where the condition held, oldest first."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: list[float] = []


def valuewhen(state: Occurrences, condition: bool, source: float, occurrence: int) -> float:
    values = state.values
    if condition:
        values.append(source)
        if len(values) > 2 * occurrence + 64:
            del values[: len(values) - occurrence - 1]
    if not 0 <= occurrence < len(values):
        return NAN
    return values[-1 - int(occurrence)]


class Total(State):
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = NAN


def cum(state: Total, source: float) -> float:
    """An na adds nothing; before the first value the total is na."""
    if source == source:
        value = state.value
        if value == value:
            state.value = value + source
        else:
            state.value = source
    return state.value
