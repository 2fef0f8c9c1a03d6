"""Calls: of built-ins, user functions, methods and constructors."""

from __future__ import annotations

from pinery.lang import ast, typed
from pinery.lang import types as t
from pinery.lang.builtins.schema import FunctionRow, Overload
from pinery.lang.check.casts import mentions_generic, substitute
from pinery.lang.check.core import SERIES, Given
from pinery.lang.check.matching import Fit, Matching, Problem, article
from pinery.lang.check.names import dotted_name
from pinery.lang.check.scopes import Module, UserFunction, lookup
from pinery.lang.source import Span
from pinery.lang.types import Kind, QType, Type

_CASTS = {x.name: x for x in (t.INT, t.FLOAT, t.BOOL, t.STRING, t.COLOR)} | {
    name: t.OBJECTS[name] for name in ("line", "label", "box", "table", "linefill", "polyline")
}
DECLARATIONS = frozenset({"indicator", "study", "strategy", "library"})
# What `type=` of version 4's `input` says about the result.
_INPUT_TYPES = {"integer": t.INT, "float": t.FLOAT, "bool": t.BOOL, "string": t.STRING}


def _may_be(receiver: Type, param: Type) -> bool:
    """Whether a method's first parameter is of the receiver's kind of object."""
    return receiver == param or (receiver.kind is param.kind and receiver.kind is not Kind.OBJECT)


class Calls(Matching):
    """Layer of calls. User functions are instantiated by the next layer."""

    def user_call(self, functions: list[UserFunction], given: list[Given], name: str, node: ast.Call) -> typed.TExpr:
        raise NotImplementedError

    def user_fit(self, function: UserFunction, given: list[Given], span: Span) -> int | None:
        raise NotImplementedError

    def on_call(self, call: typed.TCall) -> None:
        """Called for each finished built-in call."""

    def call(self, node: ast.Call) -> typed.TExpr:
        func = node.func
        if isinstance(func, ast.Name):
            return self._call_name(func, node)
        if isinstance(func, ast.Attribute):
            return self._call_member(func, node)
        given = self.arguments(node.args)
        if isinstance(func, ast.ErrorExpr) or any(g.value.type.kind is Kind.ERROR for g in given):
            return self.nothing(node.span)
        return self.error("E105", "this cannot be called", func.span)

    def arguments(self, args: list[ast.Arg]) -> list[Given]:
        given: list[Given] = []
        named: ast.Arg | None = None
        for arg in args:
            if arg.name is not None:
                named = arg
            elif named is not None and not isinstance(arg.value, ast.ErrorExpr):
                self.error(
                    "E117",
                    "an argument without a name cannot follow one with a name",
                    arg.span,
                    "name it, or move it before the named ones",
                )
                given.append(Given(None, self.nothing(arg.span), arg.span))
                continue
            given.append(Given(arg.name, self.expr(arg.value), arg.span))
        return given

    # --- plain names ------------------------------------------------------------------

    def _call_name(self, func: ast.Name, node: ast.Call) -> typed.TExpr:
        name = func.id
        own = self.own_functions(name)
        if own:
            return self.user_call(own, self.arguments(node.args), name, node)
        target = _CASTS.get(name)
        if target is not None and len(node.args) == 1 and self.version.rows >= 4:
            return self._explicit_cast(target, node)
        if name == "offset" and self.version.rows == 4 and len(node.args) == 2:
            named = {a.name or place: a.value for a, place in zip(node.args, ("source", "offset"), strict=True)}
            if len(named) == 2 and named.keys() == {"source", "offset"}:
                return self.history(ast.Index(node.span, named["source"], named["offset"]))
        row = self.builtin_function(name)
        if row is not None:
            return self.builtin_call(row, self.arguments(node.args), node)
        given = self.arguments(node.args)
        later = self.module.functions.get(name)
        if later:
            now = self.place.function
            if now is not None and any(f is now for f in later):
                return self._recursion(name, func.span)
            return self.error("E106", f"`{name}` is declared only after this function", func.span)
        return self._unknown_function(name, func.span, given)

    def _recursion(self, name: str, span: Span) -> typed.TExpr:
        return self.error("E107", f"`{name}` calls itself: Pine has no recursion", span, "use a loop")

    def _unknown_function(self, name: str, span: Span, given: list[Given]) -> typed.TExpr:
        if lookup(self.place, name) is not None or self.builtin_variable(name) is not None:
            return self.error("E105", f"`{name}` is a variable, not a function", span)
        if name in self.module.udts:
            return self.error("E105", f"`{name}` is a type", span, f"make an object with `{name}.new(…)`")
        modern = self.version.modern_name(name)
        if modern is not None:
            hint = f"Pine v{self.version.number} calls it `{modern}`"
            return self.error("E100", f"there is no function `{name}`", span, hint)
        newer = self.registry.functions.get(name)
        if newer is not None and self.version.rows not in newer.versions:
            return self._not_in_version(name, newer, span)
        functions = {*self.module.functions, *(n for n in self.registry.functions if "@" not in n)}
        short = {n.rpartition(".")[2]: n for n in functions}
        near = short.get(name) or self.similar(name, functions) or short.get(self.similar(name, short) or "")
        return self.error("E100", f"there is no function `{name}`", span, f"did you mean `{near}`?" if near else None)

    def _not_in_version(self, name: str, row: FunctionRow, span: Span) -> typed.TExpr:
        number = self.version.number
        if min(row.versions) > number:
            return self.error(
                "E103", f"`{name}` came with Pine v{min(row.versions)}", span, f"this script is v{number}"
            )
        return self.error("E103", f"`{name}` is gone since Pine v{max(row.versions) + 1}", span)

    def builtin_function(self, name: str) -> FunctionRow | None:
        new = self.version.function(name)
        if new is None:
            return None
        # A row of its own says what version 4 means by a name whose arguments changed since.
        own = self.registry.functions.get(f"{new}@4") if self.version.rows == 4 else None
        row = own or self.registry.functions.get(new)
        if row is None or self.version.rows not in row.versions:
            return None
        return row

    def _explicit_cast(self, target: Type, node: ast.Call) -> typed.TExpr:
        value = self.expr(node.args[0].value)
        source = value.type
        allowed = (
            source in (target, t.ERROR)
            or source.kind is Kind.NA
            or (target.is_numeric and (source.is_numeric or source == t.BOOL))
            or (target == t.BOOL and source.is_numeric)
        )
        if not allowed:
            hint = "use `str.tonumber(…)`" if target.is_numeric and source == t.STRING else None
            if target == t.STRING and source.kind is not Kind.VOID:
                hint = "use `str.tostring(…)`"
            return self.error("E118", f"`{target}(…)` cannot take {source}", node.span, hint)
        if target == t.BOOL and source.kind is Kind.NA and not self.version.na_bool:
            return self.error("E130", "a bool cannot be na in v6", node.span, "write `false`")
        if source.kind is Kind.ERROR:
            return value
        result = self.cast(value, target)
        if result is value and self.is_soft(value) and target == t.FLOAT:
            return typed.TCast(value.qtype, node.span, value)  # a plain float from now on
        if isinstance(result, typed.TConst):
            return typed.TConst(result.qtype, node.span, result.value)
        return result

    # --- members and methods ----------------------------------------------------------

    def _call_member(self, func: ast.Attribute, node: ast.Call) -> typed.TExpr:
        dotted = dotted_name(func)
        if dotted is not None:
            base = dotted.partition(".")[0]
            symbol = lookup(self.place, base)
            if symbol is None:
                found = self._call_dotted(base, dotted, func, node)
                if found is not None:
                    return found
            else:
                row = self.builtin_function(dotted)
                if row is not None and not self._prefers_method(symbol, dotted, func, node):
                    return self.builtin_call(row, self.arguments(node.args), node)
                constructor = self._constructor_of(self.module, base, func.attr, dotted)
                if constructor is not None and (func.attr == "new" or symbol.qtype.type.kind is not Kind.UDT):
                    return self._construct(constructor, func.attr, node)
        receiver = self.expr(func.value)
        return self.method_call(receiver, func, node)

    def _prefers_method(self, symbol: typed.Symbol, dotted: str, func: ast.Attribute, node: ast.Call) -> bool:
        """Whether ``x.f(...)``, also the name of a built-in, means a method of the variable ``x``."""
        if dotted.count(".") != 1:
            return self.field_type(symbol.qtype.type, dotted.split(".")[1]) is not None
        if any(self._methods(func.attr, symbol.qtype.type)):
            return True
        method = self.registry.method(symbol.qtype.type, func.attr)
        if method is None:
            return False
        # `label.set_x(label, 3)` names the namespace: the object is given once more.
        most = max(len(o.params) for o in method.overloads_for(self.version.rows) or method.overloads)
        least = min(sum(p.required for p in o.params) for o in method.overloads)
        first = node.args[0].value if node.args else None
        if isinstance(first, ast.Name) and lookup(self.place, first.id) is not None:
            value = lookup(self.place, first.id)
            assert value is not None
            if value.qtype.type == symbol.qtype.type and len(node.args) >= least:
                return False
        takes_receiver = any(o.params and _may_be(symbol.qtype.type, o.params[0].type) for o in method.overloads)
        return takes_receiver and len(node.args) < most

    def _constructor_of(self, module: Module, base: str, attr: str, dotted: str) -> typed.Udt | None:
        if attr in ("new", "copy") and dotted == f"{base}.{attr}":
            return module.udts.get(base)
        return None

    def _call_dotted(self, base: str, dotted: str, func: ast.Attribute, node: ast.Call) -> typed.TExpr | None:
        """``base.….f(...)`` where ``base`` is no variable; None if it may still be a method call."""
        if self.builtin_function(dotted) is None and self.wants_missing(base):
            self.arguments(node.args)
            return self.nothing(node.span)
        library = self.module.imports.get(base)
        if library is not None and (self.builtin_function(dotted) is None or func.attr in library.functions):
            return self._call_library(library, base, dotted, func, node)
        udt = self._constructor_of(self.module, base, func.attr, dotted)
        if udt is not None:
            return self._construct(udt, func.attr, node)
        row = self.builtin_function(dotted)
        if row is not None:
            return self.builtin_call(row, self.arguments(node.args), node)
        if base in self.module.enums or base in self.module.udts:
            if dotted.count(".") > 1:
                return None
            self.arguments(node.args)
            return self.error("E104", f"`{base}` has no function `{func.attr}`", func.attr_span)
        prefix = dotted.rpartition(".")[0]
        if self.builtin_variable(prefix) is not None:
            return None
        if base in self.registry.namespaces:
            given = self.arguments(node.args)
            return self._unknown_builtin(dotted, func, given)
        return None

    def _unknown_builtin(self, dotted: str, func: ast.Attribute, given: list[Given]) -> typed.TExpr:
        newer = self.registry.functions.get(dotted)
        modern = self.version.modern_name(dotted)
        if newer is not None and modern is None and self.version.rows not in newer.versions:
            return self._not_in_version(dotted, newer, func.span)
        if self.builtin_variable(dotted) is not None:
            return self.error("E105", f"`{dotted}` is a variable, not a function", func.span, "leave out the brackets")
        return self.error("E100", f"there is no function `{dotted}`", func.span, self.member_hint(dotted))

    def _call_library(
        self, library: Module, alias: str, dotted: str, func: ast.Attribute, node: ast.Call
    ) -> typed.TExpr | None:
        _, name, *rest = dotted.split(".")
        if rest:
            udt = library.udts.get(name)
            if udt is not None and len(rest) == 1 and rest[0] in ("new", "copy"):
                return self._construct(udt, rest[0], node)
            return None
        functions = [f for f in library.functions.get(name, []) if f.decl.exported]
        given = self.arguments(node.args)
        if functions:
            return self.user_call(functions, given, f"{alias}.{name}", node)
        if name in library.functions:
            return self.error("E104", f"the library `{alias}` does not export `{name}`", func.attr_span)
        exported = [n for n, fs in library.functions.items() if any(f.decl.exported for f in fs)]
        near = self.similar(name, exported)
        hint = f"did you mean `{alias}.{near}`?" if near else None
        return self.error("E104", f"the library `{alias}` has no function `{name}`", func.attr_span, hint)

    def _methods(self, name: str, receiver: Type) -> list[UserFunction]:
        """User methods of this name that may take ``receiver``: the script's own, then the libraries'."""
        own = [f for f in self.own_functions(name) if f.decl.is_method]
        for library in self.module.imports.values():
            own += [f for f in library.functions.get(name, []) if f.decl.is_method and f.decl.exported]
        result = []
        for f in own:
            first = f.param_types[0] if f.param_types else None
            if first is None or self.cost_of_type(receiver, first.type) is not None:
                result.append(f)
        return result

    def cost_of_type(self, source: Type, target: Type) -> int | None:
        return self.cost(typed.TConst(QType(source, SERIES), Span(0, 0), None), target)

    def method_call(self, receiver: typed.TExpr, func: ast.Attribute, node: ast.Call) -> typed.TExpr:
        given = [Given(None, receiver, func.value.span), *self.arguments(node.args)]
        name = func.attr
        if receiver.type.kind is Kind.ERROR:
            return receiver
        own = self._methods(name, receiver.type)
        row = self.registry.method(receiver.type, name)
        if row is not None and (
            self.version.rows not in row.versions
            or not any(o.params and _may_be(receiver.type, o.params[0].type) for o in row.overloads)
        ):
            row = None
        if own:
            fitting = [f for f in own if self.user_fit(f, given, node.span) is not None]
            if fitting or row is None:
                return self.user_call(fitting or own, given, name, node)
        if row is not None:
            return self.builtin_call(row, given, node)
        if name == "copy" and receiver.type.kind is Kind.UDT and len(given) == 1:
            return typed.TCopy(QType(receiver.type, SERIES), node.span, receiver)
        prefix = receiver.type.name + "."
        methods = {n[len(prefix) :] for n in self.registry.functions if n.startswith(prefix)}
        methods.update(n for n, fs in self.module.functions.items() if any(f.decl.is_method for f in fs))
        near = self.similar(name, methods)
        if self.own_functions(name) and not near:
            hint: str | None = f"`{name}` is a function: call it as `{name}(…)`, or declare it with `method`"
        else:
            hint = f"did you mean `{near}`?" if near else None
        return self.error("E104", f"a value of type {receiver.type} has no method `{name}`", func.attr_span, hint)

    # --- objects ----------------------------------------------------------------------

    def _construct(self, udt: typed.Udt, how: str, node: ast.Call) -> typed.TExpr:
        given = self.arguments(node.args)
        what = f"`{udt.type.name}.{how}`"
        qtype = QType(udt.type, SERIES)
        if how == "copy":
            if len(given) != 1:
                return self.error("E111", f"{what} takes one object", node.span)
            value = self.convert(given[0].value, udt.type)
            if value is None:
                return self.error(
                    "E114", f"{what} needs {article(str(udt.type))}, not {given[0].value.type}", given[0].span
                )
            return typed.TCopy(qtype, node.span, value)
        bound = self.place_arguments([f.name for f in udt.fields], given, what, node.span)
        if isinstance(bound, Problem):
            if any(g.value.type.kind is Kind.ERROR for g in given):
                return self.nothing(node.span)
            return self.report(bound)
        args: list[typed.TExpr | None] = []
        for field, arg in zip(udt.fields, bound.slots, strict=True):
            if arg is None:
                args.append(None)
                continue
            value = self.convert(arg.value, field.type)
            if value is None:
                message = f"{what} needs {article(str(field.type))} for `{field.name}`, not {arg.value.type}"
                self.error("E114", message, arg.span)
                value = self.nothing(arg.span)
            args.append(value)
        return typed.TNew(qtype, node.span, udt, args)

    # --- built-ins --------------------------------------------------------------------

    def builtin_call(self, row: FunctionRow, given: list[Given], node: ast.Call) -> typed.TExpr:
        if row.name in DECLARATIONS:
            self._check_declaration(row, node)
        if not row.local and self.place.local:
            where = "a function" if self.place.function is not None else "a local block"
            self.error("E150", f"`{row.name}` cannot be called in {where}", node.span, "call it at the left margin")
        type_args = tuple(self.resolve_type(ref) for ref in node.type_args)
        if type_args and len(type_args) != row.type_params:
            takes = f"{row.type_params} type argument{'s' * (row.type_params != 1)}" if row.type_params else "none"
            return self.error("E140", f"`{row.name}` takes {takes}", node.span)
        overloads = row.overloads_for(self.version.rows)
        known = {p.name for o in overloads for p in o.params}
        for arg in given:
            if arg.name is not None and arg.name not in known:
                arg.name = self.version.parameter(row.name.partition("@")[0], arg.name)
        if not overloads:
            return self._not_in_version(row.name, row, node.span)
        fit = self.choose(row, overloads, given, type_args, node.span)
        if isinstance(fit, Problem):
            if any(g.value.type.kind is Kind.ERROR for g in given):
                return self.nothing(node.span)
            return self.report(fit)
        return self._finish(row, fit, type_args, node)

    def _finish(self, row: FunctionRow, fit: Fit, type_args: tuple[Type, ...], node: ast.Call) -> typed.TExpr:
        overload, bound = fit.overload, fit.bound
        args: list[typed.TExpr | None] = []
        broken = False
        soft = True
        for param, arg in zip(overload.params, bound.slots, strict=True):
            if arg is None:
                args.append(None)
                continue
            broken = broken or arg.value.type.kind is Kind.ERROR
            soft = soft and (param.type.name != "N" or self.whole(arg.value))
            args.append(self.cast(arg.value, substitute(param.type, fit.bindings)))
        rest = []
        for arg in bound.rest:
            broken = broken or arg.value.type.kind is Kind.ERROR
            soft = soft and self.whole(arg.value)
            rest.append(self.cast(arg.value, substitute(overload.params[-1].type, fit.bindings)))
        if overload.params and overload.params[-1].variadic:
            args = args[:-1]
        result = self._result_type(row, overload, fit, args)
        if broken and (mentions_generic(overload.returns) or overload.returns.name == "any" or len(row.texts) > 1):
            result = t.ERROR
        values = [*args, *rest]
        qtype = QType(result, self.result_qualifier(overload, values))
        call = typed.TCall(qtype, node.span, row, overload, args, rest, type_args, fit.bindings)
        if result.kind is Kind.ARRAY and not fit.bindings and mentions_generic(overload.returns) and rest:
            self.leave_unbound(call)
        if row.stateful:
            self.on_stateful(row.name, node.span)
        self.on_call(call)
        if row.name in DECLARATIONS and self.declaration is None and self.module.name == "":
            self.declaration = call
        if overload.returns.name == "N" and result == t.FLOAT and soft:
            return self.soften(call)
        return call

    def _result_type(self, row: FunctionRow, overload: Overload, fit: Fit, args: list[typed.TExpr | None]) -> Type:
        named = {p.name: a for p, a in zip(overload.params, args, strict=False)}
        if overload.returns.name == "any":
            expression = named.get("expression")
            inner = t.FLOAT if expression is None or expression.type.kind is Kind.NA else expression.type
            if row.name == "request.security_lower_tf":
                if inner.kind is Kind.TUPLE:
                    return t.tuple_of(*(t.array_of(x) for x in inner.args))
                return inner if inner.kind is Kind.ERROR else t.array_of(inner)
            return inner
        if row.name == "input" and self.version.rows == 4:
            kind = named.get("type")
            if isinstance(kind, typed.TConst) and kind.value in _INPUT_TYPES and overload.returns.name == "T":
                return _INPUT_TYPES[kind.value]
        return substitute(overload.returns, fit.bindings)

    def _check_declaration(self, row: FunctionRow, node: ast.Call) -> None:
        if self.declaration is not None and self.module.name == "" and self.declaration.span != node.span:
            self.error("E160", f"`{row.name}` is called a second time", node.span, "a script is declared once")

    def on_stateful(self, name: str, span: Span) -> None:
        """A call whose result depends on earlier calls."""
        if self.stateful:
            self.stateful[-1] = True
        why = self.place.conditional
        if why is not None:
            self.warning(
                "W201",
                f"`{name}` should run on every bar, but stands in {why}",
                span,
                "call it before, and use its result here",
            )
