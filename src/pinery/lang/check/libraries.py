"""Imported libraries: found, checked and made part of the program."""

from __future__ import annotations

from typing import Protocol

from pinery.lang import ast, typed
from pinery.lang.builtins.schema import Registry
from pinery.lang.check.core import NOT_USED
from pinery.lang.check.scopes import Module, Place, reassigned_names
from pinery.lang.check.warnings import Warnings
from pinery.lang.diagnostics import Diagnostics, Note, Severity
from pinery.lang.parser import parse
from pinery.lang.source import Source, Span
from pinery.lang.versions import for_version


class LibraryFinder(Protocol):
    """Gives library sources; the application decides where they lie."""

    def find(self, user: str, library: str, version: int) -> Source | None:
        """The text of ``user/library/version``, or None."""
        ...

    def describe(self, name: str) -> str:
        """Where the file of the missing library ``user/library/version`` may be put, for the message."""
        ...


class Libraries(Warnings):
    """Layer of modules: the script and what it imports."""

    def __init__(self, diagnostics: Diagnostics, registry: Registry, finder: LibraryFinder | None) -> None:
        super().__init__(diagnostics, registry)
        self.finder = finder
        self.libraries: dict[str, Module] = {}
        self.loading: list[str] = []
        self.circular: set[str] = set()
        self.library_body: list[typed.TStmt] = []

    def make_module(self, name: str, source: Source, script: ast.Script) -> Module:
        module = Module(name, source, for_version(script.version), script)
        module.reassigned = reassigned_names(script.body)
        return module

    def check_module(self, module: Module) -> list[typed.TStmt]:
        """Check all statements of a module, in order."""
        body: list[typed.TStmt] = []
        self.place = Place(module, module.scope)
        statements = module.script.body
        # Imports come first, whatever their line: types may name a library's types.
        for stmt in statements:
            if isinstance(stmt, ast.Import):
                self._import(stmt)
        self.announce_types(statements)
        self.announce_fields(statements)
        if module.version.self_reference:
            module.later = frozenset(s.name for s in statements if isinstance(s, ast.VarDecl))
        for stmt in statements:
            self.depth = 0
            try:
                self.statement(stmt, body, NOT_USED)
            except RecursionError:
                self.place = Place(module, module.scope)
                self.error("E190", "this is nested too deeply", stmt.span, "split it into functions and variables")
        empty = [typed.TDecl(s.span, s, typed.TConst(s.qtype, s.span, None)) for s in module.forward.values()]
        return [*empty, *body]

    def top_level(self, stmt: ast.Stmt) -> None:
        if isinstance(stmt, ast.TypeDecl):
            self.field_defaults(stmt)

    def _import(self, stmt: ast.Import) -> None:
        name = f"{stmt.user}/{stmt.library}/{stmt.version}"
        alias = stmt.alias or stmt.library
        if alias in self.module.imports or alias in self.module.missing:
            self.error(
                "E121", f"a library is already imported as `{alias}`", stmt.span, "give it another name with `as`"
            )
            return
        module = self._load(name, stmt)
        if module is not None:
            self.module.imports[alias] = module
        else:
            self.module.missing.setdefault(alias, stmt)

    def _load(self, name: str, stmt: ast.Import) -> Module | None:
        known = self.libraries.get(name)
        if known is not None:
            return known
        if name in self.loading:
            chain = " → ".join([*self.loading[self.loading.index(name) :], name])
            self.error("E171", f"libraries import one another in a circle: {chain}", stmt.span)
            self.circular.add(name)
            return None
        source = self.finder.find(stmt.user, stmt.library, stmt.version) if self.finder is not None else None
        if source is None:
            return None
        if source.stand_in:
            library = f"{stmt.user}/{stmt.library}"
            self.warning(
                "W205",
                f"Pinery's own implementation of `{library}` stands in for `{name}`: values may differ",
                stmt.span,
                f"a file {name}.pine in a library folder is used instead",
            )
        source.index = len(self.sources)
        self.sources.append(source)
        count = len(self.diagnostics.items)
        script = parse(source, self.diagnostics)
        module = self.make_module(name, source, script)
        outside, depth = self.place, self.depth
        self.loading.append(name)
        try:
            body = self.check_module(module)
        finally:
            self.loading.pop()
            self.place, self.depth = outside, depth
        faulty = any(d.severity is Severity.ERROR for d in self.diagnostics.items[count:])
        if not self._is_library(script):
            note = Note("its own text is here", Span(0, 0, source.index))
            self.error("E172", f"`{name}` is no library", stmt.span, "its file should call `library(…)`", note)
        if faulty:
            self.error("E173", f"the library `{name}` has errors", stmt.span)
        self.library_body += body
        self.libraries[name] = module
        return module

    def report_missing(self, module: Module) -> None:
        """Missing libraries: errors where the script needs them, for built-ins are still there under the alias."""
        for alias, stmt in module.missing.items():
            name = f"{stmt.user}/{stmt.library}/{stmt.version}"
            where = self.finder.describe(name) if self.finder is not None else "no library folder is set"
            if name in self.circular:
                continue  # said already
            if alias in module.wanted:
                self.error("E170", f"the library `{name}` is not there", stmt.span, where)
            else:
                self.warning("W204", f"the library `{name}` is not there; nothing of it is used", stmt.span, where)

    def _is_library(self, script: ast.Script) -> bool:
        for stmt in script.body:
            if isinstance(stmt, ast.ExprStmt) and isinstance(stmt.value, ast.Call):
                func = stmt.value.func
                if isinstance(func, ast.Name) and func.id == "library":
                    return True
        return False
