"""Built-in variables and constants by their newest names, with the values that they had."""

from __future__ import annotations

from pinery.lang import ast, typed
from pinery.lang.check.names import dotted_name
from pinery.lang.rewrite.conversions.context import Conversion
from pinery.lang.types import Kind

# Constants that version 6 does not have, and what it calls them. (Types of inputs go with `type=`.)
GONE = {"label.style_labelup": "label.style_label_up", "label.style_labeldown": "label.style_label_down"}

_PERIODS = frozenset({"timeframe.period", "timeframe.main_period"})
_PERIOD = """// Before version 6 a timeframe of one day, week or month was written without the 1.
{}(simple string period) =>
    period == "1D" ? "D" : period == "1W" ? "W" : period == "1M" ? "M" : period
"""


def rename(c: Conversion, node: ast.Node) -> str | None:
    """A name, or names with dots, that stand for a built-in variable."""
    assert isinstance(node, ast.Name | ast.Attribute)
    written = dotted_name(node)
    if written is None:
        return None
    value = c.seen.value(node)
    if written == "na" and isinstance(value, typed.TConst) and value.type.kind is Kind.NA:
        return None
    if isinstance(value, typed.TBuiltin):
        return _variable(c, node, written, value.row.name)
    if isinstance(value, typed.TConst):
        return _constant(c, written)
    return None


def _variable(c: Conversion, node: ast.Node, written: str, name: str) -> str | None:
    if name in _PERIODS and not c.version.timeframe_with_multiplier and id(node) not in c.fits_both:
        return f"{c.helper('periodBefore6', _PERIOD)}({name})"
    return name if name != written else None


def _constant(c: Conversion, written: str) -> str | None:
    name = c.version.variable(written)
    row = c.seen.registry.variables.get(name) if name is not None else None
    if row is None or name is None or not row.is_constant or _is_own(c, written):
        return None
    old = c.version.constants.get(name)
    if old is not None and not c.new_colors:
        return f"#{old >> 8:06X}"
    name = GONE.get(name, name)
    return name if name != written else None


def _is_own(c: Conversion, written: str) -> bool:
    """Whether the script declares a constant of this name, which a dotted name cannot be."""
    return "." not in written and any(
        isinstance(symbol, typed.Symbol) and symbol.name == written for symbol in c.seen.constants
    )
