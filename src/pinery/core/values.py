"""What Pine's scalar values are at run time, and the operators whose meaning differs from Python's.

| Pine   | Python                      | na      |
|--------|-----------------------------|---------|
| float  | float                       | ``nan`` |
| int    | int                         | ``nan`` |
| bool   | bool                        | None    (v4 and v5 only) |
| string | str                         | None    |
| color  | int 0xRRGGBBAA              | None    |
| others | object                      | None    |

An int that is na is the float ``nan``, so that arithmetic and comparisons carry it without tests.
"""

from __future__ import annotations

import math

NAN = math.nan
INT64 = 1 << 63  # ints are in -INT64 .. INT64 - 1


def is_na(value: object) -> bool:
    """True for the na of any type."""
    return value is None or value != value


def divide(a: float, b: float) -> float:
    """``a / b`` as IEEE has it; TradingView shows na for the 0/0 case and infinity otherwise."""
    if b:
        return a / b
    if b != b or a != a or a == 0:
        return NAN
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def divide_whole(a: int, b: int) -> int | float:
    """Integer division of constants in v4 and v5: towards zero."""
    if b == 0 or a != a or b != b:
        return NAN
    return int(a / b) if abs(a) < 2**52 and abs(b) < 2**52 else (abs(a) // abs(b)) * (1 if (a < 0) == (b < 0) else -1)


def modulo(a: float, b: float) -> float:
    """``a % b``: the remainder has the sign of the dividend (reference manual, operator ``%``), as in C."""
    if b == 0 or a != a or b != b or a in (math.inf, -math.inf):
        return NAN
    if type(a) is int and type(b) is int:
        r = abs(a) % abs(b)
        return -r if a < 0 else r
    return math.fmod(a, b)


def not_equal(a: object, b: object) -> bool:
    """``!=``: false when either side is na."""
    return a != b and a == a and b == b and a is not None and b is not None


def equal(a: object, b: object) -> bool:
    """``==`` for values whose na is None: false when either side is na."""
    return a == b and a is not None


def to_int(value: float) -> int | float:
    """``int(x)``: towards zero; na for na and for what 64 bits do not hold."""
    return int(value) if -INT64 <= value < INT64 else NAN
