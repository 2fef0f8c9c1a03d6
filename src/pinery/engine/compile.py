"""From source text to code that can be run any number of times."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pinery.backends.interp import Code, compile_program, resolve
from pinery.core.errors import CompileError
from pinery.ir import nodes as n
from pinery.ir.lower import lower
from pinery.ir.ranges import bound_histories
from pinery.ir.slice import split
from pinery.ir.verify import verify
from pinery.lang.check import LibraryFinder, check
from pinery.lang.diagnostics import Diagnostic, Severity
from pinery.lang.source import Source

STACK = 20_000  # Python calls


@dataclass(frozen=True, slots=True)
class CompiledScript:
    """A script compiled for one set of inputs. ``chart`` runs on the chart, ``requests`` by site elsewhere."""

    program: n.Program
    chart: Code
    requests: dict[int, Code]
    warnings: tuple[Diagnostic, ...]
    sources: tuple[Source, ...]


def compile_script(
    source: Source, *, inputs: dict[str, Any] | None = None, libraries: LibraryFinder | None = None
) -> CompiledScript:
    """Check, lower and generate code.

    Raises CompileError with all diagnostics when the script has errors, UsageError when an input
    does not fit.
    """
    with deep_stack():
        return _compile(source, inputs, libraries)


@contextmanager
def deep_stack() -> Iterator[None]:
    """Syntax trees may be a thousand levels deep, and each takes several calls."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, STACK))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _compile(source: Source, inputs: dict[str, Any] | None, libraries: LibraryFinder | None) -> CompiledScript:
    checked = check(source, libraries)
    errors = [d for d in checked.diagnostics if d.severity is Severity.ERROR]
    if errors or checked.program is None:
        count = len(errors)
        error = CompileError(
            f"{source.name}: {count} error{'' if count == 1 else 's'}", tuple(checked.diagnostics), "see the list above"
        )
        error.sources = tuple(checked.sources)
        raise error
    lowered = lower(checked.program, inputs, resolve)
    bound_histories(lowered)
    parts = split(lowered)
    for program in (parts.chart, *parts.requests.values()):
        verify(program)
    return CompiledScript(
        lowered,
        compile_program(parts.chart, source.name),
        {index: compile_program(program, f"{source.name}#{index}") for index, program in parts.requests.items()},
        tuple(checked.diagnostics),
        tuple(checked.sources),
    )
