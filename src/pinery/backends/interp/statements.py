"""IR statements as lines of Python."""

from __future__ import annotations

from dataclasses import dataclass, field

from pinery.backends.interp.expressions import ExprWriter, python_field
from pinery.ir import nodes as n
from pinery.ir.ranges import constant_turns
from pinery.lang import types as t
from pinery.lang.source import Span
from pinery.runtime.loops import CHECK_EVERY


@dataclass(slots=True)
class Lines:
    """Python text with, for each line, the script position that it comes from."""

    text: list[str] = field(default_factory=list)
    spans: list[Span | None] = field(default_factory=list)

    def add(self, indent: int, line: str, span: Span | None = None) -> None:
        self.text.append(" " * indent + line)
        self.spans.append(span)


@dataclass(slots=True)
class StatementWriter:
    """Writes one function's statements; ``ExprWriter`` writes what they evaluate."""

    exprs: ExprWriter
    lines: Lines

    def body(self, stmts: list[n.Stmt], indent: int) -> None:
        before = len(self.lines.text)
        for stmt in stmts:
            self.statement(stmt, indent)
        if len(self.lines.text) == before:  # nothing, or only statements that take no line
            self.lines.add(indent, "pass")

    def statement(self, s: n.Stmt, indent: int) -> None:
        x, add = self.exprs, self.lines.add
        match s:
            case n.Store():
                add(indent, f"{x.place(s.var)} = {x.text(s.value)}", s.span)
                self._keep(s.var, indent, s.span)
            case n.Touch():
                self._keep(s.var, indent, s.span)
            case n.StoreTuple():
                self._store_tuple(s, indent)
            case n.StoreField():
                add(indent, f"{x.text(s.target, 8)}.{python_field(s.name)} = {x.text(s.value)}", s.span)
            case n.Eval():
                add(indent, x.text(s.value), s.span)
            case n.If():
                self._if(s, indent)
            case n.While():
                add(indent, "for _ in _turns(_rt):", s.span)
                for inner in s.prelude:
                    self.statement(inner, indent + 1)
                add(indent + 1, f"if not ({x.text(s.cond)}):", s.span)
                add(indent + 2, "break")
                self.body(s.body, indent + 1)
            case n.ForRange():
                self._for_range(s, indent)
            case n.ForIn():
                self._for_in(s, indent)
            case n.Break():
                add(indent, "break", s.span)
            case n.Continue():
                add(indent, "continue", s.span)
            case n.Return():
                add(indent, f"return {x.text(s.value)}", s.span)
            case n.Once():
                flag = x.place(s.flag)
                add(indent, f"if not {flag}:", s.span)
                add(indent + 1, f"{flag} = True", s.span)
                self.body(s.body, indent + 1)
            case n.Emit():
                for name, value in s.values:
                    add(indent, f"_o{s.output.index}_{name}({x.text(value)})", s.span)
            case n.Capture():
                add(indent, f"_rt.captured = {x.text(s.value)}", s.span)
            case _:
                raise TypeError(type(s).__name__)

    def _keep(self, var: n.Var, indent: int, span: Span) -> None:
        """Record the value of a variable whose history grows with its scope."""
        if var.depth and not var.every_bar:
            self.exprs.uses_bar = True
            self.lines.add(indent, f"{self.exprs.history(var)}.set(_bar, {self.exprs.place(var)})", span)

    def _store_tuple(self, s: n.StoreTuple, indent: int) -> None:
        places = ["_" if var is None else self.exprs.place(var) for var in s.vars]
        comma = "," if len(places) == 1 else ""
        self.lines.add(indent, f"{', '.join(places)}{comma} = {self.exprs.text(s.value)}", s.span)
        for var in s.vars:
            if var is not None:
                self._keep(var, indent, s.span)

    def _if(self, s: n.If, indent: int) -> None:
        word = "if"
        while True:
            self.lines.add(indent, f"{word} {self.exprs.text(s.cond)}:", s.span)
            self.body(s.then, indent + 1)
            if len(s.other) == 1 and isinstance(s.other[0], n.If):
                s, word = s.other[0], "elif"
                continue
            break
        if s.other:
            self.lines.add(indent, "else:", s.span)
            self.body(s.other, indent + 1)

    def _for_range(self, s: n.ForRange, indent: int) -> None:
        x = self.exprs
        step = "1" if s.step is None else x.text(s.step)
        turns = constant_turns(s)
        if turns is not None and len(turns) < CHECK_EVERY:
            self.lines.add(indent, f"_rt.loop_turns += {len(turns)}", s.span)
            self.lines.add(indent, f"if _rt.loop_turns >= {CHECK_EVERY}: _spend(_rt, 0)", s.span)
            values = f"_{turns!r}"
        elif s.dynamic:
            values = f"_count_dynamic(_rt, {x.text(s.start)}, lambda: {x.text(s.stop)}, {step})"
        else:
            values = f"_count(_rt, {x.text(s.start)}, {x.text(s.stop)}, {step})"
        self.lines.add(indent, f"for {s.var.name} in {values}:", s.span)
        self._loop_variable(s.var, indent + 1, s.span)
        self.body(s.body, indent + 1)

    def _for_in(self, s: n.ForIn, indent: int) -> None:
        values = self.exprs.text(s.iterable)
        if s.index is None:
            self.lines.add(indent, f"for {s.var.name} in _elements(_rt, {values}):", s.span)
        else:
            self.lines.add(indent, f"for {s.index.name}, {s.var.name} in _pairs(_rt, {values}):", s.span)
            self._loop_variable(s.index, indent + 1, s.span)
        self._loop_variable(s.var, indent + 1, s.span)
        self.body(s.body, indent + 1)

    def _loop_variable(self, var: n.Var, indent: int, span: Span) -> None:
        place = self.exprs.place(var)
        if place != var.name:
            self.lines.add(indent, f"{place} = {var.name}", span)
        self._keep(var, indent, span)


def initial_value(var: n.Var, exprs: ExprWriter) -> str:
    """What a frame's variable holds before its first assignment."""
    if var.initial is not None:
        return exprs.text(var.initial)
    if var.type == t.BOOL:
        return "False" if exprs.version >= 6 else "None"
    return exprs.na(var.type)
