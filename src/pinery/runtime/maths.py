"""``math.*`` functions. None raises: what has no real result is na, what is too large is infinite.

An na argument makes the result na. Whole results are Python ints, na included as the float ``nan``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from pinery.runtime.context import Runtime
from pinery.runtime.values import INT64, NAN

INF = math.inf
_EXACT = 2**53  # floats from here on are whole numbers


def absolute(number: float) -> float:
    return abs(number)


def sign(number: float) -> float:
    if number > 0:
        return 1.0
    if number < 0:
        return -1.0
    return 0.0 if number == 0 else NAN


def largest(number0: float, number1: float, *numbers: float) -> float:
    if number0 != number0 or number1 != number1:
        return NAN
    best = number1 if number1 > number0 else number0
    for number in numbers:
        if number != number:
            return NAN
        if number > best:
            best = number
    return best


def smallest(number0: float, number1: float, *numbers: float) -> float:
    if number0 != number0 or number1 != number1:
        return NAN
    best = number1 if number1 < number0 else number0
    for number in numbers:
        if number != number:
            return NAN
        if number < best:
            best = number
    return best


def average(number0: float, number1: float, *numbers: float) -> float:
    total = number0 + number1
    for number in numbers:
        total += number
    return total / (2 + len(numbers))


# --- rounding -------------------------------------------------------------------------


def floor(number: float) -> float:
    return math.floor(number) if -INT64 <= number < INT64 else NAN


def ceil(number: float) -> float:
    return math.ceil(number) if -INT64 <= number < INT64 else NAN


def round_whole(number: float) -> float:
    """Ties up, towards plus infinity: 2.5 gives 3 and -2.5 gives -2 (the reference: "with ties rounding up")."""
    if not -INT64 <= number < INT64:
        return NAN
    below = math.floor(number)
    return below + 1 if number - below >= 0.5 else below


def round_digits(number: float, precision: int) -> float:
    """Rounds ``number * 10 ** precision``, ties up; that product is itself a rounded float."""
    if not -INF < number < INF or not -INF < precision < INF:
        return NAN
    places = int(precision)
    if places > 300:
        return float(number)
    if places < -300:
        return 0.0
    scale = 10.0 ** abs(places)
    scaled = number * scale if places >= 0 else number / scale
    if abs(scaled) >= _EXACT:
        return float(number)
    whole = round_whole(scaled)
    return whole / scale if places >= 0 else whole * scale


def round_to_mintick(rt: Runtime, number: float) -> float:
    """The nearest price the symbol can have, ties up, as the float nearest to its decimal form."""
    if not -INF < number < INF:
        return NAN
    instrument = rt.instrument
    scaled = number * instrument.pricescale / instrument.minmove
    if abs(scaled) >= _EXACT:
        return float(number)
    # A product such as 1.005 * 100 falls just short of its tie; a billionth of a tick puts that right.
    ticks = math.floor(scaled + 0.5 + 1e-9)
    return ticks * instrument.minmove / instrument.pricescale


# --- powers, logarithms, angles -------------------------------------------------------


def power(base: float, exponent: float) -> float:
    if base != base or exponent != exponent:
        return NAN
    try:
        return math.pow(base, exponent)
    except OverflowError:
        odd = float(exponent).is_integer() and exponent % 2 == 1
        return -INF if base < 0 and odd else INF
    except ValueError:  # 0 to a negative power, or a root of a negative number
        return INF if base == 0 else NAN


def exp(number: float) -> float:
    try:
        return math.exp(number)
    except OverflowError:
        return INF


def sqrt(number: float) -> float:
    return math.sqrt(number) if number >= 0 else NAN


def log(number: float) -> float:
    return math.log(number) if number > 0 else NAN


def log10(number: float) -> float:
    return math.log10(number) if number > 0 else NAN


def _angular(function: Callable[[float], float], number: float) -> float:
    """Outside the function's domain: na."""
    try:
        return function(number)
    except ValueError:
        return NAN


def sin(angle: float) -> float:
    return _angular(math.sin, angle)


def cos(angle: float) -> float:
    return _angular(math.cos, angle)


def tan(angle: float) -> float:
    return _angular(math.tan, angle)


def asin(angle: float) -> float:
    return _angular(math.asin, angle)


def acos(angle: float) -> float:
    return _angular(math.acos, angle)


def atan(angle: float) -> float:
    return math.atan(angle)


def todegrees(radians: float) -> float:
    return math.degrees(radians)


def toradians(degrees: float) -> float:
    return math.radians(degrees)
