"""Questions about IR expressions and statements that several passes ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pinery.ir import nodes as n


def children(expr: n.Expr) -> Iterator[n.Expr]:
    """Direct operands, in evaluation order."""
    match expr:
        case n.History() | n.ColumnHistory():
            yield expr.offset
        case n.Unary():
            yield expr.operand
        case n.Binary() | n.Logic():
            yield expr.left
            yield expr.right
        case n.Select():
            yield expr.cond
            yield expr.then
            yield expr.other
        case n.IsNa() | n.Cast() | n.CopyObject() | n.Field():
            yield expr.value
        case n.Nz():
            yield expr.value
            yield expr.replacement
        case n.Pure() | n.Kernel() | n.Host() | n.Call() | n.New():
            yield from expr.args
        case n.MakeTuple():
            yield from expr.items
        case n.Request():
            yield expr.symbol
            yield expr.timeframe
            yield from expr.options.values()


def walk(expr: n.Expr) -> Iterator[n.Expr]:
    """The expression and everything below it."""
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(children(node))


def expressions(stmt: n.Stmt) -> Iterator[n.Expr]:
    """The expressions that a statement itself evaluates (not those of nested statements)."""
    match stmt:
        case n.Store() | n.StoreTuple() | n.Eval() | n.Return() | n.Capture():
            yield stmt.value
        case n.StoreField():
            yield stmt.target
            yield stmt.value
        case n.If() | n.While():
            yield stmt.cond
        case n.ForRange():
            yield stmt.start
            yield stmt.stop
            if stmt.step is not None:
                yield stmt.step
        case n.ForIn():
            yield stmt.iterable
        case n.Emit():
            for _, value in stmt.values:
                yield value


def bodies(stmt: n.Stmt) -> list[list[n.Stmt]]:
    """Nested statement lists."""
    match stmt:
        case n.If():
            return [stmt.then, stmt.other]
        case n.While():
            return [stmt.prelude, stmt.body]
        case n.ForRange() | n.ForIn() | n.Once():
            return [stmt.body]
    return []


def rebuilt(stmt: n.Stmt, inner: list[list[n.Stmt]]) -> n.Stmt:
    """The statement with other nested statement lists, in the order of ``bodies``."""
    match stmt:
        case n.If():
            return replace(stmt, then=inner[0], other=inner[1])
        case n.While():
            return replace(stmt, prelude=inner[0], body=inner[1])
        case n.ForRange() | n.ForIn() | n.Once():
            return replace(stmt, body=inner[0])
    return stmt


def statements(body: list[n.Stmt]) -> Iterator[n.Stmt]:
    """All statements, nested ones included."""
    for stmt in body:
        yield stmt
        for inner in bodies(stmt):
            yield from statements(inner)


def stored(stmt: n.Stmt) -> list[n.Var]:
    """Variables that the statement itself assigns."""
    match stmt:
        case n.Store():
            return [stmt.var]
        case n.StoreTuple():
            return [v for v in stmt.vars if v is not None]
        case n.ForRange():
            return [stmt.var]
        case n.ForIn():
            return [stmt.var] if stmt.index is None else [stmt.index, stmt.var]
        case n.Once():
            return [stmt.flag]
    return []


def loaded(expr: n.Expr) -> Iterator[n.Var]:
    """Variables read, at this bar or an earlier one."""
    for node in walk(expr):
        if isinstance(node, n.Load | n.History):
            yield node.var


def is_cheap_pure(expr: n.Expr) -> bool:
    """Constants and names of values that later statements of the same line cannot change."""
    return isinstance(expr, n.Const | n.Column)


def reads_history_state(expr: n.Expr) -> bool:
    """True when skipping the evaluation could be noticed: kernels, user functions, host calls, requests."""
    return any(isinstance(node, n.Kernel | n.Call | n.Host | n.Request) for node in walk(expr))


_TOTAL = (n.Const, n.Column, n.ColumnHistory, n.Unary, n.Binary, n.Logic, n.Select, n.IsNa, n.Nz, n.Cast)


def is_total(expr: n.Expr) -> bool:
    """Only bar columns, constants and operators: it has a value on every bar and cannot fail."""
    return all(isinstance(node, _TOTAL) for node in walk(expr))
