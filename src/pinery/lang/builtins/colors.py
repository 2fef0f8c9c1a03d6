"""``color.*``."""

from __future__ import annotations

from pinery.lang.builtins.schema import FunctionRow, VariableRow, constant, fn, pure

# 0xRRGGBB of the newest version.
PALETTE = {
    "aqua": 0x00BCD4,
    "black": 0x363A45,
    "blue": 0x2962FF,
    "fuchsia": 0xE040FB,
    "gray": 0x787B86,
    "green": 0x4CAF50,
    "lime": 0x00E676,
    "maroon": 0x880E4F,
    "navy": 0x311B92,
    "olive": 0x808000,
    "orange": 0xFF9800,
    "purple": 0x9C27B0,
    "red": 0xF23645,
    "silver": 0xB2B5BE,
    "teal": 0x089981,
    "white": 0xFFFFFF,
    "yellow": 0xFDD835,
}

# The constants that had another value (0xRRGGBBAA) up to v5, by their full name.
BEFORE_V6 = {
    "color.red": 0xFF5252FF,
    "color.teal": 0x00897BFF,
    "color.yellow": 0xFFEB3BFF,
}


def _part(name: str, doc: str) -> FunctionRow:
    return fn(f"color.{name}", "(color: color) -> auto float", pure(f"colors:{name}"), doc)


ROWS: list[FunctionRow | VariableRow] = [
    *(constant(f"color.{name}", "color", rgb << 8 | 0xFF, f"The color #{rgb:06X}.") for name, rgb in PALETTE.items()),
    fn(
        "color.new",
        "(color: color, transp: float = 0) -> auto color",
        pure("colors:new"),
        "`color` with a transparency from 0 (opaque) to 100 (invisible).",
    ),
    fn(
        "color.rgb",
        "(red: float, green: float, blue: float, transp: float = 0) -> auto color",
        pure("colors:rgb"),
        "A color from its red, green and blue parts (0 to 255) and its transparency (0 to 100).",
    ),
    fn(
        "color.from_gradient",
        "(value: float, bottom_value: float, top_value: float, bottom_color: color, top_color: color) -> series color",
        pure("colors:from_gradient"),
        "The color at the place of `value` between `bottom_value` and `top_value`.",
    ),
    _part("r", "The red part of a color, 0 to 255."),
    _part("g", "The green part of a color, 0 to 255."),
    _part("b", "The blue part of a color, 0 to 255."),
    _part("t", "The transparency of a color, 0 to 100."),
]
