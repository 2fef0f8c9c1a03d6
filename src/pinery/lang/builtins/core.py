"""na and what replaces it, casts, and the accessors of volume footprints."""

from __future__ import annotations

from pinery.lang import types as t
from pinery.lang.builtins.schema import V6, FunctionRow, VariableRow, fn, pure, special
from pinery.lang.types import Qualifier

_FOOTPRINT = {
    "buy_volume": ("float", "Volume bought in the bar."),
    "sell_volume": ("float", "Volume sold in the bar."),
    "total_volume": ("float", "Volume of the bar."),
    "delta": ("float", "Volume bought less volume sold."),
    "poc": ("volume_row", "The row with the most volume."),
    "vah": ("volume_row", "Highest row of the value area."),
    "val": ("volume_row", "Lowest row of the value area."),
    "rows": ("array<volume_row>", "All rows, lowest price first."),
}

_VOLUME_ROW = {
    "up_price": ("float", "The row's upper price."),
    "down_price": ("float", "The row's lower price."),
    "buy_volume": ("float", "Volume bought in the row."),
    "sell_volume": ("float", "Volume sold in the row."),
    "total_volume": ("float", "Volume of the row."),
    "delta": ("float", "Volume bought less volume sold."),
    "has_buy_imbalance": ("bool", "Buyers outweigh the row below."),
    "has_sell_imbalance": ("bool", "Sellers outweigh the row above."),
}

_OBJECTS = ("line", "label", "box", "table", "linefill")

ROWS: list[FunctionRow | VariableRow] = [
    VariableRow("na", t.NA, Qualifier.CONST, None, "Not available: no value."),
    fn("na", "(x: any) -> auto bool", pure("values:is_na"), "True if the value is na."),
    fn(
        "nz",
        [
            "(source: int, replacement: int = 0) -> auto int",
            "(source: float, replacement: float = 0.0) -> auto float",
            "(source: bool, replacement: bool = false) -> auto bool",
            "(source: color) -> auto color",
            "(source: color, replacement: color) -> auto color",
        ],
        [pure("core:nz"), pure("core:nz"), pure("core:nz"), pure("core:nz_color"), pure("core:nz")],
        "The value, or the replacement where it is na.",
    ),
    fn(
        "fixnan",
        "(source: T) -> series T",
        special("fixnan"),
        "The value, or the nearest earlier value where it is na.",
        stateful=True,
    ),
    fn(
        "iff",
        "(condition: bool, then: T, _else: T) -> auto T",
        pure("core:iff"),
        "One of two values; both are calculated.",
        versions=(4,),
    ),
    fn("int", "(x: N) -> auto int", special("cast"), "Casts to int; a float loses its fraction."),
    fn("float", "(x: N) -> auto float", special("cast"), "Casts to float."),
    fn(
        "bool", ["(x: bool) -> auto bool", "(x: N) -> auto bool"], special("cast"), "Casts to bool; 0 and na are false."
    ),
    fn("string", "(x: string) -> auto string", special("cast"), "Casts na to string."),
    fn("color", "(x: color) -> auto color", special("cast"), "Casts na to color."),
    *(fn(n, f"(x: {n}) -> series {n}", special("cast"), f"Casts na to {n}.") for n in _OBJECTS),
    *(
        fn(f"footprint.{n}", f"(id: footprint) -> series {r}", pure(f"core:footprint_{n}"), doc, versions=V6)
        for n, (r, doc) in _FOOTPRINT.items()
    ),
    fn(
        "footprint.get_row_by_price",
        "(id: footprint, price: float) -> series volume_row",
        pure("core:footprint_row_by_price"),
        "The row that holds a price.",
        versions=V6,
    ),
    *(
        fn(f"volume_row.{n}", f"(id: volume_row) -> series {r}", pure(f"core:row_{n}"), doc, versions=V6)
        for n, (r, doc) in _VOLUME_ROW.items()
    ),
]
