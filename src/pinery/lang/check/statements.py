"""Statements: declarations, assignments, and what may stand where."""

from __future__ import annotations

from pinery.lang import ast, typed
from pinery.lang import types as t
from pinery.lang.check.calls import DECLARATIONS
from pinery.lang.check.core import CONST, MAX_DEPTH, NOT_USED, SERIES, VALUE, Use
from pinery.lang.check.names import dotted_name
from pinery.lang.check.scopes import Scope, lookup
from pinery.lang.check.structures import Structures
from pinery.lang.diagnostics import Diagnostics, Note
from pinery.lang.source import Span
from pinery.lang.types import Kind, QType, Qualifier, Type

_STRUCTURES = (ast.If, ast.Switch, ast.ForRange, ast.ForIn, ast.While)


def item_qualifiers(value: typed.TExpr, count: int) -> list[Qualifier]:
    """The qualifier of each item of a tuple, also of one that a function or structure gives."""
    results: list[typed.TExpr | None] = []
    base = CONST
    match value:
        case typed.TTuple():
            return [item.qtype.qualifier for item in value.items]
        case typed.TUserCall():
            results = [value.instance.body.result]
        case typed.TIf():
            base = value.cond.qtype.qualifier
            results = [value.then.result, value.other.result if value.other is not None else None]
        case typed.TSwitch():
            parts = [test for test, _ in value.cases] + ([value.subject] if value.subject is not None else [])
            base = max((x.qtype.qualifier for x in parts), default=CONST)
            results = [block.result for _, block in value.cases]
            results.append(value.default.result if value.default is not None else None)
        case _:
            return [value.qtype.qualifier] * count
    found = [item_qualifiers(x, count) for x in results if x is not None]
    return [max([base, *column]) for column in zip(*found, strict=False)] or [SERIES] * count


class Statements(Structures):
    """Layer of statements, and the entry to expressions."""

    # --- expressions ------------------------------------------------------------------

    def expr(self, node: ast.Expr) -> typed.TExpr:
        if self.depth >= MAX_DEPTH:
            return self.error("E190", "this is nested too deeply", node.span, "split it into several variables")
        self.depth += 1
        try:
            return self._expr(node)
        finally:
            self.depth -= 1

    def _expr(self, node: ast.Expr) -> typed.TExpr:
        match node:
            case ast.Name():
                return self.name(node)
            case ast.IntLit():
                return typed.TConst(QType(t.INT, CONST), node.span, node.value)
            case ast.Call():
                return self.call(node)
            case ast.Binary():
                return self.binary(node)
            case ast.Attribute():
                return self.attribute(node)
            case ast.FloatLit():
                return typed.TConst(QType(t.FLOAT, CONST), node.span, node.value)
            case ast.StrLit():
                return typed.TConst(QType(t.STRING, CONST), node.span, node.value)
            case ast.BoolLit():
                return typed.TConst(QType(t.BOOL, CONST), node.span, node.value)
            case ast.ColorLit():
                return typed.TConst(QType(t.COLOR, CONST), node.span, node.value)
            case ast.Index():
                return self.history(node)
            case ast.Unary():
                return self.unary(node)
            case ast.Ternary():
                return self.ternary(node)
            case ast.TupleExpr():
                items = [self.expr(item) for item in node.items]
                if any(item.type.kind is Kind.VOID for item in items):
                    return self.error("E133", "an item of this tuple returns nothing", node.span)
                qualifier = max((item.qtype.qualifier for item in items), default=CONST)
                return typed.TTuple(QType(t.tuple_of(*(item.type for item in items)), qualifier), node.span, items)
            case ast.ErrorExpr():
                return self.nothing(node.span)
            case _:
                return self.structure(node, VALUE)

    # --- statements -------------------------------------------------------------------

    def statement(self, stmt: ast.Stmt, into: list[typed.TStmt], use: Use) -> typed.TExpr | None:
        if self.depth >= MAX_DEPTH:
            self.error("E190", "this is nested too deeply", stmt.span, "move inner blocks into functions")
            return None
        self.depth += 1
        try:
            return self._statement(stmt, into, use)
        finally:
            self.depth -= 1

    def _statement(self, stmt: ast.Stmt, into: list[typed.TStmt], use: Use) -> typed.TExpr | None:
        match stmt:
            case ast.VarDecl():
                symbol = self.declare(stmt, into)
                return self.read(symbol, stmt.name_span) if use is not NOT_USED else None
            case ast.Assign():
                return self._assign(stmt, into, use)
            case ast.ExprStmt():
                return self._expression(stmt, into, use)
            case ast.TupleDecl():
                return self._tuple(stmt, into, use)
            case ast.Break() | ast.Continue():
                word = "break" if isinstance(stmt, ast.Break) else "continue"
                if self.place.loops == 0:
                    self.error("E155", f"`{word}` stands outside a loop", stmt.span)
                else:
                    into.append((typed.TBreak if word == "break" else typed.TContinue)(stmt.span))
                return None
            case ast.FunctionDecl():
                self.declare_function(stmt)
                return None
            case _:
                self.top_level(stmt)
                return None

    def top_level(self, stmt: ast.Stmt) -> None:
        """Imports, types and enums."""
        raise NotImplementedError

    def _expression(self, stmt: ast.ExprStmt, into: list[typed.TStmt], use: Use) -> typed.TExpr | None:
        node = stmt.value
        value = self.structure(node, use) if isinstance(node, _STRUCTURES) else self.expr(node)
        if use is not NOT_USED and value.type.kind is not Kind.VOID:
            return value
        if isinstance(value, typed.TCall) and value.row.name in DECLARATIONS:
            return None  # `Program.declaration` holds it
        if value.type.kind is not Kind.ERROR:
            self.on_unused(value)
            into.append(typed.TExprStmt(stmt.span, value))
        return None

    def on_unused(self, value: typed.TExpr) -> None:
        """Called for each value that nothing uses."""

    def on_varip(self, span: Span) -> None:
        """Called for each variable declared varip."""

    # --- declarations -----------------------------------------------------------------

    def declare(self, stmt: ast.VarDecl, into: list[typed.TStmt]) -> typed.Symbol:
        if not self.place.local and stmt.name in self.module.forward:
            return self._declare_forward(stmt, self.module.forward[stmt.name], into)
        clash = self._clash(stmt.name, stmt.name_span)
        declared = self.resolve_type(stmt.type) if stmt.type is not None and stmt.type.name else None
        symbol = typed.Symbol(stmt.name, QType(t.ERROR, SERIES), stmt.name_span, stmt.mode)
        if stmt.mode == "varip":
            self.on_varip(stmt.name_span)
        symbol.is_global = not self.place.local
        symbol.reassigned = (id(stmt), stmt.name) in self.module.reassigned
        value = self._initial(stmt, symbol, declared)
        type_ = declared if declared is not None else value.type
        qualifier = value.qtype.qualifier
        if declared is not None:
            value, qualifier = self._typed_value(stmt, value, declared)
        else:
            type_ = self._inferred_type(stmt, value)
            if symbol in self.self_referring and type_ == t.INT:
                type_ = t.FLOAT  # as which it was read
            if type_ != value.type:
                value = self.cast(value, type_) if type_.kind is not Kind.ERROR else self.nothing(value.span)
            if self.is_soft(value):
                self.soften_symbol(symbol)
            self.inferred.add(symbol)
        if symbol.reassigned:
            qualifier = SERIES
        symbol.qtype = QType(type_, qualifier)
        if not symbol.reassigned:
            self.values[symbol] = value
        if isinstance(value, typed.TConst) and not symbol.reassigned and type_.kind is Kind.SCALAR:
            self.constants[symbol] = value
        if not clash:
            self._enter(symbol)
        if stmt.exported:
            self.module.exported.add(stmt.name)
        if symbol in self.self_referring:
            empty = typed.TConst(QType(type_, CONST), stmt.name_span, None)
            into += (typed.TDecl(stmt.span, symbol, empty), typed.TAssign(stmt.span, symbol, value))
        else:
            into.append(typed.TDecl(stmt.span, symbol, value))
        return symbol

    def _declare_forward(self, stmt: ast.VarDecl, symbol: typed.Symbol, into: list[typed.TStmt]) -> typed.Symbol:
        """The declaration of a variable that was read before: by now it gives a value to what exists."""
        value = self.expr(stmt.value)
        converted = self.convert(value, symbol.qtype.type)
        if converted is None and value.type == t.BOOL:
            converted = self.cast(value, symbol.qtype.type)
        if converted is None:
            self._type_mismatch(stmt.name, symbol.qtype.type, value, stmt.value.span)
            converted = self.nothing(value.span)
        into.append(typed.TAssign(stmt.span, symbol, converted))
        return symbol

    def _enter(self, symbol: typed.Symbol) -> None:
        self.place.scope.names[symbol.name] = symbol
        if symbol.is_global:
            self.module.order_of[symbol] = self.module.next_order()

    def _clash(self, name: str, span: Span) -> bool:
        """Whether the name is taken in this very scope (reported); warns where it hides an outer one."""
        if name == "_":
            return False
        scope = self.place.scope
        other = scope.names.get(name)
        if other is not None:
            note = Note("first declared here", other.span)
            self.error("E121", f"`{name}` is already declared", span, f"assign with `{name} := …`", note)
            return True
        hidden = lookup(self.place, name) if self.place.local else None
        if hidden is not None and not hidden.is_loop and not (hidden.is_global and self.place.function is not None):
            self.warning(
                "W202",
                f"this `{name}` hides the one outside",
                span,
                None if hidden.is_param else f"to change the outer one, write `{name} := …`",
                Note("declared here", hidden.span),
            )
        return False

    def _initial(self, stmt: ast.VarDecl, symbol: typed.Symbol, declared: Type | None) -> typed.TExpr:
        """The initial value. Pine v1 and v2 let it refer to the variable itself."""
        if not self.version.self_reference or lookup(self.place, stmt.name) is not None:
            return self.expr(stmt.value)
        symbol.qtype = QType(declared or t.FLOAT, SERIES)
        self.own_value[symbol] = False
        scope = self.place.scope
        scope.names[stmt.name] = symbol
        if symbol.is_global:
            self.module.order_of[symbol] = self.module.counter
        # First as a float; where that does not fit, as what came of it.
        kept, self.diagnostics = self.diagnostics, Diagnostics()
        value = self.expr(stmt.value)
        tried, self.diagnostics = self.diagnostics, kept
        fits = value.type in (t.FLOAT, t.INT, t.NA) or value.type.kind is Kind.VOID
        for item in tried.items:
            inside = stmt.span.start <= item.span.start < stmt.span.end and item.span.file == stmt.span.file
            if fits or not inside:
                kept.add(item.code, item.severity, item.message, item.span, item.hint, item.notes)
        if not fits:
            symbol.qtype = QType(value.type if value.type.kind is not Kind.ERROR else t.BOOL, SERIES)
            value = self.expr(stmt.value)
        scope.names.pop(stmt.name, None)
        if self.own_value.pop(symbol):
            symbol.reassigned = True
            self.self_referring.add(symbol)
        return value

    def _typed_value(self, stmt: ast.VarDecl, value: typed.TExpr, declared: Type) -> tuple[typed.TExpr, Qualifier]:
        assert stmt.type is not None
        qualifier = value.qtype.qualifier
        converted = self.convert(value, declared)
        if converted is None:
            self._type_mismatch(stmt.name, declared, value, stmt.value.span)
            return self.nothing(value.span), qualifier
        if stmt.type.qualifier is not None and not declared.is_reference:  # what a reference names is series anyway
            written = Qualifier[stmt.type.qualifier.upper()]
            if qualifier > written and value.type.kind is not Kind.ERROR:
                self.error(
                    "E122",
                    f"`{stmt.name}` is declared {written.name.lower()}, its value is {value.qtype}",
                    stmt.value.span,
                )
            qualifier = written
        return converted, qualifier

    def _type_mismatch(self, name: str, wanted: Type, value: typed.TExpr, span: Span, *notes: Note) -> None:
        hint = None
        if wanted == t.INT and value.type == t.FLOAT:
            hint = f"declare it as `float {name}`, or make the value whole with `int(…)`"
        elif wanted == t.STRING and value.type.kind is Kind.SCALAR:
            hint = "turn it into text with `str.tostring(…)`"
        elif wanted == t.BOOL and value.type.is_numeric:
            hint = "compare it, as in `x != 0`"
        elif wanted == t.BOOL and value.type.kind is Kind.NA:
            hint = "a bool cannot be na in v6: write `false`"
        what = "nothing (the call returns no value)" if value.type.kind is Kind.VOID else f"{value.type}"
        self.error("E123", f"`{name}` is {wanted}: it cannot become {what}", span, hint, *notes)

    def _inferred_type(self, stmt: ast.VarDecl, value: typed.TExpr) -> Type:
        if value.type.kind is Kind.VOID:
            self.error("E133", f"the value of `{stmt.name}` is a call that returns nothing", stmt.value.span)
            return t.ERROR
        if value.type.kind is Kind.TUPLE:
            names = ", ".join("abcdefghij"[: len(value.type.args)])
            self.error("E124", f"`{stmt.name}` is given a tuple", stmt.value.span, f"take it apart: [{names}] = …")
            return t.ERROR
        if value.type.kind is Kind.NA:
            if self.version.number >= 4:
                hint = f"say what it will be: `float {stmt.name} = na`"
                self.error("E125", f"the type of `{stmt.name}` cannot be told from na", stmt.value.span, hint)
                return t.ERROR
            return t.FLOAT
        return value.type

    def _tuple(self, stmt: ast.TupleDecl, into: list[typed.TStmt], use: Use) -> typed.TExpr | None:
        value = self.expr(stmt.value)
        count = len(stmt.names)
        types: list[Type]
        if value.type.kind is Kind.TUPLE and len(value.type.args) == count:
            types = [t.FLOAT if x.kind is Kind.NA else x for x in value.type.args]
            value = self.cast(value, t.tuple_of(*types)) if tuple(types) != value.type.args else value
        else:
            types = [t.ERROR] * count
            if value.type.kind is Kind.TUPLE:
                got = len(value.type.args)
                self.error(
                    "E126", f"{count} names for a tuple of {got}", stmt.span, "write `_` for items you do not need"
                )
            elif value.type.kind is not Kind.ERROR:
                shown = "a call that returns nothing" if value.type.kind is Kind.VOID else f"a single {value.type}"
                self.error("E126", f"the value is no tuple, but {shown}", stmt.value.span)
        qualifiers = item_qualifiers(value, count)
        symbols: list[typed.Symbol | None] = []
        for name, span, type_, qualifier in zip(stmt.names, stmt.name_spans, types, qualifiers, strict=False):
            if name == "_":
                symbols.append(None)
                continue
            changed = (id(stmt), name) in self.module.reassigned
            symbol = typed.Symbol(name, QType(type_, SERIES if changed else qualifier), span, stmt.mode)
            symbol.is_global = not self.place.local
            symbol.reassigned = changed
            self.inferred.add(symbol)
            if not self._clash(name, span):
                self._enter(symbol)
            symbols.append(symbol)
        into.append(typed.TTupleDecl(stmt.span, symbols, value))
        if use is NOT_USED or any(s is None for s in symbols):
            return None
        items: list[typed.TExpr] = [self.read(s, s.span) for s in symbols if s is not None]
        return typed.TTuple(QType(t.tuple_of(*types), value.qtype.qualifier), stmt.span, items)

    # --- assignments ------------------------------------------------------------------

    def _assign(self, stmt: ast.Assign, into: list[typed.TStmt], use: Use) -> typed.TExpr | None:
        target = stmt.target
        if isinstance(target, ast.Name):
            return self._assign_name(target, stmt, into, use)
        if isinstance(target, ast.Attribute):
            return self._assign_field(target, stmt, into, use)
        self.expr(stmt.value)  # the parser has said that nothing else can be assigned to
        return None

    def _assign_name(self, target: ast.Name, stmt: ast.Assign, into: list[typed.TStmt], use: Use) -> typed.TExpr | None:
        symbol = lookup(self.place, target.id)
        value = self.expr(stmt.value)
        if symbol is None:
            self._assign_unknown(target, stmt)
            return None
        note = Note("declared here", symbol.span)
        if symbol.is_param:
            self.error(
                "E128", f"the parameter `{symbol.name}` cannot be changed", target.span, "copy it into a variable", note
            )
            return None
        if symbol.is_global and self.place.function is not None:
            hint = "return the new value and assign it outside, or keep the state in an object or array"
            self.error("E129", f"a function cannot change the global variable `{symbol.name}`", target.span, hint, note)
            return None
        if stmt.op != ":=":
            value = self.operate(stmt.op[0], self.read(symbol, target.span), value, stmt)
        wanted = symbol.qtype.type
        widens = wanted == t.INT and value.type == t.FLOAT and symbol in self.inferred
        if widens and (self.is_soft(value) or self.version.float_as_int):
            # The quotient of ints keeps its fraction: the variable holds floats from here on.
            wanted = t.FLOAT
            symbol.qtype = QType(t.FLOAT, SERIES)
            if self.is_soft(value):
                self.soften_symbol(symbol)
        elif wanted == t.FLOAT and not self.whole(value):
            self._soft_symbols.discard(symbol)
        converted = self.convert(value, wanted)
        if converted is None:
            self._type_mismatch(symbol.name, wanted, value, stmt.value.span, note)
            return None
        symbol.reassigned = True
        if symbol.qtype.qualifier is not SERIES:
            symbol.qtype = QType(symbol.qtype.type, SERIES)
        self.constants.pop(symbol, None)
        into.append(typed.TAssign(stmt.span, symbol, converted))
        return typed.TVar(symbol.qtype, target.span, symbol) if use is not NOT_USED else None

    def _assign_unknown(self, target: ast.Name, stmt: ast.Assign) -> None:
        name = target.id
        if self.builtin_variable(name) is not None:
            self.error(
                "E127", f"the built-in `{name}` cannot be changed", target.span, f"declare your own: `{name} = …`"
            )
            return
        near = self.similar(name, self.names_in_scope())
        hint = f"did you mean `{near}`?" if near else f"declare it with `{name} = …` first"
        self.error("E101", f"`{name}` is not declared", target.span, hint)
        # Declared now, so that one slip is reported once.
        symbol = typed.Symbol(name, QType(t.ERROR, SERIES), target.span, reassigned=True)
        scope: Scope = self.place.scope
        scope.names[name] = symbol

    def _assign_field(
        self, target: ast.Attribute, stmt: ast.Assign, into: list[typed.TStmt], use: Use
    ) -> typed.TExpr | None:
        dotted = dotted_name(target)
        base = dotted.partition(".")[0] if dotted else None
        if dotted and base and lookup(self.place, base) is None and self.builtin_variable(dotted) is not None:
            self.expr(stmt.value)
            self.error("E127", f"the built-in `{dotted}` cannot be changed", target.span)
            return None
        owner = self.expr(target.value)
        value = self.expr(stmt.value)
        if owner.type.kind is Kind.ERROR:
            return None
        kind = self.field_type(owner.type, target.attr)
        if kind is None:
            self._no_field(owner, target)
            return None
        current = typed.TField(QType(kind, SERIES), target.span, owner, target.attr)
        if stmt.op != ":=":
            value = self.operate(stmt.op[0], current, value, stmt)
        converted = self.convert(value, kind)
        if converted is None:
            self._type_mismatch(target.attr, kind, value, stmt.value.span)
            return None
        into.append(typed.TFieldAssign(stmt.span, owner, target.attr, converted))
        return current if use is not NOT_USED else None
