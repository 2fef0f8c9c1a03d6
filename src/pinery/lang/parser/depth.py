"""How deep a syntax tree is: later passes walk it recursively and rely on a limit."""

from __future__ import annotations

from dataclasses import fields

from pinery.lang import ast
from pinery.lang.source import Span

MAX_DEPTH = 1000


_LEAVES = {"span", "op_span", "attr_span", "name_span", "var_span", "name_spans", "names", "version_span"}
_CHILDREN: dict[str, tuple[str, ...]] = {
    name: tuple(f.name for f in fields(kind) if f.name not in _LEAVES)
    for name, kind in vars(ast).items()
    if isinstance(kind, type) and issubclass(kind, ast.Node)
}


def too_deep(root: ast.Node) -> Span | None:
    """The statement that holds a node below ``MAX_DEPTH``, if there is one."""
    stack: list[tuple[ast.Node, int, Span]] = [(root, 0, root.span)]
    while stack:
        node, depth, place = stack.pop()
        if depth > MAX_DEPTH:
            return place
        if isinstance(node, ast.Stmt):
            place = node.span
        for name in _CHILDREN[type(node).__name__]:
            child = getattr(node, name)
            if isinstance(child, ast.Node):
                stack.append((child, depth + 1, place))
            elif isinstance(child, list):
                stack.extend((item, depth + 1, place) for item in child if isinstance(item, ast.Node))
    return None
