"""Arguments against parameters: by place, by name, by type."""

from __future__ import annotations

from dataclasses import dataclass, field

from pinery.lang import typed
from pinery.lang import types as t
from pinery.lang.builtins.schema import BuiltinRef, FunctionRow, Overload, Param
from pinery.lang.check.casts import Bindings, mentions_generic, substitute
from pinery.lang.check.core import CONST, SERIES, Given
from pinery.lang.check.names import Names
from pinery.lang.diagnostics import Note
from pinery.lang.source import Span
from pinery.lang.types import Kind, QType, Qualifier, Type


@dataclass(slots=True)
class Problem:
    """Why a call does not fit. ``rank`` says how far matching came: the furthest is reported."""

    rank: int
    code: str
    message: str
    span: Span
    hint: str | None = None
    notes: tuple[Note, ...] = ()


@dataclass(slots=True)
class Bound:
    """Arguments in the order of the parameters."""

    slots: list[Given | None]
    rest: list[Given] = field(default_factory=list)


@dataclass(slots=True)
class Fit:
    overload: Overload
    bound: Bound
    bindings: dict[str, Type]
    cost: int


class Matching(Names):
    """Layer of overload resolution."""

    def place_arguments(
        self, names: list[str], given: list[Given], what: str, span: Span, variadic: bool = False
    ) -> Bound | Problem:
        """Put arguments to parameters; says nothing about missing ones."""
        slots: list[Given | None] = [None] * len(names)
        bound = Bound(slots)
        last = len(names) - 1 if variadic else len(names)
        position = 0
        for arg in given:
            if arg.name is None:
                if position < last:
                    slots[position] = arg
                    position += 1
                elif variadic:
                    bound.rest.append(arg)
                else:
                    takes = f"{len(names)} argument{'s' * (len(names) != 1)}" if names else "no arguments"
                    return Problem(1, "E111", f"{what} takes {takes}, but {len(given)} are given", arg.span)
                continue
            if arg.name not in names:
                near = self.similar(arg.name, names)
                hint = f"did you mean `{near}`?" if near else "its parameters: " + ", ".join(names)
                return Problem(1, "E112", f"{what} has no parameter `{arg.name}`", arg.span, hint if names else None)
            index = names.index(arg.name)
            if slots[index] is not None:
                if not self.version.repeated_arguments:
                    return Problem(1, "E113", f"`{arg.name}` is given twice", arg.span)
                continue
            slots[index] = arg
        return bound

    def match(
        self, row: FunctionRow, overload: Overload, given: list[Given], type_args: tuple[Type, ...], span: Span
    ) -> Fit | Problem:
        """Whether the arguments fit one overload."""
        params = overload.params
        variadic = bool(params) and params[-1].variadic
        what = f"`{row.name}`"
        bound = self.place_arguments([p.name for p in params], given, what, span, variadic)
        if isinstance(bound, Problem):
            return bound
        for param, arg in zip(params, bound.slots, strict=True):
            if arg is None and param.required:
                kind = f"{param.type}" if not mentions_generic(param.type) else "value"
                return Problem(2, "E110", f"{what} needs `{param.name}` ({kind})", span)
        names = ("K", "V") if row.type_params == 2 else ("T",)
        bindings = Bindings(self.version, dict(zip(names, type_args, strict=False)))
        pairs: list[tuple[Param, Given]] = [
            (p, a) for p, a in zip(params, bound.slots, strict=True) if a is not None
        ] + [(params[-1], a) for a in bound.rest]
        # Containers say what T is; scalars only widen it.
        for containers in (True, False):
            for param, arg in pairs:
                reads = mentions_generic(param.type) and bool(param.type.args) is containers
                if reads and not bindings.bind(param.type, arg.value.type):
                    return self._wrong_type(what, param, substitute(param.type, bindings.types), arg)
        cost = 0
        for param, arg in pairs:
            wanted = substitute(param.type, bindings.types)
            step = self.cost(arg.value, wanted)
            if step is None:
                return self._wrong_type(what, param, wanted, arg)
            cost += step
        for param, arg in pairs:
            if arg.value.qtype.qualifier > param.qualifier and arg.value.type.kind is not Kind.ERROR:
                return Problem(
                    5,
                    "E115",
                    f"{what} needs a {param.qualifier.name.lower()} {param.type} for `{param.name}`, "
                    f"not a {arg.value.qtype}",
                    arg.span,
                    _qualifier_hint(param.qualifier, arg.value.qtype.qualifier),
                    _declared(arg.value),
                )
        return Fit(overload, bound, bindings.types, cost)

    def _wrong_type(self, what: str, param: Param, wanted: Type, arg: Given) -> Problem:
        got = arg.value.type
        hint = None
        if wanted == t.INT and got == t.FLOAT:
            hint = "make it whole with `int(…)` or `math.round(…)`"
        elif wanted == t.STRING and (got.is_numeric or got == t.BOOL):
            hint = "turn it into text with `str.tostring(…)`"
        elif wanted == t.BOOL and got.is_numeric:
            hint = "compare it, as in `x != 0`"
        elif got.kind is Kind.VOID:
            hint = "the call given here returns nothing"
        shown = f"{wanted}" if not mentions_generic(param.type) or param.type.args else "another type"
        return Problem(
            4, "E114", f"{what} needs {article(shown)} for `{param.name}`, not {article(str(got))}", arg.span, hint
        )

    def choose(
        self,
        row: FunctionRow,
        overloads: tuple[Overload, ...],
        given: list[Given],
        type_args: tuple[Type, ...],
        span: Span,
    ) -> Fit | Problem:
        """The cheapest overload that fits; the first of equals. Else the most telling problem."""
        best: Fit | None = None
        worst: Problem | None = None
        several = False
        for overload in overloads:
            result = self.match(row, overload, given, type_args, span)
            if isinstance(result, Fit):
                if best is None or result.cost < best.cost:
                    best = result
                if result.cost == 0:
                    break
            elif worst is None or result.rank > worst.rank:
                worst = result
                several = False
            elif result.rank == worst.rank and result.message != worst.message:
                several = True
        if best is not None:
            return best
        assert worst is not None
        if several and worst.rank >= 4:
            kinds = ", ".join(str(g.value.type) for g in given)
            forms = "; ".join(_form(row.name, o) for o in overloads[:4])
            return Problem(worst.rank, "E116", f"no form of `{row.name}` takes ({kinds})", span, f"forms: {forms}")
        return worst

    def result_qualifier(self, overload: Overload, values: list[typed.TExpr | None]) -> Qualifier:
        if overload.qualifier is not None:
            return overload.qualifier
        found = [v.qtype.qualifier for v in values if v is not None]
        for param, value in zip(overload.params, values, strict=False):
            if value is None and isinstance(param.default, BuiltinRef):
                row = self.registry.variables.get(param.default.name)
                found.append(row.qualifier if row is not None else SERIES)
        return max(found, default=CONST)

    def report(self, problem: Problem) -> typed.TExpr:
        return self.error(problem.code, problem.message, problem.span, problem.hint, *problem.notes)


def _declared(value: typed.TExpr) -> tuple[Note, ...]:
    if isinstance(value, typed.TVar) and value.symbol.reassigned:
        return (Note(f"`{value.symbol.name}` is reassigned, so it is a series", value.symbol.span),)
    return ()


def _qualifier_hint(wanted: Qualifier, got: Qualifier) -> str:
    known = {
        Qualifier.CONST: "when the script is compiled",
        Qualifier.INPUT: "from the inputs",
        Qualifier.SIMPLE: "before the first bar",
    }[wanted]
    return f"it must be known {known}"


def article(name: str) -> str:
    """``name`` with its indefinite article."""
    return f"an {name}" if name[:1] in "aeio" else f"a {name}"


def _form(name: str, overload: Overload) -> str:
    shown = [("*" if p.variadic else "") + f"{p.name}: {p.type}" for p in overload.params[:6]]
    if len(overload.params) > 6:
        shown.append("…")
    return f"{name}({', '.join(shown)})"


def plain(qtype: QType) -> QType:
    """A type as a parameter keeps it: the bare na is a float."""
    return QType(t.FLOAT, qtype.qualifier) if qtype.type.kind is Kind.NA else qtype
