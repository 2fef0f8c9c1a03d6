"""The checker: from source text to the typed program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pinery.lang import ast, typed
from pinery.lang.builtins import registry as all_builtins
from pinery.lang.builtins.schema import Registry
from pinery.lang.check.libraries import Libraries, LibraryFinder
from pinery.lang.check.scopes import Module, Place
from pinery.lang.diagnostics import Diagnostic, Diagnostics
from pinery.lang.parser import parse
from pinery.lang.source import Source, Span

STACK = 20_000  # Python frames; the nesting of scripts is limited well below


@dataclass(slots=True)
class Checked:
    """What checking gives. ``program`` is None when there are errors."""

    program: typed.Program | None
    diagnostics: list[Diagnostic]
    sources: list[Source]


def check(source: Source, libraries: LibraryFinder | None = None, registry: Registry | None = None) -> Checked:
    """Parse and check a script with the libraries it imports. Never raises for what a script contains."""
    with deep_stack():
        return Checker(Diagnostics(), registry or all_builtins(), libraries).run(source)


@contextmanager
def deep_stack() -> Iterator[None]:
    """Room for recursion as deep as scripts may be nested."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, STACK))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


class Checker(Libraries):
    """One check of one script. What is layered on it may watch: ``rewrite`` does, to convert a script."""

    def run(self, source: Source) -> Checked:
        source.index = 0
        self.sources.append(source)
        script = parse(source, self.diagnostics)
        module = self.make_module("", source, script)
        body = self.check_module(module)
        self.place = Place(module, module.scope)
        self._check_uncalled(module)
        for part in (*self.libraries.values(), module):  # functions of libraries are checked where they are called
            self.report_missing(part)
        self._check_orders()
        self._check_declared(script)
        found = self.diagnostics.sorted()
        if self.diagnostics.has_errors:
            return Checked(None, found, self.sources)
        kind = self.declaration.row.name if self.declaration is not None else "indicator"
        program = typed.Program(
            version=script.version,
            kind="indicator" if kind == "study" else kind,
            declaration=self.declaration,
            body=typed.TBlock([*self.library_body, *body], None, script.span),
            functions=self.functions,
            udts=self.udts,
            enums=self.enums,
            sources=self.sources,
            annotations={a.name: a.text for a in script.annotations},
        )
        return Checked(program, found, self.sources)

    def _check_uncalled(self, module: Module) -> None:
        for functions in list(module.functions.values()):
            for function in functions:
                if function.called:
                    continue
                try:
                    self.check_uncalled(function)
                except RecursionError:
                    self.place = Place(module, module.scope)
                    self.error("E190", "this is nested too deeply", function.decl.span)

    def _check_orders(self) -> None:
        if self.declaration is None or self.declaration.row.name == "strategy":
            return
        for call in self.orders:
            if self.declaration.row.name != "library":
                hint = "declare the script with `strategy(…)`"
                self.error("E162", f"an indicator cannot call `{call.row.name}`", call.span, hint)

    def _check_declared(self, script: ast.Script) -> None:
        if self.declaration is not None or self.diagnostics.has_errors:
            return
        name = "indicator" if script.version >= 5 else "study"
        start = script.version_span or Span(0, 0, 0)
        self.error(
            "E161", "the script does not say what it is", start, f'begin with `{name}("Name")` or `strategy("Name")`'
        )
