"""Arrays answer as TradingView's reference and its page on arrays say."""

import math

import pytest

from pinery.core.errors import PineRuntimeError
from pinery.runtime import array_numbers, arrays
from pinery.runtime.arrays import Array

NAN = math.nan


def test_reference_examples() -> None:
    a = arrays.from_values(5, -2, 0, 9, 1)
    assert array_numbers.max(a, 2) == 1
    assert array_numbers.min(a, 1) == 0
    assert arrays.sort_indices(a).items == [1, 2, 4, 0, 3]
    arrays.sort(a)
    assert a.items == [-2, 0, 1, 5, 9]
    assert arrays.binary_search(a, 0) == 1
    assert arrays.binary_search_leftmost(a, 3) == 2
    assert arrays.binary_search_rightmost(a, 3) == 3


def test_binary_search_among_equal_elements() -> None:
    a = arrays.from_values(4, 5, 5, 5)
    assert arrays.binary_search_leftmost(a, 5) == 1
    assert arrays.binary_search_rightmost(a, 5) == 3
    assert arrays.binary_search(a, 6) == -1
    assert arrays.binary_search_leftmost(a, 1) == 0
    assert arrays.binary_search_rightmost(a, 9) == 4


def test_negative_indices_count_from_the_end() -> None:
    a = arrays.from_values(10, 20, 30, 40, 50, 60)
    assert arrays.get(a, -1) == 60
    assert arrays.get(a, -6) == 10
    arrays.set(a, -2, 99)
    arrays.insert(a, -5, 878)
    assert a.items == [10, 878, 20, 30, 40, 99, 60]
    assert arrays.remove(a, -3) == 40


@pytest.mark.parametrize("index", [3, -4, NAN, 1e300])
def test_an_index_out_of_bounds_says_index_and_size(index: float) -> None:
    with pytest.raises(PineRuntimeError, match=r"Index .* is out of bounds. Array size is 3"):
        arrays.get(Array([1, 2, 3]), index)  # type: ignore[arg-type]
    with pytest.raises(PineRuntimeError, match="Array size is 3"):
        arrays.set(Array([1, 2, 3]), index, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("call", [arrays.pop, arrays.shift, arrays.size, arrays.first, arrays.copy])
def test_no_array(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(PineRuntimeError, match="Cannot call array methods when ID of array is 'na'"):
        call(None)


def test_limits() -> None:
    with pytest.raises(PineRuntimeError, match="Array is too large"):
        arrays.new(100_001, 0.0)
    full = arrays.new(100_000, 0.0)
    for grow in (arrays.push, arrays.unshift):
        with pytest.raises(PineRuntimeError, match="too large"):
            grow(full, 1.0)
    with pytest.raises(PineRuntimeError, match="negative size"):
        arrays.new(-1, 0.0)
    with pytest.raises(PineRuntimeError, match=r"Cannot use pop\(\) if array is empty"):
        arrays.pop(Array([]))


def test_a_slice_is_a_window_on_its_parent() -> None:
    a = Array([0.0, 1.0, 2.0, 3.0])
    part = arrays.window(a, 0, 3)
    arrays.remove(a, 0)
    arrays.push(part, 4.0)
    assert a.items == [1.0, 2.0, 3.0, 4.0]
    assert list(part.items) == [1.0, 2.0, 3.0, 4.0]
    arrays.set(part, 1, 9.0)
    assert arrays.get(a, 1) == 9.0
    arrays.sort(part, "descending")
    assert a.items == [9.0, 4.0, 3.0, 1.0]
    assert arrays.pop(part) == 1.0
    assert arrays.shift(part) == 9.0
    assert a.items == [4.0, 3.0]
    assert arrays.copy(part).items == [4.0, 3.0]


def test_a_slice_of_a_slice_and_its_bounds() -> None:
    a = Array([0, 1, 2, 3, 4])
    inner = arrays.window(arrays.window(a, 1, 5), 1, 3)
    assert list(inner.items) == [2, 3]
    arrays.clear(inner)
    assert a.items == [0, 1, 4]
    tail = arrays.window(a, 1, 3)
    arrays.shift(a)
    with pytest.raises(PineRuntimeError, match="Slice is out of bounds of the parent array"):
        arrays.indexof(tail, 2)
    with pytest.raises(PineRuntimeError, match="out of bounds"):
        arrays.window(a, 0, 9)


def test_concat_changes_and_returns_the_first_array() -> None:
    a, b = Array([0, 1]), Array([2, 3])
    c = arrays.concat(a, b)
    assert c is a
    assert a.items == [0, 1, 2, 3]
    assert b.items == [2, 3]
    arrays.concat(a, a)
    assert arrays.size(a) == 8


def test_fill_stops_before_its_end() -> None:
    a = arrays.new(5, 0.0)
    arrays.fill(a, 1.0, 1, 3)
    assert a.items == [0.0, 1.0, 1.0, 0.0, 0.0]
    arrays.fill(a, 2.0, 3, NAN)
    assert a.items == [0.0, 1.0, 1.0, 2.0, 2.0]
    with pytest.raises(PineRuntimeError, match="Index 'from' should be less than index 'to'"):
        arrays.fill(a, 0.0, 3, 1)


def test_na_elements_are_left_out_of_calculations() -> None:
    a = Array([NAN, 1.0, 3.0, NAN])
    assert array_numbers.sum(a) == 4.0
    assert array_numbers.avg(a) == 2.0
    assert array_numbers.median(a) == 2.0
    assert array_numbers.max(a) == 3.0
    assert array_numbers.range(a) == 2.0
    assert array_numbers.stdev(a) == 1.0
    assert array_numbers.variance(a, False) == 2.0
    for empty in (Array([]), Array([NAN])):
        for call in (array_numbers.sum, array_numbers.avg, array_numbers.min, array_numbers.mode, array_numbers.stdev):
            assert math.isnan(call(empty))
        assert array_numbers.standardize(empty).items == []


def test_mode_is_the_smallest_of_the_most_frequent() -> None:
    assert array_numbers.mode(Array([3, 1, 3, 2, 2])) == 2
    assert array_numbers.mode(Array([3, 1, 2])) == 1


def test_spread() -> None:
    a = Array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])
    assert array_numbers.stdev(a) == 2.0
    assert array_numbers.variance(a, False) == pytest.approx(32 / 7)
    assert array_numbers.covariance(Array([1.0, 2.0, 3.0]), Array([2.0, 4.0, 6.0])) == pytest.approx(4 / 3)
    assert array_numbers.covariance(Array([1.0, 2.0, 3.0]), Array([2.0, 4.0, 6.0]), False) == 2.0
    assert array_numbers.standardize(Array([1.0, 3.0])).items == [-1.0, 1.0]


def test_percentiles() -> None:
    a = Array([15, 20, 35, 40, 50])
    assert [array_numbers.percentile_nearest_rank(a, p) for p in (5, 30, 40, 50, 100)] == [15, 20, 20, 35, 50]
    assert array_numbers.percentile_linear_interpolation(a, 40) == 27.5
    assert array_numbers.percentile_linear_interpolation(a, 0) == 15
    assert array_numbers.percentile_linear_interpolation(a, 100) == 50
    assert array_numbers.percentrank(a, 4) == 100.0


def test_strings_sort_by_unicode() -> None:
    a = arrays.from_values("abC", "Abc", "ABc", "ABC", "!", "123", "12.3", " ")
    arrays.sort(a)
    assert a.items == [" ", "!", "12.3", "123", "ABC", "ABc", "Abc", "abC"]


def test_searching_na_and_objects() -> None:
    class Thing:
        def __init__(self, value: float) -> None:
            self.value = value

    one, two = Thing(1.0), Thing(1.0)
    assert arrays.indexof(Array([one, two]), two) == 1
    assert not arrays.includes(Array([one]), two)
    assert arrays.includes(Array([1.0, float("nan")]), NAN)
    assert arrays.lastindexof(Array([1, 2, 1]), 1) == 2
    assert arrays.lastindexof(Array([1]), 5) == -1
    by_field = Array([Thing(3.0), Thing(1.0), Thing(2.0)])
    arrays.sort(by_field, "descending", "value")
    assert [x.value for x in by_field.items] == [3.0, 2.0, 1.0]


def test_every_and_some_take_zero_for_false() -> None:
    assert arrays.every(Array([1, 2])) and not arrays.every(Array([1, 0]))
    assert arrays.some(Array([0, 2])) and not arrays.some(Array([0.0, 0.0]))
