"""Truth values that are asked whether they are na: version 6 keeps them in ints, as 1, 0 and na.

Which variables that are shows only while the script is converted: what finds one asks for it (``wanted``), and the
conversion begins again.
"""

from __future__ import annotations

from pinery.lang import ast
from pinery.lang import types as t
from pinery.lang.rewrite.conversions.context import Conversion, Rule
from pinery.lang.rewrite.conversions.missing import may_be_na
from pinery.lang.rewrite.edits import walk


def first_bars(c: Conversion, node: ast.Expr) -> str | None:
    """For the past of something that is never na itself: the bars that have no such past. (What stands at the left
    margin has a value on every bar.)"""
    if not isinstance(node, ast.Index) or may_be_na(c, node.value):
        return None
    if id(node) in c.seen.remembering or id(node) in c.seen.local_pasts:
        return None
    return c.operand(node.offset)


def kept(c: Conversion, node: ast.Expr) -> str | None:
    """A truth value as 1, 0 and na; None where that cannot be had."""
    match node:
        case ast.Name(id="na"):
            return "na"
        case ast.BoolLit():
            return "1" if node.value else "0"
        case ast.Name() if node.id in c.tristate or may_be_na(c, node):
            return node.id if _variable(c, node.id) else None
        case ast.Index(value=ast.Name() as name) if id(node) in c.seen.local_pasts or may_be_na(c, name):
            return f"{name.id}[{c.bare(node.offset)}]" if _variable(c, name.id) else None
    bars = first_bars(c, node)
    if bars is not None:
        return f"(bar_index < {bars} ? na : {c.operand(node)} ? 1 : 0)"
    if not may_be_na(c, node):
        return f"({c.operand(node)} ? 1 : 0)"
    return _chosen(c, node)


def _chosen(c: Conversion, node: ast.Expr) -> str | None:
    """A value of several branches, each kept."""
    if isinstance(node, ast.Ternary):
        ends: list[ast.Expr | None] = [node.then, node.other]
    elif isinstance(node, ast.If):
        ends = [_end(block) for block in (node.then, node.other) if block is not None]
    elif isinstance(node, ast.Switch):
        ends = [_end(case.body) for case in node.cases]
    else:
        return None
    for end in ends:
        text = kept(c, end) if end is not None else None
        if end is None or text is None:
            return None
        c.instead[id(end)] = text
    start, stop = c.core(node)
    made = c.spliced(node, start, stop)
    return f"({made})" if isinstance(node, ast.Ternary) and start > node.span.start else made


def _end(block: ast.Block) -> ast.Expr | None:
    last = block.body[-1] if block.body else None
    return last.value if isinstance(last, ast.ExprStmt) else None


def _variable(c: Conversion, name: str) -> bool:
    """Asks for a variable to be kept in an int; False where it is more than a variable."""
    for node in walk(c.seen.script):
        match node:
            case ast.ParamDecl() | ast.FunctionDecl():
                bound = node.name == name
            case ast.TupleDecl():
                bound = name in node.names
            case ast.ForRange():
                bound = node.var == name
            case ast.ForIn():
                bound = name in (node.var, node.index)
            case _:
                bound = False
        if bound:
            return False
    c.wanted.add(name)
    return True


def _declared(c: Conversion, node: ast.Node) -> str | None:
    assert isinstance(node, ast.VarDecl | ast.Assign)
    name = node.name if isinstance(node, ast.VarDecl) else getattr(node.target, "id", None)
    if name not in c.tristate or not _is_truth(c, node):
        return None
    text = kept(c, node.value)
    if text is None:
        c.problem(node.value, f"`{name}` may be na, and this value has no number for that", "keep it in an int")
        return None
    c.instead[id(node.value)] = text
    start, end = c.core(node)
    made = c.spliced(node, start, end)
    if isinstance(node, ast.Assign):
        return made
    place = node.name_span.start - start
    if node.type is not None and node.type.name:
        head = c.text[start : node.name_span.start]
        return head.replace("bool", "int", 1) + made[place:]
    return f"{made[:place]}int {made[place:]}"


def _is_truth(c: Conversion, node: ast.VarDecl | ast.Assign) -> bool:
    """Whether the variable is a bool: another of the same name may be anything."""
    if isinstance(node, ast.VarDecl):
        symbol = c.seen.symbols.get(id(node))
        return symbol is not None and symbol.qtype.type == t.BOOL
    targets = {target for _, target in c.seen.casts.get(id(node.value), ())}
    return t.BOOL in c.seen.types(node.value) | targets


def _read(c: Conversion, node: ast.Node) -> str | None:
    name = node.value if isinstance(node, ast.Index) else node
    if not isinstance(name, ast.Name) or name.id not in c.tristate or c.seen.types(name) != {t.BOOL}:
        return None
    return f"bool({name.id}[{c.bare(node.offset)}])" if isinstance(node, ast.Index) else f"bool({name.id})"


TRISTATE = Rule(("na_bool",), (ast.VarDecl, ast.Assign), _declared)
TRUTH = Rule(("na_bool",), (ast.Name, ast.Index), _read)
