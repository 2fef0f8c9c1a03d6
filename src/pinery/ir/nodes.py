"""Nodes of the intermediate representation.

A ``Program`` is the script lowered for one run: inputs are constants, built-ins are calls of runtime
targets, every value that outlives a bar is a ``Var`` in a frame or a state slot, and each user
function is a ``Function`` whose calls own a frame of their own (Pine gives each call its own history).

Invariants (checked by ``ir.verify``):

* every ``Load``/``History``/``Store`` names a ``Var`` of the same function, or a shared one of main;
* a ``Var`` read through ``History`` has ``depth != 0``, and at least the constant offset asked for;
* state and frame slots belong to the function that uses them, and to exactly one call;
* ``Break``/``Continue`` stand inside loops of the same function; ``Return`` only ends a function;
* functions call only functions listed before them (Pine has no recursion);
* every expression has a type; conditions are bool; both arms of a ``Select`` have its type.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from pinery.lang.source import Source, Span
from pinery.lang.types import Type

DYNAMIC = -1  # history depth known only at run time


@dataclass(slots=True, eq=False)
class Var:
    """A variable of one function.

    ``persistent`` values (``var``) live in the frame across bars; ``shared`` ones of main are read by
    other functions. ``depth`` is how far back ``History`` reads it: 0, a constant, or DYNAMIC.
    ``every_bar``: main assigns it on each bar, so its history grows by one a bar; otherwise it grows
    by one on each bar in which its scope ran.
    """

    name: str
    type: Type
    persistent: bool = False
    varip: bool = False
    shared: bool = False
    every_bar: bool = False
    depth: int = 0
    hidden: bool = False  # made by the lowering
    initial: Const | None = None  # persistent with a constant initialiser

    def need(self, depth: int) -> None:
        """Make sure that ``depth`` bars back can be read."""
        if depth == DYNAMIC or self.depth == DYNAMIC:
            self.depth = DYNAMIC
        else:
            self.depth = max(self.depth, depth)

    @property
    def in_frame(self) -> bool:
        return self.persistent or self.shared


@dataclass(slots=True, eq=False)
class StateSlot:
    """Memory of one kernel call; ``guarded`` when the call may run several times a bar."""

    name: str
    target: str
    dynamic: bool
    guarded: bool = False


@dataclass(slots=True, eq=False)
class FrameSlot:
    """The callee's frame of one user-function call."""

    name: str
    function: Function


# --- expressions ----------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Expr:
    type: Type
    span: Span


@dataclass(slots=True, eq=False)
class Const(Expr):
    value: Any  # None is na


@dataclass(slots=True, eq=False)
class Load(Expr):
    var: Var


@dataclass(slots=True, eq=False)
class History(Expr):
    var: Var
    offset: Expr


@dataclass(slots=True, eq=False)
class Column(Expr):
    """A price, volume or time of the bar at hand."""

    name: str


@dataclass(slots=True, eq=False)
class ColumnHistory(Expr):
    name: str
    offset: Expr


@dataclass(slots=True, eq=False)
class Unary(Expr):
    op: Literal["-", "not"]
    operand: Expr


@dataclass(slots=True, eq=False)
class Binary(Expr):
    """``//`` is the whole division of old constants; the operands' common type decides."""

    op: str
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Logic(Expr):
    """``and``/``or``; the right side runs only if needed."""

    op: Literal["and", "or"]
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Select(Expr):
    """Ternary; only the chosen arm runs."""

    cond: Expr
    then: Expr
    other: Expr


@dataclass(slots=True, eq=False)
class IsNa(Expr):
    value: Expr


@dataclass(slots=True, eq=False)
class Nz(Expr):
    value: Expr
    replacement: Expr


@dataclass(slots=True, eq=False)
class Cast(Expr):
    value: Expr


@dataclass(slots=True, eq=False)
class Pure(Expr):
    target: str
    args: list[Expr]


@dataclass(slots=True, eq=False)
class Kernel(Expr):
    target: str
    state: StateSlot
    args: list[Expr]


@dataclass(slots=True, eq=False)
class Host(Expr):
    """A call that may read or change the run's surroundings; ``site`` tells call sites apart."""

    target: str
    args: list[Expr]


@dataclass(slots=True, eq=False)
class Call(Expr):
    frame: FrameSlot
    args: list[Expr]


@dataclass(slots=True, eq=False)
class MakeTuple(Expr):
    items: list[Expr]


@dataclass(slots=True, eq=False)
class New(Expr):
    udt: UdtLayout
    args: list[Expr]


@dataclass(slots=True, eq=False)
class CopyObject(Expr):
    value: Expr


@dataclass(slots=True, eq=False)
class Field(Expr):
    value: Expr
    name: str


@dataclass(slots=True, eq=False)
class Request(Expr):
    """The value that the request site's sub-program has for this bar."""

    site: RequestSite
    symbol: Expr
    timeframe: Expr
    options: dict[str, Expr]


# --- statements -----------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Stmt:
    span: Span


@dataclass(slots=True, eq=False)
class Store(Stmt):
    var: Var
    value: Expr


@dataclass(slots=True, eq=False)
class Touch(Stmt):
    """The variable's scope ran: its value counts for this bar even if nothing assigns it."""

    var: Var


@dataclass(slots=True, eq=False)
class StoreTuple(Stmt):
    vars: list[Var | None]
    value: Expr


@dataclass(slots=True, eq=False)
class StoreField(Stmt):
    target: Expr
    name: str
    value: Expr


@dataclass(slots=True, eq=False)
class Eval(Stmt):
    value: Expr


@dataclass(slots=True, eq=False)
class If(Stmt):
    cond: Expr
    then: list[Stmt]
    other: list[Stmt]


@dataclass(slots=True, eq=False)
class While(Stmt):
    """``prelude`` computes what ``cond`` needs, before each test."""

    prelude: list[Stmt]
    cond: Expr
    body: list[Stmt]


@dataclass(slots=True, eq=False)
class ForRange(Stmt):
    """Both ends included; counts down when stop < start. ``dynamic``: stop is read again before each turn (v6)."""

    var: Var
    start: Expr
    stop: Expr
    step: Expr | None
    body: list[Stmt]
    dynamic: bool = False


@dataclass(slots=True, eq=False)
class ForIn(Stmt):
    index: Var | None
    var: Var
    iterable: Expr
    body: list[Stmt]


@dataclass(slots=True, eq=False)
class Break(Stmt):
    pass


@dataclass(slots=True, eq=False)
class Continue(Stmt):
    pass


@dataclass(slots=True, eq=False)
class Return(Stmt):
    value: Expr


@dataclass(slots=True, eq=False)
class Once(Stmt):
    """Runs the first time it is reached (``var`` initialisers)."""

    flag: Var
    body: list[Stmt]


@dataclass(slots=True, eq=False)
class Emit(Stmt):
    """Per-bar arguments of an output (plot, shape, fill, alert condition ...)."""

    output: OutputDecl
    values: list[tuple[str, Expr]]


@dataclass(slots=True, eq=False)
class Capture(Stmt):
    """The value that a request asks for; the root of the site's sub-program, inert elsewhere."""

    site: RequestSite
    value: Expr


# --- program --------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class UdtLayout:
    name: str
    python_name: str
    fields: list[tuple[str, Type, bool]]  # name, type, varip


@dataclass(slots=True, eq=False)
class OutputDecl:
    """One plot-like call. ``args`` are the constant arguments, ``series`` the names of the per-bar ones."""

    index: int
    kind: str
    args: dict[str, Any]
    series: tuple[str, ...]
    span: Span


@dataclass(slots=True, eq=False)
class InputDecl:
    """One input as the settings dialog would show it. ``value`` is what this run uses."""

    title: str
    kind: str  # int float bool string source color time timeframe session symbol price enum text_area
    default: Any
    value: Any
    options: tuple[Any, ...] | None = None
    minval: Any = None
    maxval: Any = None
    step: Any = None
    group: str = ""
    tooltip: str = ""
    span: Span | None = None
    inline: str = ""  # inputs of one name stand in one line
    display: int | None = None  # bits of display.*; None: everywhere
    confirm: bool = False  # to be asked for when the script is put on a chart


@dataclass(slots=True, eq=False)
class RequestSite:
    """One ``request.security`` or ``request.security_lower_tf`` call."""

    index: int
    kind: Literal["security", "lower_tf"]
    type: Type  # of the expression
    span: Span


@dataclass(slots=True, eq=False)
class Function:
    """``params`` come as arguments. ``slots`` and ``frames`` are the memory of one frame."""

    name: str
    params: list[Var]
    body: list[Stmt]
    returns: Type
    span: Span
    vars: list[Var] = field(default_factory=list)
    slots: list[StateSlot] = field(default_factory=list)
    frames: list[FrameSlot] = field(default_factory=list)
    in_loop: bool = False  # some call of it stands in a loop


@dataclass(slots=True, eq=False)
class Program:
    version: int
    kind: str
    declaration: dict[str, Any]  # arguments of indicator()/strategy(), defaults filled in
    main: Function
    functions: list[Function]  # callees before callers
    udts: list[UdtLayout]
    outputs: list[OutputDecl]
    inputs: list[InputDecl]
    requests: list[RequestSite]
    sources: list[Source]
    annotations: dict[str, str] = field(default_factory=dict)
    enum_titles: dict[str, dict[str, str]] = field(default_factory=dict)  # enum name -> member -> title
