"""The checker's state, and the small services that every part of it uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from pinery.lang import ast, typed
from pinery.lang import types as t
from pinery.lang.builtins.schema import Registry
from pinery.lang.check.casts import FROM_NA, fits
from pinery.lang.check.scopes import Module, Place, Scope, UserFunction, visible_names
from pinery.lang.diagnostics import Diagnostics, Note, Severity
from pinery.lang.source import Source, Span
from pinery.lang.types import Kind, QType, Qualifier, Type
from pinery.lang.versions import Version

CONST, INPUT, SIMPLE, SERIES = Qualifier.CONST, Qualifier.INPUT, Qualifier.SIMPLE, Qualifier.SERIES
MAX_DEPTH = 400  # nesting of expressions and blocks; later stages walk the tree recursively, too
MAX_SUGGESTIONS = 40  # looking for similar names is slow: enough for any script worth mending


@dataclass(slots=True)
class Given:
    """One argument of a call, as written."""

    name: str | None
    value: typed.TExpr
    span: Span


class Core:
    """State of one check. The other parts are layered on it by inheritance, in the order of their imports."""

    def __init__(self, diagnostics: Diagnostics, registry: Registry) -> None:
        self.diagnostics = diagnostics
        self.registry = registry
        self.functions: list[typed.FunctionInstance] = []
        self.udts: list[typed.Udt] = []
        self.enums: list[typed.Enum] = []
        self.udt_of: dict[Type, typed.Udt] = {}
        self.enum_of: dict[Type, typed.Enum] = {}
        self.sources: list[Source] = []
        self.declaration: typed.TCall | None = None
        self.place: Place
        self.depth = 0
        self.suggestions = 0
        self.constants: dict[typed.Symbol, typed.TConst] = {}
        self.orders: list[typed.TCall] = []  # of the script itself
        self.self_referring: set[typed.Symbol] = set()  # declared as na first, then given their value
        self.values: dict[typed.Symbol, typed.TExpr] = {}  # of variables that never change after their declaration
        self.own_value: dict[typed.Symbol, bool] = {}  # being declared (v1, v2): does its value name it?
        self.inferred: set[typed.Symbol] = set()  # declared without a type
        # Floats that come from dividing ints: TradingView takes them where an int is asked for.
        self._soft: dict[int, typed.TExpr] = {}
        self._soft_symbols: set[typed.Symbol] = set()
        self._unbound: dict[int, typed.TCall] = {}  # calls whose array holds only na: of any type that is asked for
        self.calls: list[Note] = []  # the calls that led into the function bodies being checked
        self.stateful: list[bool] = []  # per function body being checked: does it depend on earlier calls?

    # --- what other layers define -----------------------------------------------------

    def expr(self, node: ast.Expr) -> typed.TExpr:
        raise NotImplementedError

    def call(self, node: ast.Call) -> typed.TExpr:
        raise NotImplementedError

    def structure(self, node: ast.Expr, use: Use) -> typed.TExpr:
        raise NotImplementedError

    def block(self, block: ast.Block, use: Use) -> typed.TBlock:
        raise NotImplementedError

    # --- place ------------------------------------------------------------------------

    @property
    def version(self) -> Version:
        return self.place.module.version

    @property
    def module(self) -> Module:
        return self.place.module

    def inner(self, **changes: object) -> Place:
        """A place in a new local scope of the present one."""
        now = self.place
        place = Place(
            now.module,
            Scope(now.scope),
            now.limit,
            now.function,
            True,
            now.loops,
            now.conditional,
            now.inputs,
        )
        for name, value in changes.items():
            setattr(place, name, value)
        return place

    # --- findings ---------------------------------------------------------------------

    def error(self, code: str, message: str, span: Span, hint: str | None = None, *notes: Note) -> typed.TConst:
        """Report, and return the value that stands for the faulty expression."""
        if self.calls:
            notes = (*notes, self.calls[-1])
        self.diagnostics.error(code, message, span, hint, notes)
        return self.nothing(span)

    def warning(self, code: str, message: str, span: Span, hint: str | None = None, *notes: Note) -> None:
        self.diagnostics.warning(code, message, span, hint, notes)

    def info(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        self.diagnostics.add(code, Severity.INFO, message, span, hint)

    def nothing(self, span: Span) -> typed.TConst:
        """An expression about which everything has been said."""
        return typed.TConst(QType(t.ERROR, CONST), span, None)

    def similar(self, name: str, candidates: Iterable[str]) -> str | None:
        """The candidate that ``name`` may be a slip of."""
        self.suggestions += 1
        if self.suggestions > MAX_SUGGESTIONS:
            return None
        names = {c for c in candidates if c != name and not c.startswith("_")}
        lower = name.lower()
        same = [c for c in names if c.lower() == lower]
        if same:
            return min(same)
        found = get_close_matches(name, sorted(names), n=1, cutoff=0.6 if len(name) <= 4 else 0.75)
        return found[0] if found else None

    def known_names(self) -> set[str]:
        """Variables, functions and undotted built-ins in sight."""
        names = set(visible_names(self.place))
        names.update(self.module.functions, self.module.udts, self.module.enums, self.module.imports)
        names.update(self.registry.variables, self.registry.functions)
        return names

    # --- types ------------------------------------------------------------------------

    def is_soft(self, value: typed.TExpr) -> bool:
        if isinstance(value, typed.TVar):
            return value.symbol in self._soft_symbols
        return id(value) in self._soft

    def soften(self, value: typed.TExpr) -> typed.TExpr:
        self._soft[id(value)] = value  # kept, so that its id stays its own
        return value

    def soften_symbol(self, symbol: typed.Symbol) -> None:
        self._soft_symbols.add(symbol)

    def whole(self, value: typed.TExpr) -> bool:
        """An int, or a float that counts as one."""
        return value.type == t.INT or self.is_soft(value)

    def cost(self, value: typed.TExpr, target: Type) -> int | None:
        cost = fits(value.type, target, self.version)
        if cost is None and target == t.INT and self.is_soft(value):
            return 2
        if cost is None and target.kind is Kind.ARRAY and id(value) in self._unbound:
            element = target.args[0]
            return None if fits(t.NA, element, self.version) is None else FROM_NA
        return cost

    def leave_unbound(self, call: typed.TCall) -> None:
        """Remember an array made of na alone: `array<int> a = array.from(na, na)` decides its type."""
        self._unbound[id(call)] = call

    def _bind_elements(self, call: typed.TCall, target: Type) -> typed.TCall:
        element = target.args[0]
        bindings = dict.fromkeys(call.bindings or ("T",), element)
        rest = [self.cast(item, element) for item in call.rest]
        qtype = QType(target, call.qtype.qualifier)
        return typed.TCall(qtype, call.span, call.row, call.overload, call.args, rest, call.type_args, bindings)

    def convert(self, value: typed.TExpr, target: Type) -> typed.TExpr | None:
        """``value`` as a ``target`` by implicit casts; None where Pine has none."""
        if value.type == target or Kind.ERROR in (value.type.kind, target.kind):
            return value
        if self.cost(value, target) is None:
            return None
        return self.cast(value, target)

    def cast(self, value: typed.TExpr, target: Type) -> typed.TExpr:
        """``value`` as a ``target``, constants at once."""
        if value.type == target or target.name == "any":
            return value
        if isinstance(value, typed.TCall) and id(value) in self._unbound and target.kind is Kind.ARRAY:
            return self._bind_elements(value, target)
        qtype = QType(target, value.qtype.qualifier)
        if isinstance(value, typed.TConst):
            v = value.value
            if v is None:
                return typed.TConst(qtype, value.span, None)
            if target == t.FLOAT and not isinstance(v, bool):
                return typed.TConst(qtype, value.span, float(v))
            if target == t.INT and isinstance(v, float) and abs(v) < 2**63:
                return typed.TConst(qtype, value.span, int(v))
            if target == t.BOOL and isinstance(v, int | float):
                return typed.TConst(qtype, value.span, v == v and v != 0)
        if isinstance(value, typed.TTuple) and len(target.args) == len(value.items):
            items = [self.cast(item, x) for item, x in zip(value.items, target.args, strict=True)]
            return typed.TTuple(qtype, value.span, items)
        return typed.TCast(qtype, value.span, value)

    def condition(self, value: typed.TExpr, what: str) -> typed.TExpr:
        """``value`` as a bool."""
        done = self.convert(value, t.BOOL)
        if done is not None:
            return done
        hint = None
        if value.type.is_numeric:
            hint = "compare it, as in `x != 0`: numbers are no conditions in v6"
        elif value.type.kind is Kind.NA:
            hint = "a bool cannot be na in v6: write `false`"
        return self.error("E130", f"{what} must be a bool, not {value.type}", value.span, hint)

    def own_functions(self, name: str) -> list[UserFunction]:
        """The user functions that a plain call ``name(...)`` may mean here."""
        limit = self.place.limit
        found = self.module.functions.get(name, [])
        return found if limit is None else [f for f in found if f.order <= limit]


class Use:
    """How the value of a block or structure is used."""

    def __init__(self, name: str) -> None:
        self.name = name


NOT_USED = Use("not used")  # only its effects
TAIL = Use("tail")  # the end of a function: a value if it has one
VALUE = Use("value")  # needed
