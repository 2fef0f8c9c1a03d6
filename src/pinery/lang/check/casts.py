"""Which type becomes which by itself, and what type several branches have in common."""

from __future__ import annotations

from collections.abc import Iterable

from pinery.lang import types as t
from pinery.lang.types import Kind, Type
from pinery.lang.versions import Version

ANY = Type("any")
GENERICS = frozenset({"T", "K", "V", "N", "E"})
_CONTAINERS = frozenset({Kind.ARRAY, Kind.MATRIX, Kind.MAP})

# Costs of implicit casts: overload resolution takes the cheapest fit.
EXACT, WIDEN, FROM_NA, GENERIC, TRUTH = 0, 1, 1, 2, 8


def fits(source: Type, target: Type, version: Version) -> int | None:
    """The cost of using a ``source`` where a ``target`` is asked for; None where that is an error."""
    if source == target or source.kind is Kind.ERROR or target.kind is Kind.ERROR:
        return EXACT
    if source.kind is Kind.VOID:
        return None
    if target == ANY:
        return GENERIC
    if source.kind is Kind.NA:
        if target.kind in (Kind.VOID, Kind.TUPLE) or (target == t.BOOL and not version.na_bool):
            return None
        return FROM_NA
    if target == t.FLOAT and source == t.INT:
        return WIDEN
    if target == t.BOOL and source.is_numeric:
        return TRUTH if version.numeric_truth else None
    if target.is_numeric and source == t.BOOL:
        return TRUTH if version.bool_arithmetic else None
    if target == t.INT and source == t.FLOAT:
        return TRUTH if version.float_as_int else None
    if source.kind is target.kind and source.kind in _CONTAINERS:
        return WIDEN if all(_widens(a, b) for a, b in zip(source.args, target.args, strict=True)) else None
    if source.kind is Kind.TUPLE and target.kind is Kind.TUPLE and len(source.args) == len(target.args):
        total = 0
        for a, b in zip(source.args, target.args, strict=True):
            cost = fits(a, b, version)
            if cost is None:
                return None
            total += cost
        return total
    return None


def _widens(source: Type, target: Type) -> bool:
    """Collections of ints are taken where collections of floats are asked for."""
    if source == target or (source == t.INT and target == t.FLOAT):
        return True
    same = source.kind is target.kind and source.kind in _CONTAINERS
    return same and all(_widens(a, b) for a, b in zip(source.args, target.args, strict=True))


def unify(a: Type, b: Type, version: Version) -> Type | None:
    """The type of a value that is sometimes an ``a`` and sometimes a ``b``; None where there is none."""
    if a == b:
        return a
    if Kind.ERROR in (a.kind, b.kind):
        return t.ERROR
    if Kind.NA in (a.kind, b.kind):
        other = b if a.kind is Kind.NA else a
        return None if other == t.BOOL and not version.na_bool else other
    if a.kind is Kind.TUPLE and b.kind is Kind.TUPLE and len(a.args) == len(b.args):
        items = [unify(x, y, version) for x, y in zip(a.args, b.args, strict=True)]
        found = [x for x in items if x is not None]
        return t.tuple_of(*found) if len(found) == len(items) else None
    if a.is_numeric and b.is_numeric:
        return t.FLOAT  # never narrowed, also where version 4 takes a float for an int argument
    if fits(a, b, version) is not None:
        return b
    if fits(b, a, version) is not None:
        return a
    return None


def unify_all(types: Iterable[Type], version: Version) -> Type | None:
    result: Type | None = None
    for x in types:
        if result is None:
            result = x
            continue
        common = unify(result, x, version)
        if common is None:
            return None
        result = common
    return result or t.NA


def is_generic(x: Type) -> bool:
    return x.kind is Kind.SCALAR and x.name in GENERICS


def mentions_generic(x: Type) -> bool:
    return is_generic(x) or any(mentions_generic(arg) for arg in x.args)


def substitute(x: Type, bindings: dict[str, Type]) -> Type:
    """``x`` with T, K, V, N, E replaced; one that nothing binds becomes float."""
    if is_generic(x):
        return bindings.get(x.name, t.FLOAT)
    if x.args:
        return Type(x.name, x.kind, tuple(substitute(arg, bindings) for arg in x.args))
    return x


class Bindings:
    """What T, K, V, N and E become in one call."""

    def __init__(self, version: Version, given: dict[str, Type]) -> None:
        self.version = version
        self.types = dict(given)
        self.fixed = set(given)  # bound by a container or a type argument: scalars must fit, not widen

    def bind(self, param: Type, arg: Type, inside: bool = False) -> bool:
        """Read bindings off one argument. False where the argument cannot be of this form."""
        if arg.kind is Kind.ERROR:
            return True
        if is_generic(param):
            return self._bind_name(param.name, arg, inside)
        if mentions_generic(param):
            if arg.kind is Kind.NA:
                return True
            if arg.kind is not param.kind or len(arg.args) != len(param.args):
                return False
            return all(self.bind(p, a, True) for p, a in zip(param.args, arg.args, strict=True))
        return True

    def _bind_name(self, name: str, arg: Type, inside: bool) -> bool:
        if arg.kind is Kind.NA:
            return True
        if name == "N" and not arg.is_numeric:
            number = arg == t.BOOL and self.version.bool_arithmetic and not inside
            if not number:
                return False
            arg = t.INT
        if name == "E" and arg.kind is not Kind.ENUM:
            return False
        if arg.kind in (Kind.VOID, Kind.TUPLE):
            return False
        bound = self.types.get(name)
        if bound is None:
            self.types[name] = arg
        elif inside:
            if name in self.fixed and bound != arg:
                return False
            self.types[name] = arg
        elif name not in self.fixed:
            common = unify(bound, arg, self.version)
            if common is None:
                return False
            self.types[name] = common
        if inside:
            self.fixed.add(name)
        return True
