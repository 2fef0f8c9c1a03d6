"""Numbers as truth values and truth values as numbers; truth values that are na."""

from __future__ import annotations

from pinery.lang import ast
from pinery.lang import types as t
from pinery.lang.rewrite.conversions.calls import Called
from pinery.lang.rewrite.conversions.context import Conversion, Rule, is_bracketed
from pinery.lang.rewrite.conversions.missing import may_be_na
from pinery.lang.rewrite.conversions.tristate import first_bars, kept
from pinery.lang.types import Kind

_ADVICE = "keep it in an int (1, 0 and na), or write `not x`, which takes na for false"


def cast(c: Conversion, node: ast.Node, text: str) -> str:
    """Writes out the casts that were implicit."""
    if isinstance(node, ast.Binary) and id(node) in c.seen.whole_divisions:
        text = f"int({_inner(text)})"
    found = c.seen.casts.get(id(node))
    if not found or not isinstance(node, ast.Expr):
        return text
    for source, target in sorted(found, key=str):
        if target == t.BOOL and source.kind is Kind.NA:
            return "false"
        if target == t.BOOL and source.is_numeric:
            return f"bool({_inner(text)})"
        if target.is_numeric and source == t.BOOL:
            return _number(c, node, text)
        if target == t.INT and source == t.FLOAT and not _is_whole(c, node):
            return f"int({_inner(text)})"
    return text


def _inner(text: str) -> str:
    return text[1:-1] if is_bracketed(text) else text


def _is_whole(c: Conversion, node: ast.Expr) -> bool:
    """The quotient of ints, which version 6 takes for an int itself."""
    return all(c.seen.whole(value) for value in c.seen.taken.get(id(node), ()))


def _number(c: Conversion, node: ast.Expr, text: str) -> str:
    if len(c.seen.types(node)) > 1:
        c.problem(node, "this is a number in one call and a truth value in another", "make two functions of it")
    c.instead[id(node)] = text
    number = kept(c, node)
    c.instead.pop(id(node), None)
    if number is None:
        c.problem(node, "this truth value may be na, and counts as a number here", _ADVICE)
    return number or text


# --- na -------------------------------------------------------------------------------


def is_na(c: Conversion, called: Called) -> str | None:
    """``na(x)`` of a truth value: version 6 has no na for it."""
    found = called.args[0] if called.args else None
    if found is None or c.seen.types(found.node.value) != {t.BOOL}:
        return None
    node = found.node.value
    bars = first_bars(c, node)
    if bars is not None:
        return f"(bar_index < {bars})"
    if not may_be_na(c, node):
        return "false"
    number = kept(c, node)
    if number is None:
        c.problem(node, "this truth value may be na, which version 6 does not have", _ADVICE)
    return f"na({number})"


def replaced(c: Conversion, called: Called) -> str | None:
    """``nz(x, y)`` and ``fixnan(x)`` of a truth value."""
    source = called.get("source")
    if source is None or c.seen.types(source.node.value) != {t.BOOL}:
        return None
    node = source.node.value
    other = called.get("replacement")
    text = c.operand(node)
    plain = called.name == "nz" and (other is None or other.text == "false")
    if plain or not may_be_na(c, node):
        return text
    number = kept(c, node)
    other_number = kept(c, other.node.value) if other is not None else ""
    instead = f", {other_number}" if other is not None else ""
    number = number if other_number is not None else None
    if number is None:
        c.problem(node, f"this truth value may be na, which `{called.name}` asks for", _ADVICE)
    return f"bool({called.name}({number}{instead}))"


def shown(c: Conversion, called: Called) -> None:
    """Text of a truth value that may be na."""
    found = called.get("value")
    if found is not None and c.seen.types(found.node.value) == {t.BOOL} and may_be_na(c, found.node.value):
        c.problem(found.node, "this truth value may be na, which version 6 shows as false", _ADVICE)


def _compared(c: Conversion, node: ast.Node) -> str | None:
    """Comparing with na is never true: neither is it where na has become false."""
    assert isinstance(node, ast.Binary)
    if node.op not in ("==", "!=") or not c.version.na_bool:
        return None
    sides = [node.left, node.right]
    if not all(t.BOOL in c.seen.types(side) for side in sides):
        return None
    # `x == true` and `x != false` say of na what they say of false.
    if any(isinstance(side, ast.BoolLit) and side.value == (node.op == "==") for side in sides):
        return None
    unsure = [side for side in sides if may_be_na(c, side)]
    if not unsure:
        return None
    bars = [first_bars(c, side) for side in unsure]
    start, end = c.core(node)
    if all(bars):
        tests = " and ".join(f"bar_index >= {first}" for first in bars)
        return f"({tests} and {c.spliced(node, start, end)})"
    for side in sides:
        number = kept(c, side)
        if number is None:
            c.problem(side, f"this truth value may be na, which `{node.op}` tells from false", _ADVICE)
            return None
        c.instead[id(side)] = number
    return c.spliced(node, start, end)


COMPARED = Rule(("na_bool",), (ast.Binary,), _compared)
