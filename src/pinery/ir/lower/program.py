"""The whole program: declarations, main, functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pinery.ir import nodes as n
from pinery.ir.lower import expressions
from pinery.ir.lower.calls import argument
from pinery.ir.lower.context import FunctionBuilder, ProgramBuilder
from pinery.ir.lower.inputs import check_overrides
from pinery.ir.lower.structures import lower_body
from pinery.lang import typed as ty
from pinery.lang import types as t
from pinery.lang.source import Span


def lower(
    source: ty.Program, inputs: dict[str, Any] | None = None, resolve: Callable[[str], Callable[..., Any]] | None = None
) -> n.Program:
    """Lower a checked script for one run. ``inputs``: title → value; UsageError where one does not fit.

    ``resolve`` finds the functions that built-ins name, for the defaults of inputs that are calls of them.

    The result still holds every request's capture in main; ``ir.slice`` takes it apart.
    """
    expressions.install()
    program = ProgramBuilder(source, dict(inputs or {}), resolve)
    main = n.Function("main", [], [], t.VOID, Span(0, 0))
    fb = FunctionBuilder(program, main, is_main=True, block=main.body)
    program.main = fb
    for udt in source.udts:
        layout = n.UdtLayout(udt.type.name, program.fresh(udt.type.name), [])
        layout.fields = [(f.name, f.type, f.varip) for f in udt.fields]
        program.udts[udt.type.name] = layout
    for enum in source.enums:
        program.enum_titles[enum.type.name] = dict(enum.members)
    declaration = _declaration(fb, source)
    lower_body(fb, source.body.body)
    main.body[:0] = fb.prologue
    _spread_loops([*program.function_list, main])
    check_overrides(program)
    return n.Program(
        source.version,
        source.kind,
        declaration,
        main,
        program.function_list,
        list(program.udts.values()),
        program.outputs,
        program.input_decls,
        program.requests,
        source.sources,
        dict(source.annotations),
        program.enum_titles,
    )


def _declaration(fb: FunctionBuilder, source: ty.Program) -> dict[str, Any]:
    if source.declaration is None:
        return {}
    found: dict[str, Any] = {}
    for param in source.declaration.overload.params:
        value = argument(fb, source.declaration, param.name)
        if isinstance(value, n.Const):
            found[param.name] = value.value
    return found


def _spread_loops(functions: list[n.Function]) -> None:
    """A function called in a loop guards its own state, and so do those it calls."""
    for function in reversed(functions):
        if function.in_loop:
            for slot in function.slots:
                slot.guarded = True
            for frame in function.frames:
                frame.function.in_loop = True
