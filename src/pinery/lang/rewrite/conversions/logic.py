"""``and``, ``or`` and ``iff``, which worked out all their parts, also those that could not matter."""

from __future__ import annotations

from pinery.lang import ast, typed
from pinery.lang.rewrite.conversions.calls import Called, newest_name
from pinery.lang.rewrite.conversions.context import Conversion, Rule
from pinery.lang.rewrite.edits import walk

MOST = 8  # operands that the functions for `and` and `or` take at once


def _all(op: str, empty: str) -> str:
    names = "abcdefgh"[:MOST]
    params = ", ".join(f"bool {x}" if x in "ab" else f"bool {x} = {empty}" for x in names)
    return f"""// All of them are worked out on every bar, as `{op}` did before version 6.
{{}}({params}) =>
    {f" {op} ".join(names)}
"""


_HELPERS = {
    "and": _all("and", "true"),
    "or": _all("or", "false"),
    "iff": """// Both values are worked out on every bar.
{}(bool condition, then, otherwise) =>
    condition ? then : otherwise
""",
}
_NAMES = {"and": "allOf", "or": "anyOf", "iff": "choose"}

# Functions that leave something behind, besides those that return nothing.
_EFFECTS = frozenset({"new", "pop", "shift", "remove", "put", "copy", "remove_row", "remove_col", "random", "from"})


def _strict(c: Conversion, node: ast.Node) -> str | None:
    assert isinstance(node, ast.Binary)
    if node.op not in ("and", "or") or c.version.lazy_logic or not needs_every_bar(c, node.right):
        return None
    helper = c.helper(_NAMES[node.op], _HELPERS[node.op])
    parts = [c.bare(part) for part in _operands(c, node)]
    while len(parts) > MOST:
        parts = [f"{helper}({', '.join(parts[:MOST])})", *parts[MOST:]]
    return f"{helper}({', '.join(parts)})"


def _operands(c: Conversion, node: ast.Binary) -> list[ast.Expr]:
    """``a and b and c`` taken apart, as far as it has no brackets; what need not be worked out stays with its left."""
    found = [node.right]
    left = node.left
    while isinstance(left, ast.Binary) and left.op == node.op and needs_every_bar(c, left.right):
        if c.core(left) != (left.span.start, left.span.end):
            break
        found.append(left.right)
        left = left.left
    return [left, *reversed(found)]


def iff(c: Conversion, called: Called) -> str | None:
    """``iff(condition, then, else)``."""
    parts = [called.get(name) for name in ("condition", "then", "_else")]
    nodes = [part.node.value for part in parts if part is not None]
    texts = [part.text or "" for part in parts if part is not None]
    if len(nodes) != 3:
        return None
    if any(needs_every_bar(c, node) for node in nodes[1:]):
        helper = c.helper(_NAMES["iff"], _HELPERS["iff"])
        for place in (1, 2):
            if isinstance(nodes[place], ast.Name) and texts[place] == "na":
                types = c.seen.types(called.node) | {None}
                kind = next((str(x) for x in types if x is not None), "float")
                texts[place] = f"{kind}(na)"
        return f"{helper}({', '.join(texts)})"
    return f"({c.operand(nodes[0])} ? {c.operand(nodes[1])} : {c.operand(nodes[2])})"


def needs_every_bar(c: Conversion, node: ast.Node) -> bool:
    """Whether leaving out the evaluation on some bar could be noticed: it remembers earlier ones, or has effects."""
    return any(_noticed(c, part) for part in walk(node))


def _noticed(c: Conversion, node: ast.Node) -> bool:
    if id(node) in c.seen.remembering:
        return True
    if isinstance(node, ast.VarDecl):
        return node.mode is not None
    if isinstance(node, ast.Assign):
        return isinstance(node.target, ast.Attribute)
    if not isinstance(node, ast.Call):
        return False
    row = c.seen.rows.get(id(node))
    if row is not None:
        name = newest_name(row.name)
        void = any(overload.returns.name == "void" for overload in row.overloads)
        return row.stateful or void or name.startswith("request.") or name.rpartition(".")[2] in _EFFECTS
    for function in c.seen.user_calls.get(id(node), []):
        if function.module is not c.seen.main:
            return True
        decl = function.decl
        if id(decl) not in c.noticed:
            c.noticed[id(decl)] = needs_every_bar(c, decl.body)
        if c.noticed[id(decl)]:
            return True
    return any(isinstance(value, typed.TNew | typed.TCopy) for value in c.seen.taken.get(id(node), ()))


LOGIC = Rule(("lazy_logic",), (ast.Binary,), _strict)
