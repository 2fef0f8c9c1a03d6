"""User functions: declared once, instantiated once for each list of argument types."""

from __future__ import annotations

from pinery.lang import ast, typed
from pinery.lang import types as t
from pinery.lang.check.calls import Calls
from pinery.lang.check.core import CONST, SERIES, TAIL, Given
from pinery.lang.check.matching import Bound, Problem, article, plain
from pinery.lang.check.scopes import InstanceInfo, Place, Scope, UserFunction
from pinery.lang.diagnostics import Note
from pinery.lang.source import Span
from pinery.lang.types import Kind, QType, Qualifier

MAX_INSTANCES = 3000
MAX_NESTING = 200  # functions calling functions


class Functions(Calls):
    """Layer of user functions."""

    nesting = 0

    # --- declaring --------------------------------------------------------------------

    def declare_function(self, decl: ast.FunctionDecl) -> None:
        module = self.module
        if self.place.local:
            self.error(
                "E151", "a function cannot be declared inside a block", decl.name_span, "move it to the left margin"
            )
            return
        param_types: list[QType | None] = []
        has_qualifier: list[bool] = []
        defaults: list[typed.TExpr | None] = []
        seen: set[str] = set()
        for param in decl.params:
            if param.name in seen and param.name != "_":
                self.error("E108", f"two parameters are called `{param.name}`", param.span)
            seen.add(param.name)
            declared: QType | None = None
            written: str | None = None
            if param.type is not None:
                written = param.type.qualifier
                # A qualifier alone (`simple x`) says nothing of the type.
                if param.type.name:
                    qualifier = Qualifier[written.upper()] if written else SERIES
                    declared = QType(self.resolve_type(param.type), qualifier)
            param_types.append(declared)
            has_qualifier.append(written is not None)
            default = None
            if param.default is not None:
                default = self.expr(param.default)
                if declared is not None:
                    converted = self.convert(default, declared.type)
                    if converted is None:
                        message = f"the default of `{param.name}` is {article(str(default.type))}, not {declared.type}"
                        default = self.error("E120", message, param.default.span)
                    else:
                        default = converted
            defaults.append(default)
        if decl.is_method and (not param_types or param_types[0] is None):
            self.error(
                "E152",
                "the first parameter of a method needs a type",
                decl.name_span,
                f"method {decl.name}(Type this, …)",
            )
            return
        others = module.functions.setdefault(decl.name, [])
        for other in others:
            if [p and p.type for p in other.param_types] == [p and p.type for p in param_types]:
                self.error(
                    "E109",
                    f"`{decl.name}` is already declared with such parameters",
                    decl.name_span,
                    None,
                    Note("first declared here", other.decl.name_span),
                )
                return
        others.append(UserFunction(decl, module, module.next_order(), param_types, has_qualifier, defaults))

    # --- calling ----------------------------------------------------------------------

    def _bind(self, function: UserFunction, given: list[Given], span: Span) -> Bound | Problem:
        names = [p.name for p in function.decl.params]
        what = f"`{function.name}`"
        bound = self.place_arguments(names, given, what, span)
        if isinstance(bound, Problem):
            return bound
        for param, arg, default in zip(function.decl.params, bound.slots, function.defaults, strict=True):
            if arg is None and default is None:
                note = Note("declared here", function.decl.name_span)
                return Problem(2, "E110", f"{what} needs `{param.name}`", span, None, (note,))
        return bound

    def _match_user(self, function: UserFunction, given: list[Given], span: Span) -> tuple[Bound, int] | Problem:
        bound = self._bind(function, given, span)
        if isinstance(bound, Problem):
            return bound
        cost = 0
        note = Note("declared here", function.decl.name_span)
        for index, (param, arg) in enumerate(zip(function.decl.params, bound.slots, strict=True)):
            if arg is None:
                continue
            declared = function.param_types[index]
            got = arg.value.qtype
            if declared is None:
                if got.type.kind in (Kind.VOID, Kind.TUPLE):
                    shown = "nothing (the call returns no value)" if got.type.kind is Kind.VOID else "a tuple"
                    return Problem(4, "E114", f"`{function.name}` cannot take {shown} for `{param.name}`", arg.span)
                cost += 2
                continue
            step = self.cost(arg.value, declared.type)
            if step is None:
                message = f"`{function.name}` needs {article(str(declared.type))} for `{param.name}`, not {got.type}"
                return Problem(4, "E114", message, arg.span, None, (note,))
            cost += step
            if function.has_qualifier[index] and got.qualifier > declared.qualifier and got.type.kind is not Kind.ERROR:
                message = f"`{function.name}` needs a {declared} for `{param.name}`, not a {got}"
                return Problem(5, "E115", message, arg.span, None, (note,))
        return bound, cost

    def user_fit(self, function: UserFunction, given: list[Given], span: Span) -> int | None:
        found = self._match_user(function, given, span)
        return None if isinstance(found, Problem) else found[1]

    def user_call(self, functions: list[UserFunction], given: list[Given], name: str, node: ast.Call) -> typed.TExpr:
        best: tuple[UserFunction, Bound, int] | None = None
        worst: Problem | None = None
        for function in functions:
            found = self._match_user(function, given, node.span)
            if isinstance(found, Problem):
                if worst is None or found.rank > worst.rank:
                    worst = found
            elif best is None or found[1] < best[2]:
                best = (function, *found)
        if best is None:
            assert worst is not None
            for function in functions:
                function.called = True
            if any(g.value.type.kind is Kind.ERROR for g in given):
                return self.nothing(node.span)
            return self.report(worst)
        function, bound, _ = best
        args: list[typed.TExpr] = []
        for index, arg in enumerate(bound.slots):
            declared = function.param_types[index]
            value = arg.value if arg is not None else function.defaults[index]
            assert value is not None
            if value.type.kind is Kind.ERROR:
                return self.nothing(node.span)
            wanted = declared.type if declared is not None else plain(value.qtype).type
            args.append(self.cast(value, wanted))
        if len({f.decl.is_method for f in functions}) == 1 and function.active:
            return self._recursion(function.name, node.span)
        info = self.instance(function, args, node.span)
        if info is None:
            return self.nothing(node.span)
        if info.stateful:
            self.on_stateful(name, node.span)
        return typed.TUserCall(info.instance.returns, node.span, info.instance, args)

    def instance(self, function: UserFunction, args: list[typed.TExpr], span: Span) -> InstanceInfo | None:
        """The function for these argument types; None, reported, where it cannot be made."""
        if function.active:
            self._recursion(function.name, span)
            return None
        key = tuple(self._param_qtype(function, index, arg) for index, arg in enumerate(args))
        soft = tuple(self.is_soft(arg) and q.type == t.FLOAT for arg, q in zip(args, key, strict=True))
        known = function.instances.get((*key, *(QType(t.INT, SERIES) for s in soft if s)))
        if known is not None:
            return known
        if len(self.functions) >= MAX_INSTANCES or self.nesting >= MAX_NESTING:
            self.error(
                "E191", f"`{function.name}` makes the script too large", span, "functions call functions too often"
            )
            return None
        kinds = ", ".join(str(q.type) for q in key)
        self.calls.append(Note(f"in `{function.name}({kinds})`, called here", span))
        try:
            info = self.check_body(function, list(key), soft)
        finally:
            self.calls.pop()
        function.instances[(*key, *(QType(t.INT, SERIES) for s in soft if s))] = info
        return info

    def _param_qtype(self, function: UserFunction, index: int, arg: typed.TExpr) -> QType:
        declared = function.param_types[index]
        if declared is None:
            return QType(arg.type, arg.qtype.qualifier)
        if function.has_qualifier[index]:
            return declared
        return QType(declared.type, arg.qtype.qualifier)

    def check_body(self, function: UserFunction, types: list[QType], soft: tuple[bool, ...] = ()) -> InstanceInfo:
        """Check the body for parameters of these types and make the instance."""
        decl = function.decl
        params: list[typed.Symbol] = []
        scope = Scope(function.module.scope)
        for index, (param, qtype) in enumerate(zip(decl.params, types, strict=True)):
            symbol = typed.Symbol(param.name, qtype, param.span, is_param=True)
            params.append(symbol)
            scope.names[param.name] = symbol
            if index < len(soft) and soft[index]:
                self.soften_symbol(symbol)
        before, depth = self.place, self.depth
        self.depth = 0
        self.place = Place(function.module, Scope(scope), function.order - 1, function, True)
        self.stateful.append(False)
        function.active = function.called = True
        self.nesting += 1
        try:
            body = self.block(decl.body, TAIL)
        finally:
            self.nesting -= 1
            self.place, self.depth = before, depth
            function.active = False
            stateful = self.stateful.pop()
        returns = body.result.qtype if body.result is not None else QType(t.VOID, SERIES)
        if returns.type.kind is Kind.NA and body.result is not None:
            body.result = self.cast(body.result, t.FLOAT)
            returns = body.result.qtype
        instance = typed.FunctionInstance(decl.name, params, body, returns, decl.span)
        self.functions.append(instance)
        return InstanceInfo(instance, stateful)

    def check_uncalled(self, function: UserFunction) -> None:
        """Find the errors in a function that nothing calls; types that only a call would give stay open."""
        count = len(self.functions)
        types: list[QType] = []
        for declared, written in zip(function.param_types, function.has_qualifier, strict=True):
            if declared is None:
                types.append(QType(t.ERROR, SERIES))
            else:
                types.append(declared if written else QType(declared.type, CONST))
        self.check_body(function, types)
        del self.functions[count:]
