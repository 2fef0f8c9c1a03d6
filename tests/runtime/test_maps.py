"""Maps keep the order of their keys."""

import math

import pytest

from pinery.core.errors import PineRuntimeError
from pinery.runtime import maps

NAN = math.nan


def test_put_gives_the_former_value() -> None:
    m = maps.new(NAN)
    assert math.isnan(maps.put(m, "first", 10.0))
    maps.put(m, "second", 15.0)
    assert maps.put(m, "first", 20.0) == 10.0
    assert maps.keys(m).items == ["first", "second"]
    assert maps.values(m).items == [20.0, 15.0]
    assert maps.remove(m, "first") == 20.0
    assert math.isnan(maps.remove(m, "first"))
    assert maps.size(m) == 1


def test_missing_keys_are_na_of_the_values_type() -> None:
    assert maps.get(maps.new(None), "x") is None
    assert math.isnan(maps.get(maps.new(NAN), "x"))


def test_na_is_a_key() -> None:
    m = maps.new(None)
    maps.put(m, float("nan"), "a")
    assert maps.get(m, NAN) == "a"
    assert maps.contains(m, NAN)
    assert math.isnan(maps.keys(m).items[0])


def test_copies_are_separate() -> None:
    m = maps.new(NAN)
    maps.put(m, 1, 2.0)
    other = maps.copy(m)
    maps.put(other, 3, 4.0)
    maps.put_all(m, other)
    assert maps.keys(m).items == [1, 3]
    maps.clear(other)
    assert (maps.size(m), maps.size(other)) == (2, 0)


def test_limits_and_no_map() -> None:
    m = maps.new(NAN)
    for i in range(50_000):
        maps.put(m, i, 0.0)
    maps.put(m, 5, 1.0)
    with pytest.raises(PineRuntimeError, match="Map is too large"):
        maps.put(m, -1, 0.0)
    with pytest.raises(PineRuntimeError, match="ID of map is 'na'"):
        maps.size(None)
