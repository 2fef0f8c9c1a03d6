"""``math.*``: functions of numbers and the constants.

Signatures follow Pine's reference manual (https://www.tradingview.com/pine-script-reference/v6/);
meanings live in ``pinery.runtime.maths``. An na argument makes every result na.
"""

from __future__ import annotations

import math

from pinery.lang.builtins.schema import FunctionRow, VariableRow, constant, fn, host, kernel, pure

_GOLDEN = (1 + math.sqrt(5)) / 2


def _of_one(name: str, parameter: str, doc: str) -> FunctionRow:
    """A function of one float with a float result."""
    return fn(f"math.{name}", f"({parameter}: float) -> auto float", pure(f"maths:{name}"), doc)


ROWS: list[FunctionRow | VariableRow] = [
    fn("math.abs", "(number: N) -> auto N", pure("maths:absolute"), "Absolute value."),
    _of_one("acos", "angle", "Arc cosine in radians, 0 to pi; na outside -1 to 1."),
    _of_one("asin", "angle", "Arc sine in radians, -pi/2 to pi/2; na outside -1 to 1."),
    _of_one("atan", "angle", "Arc tangent in radians, -pi/2 to pi/2."),
    _of_one("cos", "angle", "Cosine of an angle in radians."),
    _of_one("sin", "angle", "Sine of an angle in radians."),
    _of_one("tan", "angle", "Tangent of an angle in radians."),
    _of_one("exp", "number", "e raised to `number`."),
    _of_one("log", "number", "Natural logarithm; na for numbers that are not above zero."),
    _of_one("log10", "number", "Logarithm to base 10; na for numbers that are not above zero."),
    _of_one("sqrt", "number", "Square root; na below zero."),
    _of_one("sign", "number", "1.0 above zero, -1.0 below, 0.0 at zero."),
    _of_one("todegrees", "radians", "Radians to degrees."),
    _of_one("toradians", "degrees", "Degrees to radians."),
    fn("math.ceil", "(number: float) -> auto int", pure("maths:ceil"), "Smallest whole number not below `number`."),
    fn("math.floor", "(number: float) -> auto int", pure("maths:floor"), "Largest whole number not above `number`."),
    fn(
        "math.round",
        ["(number: float) -> auto int", "(number: float, precision: int) -> auto float"],
        [pure("maths:round_whole"), pure("maths:round_digits")],
        "Nearest whole number, ties up; with `precision` the nearest number of so many decimal places.",
    ),
    fn(
        "math.round_to_mintick",
        ["(number: simple float) -> simple float", "(number: float) -> series float"],
        host("maths:round_to_mintick"),
        "Nearest multiple of the symbol's smallest price step, ties up.",
    ),
    fn(
        "math.pow",
        "(base: float, exponent: float) -> auto float",
        pure("maths:power"),
        "`base` raised to `exponent`; na where that is not a real number.",
    ),
    fn(
        "math.max",
        "(number0: N, number1: N, *numbers: N) -> auto N",
        pure("maths:largest"),
        "Largest of the numbers; na if one of them is na.",
    ),
    fn(
        "math.min",
        "(number0: N, number1: N, *numbers: N) -> auto N",
        pure("maths:smallest"),
        "Smallest of the numbers; na if one of them is na.",
    ),
    fn(
        "math.avg",
        "(number0: float, number1: float, *numbers: float) -> auto float",
        pure("maths:average"),
        "Mean of the numbers; na if one of them is na.",
    ),
    fn(
        "math.sum",
        "(source: float, length: int) -> series float",
        kernel("kernels.averages:rolling_sum"),
        "Sum of the last `length` values of `source`; na values do not enter the window.",
    ),
    fn(
        "math.random",
        [
            "(min: float = 0.0, max: float = 1.0) -> series float",
            "(min: float = 0.0, max: float = 1.0, seed: int) -> series float",
        ],
        [host("random_numbers:uniform"), kernel("random_numbers:uniform_seeded")],
        "Pseudo-random number between `min` and `max`, both excluded. Runs repeat; with `seed` each call site has"
        " the sequence of that seed.",
        stateful=False,
    ),
    constant("math.pi", "float", math.pi, "Archimedes' constant, 3.14159..."),
    constant("math.e", "float", math.e, "Euler's number, 2.71828..."),
    constant("math.phi", "float", _GOLDEN, "The golden ratio, 1.61803..."),
    constant("math.rphi", "float", _GOLDEN - 1, "The golden ratio's reciprocal, 0.61803..."),
]
