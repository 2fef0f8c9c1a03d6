"""``map.*``: pairs in the order in which their keys came."""

from __future__ import annotations

from typing import Any

from pinery.core.errors import PineRuntimeError
from pinery.core.values import NAN
from pinery.runtime.arrays import Array

MAX_PAIRS = 50_000


class Map:
    """``na`` is the na of the values' type: what a missing key gives."""

    __slots__ = ("items", "na")

    def __init__(self, na: Any = None) -> None:
        self.items: dict[Any, Any] = {}
        self.na = na


def new(na: Any = None) -> Map:
    return Map(na)


def _items(id: Map | None) -> dict[Any, Any]:
    if id is None:
        raise PineRuntimeError(
            "Cannot call map methods when the ID of map is 'na'.", "Create the map with map.new<keyType, valueType>()."
        )
    return id.items


def _key(key: Any) -> Any:
    """na is a key like any other: all nans become one object, which is found again."""
    return NAN if key != key else key


def size(id: Map | None) -> int:
    return len(_items(id))


def get(id: Map | None, key: Any) -> Any:
    items = _items(id)
    assert id is not None
    return items.get(_key(key), id.na)


def put(id: Map | None, key: Any, value: Any) -> Any:
    """The value that the key had, na when it is new."""
    items = _items(id)
    assert id is not None
    key = _key(key)
    former = items.get(key, id.na)
    if key not in items:
        _room(len(items) + 1)
    items[key] = value
    return former


def _room(pairs: int) -> None:
    if pairs > MAX_PAIRS:
        raise PineRuntimeError(f"Map is too large. Maximum size is {MAX_PAIRS} pairs.")


def put_all(id: Map | None, id2: Map | None) -> None:
    items, added = _items(id), _items(id2)
    _room(len(items) + sum(key not in items for key in added))
    items.update(added)


def remove(id: Map | None, key: Any) -> Any:
    items = _items(id)
    assert id is not None
    return items.pop(_key(key), id.na)


def contains(id: Map | None, key: Any) -> bool:
    return _key(key) in _items(id)


def clear(id: Map | None) -> None:
    _items(id).clear()


def copy(id: Map | None) -> Map:
    items = _items(id)
    assert id is not None
    result = Map(id.na)
    result.items = items.copy()
    return result


def keys(id: Map | None) -> Array:
    return Array(list(_items(id)))


def values(id: Map | None) -> Array:
    return Array(list(_items(id).values()))
