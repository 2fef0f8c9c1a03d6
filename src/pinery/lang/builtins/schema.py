"""How built-ins are written down: one row each, read by the checker, the lowering, the docs page,
the editor's completion and the coverage test.

A signature is text, close to how Pine's reference prints it:

    (source: series float, length: simple int = 14, *more: float) -> series float

* ``name: [qualifier] type [= default]``; without a qualifier ``series`` is accepted.
* ``*name: type`` collects the remaining positional arguments.
* Defaults are literals, ``na``, the dotted name of a built-in (``color.blue``, ``close``), or ``?``:
  the argument may be absent and the implementation then receives Python's ``None``.
* Types: ``int float bool string color void any``, object types (``line``), ``array<T>``, ``matrix<T>``,
  ``map<K,V>``, tuples ``[float, float]``. ``T``, ``K``, ``V`` stand for any one type; ``N`` for int or
  float: int only if every argument written ``N`` is int. ``E`` is any enum.
* The result's qualifier is ``const|input|simple|series`` or ``auto``: the weakest of the arguments given.
* ``@4,5 (…) -> …`` limits one overload to those Pine versions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from pinery.lang import types as t
from pinery.lang.types import Kind, Qualifier, Type

ImplKind = Literal["pure", "kernel", "host", "special", "output", "column"]
ALL = (4, 5, 6)
V5 = (5, 6)
V6 = (6,)


@dataclass(frozen=True, slots=True)
class Impl:
    """Where a built-in's meaning lives.

    * ``pure``: ``pinery.runtime.<module>:<function>`` called with the arguments.
    * ``kernel``: the same with a state object first; its class is the annotation of the first parameter.
    * ``host``: the same with the ``Runtime`` first.
    * ``output``: one output per call site (plots and the like); ``target`` is the output kind.
    * ``column``: a bar column read directly (``close``); ``target`` is its name on ``Runtime``.
    * ``special``: a rule of the lowering named ``target``.

    ``implicit`` names built-in variables whose values come before the script's arguments
    (``ta.atr(length)`` reads high, low and close).
    """

    kind: ImplKind
    target: str
    implicit: tuple[str, ...] = ()


def pure(target: str, *implicit: str) -> Impl:
    return Impl("pure", target, implicit)


def kernel(target: str, *implicit: str) -> Impl:
    return Impl("kernel", target, implicit)


def host(target: str, *implicit: str) -> Impl:
    return Impl("host", target, implicit)


def special(target: str) -> Impl:
    return Impl("special", target)


def output(kind: str) -> Impl:
    return Impl("output", kind)


def column(name: str) -> Impl:
    return Impl("column", name)


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


@dataclass(frozen=True, slots=True)
class BuiltinRef:
    """A default that names a built-in (``= close``)."""

    name: str


ABSENT = None  # a ``?`` default


@dataclass(frozen=True, slots=True)
class Param:
    name: str
    type: Type  # T, K, V, N, E are Type("T") ... with Kind.SCALAR; any is Type("any")
    qualifier: Qualifier = Qualifier.SERIES
    default: Any = REQUIRED  # REQUIRED, ABSENT, NA_DEFAULT, a constant or a BuiltinRef
    variadic: bool = False

    @property
    def required(self) -> bool:
        return self.default is REQUIRED and not self.variadic


class _Na:
    def __repr__(self) -> str:
        return "na"


NA_DEFAULT = _Na()


@dataclass(frozen=True, slots=True)
class Overload:
    params: tuple[Param, ...]
    returns: Type
    qualifier: Qualifier | None  # None: auto
    impl: Impl
    text: str  # as written
    versions: tuple[int, ...] = ALL

    def param(self, name: str) -> Param | None:
        return next((p for p in self.params if p.name == name), None)


@dataclass(slots=True)
class FunctionRow:
    """``texts`` holds one (signature, Impl) per overload, tried in order."""

    name: str
    texts: tuple[tuple[str, Impl], ...]
    doc: str
    versions: tuple[int, ...] = ALL
    type_params: int = 0  # array.new<type> takes 1, map.new<K,V> takes 2
    local: bool = True  # False: only in the global scope (plots)
    stateful: bool = False  # history-dependent: a conditional call deserves TradingView's warning
    _overloads: tuple[Overload, ...] | None = field(default=None, repr=False)

    @property
    def overloads(self) -> tuple[Overload, ...]:
        if self._overloads is None:
            self._overloads = tuple(parse_signature(text, impl) for text, impl in self.texts)
        return self._overloads

    def overloads_for(self, version: int) -> tuple[Overload, ...]:
        """The overloads that a script of this Pine version may call."""
        return tuple(o for o in self.overloads if version in o.versions)


@dataclass(frozen=True, slots=True)
class VariableRow:
    """A built-in variable (``close``) or, with ``value`` set, a constant (``color.red``)."""

    name: str
    type: Type
    qualifier: Qualifier
    impl: Impl | None  # None for constants
    doc: str
    versions: tuple[int, ...] = ALL
    value: Any = None

    @property
    def is_constant(self) -> bool:
        return self.impl is None


def fn(
    name: str,
    signature: str | list[str],
    impl: Impl | list[Impl],
    doc: str,
    *,
    versions: tuple[int, ...] = ALL,
    type_params: int = 0,
    local: bool = True,
    stateful: bool | None = None,
) -> FunctionRow:
    """One function row; several signatures are overloads, sharing one Impl or with one each."""
    signatures = [signature] if isinstance(signature, str) else signature
    impls = impl if isinstance(impl, list) else [impl] * len(signatures)
    if len(impls) != len(signatures):
        raise ValueError(f"{name}: {len(signatures)} signatures, {len(impls)} implementations")
    if stateful is None:
        stateful = any(i.kind == "kernel" for i in impls)
    return FunctionRow(name, tuple(zip(signatures, impls, strict=True)), doc, versions, type_params, local, stateful)


def variable(name: str, type_text: str, impl: Impl, doc: str, *, versions: tuple[int, ...] = ALL) -> VariableRow:
    """``type_text`` is ``[qualifier] type``; a built-in variable is series unless said otherwise."""
    qualifier, type_ = parse_type(type_text)
    return VariableRow(name, type_, Qualifier.SERIES if qualifier is None else qualifier, impl, doc, versions)


def constant(name: str, type_name: str, value: Any, doc: str, *, versions: tuple[int, ...] = ALL) -> VariableRow:
    return VariableRow(name, parse_type(type_name)[1], Qualifier.CONST, None, doc, versions, value)


# --- reading signatures ---------------------------------------------------------------

_QUALIFIERS = {q.name.lower(): q for q in Qualifier}
_SCALARS = {x.name: x for x in (t.INT, t.FLOAT, t.BOOL, t.STRING, t.COLOR, t.VOID)}


def parse_type(text: str) -> tuple[Qualifier | None, Type]:
    """``"simple array<float>"`` → (SIMPLE, array<float>). ``auto`` and no qualifier give None."""
    text = text.strip()
    head, _, rest = text.partition(" ")
    qualifier: Qualifier | None = None
    if head in _QUALIFIERS or head == "auto":
        qualifier = _QUALIFIERS.get(head)
        text = rest.strip()
    return qualifier, _type(text)


def _type(text: str) -> Type:
    text = text.strip()
    if text in _SCALARS:
        return _SCALARS[text]
    if text in t.OBJECTS:
        return t.OBJECTS[text]
    if text.startswith("["):
        return t.tuple_of(*(_type(part) for part in _split(text[1:-1])))
    match = re.fullmatch(r"(array|matrix|map)<(.*)>", text)
    if match:
        parts = [_type(p) for p in _split(match[2])]
        if match[1] == "array":
            return t.array_of(*parts)
        return t.matrix_of(*parts) if match[1] == "matrix" else t.map_of(*parts)
    if text in ("T", "K", "V", "N", "E", "any"):
        return Type(text)
    raise ValueError(f"unknown type {text!r} in a built-in's signature")


def _split(text: str) -> list[str]:
    """Split at commas outside brackets and quotes."""
    parts: list[str] = []
    depth, current, quoted = 0, "", False
    for c in text:
        if c == '"':
            quoted = not quoted
        elif not quoted:
            depth += (c in "<[(") - (c in ">])")
        if c == "," and depth == 0 and not quoted:
            parts.append(current)
            current = ""
        else:
            current += c
    if current.strip():
        parts.append(current)
    return parts


def _default(text: str) -> Any:
    text = text.strip()
    if text == "?":
        return ABSENT
    if text == "na":
        return NA_DEFAULT
    if text in ("true", "false"):
        return text == "true"
    if text.startswith('"'):
        return text[1:-1]
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    if re.fullmatch(r"[+-]?[\d.]+(e[+-]?\d+)?", text):
        return float(text)
    return BuiltinRef(text)


def parse_signature(text: str, impl: Impl) -> Overload:
    versions: tuple[int, ...] = ALL
    signature = text
    if text.startswith("@"):
        marker, _, signature = text.partition(" ")
        versions = tuple(int(v) for v in marker[1:].split(","))
    head, _, tail = signature.rpartition("->")
    head = head.strip()
    if not (head.startswith("(") and head.endswith(")")):
        raise ValueError(f"bad signature {text!r}")
    params = []
    for part in _split(head[1:-1]):
        name, _, rest = part.partition(":")
        name = name.strip()
        type_text, eq, default_text = rest.partition("=")
        qualifier, type_ = parse_type(type_text)
        variadic = name.startswith("*")
        params.append(
            Param(
                name.lstrip("*"),
                type_,
                Qualifier.SERIES if qualifier is None else qualifier,
                _default(default_text) if eq else REQUIRED,
                variadic,
            )
        )
    return_qualifier, returns = parse_type(tail)
    return Overload(tuple(params), returns, return_qualifier, impl, text, versions)


# --- the registry ---------------------------------------------------------------------


@dataclass
class Registry:
    """All built-ins of the newest version's naming; ``lang.versions`` says what older versions call them."""

    functions: dict[str, FunctionRow] = field(default_factory=dict)
    variables: dict[str, VariableRow] = field(default_factory=dict)

    def add(self, rows: list[FunctionRow | VariableRow]) -> None:
        for row in rows:
            table: dict[str, Any] = self.functions if isinstance(row, FunctionRow) else self.variables
            if row.name in table:
                raise ValueError(f"built-in {row.name!r} is listed twice")
            table[row.name] = row

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """Every dotted prefix in use: ``ta``, ``chart``, ``chart.point``, ``strategy.closedtrades``."""
        found: set[str] = set()
        for name in self.names():
            parts = name.split(".")
            found.update(".".join(parts[:i]) for i in range(1, len(parts)))
        return frozenset(found)

    def names(self) -> Iterator[str]:
        yield from self.functions
        yield from self.variables

    def method(self, receiver: Type, name: str) -> FunctionRow | None:
        """The built-in that ``receiver.name(...)`` means: ``array.push`` for arrays, ``line.set_x1`` for lines."""
        if receiver.kind in (Kind.ARRAY, Kind.MATRIX, Kind.MAP, Kind.OBJECT):
            return self.functions.get(f"{receiver.name}.{name}")
        return None
