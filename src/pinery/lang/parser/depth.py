"""How deep a syntax tree is: later passes walk it recursively and rely on a limit."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import fields, is_dataclass
from functools import cache

from pinery.lang import ast
from pinery.lang.source import Span

MAX_DEPTH = 1000


@cache
def _child_fields(kind: Hashable) -> tuple[str, ...]:
    assert isinstance(kind, type) and is_dataclass(kind)
    leaves = {"span", "op_span", "attr_span", "name_span", "var_span", "name_spans", "names", "version_span"}
    return tuple(f.name for f in fields(kind) if f.name not in leaves)


def too_deep(root: ast.Node) -> Span | None:
    """The statement that holds a node below ``MAX_DEPTH``, if there is one."""
    stack: list[tuple[ast.Node, int, Span]] = [(root, 0, root.span)]
    while stack:
        node, depth, place = stack.pop()
        if depth > MAX_DEPTH:
            return place
        if isinstance(node, ast.Stmt):
            place = node.span
        for name in _child_fields(type(node)):
            child = getattr(node, name)
            if isinstance(child, ast.Node):
                stack.append((child, depth + 1, place))
            elif isinstance(child, list):
                stack.extend((item, depth + 1, place) for item in child if isinstance(item, ast.Node))
    return None
