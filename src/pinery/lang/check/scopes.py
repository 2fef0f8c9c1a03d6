"""What names mean where: modules, scopes, and the place the checker stands at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pinery.lang import ast, typed
from pinery.lang.source import Source, Span
from pinery.lang.types import QType, Type
from pinery.lang.versions import Version


@dataclass(slots=True, eq=False)
class Scope:
    """Variables of one block. The global scope of a module has no parent."""

    parent: Scope | None = None
    names: dict[str, typed.Symbol] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class UserFunction:
    """A function as declared. It sees the globals and functions declared before ``order``."""

    decl: ast.FunctionDecl
    module: Module
    order: int
    param_types: list[QType | None]  # declared types; None where the argument decides
    has_qualifier: list[bool]  # the qualifier was written, too
    defaults: list[typed.TExpr | None]
    instances: dict[tuple[QType, ...], InstanceInfo] = field(default_factory=dict)
    active: bool = False  # its body is being checked: a call now is recursion
    called: bool = False

    @property
    def name(self) -> str:
        return self.decl.name

    @property
    def required(self) -> int:
        return sum(default is None for default in self.defaults)


@dataclass(slots=True, eq=False)
class InstanceInfo:
    """An instance with what callers need to know of its body."""

    instance: typed.FunctionInstance
    stateful: bool  # the result depends on earlier calls, so it should run on every bar


@dataclass(slots=True, eq=False)
class Module:
    """The script or one imported library."""

    name: str  # "" for the script, else "user/library/version"
    source: Source
    version: Version
    script: ast.Script
    scope: Scope = field(default_factory=Scope)
    order_of: dict[typed.Symbol, int] = field(default_factory=dict)  # globals, in order of declaration
    functions: dict[str, list[UserFunction]] = field(default_factory=dict)
    udts: dict[str, typed.Udt] = field(default_factory=dict)
    enums: dict[str, typed.Enum] = field(default_factory=dict)
    imports: dict[str, Module] = field(default_factory=dict)
    missing: dict[str, ast.Import] = field(default_factory=dict)  # libraries that could not be had, by alias
    wanted: set[str] = field(default_factory=set)  # those of them that the script uses
    exported: set[str] = field(default_factory=set)  # names of exported variables, types and enums
    reassigned: frozenset[tuple[int, str]] = frozenset()
    later: frozenset[str] = frozenset()  # globals that may be read above their declaration (v1, v2)
    forward: dict[str, typed.Symbol] = field(default_factory=dict)  # those of them that were
    counter: int = 0

    def next_order(self) -> int:
        self.counter += 1
        return self.counter


@dataclass(slots=True)
class Place:
    """Where the checker stands. Copied when it enters a block or a function."""

    module: Module
    scope: Scope
    limit: int | None = None  # inside a function: only globals declared before it are seen
    function: UserFunction | None = None
    local: bool = False  # not in the global scope
    loops: int = 0
    conditional: str | None = None  # why code here may not run on every bar
    inputs: bool = False  # every condition around is known before the first bar


def lookup(place: Place, name: str) -> typed.Symbol | None:
    """The variable that ``name`` means at ``place``."""
    scope: Scope | None = place.scope
    while scope is not None:
        symbol = scope.names.get(name)
        if symbol is not None:
            if scope.parent is None and place.limit is not None:
                order = place.module.order_of.get(symbol)
                if order is not None and order > place.limit:
                    return None
            return symbol
        scope = scope.parent
    return None


def visible_names(place: Place) -> Iterator[str]:
    """Every variable in sight, for suggestions."""
    scope: Scope | None = place.scope
    while scope is not None:
        yield from scope.names
        scope = scope.parent


def reassigned_names(body: list[ast.Stmt]) -> frozenset[tuple[int, str]]:
    """Declarations, as (id of the declaring node, name), whose variable some ``:=`` changes.

    Such a variable is a series from its declaration on, so this has to be known beforehand.
    """
    found: set[tuple[int, str]] = set()
    _Walk(found).block(body, [{}])
    return frozenset(found)


class _Walk:
    def __init__(self, found: set[tuple[int, str]]) -> None:
        self.found = found

    def block(self, body: list[ast.Stmt], scopes: list[dict[str, int]]) -> None:
        for stmt in body:
            self.statement(stmt, scopes)

    def statement(self, stmt: ast.Stmt, scopes: list[dict[str, int]]) -> None:
        match stmt:
            case ast.VarDecl():
                self.structure(stmt.value, scopes)
                scopes[-1][stmt.name] = id(stmt)
            case ast.TupleDecl():
                self.structure(stmt.value, scopes)
                for name in stmt.names:
                    scopes[-1][name] = id(stmt)
            case ast.Assign():
                self.structure(stmt.value, scopes)
                if isinstance(stmt.target, ast.Name):
                    name = stmt.target.id
                    for scope in reversed(scopes):
                        if name in scope:
                            self.found.add((scope[name], name))
                            break
            case ast.ExprStmt():
                self.structure(stmt.value, scopes)
            case ast.FunctionDecl():
                self.block(stmt.body.body, [scopes[0], dict.fromkeys((p.name for p in stmt.params), id(stmt)), {}])
            case _:
                pass

    def structure(self, node: ast.Expr, scopes: list[dict[str, int]]) -> None:
        match node:
            case ast.If():
                self.block(node.then.body, [*scopes, {}])
                other = node.other
                while other is not None and len(other.body) == 1:
                    only = other.body[0]
                    if not (isinstance(only, ast.ExprStmt) and isinstance(only.value, ast.If)):
                        break
                    self.block(only.value.then.body, [*scopes, {}])
                    other = only.value.other
                if other is not None:
                    self.block(other.body, [*scopes, {}])
            case ast.Switch():
                for case in node.cases:
                    self.block(case.body.body, [*scopes, {}])
            case ast.ForRange():
                self.block(node.body.body, [*scopes, {node.var: id(node)}])
            case ast.ForIn():
                names = {node.var: id(node)}
                if node.index:
                    names[node.index] = id(node)
                self.block(node.body.body, [*scopes, names])
            case ast.While():
                self.block(node.body.body, [*scopes, {}])
            case _:
                pass


def unique_name(base: str, taken: dict[str, object]) -> str:
    """``base``, or ``base#2`` and so on where that is taken."""
    if base not in taken:
        return base
    number = 2
    while f"{base}#{number}" in taken:
        number += 1
    return f"{base}#{number}"


__all__ = [
    "InstanceInfo",
    "Module",
    "Place",
    "QType",
    "Scope",
    "Span",
    "Type",
    "UserFunction",
    "lookup",
    "reassigned_names",
    "unique_name",
    "visible_names",
]
