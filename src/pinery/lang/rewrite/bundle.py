"""One file of a script and the libraries that it imports, as TradingView takes it without publishing anything.

What a library declares gets its library's name in front (``signals.message`` becomes ``signals_message``), so that
nothing meets a name of the script; of each library only what is used is taken over, with its comments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pinery.core.errors import CompileError
from pinery.lang import ast
from pinery.lang.check import LibraryFinder, check
from pinery.lang.diagnostics import Diagnostics, Severity
from pinery.lang.parser import parse
from pinery.lang.rewrite.edits import Edits, line_end, walk
from pinery.lang.source import Source

_WORD = re.compile(r"[^\W\d]\w*")
_DECLARATIONS = ast.FunctionDecl | ast.TypeDecl | ast.EnumDecl | ast.VarDecl


@dataclass(slots=True)
class _File:
    """A script or library. ``names``: what it declares at its top level -> what that is called in the bundle."""

    name: str
    source: Source
    script: ast.Script
    imports: dict[str, _File] = field(default_factory=dict)  # by alias
    names: dict[str, str] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)  # of the names: those that something uses


def bundle(source: Source, finder: LibraryFinder) -> str:
    """The text of ``source`` with its libraries in it. Imports of libraries that only TradingView has stay.

    Raises CompileError where the script or a library has errors, or where the bundle would mean something else.
    """
    _refuse_errors(source, finder)
    files: dict[str, _File] = {}
    main = _read("", source, finder, files)
    libraries = [file for file in files.values() if file is not main]
    if not libraries:
        return source.text
    _name(main, libraries)
    _use(main)
    text = _of_script(main, "".join(_of_library(file) for file in libraries))
    _refuse_errors(Source(text, f"{source.name}, bundled"), finder)
    return text


def _refuse_errors(source: Source, finder: LibraryFinder) -> None:
    checked = check(source, finder)
    errors = [found for found in checked.diagnostics if found.severity is Severity.ERROR]
    if errors:
        error = CompileError(f"{source.name} has errors", tuple(errors))
        error.sources = tuple(checked.sources)
        raise error


def _read(name: str, source: Source, finder: LibraryFinder, files: dict[str, _File]) -> _File:
    """``files`` gets libraries in the order in which they may follow one another."""
    file = _File(name, source, parse(source, Diagnostics()))
    for stmt in file.script.body:
        if isinstance(stmt, ast.Import):
            wanted = f"{stmt.user}/{stmt.library}/{stmt.version}"
            found = finder.find(stmt.user, stmt.library, stmt.version)
            if found is not None and not found.stand_in:
                library = files.get(wanted) or _read(wanted, found, finder, files)
                file.imports[stmt.alias or stmt.library] = library
    files[name] = file
    return file


def _name(main: _File, libraries: list[_File]) -> None:
    taken = {word for file in (main, *libraries) for word in _WORD.findall(file.source.text)}
    for file in libraries:
        called = next((alias for alias, found in main.imports.items() if found is file), file.name.split("/")[1])
        for stmt in file.script.body:
            if isinstance(stmt, _DECLARATIONS):
                # Methods are found by the type they are called on.
                method = isinstance(stmt, ast.FunctionDecl) and stmt.is_method
                new = stmt.name if method else f"{called}_{stmt.name}"
                while not method and new in taken:
                    new += "_"
                file.names[stmt.name] = new
        taken |= set(file.names.values())


def _use(main: _File) -> None:
    """Marks what is used, beginning with the script."""
    waiting: list[tuple[_File, ast.Node]] = [(main, stmt) for stmt in main.script.body]
    while waiting:
        file, node = waiting.pop()
        for part in walk(node):
            for owner, name in _meant(file, part):
                if name in owner.names and name not in owner.wanted:
                    owner.wanted.add(name)
                    waiting += [(owner, stmt) for stmt in owner.script.body if getattr(stmt, "name", None) == name]


def _meant(file: _File, node: ast.Node) -> list[tuple[_File, str]]:
    """What a node may refer to: more than it does is no harm, only longer."""
    if isinstance(node, ast.Name):
        return [(file, node.id)]
    if isinstance(node, ast.TypeRef):
        alias, _, name = node.name.rpartition(".")
        return [(file.imports[alias], name)] if alias in file.imports else [(file, node.name)]
    if isinstance(node, ast.Attribute):
        if isinstance(node.value, ast.Name) and node.value.id in file.imports:
            return [(file.imports[node.value.id], node.attr)]
        # A method: of whichever file that has one by this name.
        return [(owner, node.attr) for owner in (file, *file.imports.values())]
    return []


def _of_library(file: _File) -> str:
    """What is wanted of a library, without its declaration, version and imports."""
    edits = _renamed(file)
    text, parts, start = file.source.text, [], 0
    for stmt in file.script.body:
        end = line_end(text, max(stmt.span.start, stmt.span.end - 1))
        if isinstance(stmt, _DECLARATIONS) and stmt.name in file.wanted:
            if stmt.exported:
                word = re.compile(r"export\s+").match(text, stmt.span.start)
                if word:
                    edits.replace(word.start(), word.end(), "")
            parts.append(edits.result(start, end).strip("\r\n"))
        start = end
    if not parts:
        return ""
    return f"// --- of {file.name} " + "-" * max(3, 80 - len(file.name)) + "\n" + "\n\n".join(parts) + "\n\n"


def _of_script(main: _File, libraries: str) -> str:
    edits = _renamed(main)
    text, after = main.source.text, 0
    for stmt in main.script.body:
        if isinstance(stmt, ast.Import) and main.imports.get(stmt.alias or stmt.library) is not None:
            edits.replace(stmt.span.start, line_end(text, stmt.span.end), "")
        elif isinstance(stmt, ast.ExprStmt) and not after:
            after = line_end(text, stmt.span.end)  # the declaration comes first
    head, rest = edits.result(0, after), edits.result(after)
    return f"{head.rstrip()}\n\n{libraries}{rest.lstrip()}"


def _renamed(file: _File) -> Edits:
    edits = Edits(file.source.text)
    for stmt in file.script.body:
        own = {name: new for name, new in file.names.items() if name not in _bound(stmt)}
        if isinstance(stmt, _DECLARATIONS) and stmt.name in own:
            edits.replace(stmt.name_span.start, stmt.name_span.end, own[stmt.name])
        for node in walk(stmt):
            _rename(file, node, own, edits)
    return edits


def _rename(file: _File, node: ast.Node, own: dict[str, str], edits: Edits) -> None:
    if isinstance(node, ast.Name) and node.id in own:
        edits.replace(node.span.start, node.span.end, own[node.id])
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in file.imports:
        names = file.imports[node.value.id].names
        if node.attr in names:  # else a built-in namespace of the same name
            edits.replace(node.value.span.start, node.attr_span.end, names[node.attr])
    elif isinstance(node, ast.TypeRef):
        alias, _, name = node.name.rpartition(".")
        new = file.imports[alias].names.get(name) if alias in file.imports else own.get(node.name)
        if new is not None:
            written = re.compile(r"\s*\.\s*".join(map(re.escape, node.name.split(".")))).search(
                file.source.text, node.span.start
            )
            if written:
                edits.replace(written.start(), written.end(), new)


def _bound(stmt: ast.Stmt) -> set[str]:
    """Names that parameters and variables within a statement take for themselves."""
    found: set[str] = set()
    for node in walk(stmt):
        if node is stmt and not isinstance(node, ast.TupleDecl):
            continue
        if isinstance(node, ast.VarDecl | ast.ParamDecl):
            found.add(node.name)
        elif isinstance(node, ast.TupleDecl):
            found |= set(node.names)
        elif isinstance(node, ast.ForRange | ast.ForIn):
            found.add(node.var)
            if isinstance(node, ast.ForIn) and node.index is not None:
                found.add(node.index)
    return found
