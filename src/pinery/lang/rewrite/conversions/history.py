"""The past of literals and of fields."""

from __future__ import annotations

from pinery.lang import ast, typed
from pinery.lang.rewrite.conversions.calls import Called
from pinery.lang.rewrite.conversions.context import Conversion, Rule
from pinery.lang.types import Kind

_LITERALS = (ast.IntLit, ast.FloatLit, ast.BoolLit, ast.StrLit, ast.ColorLit)
_SAME = """// Gives a field's value a history, which version 6 has for variables and calls only.
{}(value) =>
    value
"""


def _past(c: Conversion, node: ast.Node) -> str | None:
    assert isinstance(node, ast.Index)
    return past(c, node.value, node.offset) if c.version.literal_history else None


def past(c: Conversion, value: ast.Expr, offset: ast.Expr) -> str | None:
    """``value[offset]`` where version 6 would not take it as it stands."""
    if isinstance(value, _LITERALS):
        empty = "false" if isinstance(value, ast.BoolLit) else "na"
        return f"(bar_index >= {c.operand(offset)} ? {c.bare(value)} : {empty})"
    taken = c.seen.value(value)
    if isinstance(taken, typed.TField) and taken.value.type.kind is Kind.UDT:
        return f"{c.helper('same', _SAME)}({c.bare(value)})[{c.bare(offset)}]"
    return None


def offset(c: Conversion, node: ast.Node) -> str | None:
    """``offset(source, n)`` of version 4 and before."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "offset":
        return None
    if c.version.rows != 4 or id(node) in c.seen.rows or id(node) in c.seen.user_calls or len(node.args) != 2:
        return None
    named = {arg.name or place: arg.value for arg, place in zip(node.args, ("source", "offset"), strict=True)}
    source, bars = named["source"], named["offset"]
    return past(c, source, bars) or f"{c.operand(source)}[{c.bare(bars)}]"


def rsi_of_two(c: Conversion, called: Called) -> str | None:
    """``rsi(x, y)`` of two series."""
    if called.overload.impl.target != "kernels.oscillators:rsi_of_two":
        return None
    x, y = (arg.text for arg in called.args)
    helper = c.helper(
        "rsiOfTwo",
        """// `rsi` of two series, as older versions had it.
{}(float x, float y) =>
    y == 0.0 ? 100.0 : 100.0 - 100.0 / (1.0 + x / y)
""",
    )
    return f"{helper}({x}, {y})"


PAST = Rule(("literal_history",), (ast.Index,), _past)
