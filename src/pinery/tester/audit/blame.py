"""Which construct of a script an output's changes come from: its dependencies, followed back to the source."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from pinery.ir import nodes as n
from pinery.ir.analysis import bodies, expressions, loaded, stored, walk
from pinery.ir.slice import HARMLESS
from pinery.lang.source import Source, Span
from pinery.tester.audit.seen import COMMANDS, Key

# Where a value that differs between history and realtime, or with the number of bars, enters a script.
SURROUNDINGS = {
    "bars:islast": "barstate.islast",
    "bars:islastconfirmedhistory": "barstate.islastconfirmedhistory",
    "bars:isrealtime": "barstate.isrealtime",
    "bars:ishistory": "barstate.ishistory",
    "bars:isconfirmed": "barstate.isconfirmed",
    "bars:isnew": "barstate.isnew",
    "bars:timenow": "timenow",
    "bars:last_bar_index": "last_bar_index",
    "bars:last_bar_time": "last_bar_time",
    "symbols:right_visible_bar_time": "chart.right_visible_bar_time",
    "symbols:left_visible_bar_time": "chart.left_visible_bar_time",
    "random_numbers:uniform": "math.random",
}
# Those that tell how many bars there are; the others tell how a bar is being evaluated.
OF_THE_END = frozenset(
    ("barstate.islast", "barstate.islastconfirmedhistory", "timenow", "last_bar_index", "last_bar_time")
) | {"chart.right_visible_bar_time", "chart.left_visible_bar_time"}
OF_AN_EVALUATION = frozenset(
    ("barstate.isconfirmed", "barstate.isnew", "barstate.isrealtime", "timenow", "math.random")
)
DRAWN = {"line": "lines", "label": "labels", "box": "boxes", "linefill": "linefills", "polyline": "polylines"}


@dataclass(frozen=True, slots=True)
class Cause:
    """``kind``: lookahead, request, lower_tf, surroundings, varip, offset. ``site``: of a request, else -1."""

    kind: str
    text: str
    line: int
    site: int = -1


@dataclass(slots=True, eq=False)
class _Place:
    """A statement with its function and what decides whether it runs."""

    stmt: n.Stmt
    function: n.Function
    around: tuple[n.Stmt, ...]


class Dependencies:
    """The lowered script, ready to be asked what an output depends on."""

    def __init__(self, program: n.Program, sources: tuple[Source, ...]) -> None:
        self.program = program
        self.sources = sources
        self.places: list[_Place] = []
        self._of: dict[n.Stmt, _Place] = {}
        self._in: dict[n.Function, list[_Place]] = {}
        self._stores: dict[n.Var, list[_Place]] = {}
        self._calls: dict[n.Function, list[_Place]] = {}
        self._captures: dict[int, list[_Place]] = {}
        self._orders: list[_Place] = []
        for function in [*program.functions, program.main]:
            self._read(function.body, function, ())

    def causes(self, key: Key) -> list[Cause]:
        """What the output depends on that can change, nearest first."""
        found: dict[Cause, None] = {}
        queue = deque(self._roots(key))
        if key.number >= 0:
            offset = self.program.outputs[key.number].args.get("offset")
            if isinstance(offset, int | float) and offset < 0:
                line = self.line_of(self.program.outputs[key.number].span)
                found[Cause("offset", f"offset = {offset:g} draws on earlier bars", line)] = None
        done: set[_Place] = set()
        while queue:
            place = queue.popleft()
            if place in done:
                continue
            done.add(place)
            for stmt in (place.stmt, *reversed(place.around)):
                for expr in expressions(stmt):
                    for node in walk(expr):
                        cause = self._cause(node)
                        if cause is not None:
                            found[cause] = None
                        queue.extend(self._behind(node))
                if isinstance(stmt, n.Once) and stmt.flag.varip:
                    found[Cause("varip", f"varip {stmt.flag.name.removesuffix('_set')}", self.line_of(stmt.span))] = (
                        None
                    )
            if place.function is not self.program.main:
                queue.extend(self._calls.get(place.function, ()))
        return list(found)

    # --- reading the program ------------------------------------------------------------

    def _read(self, body: list[n.Stmt], function: n.Function, around: tuple[n.Stmt, ...]) -> None:
        for stmt in body:
            place = _Place(stmt, function, around)
            self.places.append(place)
            self._in.setdefault(function, []).append(place)
            changed = set(stored(stmt))
            if isinstance(stmt, n.StoreField):
                changed |= {v for v in loaded(stmt.target) if v.type.is_reference}
            for expr in expressions(stmt):
                for node in walk(expr):
                    if _commands(node):
                        self._orders.append(place)
                    if isinstance(node, n.Call):
                        self._calls.setdefault(node.frame.function, []).append(place)
                    if isinstance(node, n.Call | n.Host) or (
                        isinstance(node, n.Pure) and not node.target.startswith(HARMLESS)
                    ):
                        changed |= {v for arg in node.args for v in loaded(arg) if v.type.is_reference}
            for var in changed:
                self._stores.setdefault(var, []).append(place)
            if isinstance(stmt, n.Capture):
                self._captures.setdefault(stmt.site.index, []).append(place)
            for inner in bodies(stmt):
                self._read(inner, function, (*around, stmt))

    def _roots(self, key: Key) -> list[_Place]:
        """The statements that make the output."""
        if key.number >= 0 or key.kind == "alertcondition":
            return [p for p in self.places if isinstance(p.stmt, n.Emit) and self._emits(p.stmt, key)]
        wanted = "alerts:alert" if key.kind == "alert" else "strategy:" if key.kind in ("order", "fill") else None
        if wanted is None:
            wanted = f"drawings.{DRAWN.get(key.kind, key.kind)}:"
        return [p for p in self.places if any(self._makes(node, wanted, key.line) for node in _nodes(p.stmt))]

    def _emits(self, stmt: n.Emit, key: Key) -> bool:
        if key.number >= 0:
            return stmt.output.index == key.number
        return stmt.output.kind == key.kind and self.line_of(stmt.output.span) == key.line

    def _makes(self, node: n.Expr, target: str, line: int) -> bool:
        return isinstance(node, n.Host) and node.target.startswith(target) and line in (0, self.line_of(node.span))

    def _behind(self, node: n.Expr) -> list[_Place]:
        match node:
            case n.Load() | n.History():
                return self._stores.get(node.var, [])
            case n.Call():
                return self._in.get(node.frame.function, [])
            case n.Request():
                return self._captures.get(node.site.index, [])
            case n.Host() if node.target.startswith("strategy:") and not _commands(node):
                return self._orders  # positions and profits are what the orders made of them
        return []

    def _cause(self, node: n.Expr) -> Cause | None:
        match node:
            case n.Request():
                return self._request(node)
            case n.Host() if node.target in SURROUNDINGS:
                return Cause("surroundings", SURROUNDINGS[node.target], self.line_of(node.span))
            case n.Load() | n.History() if node.var.varip and not node.var.hidden:
                first = next((p.stmt for p in self._stores.get(node.var, ())), None)
                line = self.line_of(node.span if first is None else first.span)
                return Cause("varip", f"varip {node.var.name}", line)
        return None

    def _request(self, node: n.Request) -> Cause:
        line, site = self.line_of(node.site.span), node.site.index
        if node.site.kind == "lower_tf":
            return Cause("lower_tf", "request.security_lower_tf", line, site)
        option: Any = node.options.get("lookahead")
        value = option.value if isinstance(option, n.Const) else None
        frame = node.timeframe.value if isinstance(node.timeframe, n.Const) else None
        where = f' of "{frame}"' if frame else ""
        if value in (True, "lookahead_on"):
            return Cause("lookahead", f"request.security{where} with lookahead_on", line, site)
        return Cause("request", f"request.security{where} without lookahead", line, site)

    def line_of(self, span: Span) -> int:
        return self.sources[span.file].position(span.start)[0] if span.file < len(self.sources) else 0


def _commands(node: n.Expr) -> bool:
    """Is it an order?"""
    if not isinstance(node, n.Host):
        return False
    module, _, name = node.target.partition(":")
    return module == "strategy" and name.removesuffix("_early") in COMMANDS


def _nodes(stmt: n.Stmt) -> list[n.Expr]:
    return [node for expr in expressions(stmt) for node in walk(expr)]
