"""The typed tree: what the checker makes of the syntax tree.

Names are resolved, overloads chosen, defaults and named arguments put in place, implicit casts
explicit, methods turned into calls, user functions instantiated once per argument types. The
lowering reads nothing else. Every expression has its qualified type.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pinery.lang.builtins.schema import FunctionRow, Overload, VariableRow
from pinery.lang.source import Source, Span
from pinery.lang.types import QType, Type


@dataclass(slots=True, eq=False)
class Symbol:
    """A user's variable, parameter or loop variable (not functions). Compared by identity."""

    name: str
    qtype: QType  # final: after all assignments are seen
    span: Span
    mode: str | None = None  # "var", "varip"
    is_param: bool = False
    is_loop: bool = False  # loop counter or element
    is_global: bool = False  # declared at the script's (or a library's) top level
    reassigned: bool = False  # some := changes it


@dataclass(slots=True, eq=False)
class Udt:
    """A user-defined type; ``type.name`` is unique in the program."""

    type: Type
    fields: list[UdtField]
    span: Span


@dataclass(slots=True, eq=False)
class UdtField:
    name: str
    type: Type
    default: TExpr | None  # None: na
    varip: bool = False


@dataclass(slots=True, eq=False)
class Enum:
    type: Type
    members: dict[str, str]  # member name -> title, in order
    span: Span


# --- expressions ----------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class TExpr:
    qtype: QType
    span: Span

    @property
    def type(self) -> Type:
        return self.qtype.type


@dataclass(slots=True, eq=False)
class TConst(TExpr):
    """Literal or folded constant. ``value`` is int, float, bool, str, a color as 0xRRGGBBAA, or None for na."""

    value: Any


@dataclass(slots=True, eq=False)
class TVar(TExpr):
    symbol: Symbol


@dataclass(slots=True, eq=False)
class TBuiltin(TExpr):
    """A built-in variable that is not a constant (constants become TConst)."""

    row: VariableRow


@dataclass(slots=True, eq=False)
class TUnary(TExpr):
    op: str
    operand: TExpr


@dataclass(slots=True, eq=False)
class TBinary(TExpr):
    """Operands already cast to one type. ``op`` "/" on two ints with an int result divides whole (v4/v5 consts)."""

    op: str
    left: TExpr
    right: TExpr


@dataclass(slots=True, eq=False)
class TTernary(TExpr):
    cond: TExpr
    then: TExpr
    other: TExpr


@dataclass(slots=True, eq=False)
class THistory(TExpr):
    value: TExpr
    offset: TExpr


@dataclass(slots=True, eq=False)
class TCast(TExpr):
    """Conversion of ``value`` to ``type``: int→float, float→int (explicit), number↔bool (old versions), na→any."""

    value: TExpr


@dataclass(slots=True, eq=False)
class TCall(TExpr):
    """A built-in call. ``args`` follow ``overload.params``; None where the script gave none (the parameter's
    default applies). A variadic parameter's arguments are in ``rest``. ``type_args`` for ``array.new<T>``;
    ``bindings`` says what T, K, V, N became."""

    row: FunctionRow
    overload: Overload
    args: list[TExpr | None]
    rest: list[TExpr] = field(default_factory=list)
    type_args: tuple[Type, ...] = ()
    bindings: dict[str, Type] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class TUserCall(TExpr):
    instance: FunctionInstance
    args: list[TExpr]  # one per parameter, defaults filled in


@dataclass(slots=True, eq=False)
class TNew(TExpr):
    """``Type.new(...)``: one entry per field; None takes the field's default."""

    udt: Udt
    args: list[TExpr | None]


@dataclass(slots=True, eq=False)
class TCopy(TExpr):
    """``object.copy()`` of a user-defined type."""

    value: TExpr


@dataclass(slots=True, eq=False)
class TField(TExpr):
    value: TExpr
    field: str  # of a UDT, or of chart.point (index, time, price)


@dataclass(slots=True, eq=False)
class TEnumMember(TExpr):
    enum: Enum
    member: str


@dataclass(slots=True, eq=False)
class TTuple(TExpr):
    items: list[TExpr]


@dataclass(slots=True, eq=False)
class TBlock:
    """Statements, and the value of the last one where the block is used as a value."""

    body: list[TStmt]
    result: TExpr | None
    span: Span


@dataclass(slots=True, eq=False)
class TIf(TExpr):
    """Type VOID when only its effects matter. Without ``other`` its value is na (false for v6 bools)."""

    cond: TExpr
    then: TBlock
    other: TBlock | None


@dataclass(slots=True, eq=False)
class TSwitch(TExpr):
    subject: TExpr | None
    cases: list[tuple[TExpr, TBlock]]
    default: TBlock | None


@dataclass(slots=True, eq=False)
class TForRange(TExpr):
    """Counts up or down as start and stop say; both included."""

    var: Symbol
    start: TExpr
    stop: TExpr
    step: TExpr | None
    body: TBlock


@dataclass(slots=True, eq=False)
class TForIn(TExpr):
    """Over array elements, matrix rows (as arrays), or map pairs (``index`` is the key, in insertion order)."""

    index: Symbol | None
    var: Symbol
    iterable: TExpr
    body: TBlock


@dataclass(slots=True, eq=False)
class TWhile(TExpr):
    cond: TExpr
    body: TBlock


# --- statements -----------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class TStmt:
    span: Span


@dataclass(slots=True, eq=False)
class TDecl(TStmt):
    symbol: Symbol
    value: TExpr


@dataclass(slots=True, eq=False)
class TTupleDecl(TStmt):
    symbols: list[Symbol | None]  # None for _
    value: TExpr


@dataclass(slots=True, eq=False)
class TAssign(TStmt):
    """``symbol := value``; ``+=`` and friends are already spelled out."""

    symbol: Symbol
    value: TExpr


@dataclass(slots=True, eq=False)
class TFieldAssign(TStmt):
    target: TExpr  # the object
    field: str
    value: TExpr


@dataclass(slots=True, eq=False)
class TExprStmt(TStmt):
    value: TExpr


@dataclass(slots=True, eq=False)
class TBreak(TStmt):
    pass


@dataclass(slots=True, eq=False)
class TContinue(TStmt):
    pass


# --- program --------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class FunctionInstance:
    """One user function for one list of argument types. ``body.result`` is its value (None: void)."""

    name: str
    params: list[Symbol]
    body: TBlock
    returns: QType
    span: Span


@dataclass(slots=True, eq=False)
class Program:
    """A checked script. Constants and functions of imported libraries are part of it already:
    their global declarations stand at the front of ``body``."""

    version: int
    kind: str  # "indicator", "strategy", "library"
    declaration: TCall | None  # the indicator()/strategy()/library() call; None if missing
    body: TBlock
    functions: list[FunctionInstance]  # callees before callers
    udts: list[Udt]
    enums: list[Enum]
    sources: list[Source]  # index 0 the script, then libraries
    annotations: dict[str, str] = field(default_factory=dict)  # strategy_alert_message, description ...
