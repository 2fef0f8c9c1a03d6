"""A program's Python module: frames, functions, main. Compiled once, instantiated for each run."""

from __future__ import annotations

import inspect
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import CodeType
from typing import Any, get_type_hints

from pinery.backends.interp.expressions import BLOCK, ExprWriter, python_field
from pinery.backends.interp.statements import Lines, StatementWriter, initial_value
from pinery.backends.interp.support import NAMES, EnumMember
from pinery.core.errors import InternalError
from pinery.ir import nodes as n
from pinery.lang.source import Span
from pinery.runtime.context import Runtime


@dataclass(slots=True)
class Code:
    """Compiled Python of one program. ``spans`` maps its lines (1-based, index 0 unused) to the script."""

    program: n.Program
    source: str
    code: CodeType
    spans: list[Span | None]
    targets: dict[str, str]
    enums: dict[str, str]
    filename: str
    columns: frozenset[str] = frozenset()  # of the bar at hand that the code reads

    def instantiate(self, rt: Runtime, request: Callable[..., Any], outputs: dict[str, Callable[[Any], None]]) -> Any:
        """Fresh state bound to ``rt``: a namespace with ``_main()`` (one bar) and ``_g`` (main's frame).

        ``request`` answers ``request.security`` sites; ``outputs`` maps ``"<index>_<argument>"`` to
        the function that records that argument for the bar.
        """
        namespace: dict[str, Any] = dict(NAMES)
        namespace.update(_nan=math.nan, _inf=math.inf, _deque=deque, _rt=rt, _request=request)
        keep = rt.limits.max_history
        namespace.update(_keep=keep, _trim=2 * keep)
        for target, name in self.targets.items():
            namespace[name] = resolve(target)
        for key, name in self.enums.items():
            enum, _, member = key.rpartition(".")
            namespace[name] = EnumMember(key, self.program.enum_titles.get(enum, {}).get(member, member))
        for key, record in outputs.items():
            namespace[f"_o{key}"] = record
        exec(self.code, namespace)
        namespace["_g"] = namespace["_Frame_main"]()
        return namespace


def resolve(target: str) -> Any:
    """The runtime function that a built-in's ``module:function`` names."""
    module, _, name = target.partition(":")
    try:
        return getattr(import_module(f"pinery.runtime.{module}"), name)
    except (ImportError, AttributeError) as error:
        raise InternalError(f"built-in target {target!r} does not exist: {error}") from error


def state_class(target: str) -> type:
    """A kernel's state class: the annotation of its first parameter."""
    kernel = resolve(target)
    first = next(iter(inspect.signature(kernel).parameters))
    hint: type = get_type_hints(kernel)[first]
    return hint


def compile_program(program: n.Program, name: str = "script") -> Code:
    """Generate and compile the module of one program."""
    lines = Lines()
    targets: dict[str, str] = {}
    enums: dict[str, str] = {}
    columns: set[str] = set()
    for udt in program.udts:
        _object_class(lines, udt)
    for function in [*program.functions, program.main]:
        is_main = function is program.main
        exprs = ExprWriter(function, is_main, program.version, targets, enums)
        _function(lines, exprs, function, is_main)
        _frame_class(lines, exprs, function, targets)
        columns |= exprs.columns
    source = "\n".join(lines.text) + "\n"
    filename = f"<pinery:{name}>"
    try:
        code = compile(source, filename, "exec")
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise InternalError(f"generated code cannot be compiled: {error}") from error
    return Code(program, source, code, [None, *lines.spans], targets, enums, filename, frozenset(columns))


def _object_class(lines: Lines, udt: n.UdtLayout) -> None:
    names = [python_field(name) for name, _, _ in udt.fields]
    lines.add(0, f"class {udt.python_name}:")
    lines.add(1, f"__slots__ = ({''.join(f'{name!r}, ' for name in names)})")
    lines.add(1, f"varip = {tuple(python_field(name) for name, _, varip in udt.fields if varip)!r}")
    lines.add(1, f"def __init__(self{''.join(f', {name}' for name in names)}):")
    for name in names or ["pass"]:
        lines.add(2, "pass" if name == "pass" and not names else f"self.{name} = {name}")
    lines.add(1, "def copy(self):")
    lines.add(2, f"return {udt.python_name}({', '.join(f'self.{name}' for name in names)})")


def _function(lines: Lines, exprs: ExprWriter, function: n.Function, is_main: bool) -> None:
    body = Lines()
    writer = StatementWriter(exprs, body)
    for param in function.params:
        if param.in_frame:
            body.add(1, f"{exprs.place(param)} = {param.name}", function.span)
        writer.statement(n.Touch(function.span, param), 1)
    writer.body(function.body, 1)
    if is_main:
        for var in function.vars:
            if var.every_bar and var.depth:
                items = exprs.history(var)
                body.add(1, f"{items}.append({exprs.place(var)})", function.span)
                if var.depth == n.DYNAMIC:
                    body.add(1, f"if len({items}) > _trim: del {items}[:-_keep]", function.span)
                elif var.depth > BLOCK:
                    body.add(1, f"if len({items}) > {4 * var.depth}: del {items}[:-{var.depth}]", function.span)
        lines.add(0, "def _main():")
    else:
        lines.add(0, f"def {function.name}({', '.join(['_f', *(p.name for p in function.params)])}):", function.span)
    for name in sorted(exprs.columns):
        lines.add(1, f"_c_{name} = _rt.{name}")
    for name in sorted(exprs.column_lists):
        lines.add(1, f"_l_{name} = _rt.columns.{name}")
    for var in sorted(exprs.histories, key=lambda v: v.name):
        lines.add(1, f"_h_{var.name} = {exprs.history(var)}.items")
    if exprs.uses_bar:
        lines.add(1, "_bar = _rt.bar_index")
    lines.text += body.text
    lines.spans += body.spans


def _frame_class(lines: Lines, exprs: ExprWriter, function: n.Function, targets: dict[str, str]) -> None:
    label = "main" if exprs.is_main else function.name
    slots: list[tuple[str, str]] = []
    for var in function.vars:
        if var.in_frame:
            slots.append((var.name, initial_value(var, exprs)))
        if var.depth:
            slots.append((f"h_{var.name}", _history_text(var, exprs)))
    for slot in function.slots:
        cls = state_class(slot.target)
        name = "_s_" + cls.__module__.rpartition(".")[2] + "_" + cls.__name__
        targets[f"{cls.__module__.removeprefix('pinery.runtime.')}:{cls.__name__}"] = name
        takes_dynamic = "dynamic" in inspect.signature(cls).parameters
        text = f"{name}({f'dynamic={slot.dynamic}' if takes_dynamic else ''})"
        slots.append((slot.name, f"_LoopGuard({text})" if slot.guarded else text))
    for frame in function.frames:
        slots.append((frame.name, f"_Frame_{frame.function.name}()"))
    varip = tuple(v.name for v in function.vars if v.varip)
    lines.add(0, f"class _Frame_{label}:")
    lines.add(1, f"__slots__ = ({''.join(f'{name!r}, ' for name, _ in slots)})")
    lines.add(1, f"varip = {varip!r}")
    lines.add(1, "def __init__(self):")
    if not slots:
        lines.add(2, "pass")
    for name, text in slots:
        lines.add(2, f"self.{name} = {text}")


def _history_text(var: n.Var, exprs: ExprWriter) -> str:
    na = exprs.na(var.type)
    if var.every_bar and exprs.is_main:
        if var.depth == n.DYNAMIC:
            return "[]"
        return f"[{na}] * {var.depth}" if var.depth > BLOCK else f"_deque([{na}] * {var.depth}, {var.depth})"
    if var.depth == n.DYNAMIC:
        return f"_History(_keep, {na}, filled=False)"
    return f"_History({var.depth}, {na})"
