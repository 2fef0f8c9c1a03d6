"""``array.*`` for elements of any type.

An index may be negative: -1 is the last element.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn

from pinery.core.errors import PineRuntimeError
from pinery.core.values import NAN

MAX_SIZE = 100_000


class Array:
    """``items`` is a list, or a ``Window`` on another array's items for what ``array.slice`` returns."""

    __slots__ = ("items",)

    def __init__(self, items: list[Any] | Window) -> None:
        self.items: Any = items


class Window:
    """A part of ``parent`` that behaves as a list; growing and shrinking it grows and shrinks the parent."""

    __slots__ = ("parent", "start", "stop")

    def __init__(self, parent: Array, start: int, stop: int) -> None:
        self.parent = parent
        self.start = start
        self.stop = stop

    def _list(self) -> Any:
        """The parent's items, which hold the window still."""
        items = self.parent.items
        if self.stop > len(items):
            raise PineRuntimeError("Slice is out of bounds of the parent array.")
        return items

    def _all(self) -> list[Any]:
        part: list[Any] = self._list()[self.start : self.stop]
        return part

    def __len__(self) -> int:
        self._list()
        return self.stop - self.start

    def __iter__(self) -> Iterator[Any]:
        return iter(self._all())

    def __contains__(self, value: object) -> bool:
        return value in self._all()

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return self._all()[at]
        return self._list()[self.start + self._at(at)]

    def __setitem__(self, at: Any, value: Any) -> None:
        if not isinstance(at, slice):
            self._list()[self.start + self._at(at)] = value
            return
        part = self._all()
        part[at] = value
        self._list()[self.start : self.stop] = part
        self.stop = self.start + len(part)

    def _at(self, index: int) -> int:
        size = self.stop - self.start
        if not -size <= index < size:
            raise IndexError(index)
        return index + size if index < 0 else index

    def append(self, value: Any) -> None:
        self._list().insert(self.stop, value)
        self.stop += 1

    def insert(self, index: int, value: Any) -> None:
        size = len(self)
        at = max(index + size, 0) if index < 0 else min(index, size)
        self._list().insert(self.start + at, value)
        self.stop += 1

    def pop(self, index: int = -1) -> Any:
        value = self._list().pop(self.start + self._at(index))
        self.stop -= 1
        return value


def new(size: float = 0, initial: Any = None) -> Array:
    """``initial`` is the typed na when the script gives none."""
    if not size or size != size:
        return Array([])
    if size < 0:
        raise PineRuntimeError("Cannot create an array with a negative size.")
    return Array([initial] * int(checked_size(size)))


def from_values(*values: Any) -> Array:
    return Array(list(values))


# --- errors -----------------------------------------------------------------------------


def checked_size(size: float) -> float:
    if size > MAX_SIZE:
        raise PineRuntimeError(f"Array is too large. Maximum size is {MAX_SIZE}.")
    return size


def items_of(id: Array | None) -> Any:
    """The elements; raises ``PineRuntimeError`` when there is no array."""
    if id is None:
        _no_array()
    return id.items


def _no_array() -> NoReturn:
    raise PineRuntimeError(
        "Cannot call array methods when ID of array is 'na'.", "Create the array first, with array.new<type>()."
    )


def _out_of_bounds(index: float, size: int) -> PineRuntimeError:
    return PineRuntimeError(f"Index {_written(index)} is out of bounds. Array size is {size}.")


def _written(index: float) -> str:
    return "na" if index != index else str(int(index)) if math.isfinite(index) else str(index)


def index_in(index: float, size: int, extra: int = 0) -> int:
    """A checked index of an array; ``extra`` is 1 where the end itself is a place."""
    if not -size <= index < size + extra:
        raise _out_of_bounds(index, size)
    return int(index)


# --- elements ---------------------------------------------------------------------------


def size(id: Array) -> int:
    try:
        return len(id.items)
    except AttributeError:
        _no_array()


def get(id: Array, index: int) -> Any:
    try:
        return id.items[index]
    except (IndexError, TypeError, AttributeError):
        items = items_of(id)
        return items[index_in(index, len(items))]


def set(id: Array, index: int, value: Any) -> None:
    try:
        id.items[index] = value
    except (IndexError, TypeError, AttributeError):
        items = items_of(id)
        items[index_in(index, len(items))] = value


def first(id: Array) -> Any:
    items = items_of(id)
    if not items:
        raise _out_of_bounds(0, 0)
    return items[0]


def last(id: Array) -> Any:
    items = items_of(id)
    if not items:
        raise _out_of_bounds(-1, 0)
    return items[-1]


def push(id: Array, value: Any) -> None:
    try:
        items = id.items
    except AttributeError:
        _no_array()
    if len(items) >= MAX_SIZE:
        checked_size(len(items) + 1)
    items.append(value)


def unshift(id: Array, value: Any) -> None:
    items = items_of(id)
    checked_size(len(items) + 1)
    items.insert(0, value)


def insert(id: Array, index: float, value: Any) -> None:
    items = items_of(id)
    checked_size(len(items) + 1)
    items.insert(index_in(index, len(items), 1), value)


def pop(id: Array) -> Any:
    try:
        return id.items.pop()
    except IndexError:
        raise PineRuntimeError("Cannot use pop() if array is empty.") from None
    except AttributeError:
        _no_array()


def shift(id: Array) -> Any:
    try:
        return id.items.pop(0)
    except IndexError:
        raise PineRuntimeError("Cannot use shift() if array is empty.") from None
    except AttributeError:
        _no_array()


def remove(id: Array, index: float) -> Any:
    items = items_of(id)
    return items.pop(index_in(index, len(items)))


def clear(id: Array) -> None:
    items_of(id)[:] = []


def fill(id: Array, value: Any, index_from: float = 0, index_to: float | None = None) -> None:
    items = items_of(id)
    size = len(items)
    start = 0 if index_from != index_from else index_from
    stop = size if index_to is None or index_to != index_to else index_to
    if start == stop:
        return
    if start > stop:
        raise PineRuntimeError("Index 'from' should be less than index 'to'.")
    if start < 0 or stop > size:
        raise _out_of_bounds(start if start < 0 else stop, size)
    items[int(start) : int(stop)] = [value] * (int(stop) - int(start))


# --- whole arrays -----------------------------------------------------------------------


def copy(id: Array) -> Array:
    return Array(list(items_of(id)))


def concat(id1: Array, id2: Array) -> Array:
    items, added = items_of(id1), list(items_of(id2))
    checked_size(len(items) + len(added))
    items[len(items) :] = added
    return id1


def window(id: Array, index_from: float, index_to: float) -> Array:
    """A live window: changes go both ways."""
    size = len(items_of(id))
    for index in (index_from, index_to):
        if not 0 <= index <= size:
            raise _out_of_bounds(index, size)
    if index_from > index_to:
        raise PineRuntimeError("Index 'from' should be less than index 'to'.")
    return Array(Window(id, int(index_from), int(index_to)))


def reverse(id: Array) -> None:
    items = items_of(id)
    items[:] = items[::-1]


def every(id: Array) -> bool:
    """na counts as false."""
    return all(x == x and bool(x) for x in items_of(id))


def some(id: Array) -> bool:
    return any(x == x and bool(x) for x in items_of(id))


# --- search and order -------------------------------------------------------------------


def includes(id: Array, value: Any) -> bool:
    return indexof(id, value) >= 0


def indexof(id: Array, value: Any) -> int:
    items = items_of(id)
    if type(items) is not list:
        items = list(items)
    if value != value:
        return next((i for i, x in enumerate(items) if x != x), -1)
    try:
        return int(items.index(value))
    except ValueError:
        return -1


def lastindexof(id: Array, value: Any) -> int:
    items = list(items_of(id))[::-1]
    found = indexof(Array(items), value)
    return len(items) - 1 - found if found >= 0 else -1


def sort_keys(items: Iterable[Any], field: str | None) -> list[Any]:
    """What elements are ordered by: they themselves, or a field of objects. na comes after everything."""
    keys = items if field is None else [None if x is None else getattr(x, field, None) for x in items]
    return [(1, 0) if k is None or k != k else (0, k) for k in keys]


def sorted_places(items: Sequence[Any], order: str, field: str | None) -> list[int]:
    """The indices of the elements in order; equal ones keep theirs."""
    keys = sort_keys(items, field)
    return sorted(range(len(keys)), key=keys.__getitem__, reverse=order == "descending")


def sort(id: Array, order: str = "ascending", sort_field: str | None = None) -> None:
    items = items_of(id)
    elements = list(items)
    if sort_field is None and all(type(x) is float and x == x for x in elements):
        elements.sort(reverse=order == "descending")
        items[:] = elements
    else:
        items[:] = [elements[i] for i in sorted_places(elements, order, sort_field)]


def sort_indices(id: Array, order: str = "ascending", sort_field: str | None = None) -> Array:
    return Array(sorted_places(list(items_of(id)), order, sort_field))


def _ascending(id: Array, field: str | None) -> list[float]:
    items = items_of(id)
    return [NAN if x is None else x if field is None else getattr(x, field, NAN) for x in items]


def binary_search(id: Array, val: float, sort_field: str | None = None) -> int:
    values = _ascending(id, sort_field)
    low, high = 0, len(values) - 1
    while low <= high:
        middle = (low + high) // 2
        if values[middle] == val:
            return middle
        if values[middle] < val:
            low = middle + 1
        else:
            high = middle - 1
    return -1


def binary_search_leftmost(id: Array, val: float, sort_field: str | None = None) -> int:
    values = _ascending(id, sort_field)
    at = bisect_left(values, val)
    return at if at < len(values) and values[at] == val else max(at - 1, 0)


def binary_search_rightmost(id: Array, val: float, sort_field: str | None = None) -> int:
    values = _ascending(id, sort_field)
    at = bisect_right(values, val)
    return at - 1 if at > 0 and values[at - 1] == val else at
