"""Checks the invariants that ``ir.nodes`` lists. A violation is a bug of ours: InternalError."""

from __future__ import annotations

from pinery.core.errors import InternalError
from pinery.ir import nodes as n
from pinery.ir.analysis import bodies, expressions, stored, walk
from pinery.lang import types as t


def verify(program: n.Program) -> None:
    """Raise InternalError where a program breaks an invariant."""
    known: set[n.Function] = set()
    main_vars = set(program.main.vars)
    names: set[str] = set()
    for function in [*program.functions, program.main]:
        if function.name in names:
            raise InternalError(f"IR: two functions are called {function.name}")
        names.add(function.name)
        _function(function, program, known, main_vars)
        known.add(function)


def _function(function: n.Function, program: n.Program, known: set[n.Function], main_vars: set[n.Var]) -> None:
    own = set(function.vars)
    slots: set[n.StateSlot] = set()
    frames: set[n.FrameSlot] = set()

    def fail(message: str, node: n.Expr | n.Stmt) -> None:
        raise InternalError(f"IR of {function.name}: {message} at {tuple(node.span)}")

    def variable(var: n.Var, node: n.Expr | n.Stmt) -> None:
        if var not in own and not (var in main_vars and var.shared):
            fail(f"variable {var.name} belongs to another function", node)

    def expr(root: n.Expr) -> None:
        for node in walk(root):
            match node:
                case n.Load():
                    variable(node.var, node)
                case n.History():
                    variable(node.var, node)
                    if node.var.depth == 0:
                        fail(f"{node.var.name} is read back but keeps no history", node)
                    if isinstance(node.offset, n.Const) and 0 <= node.var.depth < int(node.offset.value or 0):
                        fail(f"{node.var.name} keeps {node.var.depth} bars, {node.offset.value} are read", node)
                case n.Kernel():
                    if node.state not in function.slots or node.state in slots:
                        fail(f"state {node.state.name} is foreign or used twice", node)
                    slots.add(node.state)
                case n.Call():
                    if node.frame not in function.frames or node.frame in frames:
                        fail(f"frame {node.frame.name} is foreign or used twice", node)
                    frames.add(node.frame)
                    if node.frame.function not in known:
                        fail(f"{node.frame.function.name} is called before it is defined", node)
                    if len(node.args) != len(node.frame.function.params):
                        fail(f"{node.frame.function.name} takes {len(node.frame.function.params)} arguments", node)
                case n.Select():
                    if node.cond.type not in (t.BOOL, t.NA):
                        fail(f"a condition is {node.cond.type}", node)

    def body(stmts: list[n.Stmt], loops: int) -> None:
        for i, stmt in enumerate(stmts):
            for root in expressions(stmt):
                expr(root)
            for var in stored(stmt):
                if var not in own:
                    fail(f"variable {var.name} of another function is assigned", stmt)
            if isinstance(stmt, n.Break | n.Continue) and not loops:
                fail("break or continue outside a loop", stmt)
            if isinstance(stmt, n.Return) and (stmts is not function.body or i != len(stmts) - 1):
                fail("return in the middle of a function", stmt)
            inner = loops + isinstance(stmt, n.While | n.ForRange | n.ForIn)
            for nested in bodies(stmt):
                body(nested, inner)

    body(function.body, 0)
