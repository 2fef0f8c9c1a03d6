"""``math.*`` as scripts see it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinery.core.instrument import Instrument
from pinery.runtime import maths
from pinery.runtime.context import Runtime
from pinery.runtime.values import divide, modulo

NAN, INF = math.nan, math.inf
numbers = st.floats() | st.integers(-(2**62), 2**62)


def is_na(value: float) -> bool:
    return value != value


@pytest.mark.parametrize(
    ("number", "rounded"),
    [(2.5, 3), (-2.5, -2), (1.4, 1), (-1.6, -2), (0.49999999999999994, 0), (7, 7), (1e15 + 0.5, 10**15 + 1)],
)
def test_round_takes_ties_up_and_gives_an_int(number: float, rounded: int) -> None:
    assert maths.round_whole(number) == rounded
    assert isinstance(maths.round_whole(number), int)


@pytest.mark.parametrize(
    ("number", "precision", "rounded"),
    [(1.2345, 2, 1.23), (1.235, 0, 1.0), (-1.25, 1, -1.2), (1234.0, -2, 1200.0), (1e300, 5, 1e300), (0.1, 400, 0.1)],
)
def test_round_to_decimal_places(number: float, precision: int, rounded: float) -> None:
    assert maths.round_digits(number, precision) == rounded
    assert isinstance(maths.round_digits(number, precision), float)


def test_floor_and_ceil_give_ints_and_keep_na() -> None:
    assert (maths.floor(-1.5), maths.ceil(-1.5)) == (-2, -1)
    assert isinstance(maths.floor(2.0), int)
    assert all(is_na(f(x)) for f in (maths.floor, maths.ceil, maths.round_whole) for x in (NAN, INF, -INF))


def test_whole_numbers_stay_whole() -> None:
    assert isinstance(maths.absolute(-3), int)
    assert isinstance(maths.largest(1, 2, 3), int)
    assert isinstance(maths.smallest(3, 2), int)


def test_na_among_the_arguments_gives_na() -> None:
    for function in (maths.largest, maths.smallest, maths.average):
        assert is_na(function(NAN, 1.0)) and is_na(function(1.0, NAN)) and is_na(function(1.0, 2.0, NAN))
    assert maths.largest(1, 5, 3) == 5
    assert maths.smallest(4, 5, 3) == 3
    assert maths.average(1, 2, 6) == 3.0


def test_outside_the_domain_is_na_and_too_large_is_infinite() -> None:
    assert all(is_na(x) for x in (maths.log(0), maths.log10(-1), maths.sqrt(-1), maths.asin(2), maths.acos(-2)))
    assert is_na(maths.power(-8, 1 / 3)) and is_na(maths.sin(INF))
    assert maths.power(10, 400) == INF and maths.power(-10, 401) == -INF and maths.exp(1000) == INF
    assert maths.power(0, -1) == INF
    assert (maths.sign(-3), maths.sign(0), maths.sign(2.5)) == (-1.0, 0.0, 1.0)
    assert maths.todegrees(math.pi) == 180.0 and maths.toradians(180.0) == math.pi


@given(numbers, numbers)
def test_no_number_stops_a_function(a: float, b: float) -> None:
    for function in (
        maths.absolute, maths.acos, maths.asin, maths.atan, maths.ceil, maths.cos, maths.exp, maths.floor,
        maths.log, maths.log10, maths.round_whole, maths.sign, maths.sin, maths.sqrt, maths.tan,
        maths.todegrees, maths.toradians,
    ):  # fmt: skip
        function(a)
    for pair in (maths.power, maths.largest, maths.smallest, maths.average, divide, modulo):
        pair(a, b)
    maths.round_digits(a, b)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pricescale", "minmove", "number", "rounded"),
    [
        (100, 1, 1.005, 1.01),
        (100, 1, 1.0049, 1.0),
        (100, 1, -1.005, -1.0),
        (100, 25, 4321.13, 4321.25),
        (100, 25, 4321.125, 4321.25),
        (100000, 1, 1.0665499999999999, 1.06655),
        (10, 1, 0.30000000000000004, 0.3),
    ],
)
def test_round_to_mintick(
    chart: Callable[..., Runtime], pricescale: int, minmove: int, number: float, rounded: float
) -> None:
    rt = chart()
    rt.instrument = replace(Instrument("X", "Y"), pricescale=pricescale, minmove=minmove)
    assert maths.round_to_mintick(rt, number) == rounded
    assert is_na(maths.round_to_mintick(rt, NAN))


def test_division_by_zero_follows_ieee() -> None:
    """The manual's ``ta.rsi`` and ``ta.mfi`` rely on it: without falls x / 0 is infinite, and the result 100."""
    assert divide(1.0, 0.0) == INF and divide(-1.0, 0.0) == -INF and divide(1, 0) == INF
    assert is_na(divide(0.0, 0.0)) and is_na(divide(NAN, 0.0))
    assert 100 - 100 / (1 + divide(3.0, 0.0)) == 100


@pytest.mark.parametrize(("a", "b", "rest"), [(-1, 100, -1), (7, -3, 1), (-7, 3, -1), (7, 3, 1), (-5.5, 2.0, -1.5)])
def test_remainder_has_the_sign_of_the_dividend(a: float, b: float, rest: float) -> None:
    """The manual on ``%``: the quotient is truncated, the result has the same sign as the dividend."""
    assert modulo(a, b) == rest


def test_remainder_of_division_by_zero_is_na() -> None:
    assert is_na(modulo(5, 0)) and is_na(modulo(5.0, 0.0))
