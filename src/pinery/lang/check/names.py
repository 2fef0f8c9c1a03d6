"""Names, members and types as written: what each of them refers to."""

from __future__ import annotations

from pinery.lang import ast, typed
from pinery.lang import types as t
from pinery.lang.builtins.schema import VariableRow
from pinery.lang.check.core import CONST, SERIES
from pinery.lang.check.operators import Operators
from pinery.lang.check.scopes import Module, lookup, visible_names
from pinery.lang.diagnostics import Note
from pinery.lang.source import Span
from pinery.lang.types import Kind, QType, Type

_SCALARS = {x.name: x for x in (t.INT, t.FLOAT, t.BOOL, t.STRING, t.COLOR)}
_POINT_FIELDS = {"index": t.INT, "time": t.INT, "price": t.FLOAT}
_GENERIC_ARITY = {"array": 1, "matrix": 1, "map": 2}
_GENERIC_KIND = {"array": Kind.ARRAY, "matrix": Kind.MATRIX, "map": Kind.MAP}


def dotted_name(node: ast.Expr) -> str | None:
    """``a.b.c`` as text where the node is nothing but names and dots."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    parts.append(node.id)
    return ".".join(reversed(parts))


class Names(Operators):
    """Layer that resolves names, members and written types."""

    # --- types as written -------------------------------------------------------------

    def resolve_type(self, ref: ast.TypeRef) -> Type:
        """The type that is written; ERROR, reported, where there is none."""
        name = ref.name
        arity = _GENERIC_ARITY.get(name)
        if arity is not None:
            if len(ref.args) != arity:
                self.error("E140", f"`{name}` takes {arity} type argument{'s' * (arity > 1)}", ref.span)
                return t.ERROR
            args = [self.resolve_type(arg) for arg in ref.args]
            if any(arg.kind is Kind.ERROR for arg in args):
                return t.ERROR
            return Type(name, _GENERIC_KIND[name], tuple(args))
        found = self._named_type(name)
        if found is None and self.wants_missing(name.partition(".")[0]):
            return t.ERROR
        if found is None:
            known = [*_SCALARS, *t.OBJECTS, *self.module.udts, *self.module.enums, *_GENERIC_ARITY]
            near = self.similar(name, known)
            self.error("E141", f"there is no type `{name}`", ref.span, f"did you mean `{near}`?" if near else None)
            return t.ERROR
        return found

    def _named_type(self, name: str) -> Type | None:
        if name in self.module.udts:
            return self.module.udts[name].type
        if name in self.module.enums:
            return self.module.enums[name].type
        if name in _SCALARS:
            return _SCALARS[name]
        if name in t.OBJECTS:
            return t.OBJECTS[name]
        base, _, rest = name.partition(".")
        library = self.module.imports.get(base)
        if library is not None and rest:
            if rest in library.udts:
                return library.udts[rest].type
            if rest in library.enums:
                return library.enums[rest].type
        return None

    def wants_missing(self, alias: str) -> bool:
        """Whether ``alias`` is a library that could not be had; it is reported because of this use."""
        if alias not in self.module.missing:
            return False
        self.module.wanted.add(alias)
        return True

    # --- built-in variables -----------------------------------------------------------

    def builtin_variable(self, name: str) -> VariableRow | None:
        """The row that ``name`` means in this version."""
        new = self.version.variable(name)
        row = self.registry.variables.get(new) if new is not None else None
        if row is not None and self.version.rows not in row.versions:
            return None
        return row

    def read_builtin(self, row: VariableRow, span: Span) -> typed.TExpr:
        qtype = QType(row.type, row.qualifier)
        if row.is_constant:
            return typed.TConst(qtype, span, self.version.constants.get(row.name, row.value))
        self.on_builtin(row, span)
        return typed.TBuiltin(qtype, span, row)

    def on_builtin(self, row: VariableRow, span: Span) -> None:
        """Called for each built-in variable read."""

    # --- names ------------------------------------------------------------------------

    def name(self, node: ast.Name) -> typed.TExpr:
        symbol = lookup(self.place, node.id)
        if symbol is not None:
            return self.read(symbol, node.span)
        row = self.builtin_variable(node.id)
        if row is not None:
            return self.read_builtin(row, node.span)
        if node.id in self.module.later:
            return self.read(self.module.scope.names.get(node.id) or self._forward(node), node.span)
        return self._undeclared(node)

    def _forward(self, node: ast.Name) -> typed.Symbol:
        """A global that is read above its declaration (v1, v2): a number, na until it is declared."""
        symbol = typed.Symbol(node.id, QType(t.FLOAT, SERIES), node.span)
        symbol.is_global = symbol.reassigned = True
        self.module.scope.names[node.id] = self.module.forward[node.id] = symbol
        self.module.order_of[symbol] = 0
        return symbol

    def read(self, symbol: typed.Symbol, span: Span) -> typed.TExpr:
        if symbol in self.own_value:
            self.own_value[symbol] = True
        constant = self.constants.get(symbol)
        if constant is not None:
            return typed.TConst(QType(symbol.qtype.type, constant.qtype.qualifier), span, constant.value)
        return typed.TVar(symbol.qtype, span, symbol)

    def _undeclared(self, node: ast.Name) -> typed.TExpr:
        name = node.id
        if self.own_functions(name) or self._has_function(name):
            return self.error("E102", f"`{name}` is a function", node.span, f"call it: `{name}(…)`")
        if name in self.module.udts or name in self.module.enums:
            return self.error("E102", f"`{name}` is a type, not a value", node.span)
        hidden = self.module.scope.names.get(name)
        if hidden is not None:
            note = Note(f"`{name}` is declared here, after the function", hidden.span)
            return self.error(
                "E101",
                f"`{name}` is not declared before this function",
                node.span,
                "move the variable above the function, or pass it as an argument",
                note,
            )
        if name in self.registry.namespaces or name in self.module.imports:
            return self.error("E102", f"`{name}` is a namespace, not a value", node.span, f"name a member: `{name}.…`")
        return self.error("E101", f"`{name}` is not declared", node.span, self._name_hint(name))

    def _has_function(self, name: str) -> bool:
        new = self.version.function(name)
        return new is not None and new in self.registry.functions

    def _name_hint(self, name: str) -> str | None:
        modern = self.version.modern_name(name)
        if modern is not None:
            return f"Pine v{self.version.number} calls it `{modern}`"
        near = self.similar(name, self.known_names())
        return f"did you mean `{near}`?" if near else None

    # --- members ----------------------------------------------------------------------

    def attribute(self, node: ast.Attribute) -> typed.TExpr:
        dotted = dotted_name(node)
        if dotted is None:
            return self.field(self.expr(node.value), node)
        base = dotted.partition(".")[0]
        symbol = lookup(self.place, base)
        row = self.builtin_variable(dotted)
        if symbol is not None:
            # A variable may bear a namespace's name; its own fields come first.
            if row is not None and not self._has_field(symbol.qtype.type, dotted.split(".")[1]):
                return self.read_builtin(row, node.span)
            return self.field(self.expr(node.value), node)
        if row is None and self.wants_missing(base):
            return self.nothing(node.span)
        library = self.module.imports.get(base)
        if library is not None and (row is None or node.attr in library.exported):
            return self._library_member(library, base, dotted, node)
        enum = self.module.enums.get(base)
        if enum is not None:
            return self._enum_member(enum, dotted.partition(".")[2], node)
        if row is not None:
            return self.read_builtin(row, node.span)
        if base in self.registry.variables and self.builtin_variable(base) is not None:
            return self._unknown_member(dotted, node)
        if base in self.registry.namespaces:
            return self._unknown_member(dotted, node)
        if base in self.module.udts:
            return self.error("E104", f"the type `{base}` has no member `{node.attr}`", node.span)
        return self.field(self.expr(node.value), node)

    def _has_field(self, owner: Type, name: str) -> bool:
        udt = self.udt_of.get(owner)
        if udt is not None:
            return any(f.name == name for f in udt.fields)
        return owner.name == "chart.point" and name in _POINT_FIELDS

    def _unknown_member(self, dotted: str, node: ast.Attribute) -> typed.TExpr:
        if self._has_function(dotted):
            return self.error("E102", f"`{dotted}` is a function", node.span, f"call it: `{dotted}(…)`")
        if dotted in self.registry.namespaces:
            return self.error("E102", f"`{dotted}` is a namespace, not a value", node.span)
        newer = self.registry.variables.get(dotted)
        if newer is not None:
            first = min(newer.versions)
            return self.error(
                "E103", f"`{dotted}` came with Pine v{first}", node.span, f"this script is v{self.version.number}"
            )
        return self.error("E101", f"there is no `{dotted}`", node.span, self.member_hint(dotted))

    def member_hint(self, dotted: str) -> str | None:
        modern = self.version.modern_name(dotted)
        if modern is not None:
            return f"Pine v{self.version.number} calls it `{modern}`"
        prefix, _, last = dotted.rpartition(".")
        members = {n[len(prefix) + 1 :] for n in self.registry.names() if n.startswith(prefix + ".")}
        near = self.similar(last, members)
        return f"did you mean `{prefix}.{near}`?" if near else None

    def _enum_member(self, enum: typed.Enum, member: str, node: ast.Attribute) -> typed.TExpr:
        if member not in enum.members:
            near = self.similar(member, enum.members)
            hint = f"did you mean `{near}`?" if near else None
            return self.error("E104", f"the enum `{enum.type}` has no member `{member}`", node.span, hint)
        return typed.TEnumMember(QType(enum.type, CONST), node.span, enum, member)

    def _library_member(self, library: Module, alias: str, dotted: str, node: ast.Attribute) -> typed.TExpr:
        _, name, *rest = dotted.split(".")
        if name in library.enums and len(rest) == 1:
            return self._enum_member(library.enums[name], rest[0], node)
        symbol = library.scope.names.get(name)
        if symbol is not None and name in library.exported:
            if not rest:
                return self.read(symbol, node.span)
            return self.field(self.expr(node.value), node)
        if name in library.functions:
            return self.error("E102", f"`{alias}.{name}` is a function", node.span, f"call it: `{alias}.{name}(…)`")
        near = self.similar(name, library.exported)
        hint = f"did you mean `{alias}.{near}`?" if near else None
        return self.error("E104", f"the library `{alias}` exports no `{name}`", node.span, hint)

    def field(self, owner: typed.TExpr, node: ast.Attribute) -> typed.TExpr:
        """``owner.attr`` of an object."""
        if owner.type.kind is Kind.ERROR:
            return owner
        found = self.field_type(owner.type, node.attr)
        if found is None:
            return self._no_field(owner, node)
        return typed.TField(QType(found, SERIES), node.span, owner, node.attr)

    def field_type(self, owner: Type, name: str) -> Type | None:
        udt = self.udt_of.get(owner)
        if udt is not None:
            return next((f.type for f in udt.fields if f.name == name), None)
        if owner.name == "chart.point":
            return _POINT_FIELDS.get(name)
        return None

    def _no_field(self, owner: typed.TExpr, node: ast.Attribute) -> typed.TExpr:
        udt = self.udt_of.get(owner.type)
        hint = None
        if udt is not None:
            near = self.similar(node.attr, [f.name for f in udt.fields])
            hint = f"did you mean `{near}`?" if near else "its fields: " + ", ".join(f.name for f in udt.fields)
            message = f"`{owner.type}` has no field `{node.attr}`"
        elif self.registry.method(owner.type, node.attr) is not None:
            message = f"`{node.attr}` is a method of {owner.type}"
            hint = f"call it: `.{node.attr}(…)`"
        else:
            message = f"a value of type {owner.type} has no field `{node.attr}`"
            dotted = dotted_name(node)
            if dotted is not None:
                near = self.similar(dotted, [n for n in self.registry.variables if "." in n])
                hint = f"did you mean `{near}`?" if near else None
        return self.error("E104", message, node.attr_span, hint)

    def names_in_scope(self) -> set[str]:
        return set(visible_names(self.place))
