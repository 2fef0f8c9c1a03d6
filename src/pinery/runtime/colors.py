"""``color.*``. Colors are ints 0xRRGGBBAA, na is None.

TradingView keeps a color's opacity in one byte, so ``color.t`` gives back what fits it.
"""

from __future__ import annotations

import math

from pinery.core.values import NAN, is_na


def _byte(value: float) -> int:
    """A part of a color, brought into 0..255."""
    return 0 if value <= 0 else 255 if value >= 255 else math.floor(value + 0.5)


def opacity(transp: float) -> int:
    """A transparency of 0..100 as an opacity of 255..0."""
    return _byte(255.0 * (100.0 - transp) / 100.0)


def new(color: int | None, transp: float = 0) -> int | None:
    """A transparency that is na leaves the color's own."""
    if color is None or color != color:
        return None
    if transp != transp:
        return color
    return color & ~0xFF | opacity(transp)


def rgb(red: float, green: float, blue: float, transp: float = 0) -> int | None:
    if red != red or green != green or blue != blue:
        return None
    alpha = 255 if transp != transp else opacity(transp)
    return _byte(red) << 24 | _byte(green) << 16 | _byte(blue) << 8 | alpha


def r(color: int | None) -> float:
    return NAN if color is None or color != color else float(color >> 24 & 0xFF)


def g(color: int | None) -> float:
    return NAN if color is None or color != color else float(color >> 16 & 0xFF)


def b(color: int | None) -> float:
    return NAN if color is None or color != color else float(color >> 8 & 0xFF)


def t(color: int | None) -> float:
    """0 (opaque) to 100 (invisible), in whole percent."""
    return NAN if color is None or color != color else float(math.floor(100.0 * (255 - (color & 0xFF)) / 255.0 + 0.5))


def from_gradient(
    value: float, bottom_value: float, top_value: float, bottom_color: int | None, top_color: int | None
) -> int | None:
    """Beyond the two values it is the nearer end's color."""
    if is_na(value) or is_na(bottom_value) or is_na(top_value) or bottom_color is None or top_color is None:
        return None
    if value <= bottom_value:
        return bottom_color
    if value >= top_value:
        return top_color
    share = (value - bottom_value) / (top_value - bottom_value)
    if share != share:  # between infinities
        return None
    mixed = 0
    for shift in (24, 16, 8, 0):
        low, high = bottom_color >> shift & 0xFF, top_color >> shift & 0xFF
        mixed |= _byte(low + (high - low) * share) << shift
    return mixed
