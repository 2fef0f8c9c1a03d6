"""Variables: types that have to be written now, and those that named themselves."""

from __future__ import annotations

from pinery.lang import ast, typed
from pinery.lang import types as t
from pinery.lang.rewrite.conversions.context import Conversion, Rule
from pinery.lang.rewrite.edits import walk
from pinery.lang.types import Kind, Type


def _empty(kind: Type) -> str:
    return "false" if kind == t.BOOL else "na"


def _declare(c: Conversion, node: ast.Node) -> str | None:
    assert isinstance(node, ast.VarDecl)
    symbol = c.seen.symbols.get(id(node))
    if symbol is None:
        return None
    kind = symbol.qtype.type
    if c.seen.main.forward.get(node.name) is symbol or _read_above(c, node, symbol):
        name = node.name
        c.helpers.setdefault(f"{name}=", f"{kind} {name} = {_empty(kind)}  // read above its value{c.newline}")
        return f"{name} := {_value(c, node)}"
    if symbol in c.seen.self_referring:
        c.before[-1].append(f"{kind} {node.name} = {_empty(kind)}")
        return f"{node.name} := {_value(c, node)}"
    value = c.seen.value(node.value)
    written = node.type is not None and node.type.name
    if written or value is None or value.type == kind or kind.kind is Kind.ERROR:
        return None
    # From na, or from an int that floats follow.
    start, end = c.core(node)
    made = c.spliced(node, start, end)
    place = node.name_span.start - start
    return f"{made[:place]}{kind} {made[place:]}"


def _read_above(c: Conversion, node: ast.VarDecl, symbol: typed.Symbol) -> bool:
    """Whether a function above the declaration reads the variable (v1, v2)."""
    if not c.version.self_reference or not symbol.is_global:
        return False
    return any(
        isinstance(stmt, ast.FunctionDecl)
        and stmt.span.start < node.span.start
        and any(isinstance(part, ast.Name) and part.id == node.name for part in walk(stmt.body))
        for stmt in c.seen.script.body
    )


def _value(c: Conversion, node: ast.VarDecl) -> str:
    made = c.render(node.value)
    return c.text[node.name_span.end : node.value.span.start].split("=", 1)[1].lstrip(" ") + made


DECLARATIONS = Rule(("self_reference",), (ast.VarDecl,), _declare)
