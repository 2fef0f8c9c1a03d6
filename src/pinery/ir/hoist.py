"""What a request asks for does not depend on the branch that asks.

``if wanted`` around a ``request.security`` decides whether the chart looks at the answer; the request's
own bars evaluate the expression every time. So for the request's program its capture moves out of the
branches and loops around it, together with the local values that it is made of.
"""

from __future__ import annotations

from dataclasses import dataclass

from pinery.ir import nodes as n
from pinery.ir.analysis import bodies, expressions, loaded, rebuilt, statements, stored


@dataclass(slots=True)
class _Place:
    """A block on the way to the capture, and which of its statements leads on."""

    block: list[n.Stmt]
    index: int


def hoist_capture(body: list[n.Stmt], site: n.RequestSite) -> list[n.Stmt]:
    """Main's statements with the site's capture at the top level; unchanged where it depends on a loop's turn."""
    path = _path(body, site)
    if len(path) < 2:
        return body
    capture = path[-1].block[path[-1].index]
    needed = _loads(capture)
    moved: list[n.Stmt] = []
    for place in reversed(path[1:]):
        for stmt in reversed(place.block[: place.index]):
            found = _stores(stmt)
            if any(var in needed and not var.persistent for var in found):
                moved.insert(0, stmt)
                needed |= _loads(stmt)
    turning = {var for place in path[:-1] for var in stored(place.block[place.index])}
    if not turning.isdisjoint(needed):
        return body
    gone = {*moved, capture}
    top = path[0]
    rest = _without([top.block[top.index]], gone)
    return [*top.block[: top.index], *moved, capture, *rest, *top.block[top.index + 1 :]]


def _path(body: list[n.Stmt], site: n.RequestSite) -> list[_Place]:
    for i, stmt in enumerate(body):
        if isinstance(stmt, n.Capture) and stmt.site is site:
            return [_Place(body, i)]
        for inner in bodies(stmt):
            found = _path(inner, site)
            if found:
                return [_Place(body, i), *found]
    return []


def _loads(stmt: n.Stmt) -> set[n.Var]:
    return {var for s in statements([stmt]) for expr in expressions(s) for var in loaded(expr)}


def _stores(stmt: n.Stmt) -> set[n.Var]:
    return {var for s in statements([stmt]) for var in stored(s)}


def _without(body: list[n.Stmt], gone: set[n.Stmt]) -> list[n.Stmt]:
    return [rebuilt(s, [_without(b, gone) for b in bodies(s)]) for s in body if s not in gone]
