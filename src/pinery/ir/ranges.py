"""What values whole numbers may have, as far as loops between constants tell.

``for i = 1 to 20`` reads ``x[i]`` at most 20 bars back: such a history needs no more than that and no test.
"""

from __future__ import annotations

from pinery.ir import nodes as n
from pinery.ir.analysis import expressions, statements, stored, walk

Interval = tuple[int, int]

DEEPEST = 2_000  # longer histories are not filled with na beforehand


def constant_turns(loop: n.ForRange) -> range | None:
    """The loop's values when both ends and the step are constant whole numbers."""
    ends = [loop.start, loop.stop, *([] if loop.step is None else [loop.step])]
    values = [end.value for end in ends if isinstance(end, n.Const) and type(end.value) is int]
    if len(values) < len(ends) or loop.dynamic:
        return None
    start, stop, step = values[0], values[1], abs(values[2]) if len(values) > 2 else 1
    if step == 0:
        return None
    return range(start, stop + 1, step) if start <= stop else range(start, stop - 1, -step)


def loop_intervals(function: n.Function) -> dict[n.Var, Interval]:
    """Counters of loops between constants that nothing else assigns, with their lowest and highest value."""
    found: dict[n.Var, Interval] = {}
    assigned: set[n.Var] = set()
    for stmt in statements(function.body):
        for var in stored(stmt):
            if var in assigned:
                found.pop(var, None)
            elif isinstance(stmt, n.ForRange) and (turns := constant_turns(stmt)) is not None:
                found[var] = (min(turns[0], turns[-1]), max(turns[0], turns[-1]))
            assigned.add(var)
    return found


def interval(expr: n.Expr, known: dict[n.Var, Interval]) -> Interval | None:
    """Bounds of constants, counters, and their sums and differences; such values are never na."""
    match expr:
        case n.Const() if type(expr.value) is int:
            return expr.value, expr.value
        case n.Load():
            return known.get(expr.var)
        case n.Binary() if expr.op in ("+", "-"):
            left, right = interval(expr.left, known), interval(expr.right, known)
            if left is None or right is None:
                return None
            if expr.op == "+":
                return left[0] + right[0], left[1] + right[1]
            return left[0] - right[1], left[1] - right[0]
    return None


def bound_histories(program: n.Program) -> None:
    """Give each history that is read at bounded offsets only a fixed depth."""
    deepest: dict[n.Var, int] = {}
    unbounded: set[n.Var] = set()
    for function in [*program.functions, program.main]:
        known = loop_intervals(function)
        for stmt in statements(function.body):
            for root in expressions(stmt):
                for node in walk(root):
                    if isinstance(node, n.History) and node.var.depth == n.DYNAMIC:
                        bounds = interval(node.offset, known)
                        if bounds is None or bounds[0] < 0 or bounds[1] > DEEPEST:
                            unbounded.add(node.var)
                        else:
                            deepest[node.var] = max(deepest.get(node.var, 1), bounds[1])
    for var, depth in deepest.items():
        if var not in unbounded:
            var.depth = depth
