"""The syntax tree: what the parser makes of a script, before any meaning is known.

Every node carries its ``span``. Structures (``if``, ``switch``, loops) are expressions that
may stand as statements. Nodes compare by identity.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pinery.lang.source import Span


@dataclass(slots=True, eq=False)
class Node:
    span: Span


# --- types as written -----------------------------------------------------------------


@dataclass(slots=True, eq=False)
class TypeRef(Node):
    """``float``, ``array<float>``, ``map<string, Point>``, ``lib.Type``; ``float[]`` is ``array<float>``."""

    name: str
    args: list[TypeRef] = field(default_factory=list)
    qualifier: str | None = None  # "const", "input", "simple", "series" when written


# --- expressions ----------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Expr(Node):
    pass


@dataclass(slots=True, eq=False)
class Name(Expr):
    id: str  # also ``na``, ``type``, namespaces


@dataclass(slots=True, eq=False)
class IntLit(Expr):
    value: int


@dataclass(slots=True, eq=False)
class FloatLit(Expr):
    value: float


@dataclass(slots=True, eq=False)
class StrLit(Expr):
    value: str  # escapes resolved


@dataclass(slots=True, eq=False)
class BoolLit(Expr):
    value: bool


@dataclass(slots=True, eq=False)
class ColorLit(Expr):
    value: int  # 0xRRGGBBAA


@dataclass(slots=True, eq=False)
class Attribute(Expr):
    """``value.attr``: a namespace member or a field; the checker decides."""

    value: Expr
    attr: str
    attr_span: Span


@dataclass(slots=True, eq=False)
class Arg(Node):
    name: str | None
    value: Expr


@dataclass(slots=True, eq=False)
class Call(Expr):
    func: Expr  # Name or Attribute
    args: list[Arg]
    type_args: list[TypeRef] = field(default_factory=list)  # array.new<float>(...)


@dataclass(slots=True, eq=False)
class Index(Expr):
    """``value[offset]``: the history operator."""

    value: Expr
    offset: Expr


@dataclass(slots=True, eq=False)
class Unary(Expr):
    op: str  # "-", "+", "not"
    operand: Expr


@dataclass(slots=True, eq=False)
class Binary(Expr):
    op: str  # + - * / % == != < <= > >= and or
    left: Expr
    right: Expr
    op_span: Span


@dataclass(slots=True, eq=False)
class Ternary(Expr):
    cond: Expr
    then: Expr
    other: Expr


@dataclass(slots=True, eq=False)
class TupleExpr(Expr):
    items: list[Expr]


@dataclass(slots=True, eq=False)
class Block(Node):
    """Statements of a local scope (or one inline expression after ``=>``)."""

    body: list[Stmt]


@dataclass(slots=True, eq=False)
class If(Expr):
    cond: Expr
    then: Block
    other: Block | None  # ``else if`` is a Block whose single statement is an ExprStmt of If


@dataclass(slots=True, eq=False)
class SwitchCase(Node):
    match: Expr | None  # None: default
    body: Block


@dataclass(slots=True, eq=False)
class Switch(Expr):
    subject: Expr | None
    cases: list[SwitchCase]


@dataclass(slots=True, eq=False)
class ForRange(Expr):
    var: str
    var_span: Span
    start: Expr
    stop: Expr
    step: Expr | None
    body: Block


@dataclass(slots=True, eq=False)
class ForIn(Expr):
    index: str | None
    var: str
    var_span: Span
    iterable: Expr
    body: Block


@dataclass(slots=True, eq=False)
class While(Expr):
    cond: Expr
    body: Block


@dataclass(slots=True, eq=False)
class ErrorExpr(Expr):
    """Stands where the parser reported an error; the checker stays silent about it."""


# --- statements -----------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Stmt(Node):
    pass


@dataclass(slots=True, eq=False)
class VarDecl(Stmt):
    name: str
    name_span: Span
    value: Expr
    type: TypeRef | None = None
    mode: str | None = None  # "var", "varip"
    exported: bool = False


@dataclass(slots=True, eq=False)
class TupleDecl(Stmt):
    names: list[str]  # "_" may repeat
    name_spans: list[Span]
    value: Expr
    mode: str | None = None


@dataclass(slots=True, eq=False)
class Assign(Stmt):
    target: Expr  # Name, Attribute (field) or, in error, anything
    op: str  # ":=", "+=", "-=", "*=", "/=", "%="
    value: Expr


@dataclass(slots=True, eq=False)
class ExprStmt(Stmt):
    value: Expr


@dataclass(slots=True, eq=False)
class Break(Stmt):
    pass


@dataclass(slots=True, eq=False)
class Continue(Stmt):
    pass


@dataclass(slots=True, eq=False)
class ParamDecl(Node):
    name: str
    type: TypeRef | None
    default: Expr | None


@dataclass(slots=True, eq=False)
class FunctionDecl(Stmt):
    name: str
    name_span: Span
    params: list[ParamDecl]
    body: Block
    is_method: bool = False
    exported: bool = False


@dataclass(slots=True, eq=False)
class FieldDecl(Node):
    name: str
    type: TypeRef
    default: Expr | None
    varip: bool = False


@dataclass(slots=True, eq=False)
class TypeDecl(Stmt):
    name: str
    name_span: Span
    fields: list[FieldDecl]
    exported: bool = False


@dataclass(slots=True, eq=False)
class EnumMember(Node):
    name: str
    title: Expr | None


@dataclass(slots=True, eq=False)
class EnumDecl(Stmt):
    name: str
    name_span: Span
    members: list[EnumMember]
    exported: bool = False


@dataclass(slots=True, eq=False)
class Import(Stmt):
    user: str
    library: str
    version: int
    alias: str | None


@dataclass(slots=True, eq=False)
class Annotation(Node):
    """``//@name text``: ``version``, ``description``, ``function``, ``param``, ``strategy_alert_message`` ..."""

    name: str
    text: str


@dataclass(slots=True, eq=False)
class Script(Node):
    version: int  # 1 when no ``//@version`` line is there
    version_span: Span | None
    body: list[Stmt]
    annotations: list[Annotation] = field(default_factory=list)
