"""``input`` of version 4 and before: the function that its type and its options ask for."""

from __future__ import annotations

import re

from pinery.lang import typed
from pinery.lang import types as t
from pinery.lang.rewrite.conversions.calls import Called
from pinery.lang.rewrite.conversions.context import Conversion

_BY_TYPE = {
    "integer": "int",
    "float": "float",
    "bool": "bool",
    "string": "string",
    "source": "source",
    "color": "color",
    "time": "time",
    "resolution": "timeframe",
    "session": "session",
    "symbol": "symbol",
    "price": "price",
}
_BY_VALUE = {t.INT: "int", t.FLOAT: "float", t.BOOL: "bool", t.STRING: "string", t.COLOR: "color"}
_BOUNDS = ("minval", "maxval", "step")


def typed_input(c: Conversion, called: Called) -> None:
    if c.version.rows != 4:
        return
    written = called.drop("type")
    kind = None
    if written is not None:
        value = c.seen.value(written.node.value)
        if isinstance(value, typed.TConst) and isinstance(value.value, str):
            kind = _BY_TYPE.get(value.value.removeprefix("input."))
    default = called.get("defval")
    if kind is None and default is not None:
        value = c.seen.value(default.node.value)
        series = value is not None and not isinstance(value, typed.TConst) and value.type == t.FLOAT
        kind = "source" if series else _BY_VALUE.get(value.type) if value is not None else None
    if kind is None:
        c.problem(called.node, "the type of this input cannot be told", "write `type=` with one of the input types")
        return
    called.name = f"input.{kind}"
    _fit_bounds(c, called, kind)


def _fit_bounds(c: Conversion, called: Called, kind: str) -> None:
    """Bounds that the function does not have never counted; those of whole numbers are whole."""
    for name in (*_BOUNDS, "options"):
        known = name == "options" and kind not in ("bool", "source", "color", "time", "price")
        if not (known or (name != "options" and kind in ("int", "float"))):
            called.drop(name)
    if kind != "int":
        return
    for name in ("defval", *_BOUNDS):
        found = called.get(name)
        value = c.seen.value(found.node.value) if found is not None else None
        if found is not None and value is not None and value.type == t.FLOAT and found.text is not None:
            whole = re.fullmatch(r"(-?\d+)\.0*", found.text)
            found.text = whole[1] if whole else f"int({found.text})"
