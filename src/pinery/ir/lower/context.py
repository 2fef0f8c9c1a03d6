"""What the lowering knows while it walks: the program being built and the function at hand."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pinery.core.errors import CompileError
from pinery.ir import nodes as n
from pinery.lang import typed as ty
from pinery.lang import types as t
from pinery.lang.builtins import registry
from pinery.lang.builtins.schema import FunctionRow, Registry, VariableRow
from pinery.lang.source import Span
from pinery.lang.types import Type
from pinery.lang.versions import for_version


@dataclass(slots=True)
class ProgramBuilder:
    """Collects what belongs to the whole program."""

    source: ty.Program
    inputs: dict[str, Any]  # the user's overrides by title
    resolve: Callable[[str], Callable[..., Any]] | None = None  # the functions that ``Pure`` nodes name
    registry: Registry = field(default_factory=registry)
    outputs: list[n.OutputDecl] = field(default_factory=list)
    input_decls: list[n.InputDecl] = field(default_factory=list)
    used_inputs: set[str] = field(default_factory=set)
    requests: list[n.RequestSite] = field(default_factory=list)
    function_list: list[n.Function] = field(default_factory=list)  # callees before callers
    variants: dict[int, dict[tuple[Any, ...], n.Function]] = field(default_factory=dict)  # by id of FunctionInstance
    refs: dict[ty.Symbol, n.Const] = field(default_factory=dict)  # global names of constants and outputs
    with_requests: dict[int, bool] = field(default_factory=dict)
    udts: dict[str, n.UdtLayout] = field(default_factory=dict)
    enum_titles: dict[str, dict[str, str]] = field(default_factory=dict)
    globals: dict[ty.Symbol, n.Var] = field(default_factory=dict)
    builtin_vars: dict[str, n.Var] = field(default_factory=dict)
    alert_sites: int = 0
    depths: dict[n.Expr, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    main: FunctionBuilder | None = None
    declaration: dict[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> int:
        return self.source.version

    @property
    def lazy_logic(self) -> bool:
        return for_version(self.version).lazy_logic

    def function_row(self, name: str) -> FunctionRow:
        return self.registry.functions[name]

    def variable_row(self, name: str) -> VariableRow:
        return self.registry.variables[name]

    def fresh(self, base: str) -> str:
        """A Python name that no other name of the program has.

        A leading underscore is generated code's own, and so are the names of Python's built-ins, such as ``len``.
        """
        base = re.sub(r"\W", "_", base, flags=re.ASCII)
        if not base or base[0] == "_" or base[0].isdigit() or keyword.iskeyword(base) or hasattr(builtins, base):
            base = f"v{base}"
        name = base
        while name in self.names:
            self.names[base] += 1
            name = f"{base}_{self.names[base]}"
        self.names[name] = 1
        return name


MAX_LOOPS = 16  # loops inside loops; Python allows 20 nested blocks


@dataclass(slots=True)
class FunctionBuilder:
    """One function being lowered. ``block`` receives statements; ``depth`` > 0 is inside a branch or loop."""

    program: ProgramBuilder
    function: n.Function
    is_main: bool
    block: list[n.Stmt]
    symbols: dict[ty.Symbol, n.Var] = field(default_factory=dict)
    refs: dict[ty.Symbol, n.Const] = field(default_factory=dict)  # names of constants, plots (output numbers) ...
    prologue: list[n.Stmt] = field(default_factory=list)  # main only: built-in series, every bar
    depth: int = 0
    loops: int = 0

    @contextmanager
    def nested(self, *, loop: bool = False) -> Iterator[list[n.Stmt]]:
        """Collect the statements of a branch or loop body."""
        saved, self.block = self.block, []
        self.depth += 1
        self.loops += loop
        if self.loops > MAX_LOOPS:
            raise CompileError(
                f"loops are nested deeper than {MAX_LOOPS} levels", hint="move inner loops into functions"
            )
        try:
            yield self.block
        finally:
            self.block = saved
            self.depth -= 1
            self.loops -= loop

    def emit(self, stmt: n.Stmt) -> None:
        self.block.append(stmt)

    def new_var(self, base: str, type_: Type, *, hidden: bool = False, every_bar: bool | None = None) -> n.Var:
        if every_bar is None:
            every_bar = self.is_main and self.depth == 0
        var = n.Var(self.program.fresh(base), type_, hidden=hidden, every_bar=every_bar)
        self.function.vars.append(var)
        return var

    def temp(self, value: n.Expr, base: str = "t") -> n.Load:
        """Evaluate ``value`` now and keep it under a name."""
        var = self.new_var(base, value.type, hidden=True)
        self.emit(n.Store(value.span, var, value))
        return n.Load(var.type, value.span, var)

    def state(self, target: str, dynamic: bool) -> n.StateSlot:
        name = self.program.fresh("s_" + target.rpartition(":")[2])
        slot = n.StateSlot(name, target, dynamic, guarded=self.loops > 0 or self.function.in_loop)
        self.function.slots.append(slot)
        return slot

    def frame(self, function: n.Function) -> n.FrameSlot:
        slot = n.FrameSlot(self.program.fresh("f_" + function.name), function)
        self.function.frames.append(slot)
        return slot

    def constant(self, symbol: ty.Symbol) -> n.Const | None:
        """The constant that a name stands for in this run, if it does."""
        return self.refs.get(symbol) or self.program.refs.get(symbol)

    def lookup(self, symbol: ty.Symbol) -> n.Var:
        var = self.symbols.get(symbol)
        if var is not None:
            return var
        var = self.program.globals[symbol]
        if not self.is_main:
            var.shared = True
        return var


def na_const(type_: Type, span: Span) -> n.Const:
    return n.Const(type_, span, None)


def int_const(value: int, span: Span) -> n.Const:
    return n.Const(t.INT, span, value)


LowerExpr = Callable[[FunctionBuilder, Any], n.Expr]
