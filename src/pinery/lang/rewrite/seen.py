"""What the checker makes of each part of a script's text, noted while it checks.

The typed tree holds results: constants are folded in it, arguments stand in their places, functions that nothing calls
are absent. A conversion changes text, so it needs to know of every node what it was taken for, in every instance of the
function around it.
"""

from __future__ import annotations

from collections import defaultdict

from pinery.core.errors import CompileError
from pinery.lang import ast, typed
from pinery.lang.builtins import registry
from pinery.lang.builtins.schema import FunctionRow
from pinery.lang.check import LibraryFinder
from pinery.lang.check.checker import Checker
from pinery.lang.check.core import Given, Use
from pinery.lang.check.matching import Bound, Fit, Problem
from pinery.lang.check.scopes import Module, UserFunction
from pinery.lang.diagnostics import Diagnostics, Severity
from pinery.lang.rewrite.edits import walk
from pinery.lang.source import Source, Span
from pinery.lang.types import Kind, Type


class Seen(Checker):
    """Keys are ``id`` of the script's nodes, which ``script`` keeps alive."""

    def __init__(self, source: Source, finder: LibraryFinder | None) -> None:
        super().__init__(Diagnostics(), registry(), finder)
        self.script: ast.Script
        self.main: Module
        self.taken: dict[int, list[typed.TExpr]] = defaultdict(list)  # one per instance and evaluation
        self.casts: dict[int, set[tuple[Type, Type]]] = defaultdict(set)  # implicit ones, of the node's value
        self.rows: dict[int, FunctionRow] = {}  # of calls of built-ins
        self.fits: dict[int, list[Fit]] = defaultdict(list)
        self.methods: set[int] = set()  # calls whose object stands before the name
        self.dropped: set[Span] = set()  # arguments that were given before already
        self.whole_divisions: set[int] = set()  # divisions that drop the fraction
        self.remembering: set[int] = set()  # values that depend on which bars they were worked out on
        self.local_pasts: set[int] = set()  # offsets of variables that need not have a value on every bar
        self.symbols: dict[int, typed.Symbol] = {}  # of declarations
        self.user_calls: dict[int, list[UserFunction]] = {}
        self._of: dict[int, tuple[ast.Expr, typed.TExpr]] = {}  # typed value -> node; holds the value, so that ids last
        self._stateful: set[Span] = set()
        self._operation: ast.Node | None = None
        errors = [found for found in self.run(source).diagnostics if found.severity is Severity.ERROR]
        if errors:
            error = CompileError(f"{source.name} has errors", tuple(errors))
            error.sources = tuple(self.sources)
            raise error

    @property
    def _watched(self) -> bool:
        return not self.place.module.name

    def value(self, node: ast.Node) -> typed.TExpr | None:
        """What the node was last taken for; None where nothing evaluated it."""
        found = self.taken.get(id(node))
        return found[-1] if found else None

    def types(self, node: ast.Node) -> set[Type]:
        return {value.type for value in self.taken.get(id(node), ())}

    # --- watching ---------------------------------------------------------------------

    def make_module(self, name: str, source: Source, script: ast.Script) -> Module:
        module = super().make_module(name, source, script)
        if not name:
            self.script, self.main = script, module
        return module

    def _note(self, node: ast.Expr, value: typed.TExpr) -> typed.TExpr:
        if self._watched:
            self.taken[id(node)].append(value)
            self._of[id(value)] = (node, value)
        return value

    def expr(self, node: ast.Expr) -> typed.TExpr:
        if self._watched and self.version.self_reference and self.own_value:
            # A variable that names itself is tried as a float first: only the last try counts.
            for part in walk(node):
                self.casts.pop(id(part), None)
                self.taken.pop(id(part), None)
        return self._note(node, super().expr(node))

    def structure(self, node: ast.Expr, use: Use) -> typed.TExpr:
        return self._note(node, super().structure(node, use))

    def _step(self, node: ast.Binary, left: typed.TExpr) -> typed.TExpr:
        return self._note(node, super()._step(node, left))

    def _choose(self, node: ast.Ternary, cond: typed.TExpr, then: typed.TExpr, other: typed.TExpr) -> typed.TExpr:
        return self._note(node, super()._choose(node, cond, then, other))

    def cast(self, value: typed.TExpr, target: Type) -> typed.TExpr:
        node = self._of.get(id(value))
        if self._watched and node is not None and value.type != target and target.name != "any":
            self.casts[id(node[0])].add((value.type, target))
        result = super().cast(value, target)
        if node is not None and result is not value:
            self._of.setdefault(id(result), (node[0], result))
        return result

    def _explicit_cast(self, target: Type, node: ast.Call) -> typed.TExpr:
        result = super()._explicit_cast(target, node)
        for found in list(self.casts.get(id(node.args[0].value), ())):
            if found[1] == target and found[0].kind is not Kind.NA:
                self.casts[id(node.args[0].value)].discard(found)
        return result

    def operate(self, op: str, left: typed.TExpr, right: typed.TExpr, node: ast.Node) -> typed.TExpr:
        result = super().operate(op, left, right, node)
        if op == "/" and result.type.name == "int" and self._watched:
            self.whole_divisions.add(id(node))
        return result

    def history(self, node: ast.Index) -> typed.TExpr:
        result = super().history(node)
        value = result.value if isinstance(result, typed.THistory) else None
        if isinstance(value, typed.TVar) and not value.symbol.is_loop:
            if not value.symbol.is_global:
                self.local_pasts.add(id(node))
        elif not isinstance(value, typed.TBuiltin | typed.TConst) and self._watched:
            self.remembering.add(id(node))
        return result

    def on_stateful(self, name: str, span: Span) -> None:
        self._stateful.add(span)
        super().on_stateful(name, span)

    # --- calls ------------------------------------------------------------------------

    def builtin_call(self, row: FunctionRow, given: list[Given], node: ast.Call) -> typed.TExpr:
        if self._watched:
            self.rows[id(node)] = row
        return super().builtin_call(row, given, node)

    def _finish(self, row: FunctionRow, fit: Fit, type_args: tuple[Type, ...], node: ast.Call) -> typed.TExpr:
        if self._watched:
            self.fits[id(node)].append(fit)
        return super()._finish(row, fit, type_args, node)

    def call(self, node: ast.Call) -> typed.TExpr:
        result = super().call(node)
        if node.span in self._stateful and self._watched:
            self.remembering.add(id(node))
        return result

    def method_call(self, receiver: typed.TExpr, func: ast.Attribute, node: ast.Call) -> typed.TExpr:
        self.methods.add(id(node))
        return super().method_call(receiver, func, node)

    def user_call(self, functions: list[UserFunction], given: list[Given], name: str, node: ast.Call) -> typed.TExpr:
        if self._watched:
            self.user_calls[id(node)] = functions
        return super().user_call(functions, given, name, node)

    def place_arguments(
        self, names: list[str], given: list[Given], what: str, span: Span, variadic: bool = False
    ) -> Bound | Problem:
        bound = super().place_arguments(names, given, what, span, variadic)
        if isinstance(bound, Bound) and self._watched:
            kept = {id(arg) for arg in [*bound.slots, *bound.rest]}
            self.dropped |= {arg.span for arg in given if id(arg) not in kept}
        return bound

    def declare(self, stmt: ast.VarDecl, into: list[typed.TStmt]) -> typed.Symbol:
        symbol = super().declare(stmt, into)
        if self._watched:
            self.symbols[id(stmt)] = symbol
        return symbol
