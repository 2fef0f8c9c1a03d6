"""``ta.valuewhen`` for values that are not numbers."""

from __future__ import annotations

from pinery.runtime.kernels.state import State


class Remembered(State):
    """The source's values on the bars where the condition held, oldest first."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: list[int | None] = []


def _recall(state: Remembered, condition: bool | None, source: int | None, occurrence: int) -> tuple[bool, int | None]:
    values = state.values
    if condition:
        values.append(source)
        if len(values) > 2 * occurrence + 64:
            del values[: len(values) - occurrence - 1]
    if not 0 <= occurrence < len(values):
        return False, None
    return True, values[-1 - int(occurrence)]


def valuewhen_color(state: Remembered, condition: bool | None, source: int | None, occurrence: int) -> int | None:
    return _recall(state, condition, source, occurrence)[1]


def valuewhen_bool(state: Remembered, condition: bool | None, source: bool | None, occurrence: int) -> bool | None:
    """False before the condition has held often enough: bools have no na in version 6."""
    found, value = _recall(state, condition, source, occurrence)
    if not found:
        return False
    return None if value is None else bool(value)
