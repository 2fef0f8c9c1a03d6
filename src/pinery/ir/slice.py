"""Taking a lowered script apart: the chart's own program, and one small program per request.

A request's expression depends on part of the script. That part is found backwards from its capture:
every statement that gives a needed variable its value (or changes a needed object), with the
conditions and loops around it. Outputs, orders and drawings of the rest do not happen there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pinery.ir import nodes as n
from pinery.ir.analysis import bodies, expressions, loaded, rebuilt, statements, stored, walk
from pinery.ir.hoist import hoist_capture

# Runtime modules whose pure functions change nothing that they are given.
HARMLESS = ("maths:", "strings:", "colors:", "core:", "values:", "kernels.")


@dataclass(slots=True)
class Split:
    """``chart`` runs on the chart; ``requests[site.index]`` answers that request site."""

    chart: n.Program
    requests: dict[int, n.Program]


@dataclass(slots=True)
class _Facts:
    """What one statement does, nested statements apart."""

    stores: frozenset[n.Var]
    loads: frozenset[n.Var]
    touches: frozenset[n.Var]  # reference variables handed to calls that might change the object
    shares: bool  # a stored variable may name the same object as a loaded one
    effect: bool


@dataclass(slots=True)
class _Analysis:
    reads: dict[n.Function, frozenset[n.Var]] = field(default_factory=dict)
    facts: dict[n.Stmt, _Facts] = field(default_factory=dict)

    def function_reads(self, function: n.Function) -> frozenset[n.Var]:
        """Main's variables that the function, or one it calls, reads."""
        known = self.reads.get(function)
        if known is None:
            own = set(function.vars)
            found: set[n.Var] = set()
            for stmt in statements(function.body):
                for expr in expressions(stmt):
                    for node in walk(expr):
                        if isinstance(node, n.Load | n.History) and node.var not in own:
                            found.add(node.var)
                        elif isinstance(node, n.Call):
                            found |= self.function_reads(node.frame.function)
            known = self.reads[function] = frozenset(found)
        return known

    def of(self, stmt: n.Stmt) -> _Facts:
        facts = self.facts.get(stmt)
        if facts is None:
            facts = self.facts[stmt] = self._study(stmt)
        return facts

    def _study(self, stmt: n.Stmt) -> _Facts:
        stores = frozenset(stored(stmt))
        loads: set[n.Var] = set()
        touches: set[n.Var] = set()
        effect = isinstance(stmt, n.Emit)
        for expr in expressions(stmt):
            for node in walk(expr):
                if isinstance(node, n.Load | n.History):
                    loads.add(node.var)
                elif isinstance(node, n.Call):
                    reads = self.function_reads(node.frame.function)
                    loads |= reads
                    touches |= {v for v in reads if v.type.is_reference}
                    touches |= {v for arg in node.args for v in loaded(arg) if v.type.is_reference}
                    effect = True
                elif isinstance(node, n.Host) or (isinstance(node, n.Pure) and not node.target.startswith(HARMLESS)):
                    touches |= {v for arg in node.args for v in loaded(arg) if v.type.is_reference}
                    effect = True
                elif isinstance(node, n.Request):
                    effect = True
        if isinstance(stmt, n.StoreField):
            touches |= {v for v in loaded(stmt.target) if v.type.is_reference}
            effect = True
        shares = any(v.type.is_reference for v in stores) and any(v.type.is_reference for v in loads)
        return _Facts(stores, frozenset(loads), frozenset(touches), shares, effect)


def split(program: n.Program) -> Split:
    """The chart's program, and one per request site."""
    analysis = _Analysis()
    chart = _without_dead_stores(_with_body(program, _drop_captures(program.main.body)), analysis)
    requests = {site.index: _request_program(program, site, analysis) for site in program.requests}
    return Split(chart, requests)


# --- the chart's own program ----------------------------------------------------------


def _drop_captures(body: list[n.Stmt]) -> list[n.Stmt]:
    return [rebuilt(s, [_drop_captures(b) for b in bodies(s)]) for s in body if not isinstance(s, n.Capture)]


def _without_dead_stores(program: n.Program, analysis: _Analysis) -> n.Program:
    """Drop values that nobody reads (mostly what only requests needed), as long as nothing happens in them."""
    shared = set().union(*(analysis.function_reads(f) for f in program.functions))
    while True:
        read = set(shared)
        for stmt in statements(program.main.body):
            read |= analysis.of(stmt).loads
        dead = [
            s
            for s in statements(program.main.body)
            if isinstance(s, n.Store | n.Touch)
            and s.var not in read
            and not (isinstance(s, n.Store) and analysis.of(s).effect)
        ]
        if not dead:
            return _with_body(program, _unnamed(program.main.body, read))
        program = _with_body(program, _filtered(program.main.body, set(dead).isdisjoint))


def _unnamed(body: list[n.Stmt], read: set[n.Var]) -> list[n.Stmt]:
    """Values that nobody reads, but in whose making something happens, lose their names: one kept of several
    assignments would leave the variable without a value on the way of the others."""
    return [
        n.Eval(s.span, s.value)
        if isinstance(s, n.Store) and s.var not in read
        else rebuilt(s, [_unnamed(b, read) for b in bodies(s)])
        for s in body
    ]


# --- a request's program --------------------------------------------------------------


def _request_program(program: n.Program, site: n.RequestSite, analysis: _Analysis) -> n.Program:
    hoisted = hoist_capture(program.main.body, site)
    program = replace(program, main=replace(program.main, body=hoisted))
    kept = _kept(program, site, analysis, frozenset())
    if any(_asks(stmt, site) for stmt in kept):
        # What works on the request's own answer comes after it: changes made there are not part of the question.
        kept = _kept(program, site, analysis, _answered(program, site, analysis))
    return _with_body(program, _filtered(program.main.body, kept.issuperset))


def _kept(program: n.Program, site: n.RequestSite, analysis: _Analysis, answers: frozenset[n.Var]) -> set[n.Stmt]:
    needed: set[n.Var] = set()
    while True:
        before = len(needed)
        _mark(program.main.body, site, needed, analysis, answers)
        if len(needed) == before:
            break
    kept: set[n.Stmt] = set()
    _mark(program.main.body, site, needed, analysis, answers, kept)
    return kept


def _asks(stmt: n.Stmt, site: n.RequestSite) -> bool:
    return any(isinstance(node, n.Request) and node.site is site for expr in expressions(stmt) for node in walk(expr))


def _answered(program: n.Program, site: n.RequestSite, analysis: _Analysis) -> frozenset[n.Var]:
    """Variables that hold the site's answer, something made of it, or an object that it was put into."""
    asked: set[n.Var] = set()
    for stmt in statements(program.main.body):
        if isinstance(stmt, n.Capture) and stmt.site is site:
            asked |= analysis.of(stmt).loads
    found: set[n.Var] = set()
    while True:
        before = len(found)
        for stmt in statements(program.main.body):
            facts = analysis.of(stmt)
            if not facts.loads.isdisjoint(found) or _asks(stmt, site):
                found |= (facts.stores | facts.touches) - asked
        if len(found) == before:
            return frozenset(found)


def _mark(
    body: list[n.Stmt],
    site: n.RequestSite,
    needed: set[n.Var],
    analysis: _Analysis,
    answers: frozenset[n.Var],
    kept: set[n.Stmt] | None = None,
    loop_kept: bool = False,
) -> bool:
    """Add what the kept statements of ``body`` need; True if any is kept. Every branch is gone through.

    Changes to objects by statements that read ``answers`` do not count.
    """
    any_kept = False
    for stmt in reversed(body):
        facts = analysis.of(stmt)
        match stmt:
            case n.Capture():
                keep = stmt.site is site
            case n.Emit():
                keep = False
            case n.Touch():
                keep = stmt.var in needed
            case n.Break() | n.Continue():
                keep = loop_kept
            case n.If():
                found = [_mark(b, site, needed, analysis, answers, kept, loop_kept) for b in bodies(stmt)]
                keep = True in found
            case n.While() | n.ForRange() | n.ForIn():
                found = [_mark(b, site, needed, analysis, answers, kept, False) for b in bodies(stmt)]
                keep = True in found or not facts.stores.isdisjoint(needed)
                if keep:
                    for b in bodies(stmt):
                        _mark(b, site, needed, analysis, answers, kept, True)
            case n.Once():
                found = [_mark(b, site, needed, analysis, answers, kept, loop_kept) for b in bodies(stmt)]
                keep = True in found
            case _:
                touched = not facts.touches.isdisjoint(needed) and facts.loads.isdisjoint(answers)
                keep = touched or not facts.stores.isdisjoint(needed)
        if not keep and facts.shares and not facts.loads.isdisjoint(needed) and facts.loads.isdisjoint(answers):
            # another name for a needed object: what happens through it counts
            names = {v for v in facts.loads if v.type.is_reference}
            if not names.isdisjoint(needed):
                keep = True
        if keep:
            any_kept = True
            needed |= facts.loads
            needed |= facts.stores
            if kept is not None:
                kept.add(stmt)
    return any_kept


# --- building the parts ---------------------------------------------------------------


def _filtered(body: list[n.Stmt], keep: Callable[[list[n.Stmt]], bool]) -> list[n.Stmt]:
    return [rebuilt(s, [_filtered(b, keep) for b in bodies(s)]) for s in body if keep([s])]


def _with_body(program: n.Program, body: list[n.Stmt]) -> n.Program:
    """The program with another main, and only the memory and functions that it uses."""
    slots: list[n.StateSlot] = []
    frames: list[n.FrameSlot] = []
    used: dict[n.Var, None] = {}
    for stmt in statements(body):
        used.update(dict.fromkeys(stored(stmt)))
        if isinstance(stmt, n.Touch):
            used[stmt.var] = None
        for expr in expressions(stmt):
            for node in walk(expr):
                if isinstance(node, n.Kernel):
                    slots.append(node.state)
                elif isinstance(node, n.Call):
                    frames.append(node.frame)
                elif isinstance(node, n.Load | n.History):
                    used[node.var] = None
    reachable: dict[n.Function, None] = {}

    def reach(function: n.Function) -> None:
        if function not in reachable:
            reachable[function] = None
            for frame in function.frames:
                reach(frame.function)

    for frame in frames:
        reach(frame.function)
    own = set(program.main.vars)
    for function in reachable:
        for stmt in statements(function.body):
            for expr in expressions(stmt):
                used.update(dict.fromkeys(v for v in loaded(expr) if v in own))
    main = replace(
        program.main, body=body, vars=[v for v in program.main.vars if v in used], slots=slots, frames=frames
    )
    return replace(program, main=main, functions=[f for f in program.functions if f in reachable])
