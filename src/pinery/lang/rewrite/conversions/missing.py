"""Which truth values may be na, in versions that have that."""

from __future__ import annotations

from pinery.lang import ast, typed
from pinery.lang import types as t
from pinery.lang.rewrite.conversions.calls import newest_name
from pinery.lang.rewrite.conversions.context import Conversion
from pinery.lang.rewrite.edits import walk

# Functions whose result is one of their arguments.
_CHOICES = {"iff": (1, 2), "nz": (1,)}


def may_be_na(c: Conversion, node: ast.Expr) -> bool:
    """Whether a truth value may be na. In doubt it may."""
    return _may(c, node, _sources(c))


def _may(c: Conversion, node: ast.Expr, unsure: frozenset[str]) -> bool:
    match node:
        case ast.BoolLit():
            return False
        case ast.Name():
            return node.id == "na" or node.id in unsure
        case ast.Attribute():
            return c.seen.value(node) is None or node.attr in unsure
        case ast.Index():
            return True
        case ast.Unary():
            return False
        case ast.Binary():
            return node.op in ("and", "or") and (_may(c, node.left, unsure) or _may(c, node.right, unsure))
        case ast.Ternary():
            return _may(c, node.then, unsure) or _may(c, node.other, unsure)
        case ast.If():
            return node.other is None or any(_ends(c, block, unsure) for block in (node.then, node.other))
        case ast.Switch():
            complete = any(case.match is None for case in node.cases)
            return not complete or any(_ends(c, case.body, unsure) for case in node.cases)
        case ast.Call():
            return _call(c, node, unsure)
        case _:
            return True


def _ends(c: Conversion, block: ast.Block, unsure: frozenset[str]) -> bool:
    last = block.body[-1] if block.body else None
    if isinstance(last, ast.ExprStmt | ast.VarDecl):
        return _may(c, last.value, unsure)
    return not isinstance(last, ast.Assign) or _may(c, last.value, unsure)


def _call(c: Conversion, node: ast.Call, unsure: frozenset[str]) -> bool:
    row = c.seen.rows.get(id(node))
    if row is not None:
        name = newest_name(row.name)
        if name in _CHOICES:
            places = [arg.value for place, arg in enumerate(node.args) if place in _CHOICES[name]]
            return any(_may(c, value, unsure) for value in places)
        return not (name.startswith("input") or any(overload.returns == t.BOOL for overload in row.overloads))
    functions = c.seen.user_calls.get(id(node))
    if functions:
        return any(f.module is not c.seen.main or f"{f.name}()" in unsure for f in functions)
    return False


def _sources(c: Conversion) -> frozenset[str]:
    """Names of variables, fields and, with ``()``, functions that may hold or give na."""
    if c.unsure is not None:
        return c.unsure
    found: set[str] = set()
    while True:
        before = len(found)
        for node in walk(c.seen.script):
            _spread(c, node, found)
        if len(found) == before:
            break
    c.unsure = frozenset(found)
    return c.unsure


def _fields(c: Conversion, node: ast.Call, made: typed.TNew, found: set[str]) -> None:
    """Fields of a new object: those that are given nothing are na, unless they have a default."""
    names = [item.name for item in made.udt.fields]
    given = {arg.name or names[place]: arg.value for place, arg in enumerate(node.args)}
    for item in made.udt.fields:
        value = given.get(item.name)
        if (value is None and item.default is None) or (value is not None and _may(c, value, frozenset(found))):
            found.add(item.name)


def _items(c: Conversion, value: ast.Expr, count: int) -> list[list[ast.Expr]]:
    """What the names of a tuple may be given, in the forms that there are of it; na where that is not plain."""
    if isinstance(value, ast.TupleExpr):
        return [value.items]
    functions = c.seen.user_calls.get(id(value), [])
    ends = [function.decl.body.body[-1] for function in functions if function.module is c.seen.main]
    plain = [end.value.items for end in ends if isinstance(end, ast.ExprStmt) and isinstance(end.value, ast.TupleExpr)]
    if functions and len(plain) == len(functions):
        return [items for items in plain if len(items) == count]
    return [[ast.Name(value.span, "na")] * count]


def _spread(c: Conversion, node: ast.Node, found: set[str]) -> None:
    unsure = frozenset(found)
    match node:
        case ast.VarDecl():
            if _may(c, node.value, unsure):
                found.add(node.name)
        case ast.Assign():
            name = node.target.id if isinstance(node.target, ast.Name) else getattr(node.target, "attr", "")
            if _may(c, node.value, unsure):
                found.add(name)
        case ast.TupleDecl():
            for items in _items(c, node.value, len(node.names)):
                found |= {name for name, item in zip(node.names, items, strict=True) if _may(c, item, unsure)}
        case ast.ForIn():
            found.add(node.var)
        case ast.FieldDecl():
            if node.default is not None and _may(c, node.default, unsure):
                found.add(node.name)
        case ast.FunctionDecl():
            if _ends(c, node.body, unsure):
                found.add(f"{node.name}()")
        case ast.Call():
            for made in c.seen.taken.get(id(node), ()):
                if isinstance(made, typed.TNew):
                    _fields(c, node, made, found)
            for function in c.seen.user_calls.get(id(node), []):
                names = [param.name for param in function.decl.params]
                place = int(id(node) in c.seen.methods)
                for arg in node.args:
                    name = arg.name or (names[place] if place < len(names) else "")
                    place += arg.name is None
                    if _may(c, arg.value, unsure):
                        found.add(name)
