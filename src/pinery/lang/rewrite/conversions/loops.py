"""Counting loops, which worked out their end once."""

from __future__ import annotations

from pinery.lang import ast, typed
from pinery.lang.rewrite.conversions.context import Conversion, Rule
from pinery.lang.rewrite.conversions.logic import needs_every_bar
from pinery.lang.rewrite.edits import walk
from pinery.lang.types import Qualifier


def _fixed_end(c: Conversion, node: ast.Node) -> str | None:
    assert isinstance(node, ast.ForRange)
    if c.version.for_end_dynamic or not _may_change(c, node):
        return None
    stop = node.stop
    start, end = c.core(node)
    name = c.fresh("loopEnd")
    value = c.seen.value(stop)
    kind = "int" if value is not None and value.type.name == "int" else "float"
    c.before[-1].append(f"{kind} {name} = {c.bare(stop)}")
    c.instead[id(stop)] = name
    return c.spliced(node, start, end)


def _may_change(c: Conversion, node: ast.ForRange) -> bool:
    value = c.seen.value(node.stop)
    if value is not None and value.qtype.qualifier < Qualifier.SERIES:
        return False
    body = list(walk(node.body))
    changed = {part.target.id for part in body if isinstance(part, ast.Assign) and isinstance(part.target, ast.Name)}
    parts = list(walk(node.stop))
    if any(isinstance(part, ast.Name) and part.id in changed for part in parts):
        return True
    if not any(isinstance(part, ast.Call | ast.Attribute) and not _settled(c, part) for part in parts):
        return False
    return any(
        (isinstance(part, ast.Assign) and isinstance(part.target, ast.Attribute))
        or (isinstance(part, ast.Call) and needs_every_bar(c, part))
        for part in body
    ) or needs_every_bar(c, node.stop)


def _settled(c: Conversion, node: ast.Node) -> bool:
    value = c.seen.value(node)
    return isinstance(value, typed.TBuiltin | typed.TConst) or (value is None and isinstance(node, ast.Attribute))


LOOPS = Rule(("for_end_dynamic",), (ast.ForRange,), _fixed_end)
