"""Transparency: ``transp`` went into the colours."""

from __future__ import annotations

from pinery.lang import ast, typed
from pinery.lang.rewrite.conversions.calls import Called
from pinery.lang.rewrite.conversions.context import Conversion

# The colours that `transp` makes transparent, with what they are where none is given.
_COLORS: dict[str, dict[str, str | None]] = {
    "plot": {"color": "color.blue"},
    "plotshape": {"color": "color.blue", "textcolor": None},
    "plotchar": {"color": "color.blue", "textcolor": None},
    "plotarrow": {"colorup": "color.green", "colordown": "color.red"},
    "fill": {"color": "color.blue"},
    "bgcolor": {"color": None},
}
_FADED = """// `transp` of older versions: for colors that have no transparency of their own.
{}(color shade, float transp) =>
    color.t(shade) == 0 ? color.new(shade, transp) : shade
"""


def transparent(c: Conversion, called: Called) -> None:
    if called.name not in _COLORS or not any(p.name == "transp" for p in called.overload.params):
        return
    given = called.drop("transp")
    if given is not None:
        value = c.seen.value(given.node.value)
        none = isinstance(value, typed.TConst) and (value.value is None or value.value == 0)
        amount = None if none else given.text
    else:
        default = c.version.default_transp if called.name in ("bgcolor", "fill") else None
        amount = f"{default:g}" if default is not None else None
    if amount is None:
        return
    for name, otherwise in _COLORS[called.name].items():
        found = called.get(name)
        if found is None and otherwise is not None:
            called.put(name, f"color.new({otherwise}, {amount})")
        elif found is not None and found.text is not None:
            called.put(name, _faded(c, found.node.value, found.text, amount))


def _faded(c: Conversion, node: ast.Expr, text: str, amount: str) -> str:
    value = c.seen.value(node)
    if isinstance(value, typed.TConst) and (value.value is None or value.value & 0xFF != 0xFF):
        return text
    function = "color.new" if _is_opaque(c, node) else c.helper("faded", _FADED)
    return f"{function}({text}, {amount})"


def _is_opaque(c: Conversion, node: ast.Expr) -> bool:
    """Whether the colour surely has no transparency of its own (or is na, which stays na)."""
    if isinstance(node, ast.Ternary):
        return _is_opaque(c, node.then) and _is_opaque(c, node.other)
    value = c.seen.value(node)
    return isinstance(value, typed.TConst) and (value.value is None or value.value & 0xFF == 0xFF)
