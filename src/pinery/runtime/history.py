"""Past values of a script's variables.

An offset that is na reads the current value. Public scripts depend on it: ``high[abs(highestbars(2))]``,
whose offset is na on the first bar, would else leave na in what they accumulate for ever.
"""

from __future__ import annotations

from typing import Any

from pinery.core.errors import PineRuntimeError
from pinery.core.values import NAN


class History:
    """Values of a variable on the bars in which its scope ran, newest last.

    Running the scope again on the same bar replaces that bar's value, so that loops and realtime
    updates leave one value per bar.
    """

    __slots__ = ("bar", "items", "keep")

    def __init__(self, keep: int, na: Any, *, filled: bool = True) -> None:
        """``filled``: offsets are known and at most ``keep``, so reads need no bounds."""
        self.items: list[Any] = [na] * keep if filled else []
        self.bar = -1
        self.keep = keep

    def set(self, bar: int, value: Any) -> None:
        items = self.items
        if self.bar == bar:
            items[-1] = value
            return
        self.bar = bar
        items.append(value)
        if len(items) > 2 * self.keep + 64:
            del items[: -self.keep - 1]


def scope_back(items: list[Any], offset: Any, na: Any) -> Any:
    """``x[offset]`` of a variable whose scope has run on this bar; ``items`` ends with this bar's value."""
    if offset != offset:
        return items[-1]
    if offset < 0:
        raise negative_offset(offset)
    i = len(items) - 1 - int(offset)
    return items[i] if i >= 0 else na


def look_back(items: list[Any], offset: Any, current: Any, na: Any) -> Any:
    """``x[offset]`` of a variable with one value per bar; ``items`` ends with the previous bar's."""
    if offset != offset:
        return current
    if offset < 1:
        if offset < 0:
            raise negative_offset(offset)
        return current
    i = len(items) - int(offset)
    return items[i] if i >= 0 else na


def column_back(column: list[Any], bar: int, offset: Any) -> Any:
    """``close[offset]``: the column's value that many bars before ``bar``; na before the first bar."""
    if offset != offset:
        return column[bar]
    if offset < 0:
        raise negative_offset(offset)
    i = bar - int(offset)
    return column[i] if i >= 0 else NAN


def negative_offset(offset: Any) -> PineRuntimeError:
    return PineRuntimeError(
        f"history offset {offset} is negative", "the [] operator looks back only: use 0 or a positive number of bars"
    )
