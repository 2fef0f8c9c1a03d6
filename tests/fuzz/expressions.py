"""Expressions made up at random, of the type and qualifier asked for.

Calls come from the table of built-ins, so a new row is fuzzed from the day it is written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from random import Random

from pinery.lang.builtins import registry
from pinery.lang.builtins.schema import Overload, Param
from pinery.lang.types import Kind, Qualifier, Type
from pinery.lang.versions import renames

CONST, INPUT, SIMPLE, SERIES = Qualifier.CONST, Qualifier.INPUT, Qualifier.SIMPLE, Qualifier.SERIES
SCALARS = ("int", "float", "bool", "string", "color")
PRICES = ("open", "high", "low", "close", "hl2", "hlc3", "ohlc4", "volume")
LENGTHS = ("length", "fastlen", "slowlen", "siglen", "leftbars", "rightbars", "short_length", "long_length")
LENGTHS += ("diLength", "adxSmoothing", "atrPeriod", "occurrence", "offset")
PLACES = ("index", "row", "column", "begin_pos", "end_pos", "index_from", "from_row", "from_column")
COLLECTIONS = ("array<float>", "array<int>", "matrix<float>", "map<string,float>")
# Calls that end a run, show what lies ahead, or need words that a type does not tell.
LEFT_OUT = {"math.random", "timestamp", "str.format", "str.format_time", "ta.pivot_point_levels", "str.repeat"}
LEFT_OUT |= {"ta.sar", "array.new", "matrix.new", "map.new", "timeframe.from_seconds", "matrix.pow", "timeframe.change"}
NAMESPACES = ("ta.", "math.", "str.", "color.", "array.", "matrix.", "map.")
BARE = ("year", "month", "weekofyear", "dayofmonth", "dayofweek", "hour", "minute", "second", "nz", "fixnan", "na")
WORDS = {"format": '"#.##"', "timezone": '"America/New_York"', "regex": '"[A-Z]+"', "order": "order.descending"}


@dataclass(frozen=True)
class Name:
    """A variable in scope. ``mutable``: may be assigned again."""

    text: str
    type: str
    qualifier: Qualifier
    mutable: bool = False


@dataclass(frozen=True)
class Routine:
    name: str
    params: tuple[str, ...]
    returns: tuple[str, ...]  # several: a tuple
    receiver: str | None = None


@dataclass
class Expressions:
    """What is in scope, and expressions made of it."""

    random: Random
    version: int
    names: list[Name] = field(default_factory=list)
    routines: list[Routine] = field(default_factory=list)
    count: int = 0
    loops: int = 0
    depth: int = 0  # of blocks
    in_function: bool = False
    plots: int = 0
    requests: int = 0
    strategy: bool = False
    mark: int = 0  # names from here on belong to the function being written

    # --- choices ------------------------------------------------------------------------

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def pick(self, options: list[str] | tuple[str, ...]) -> str:
        return self.random.choice(options)

    def fresh(self, base: str = "v") -> str:
        self.count += 1
        return f"{base}{self.count}"

    # --- expressions --------------------------------------------------------------------

    def expr(self, type_: str, qualifier: Qualifier = SERIES, depth: int = 3) -> str:
        """Text of that type, at most that weakly qualified; always safe as an operand."""
        if depth <= 0 or self.chance(25):
            return self.leaf(type_, qualifier)
        if type_ in COLLECTIONS:
            return self.leaf(type_, qualifier)
        kind = self.random.randrange(10)
        if kind < 3:
            found = self.call(type_, qualifier, depth - 1)
            if found is not None:
                return found
        if kind == 3 and type_ != "string":
            return (
                f"({self.expr('bool', qualifier, depth - 1)} ? {self.expr(type_, qualifier, depth - 1)}"
                f" : {self.expr(type_, qualifier, depth - 1)})"
            )
        if kind == 4 and qualifier is SERIES and (type_ != "bool" or self.version < 6):
            past = self.history(type_)
            if past is not None:
                return past
        if kind == 5 and qualifier is SERIES:
            found = self.user_call(type_, depth - 1)
            if found is not None:
                return found
        return self.operation(type_, qualifier, depth - 1)

    def leaf(self, type_: str, qualifier: Qualifier) -> str:
        names = [name.text for name in self.names if name.type == type_ and name.qualifier <= qualifier]
        if names and self.chance(70):
            return self.pick(names)
        if type_ in COLLECTIONS:
            return self.collection(type_)
        return self.literal(type_, qualifier)

    def literal(self, type_: str, qualifier: Qualifier) -> str:
        series = qualifier is SERIES
        match type_:
            case "int":
                if series and self.chance(35):
                    return self.pick(["bar_index", "bar_index", "time", "(bar_index % 7)"])
                if self.chance(5):
                    return self.pick(["1000000000", "2147483648", "9007199254740993", "int(na)"])
                return str(self.random.randrange(12))
            case "float":
                if series and self.chance(65):
                    return self.pick(PRICES)
                if self.chance(5):
                    return self.pick(["1e10", "1e-10", "float(na)", "1e300"])
                return self.pick(["0.5", "1.0", "2.5", "100.0", "3.14", "0.0", ".25"])
            case "bool":
                if series and self.chance(50):
                    return self.pick(["(close > open)", "barstate.isfirst", "(bar_index % 2 == 0)", "(high > low)"])
                return self.pick(["true", "false"])
            case "string":
                return self.pick(
                    ['"a"', '"Long name"', '""', "'b c'", "syminfo.ticker" if qualifier >= SIMPLE else '"c"']
                )
        return self.pick(["color.red", "#00ff00", "color.blue", "#11223344"])

    def collection(self, type_: str) -> str:
        size = self.random.randrange(4) + 1
        value = self.literal("float", SERIES)
        match type_:
            case "array<float>":
                if self.version == 4:
                    return f"array.new_float({size}, {value})"
                return self.pick([f"array.new<float>({size}, {value})", f"array.new_float({size}, {value})"])
            case "array<int>":
                return f"array.new_int({size}, {self.literal('int', SERIES)})"
            case "matrix<float>":
                return f"matrix.new<float>({size}, {size}, {value})"
        return "map.new<string, float>()"

    def history(self, type_: str) -> str | None:
        names = [n.text for n in self.names if n.type == type_ and n.qualifier is SERIES and "." not in n.text]
        if type_ == "float":
            names += ["close", "open", "volume", "hl2"]
        if not names:
            return None
        offset = self.pick([str(self.random.randrange(6)), f"math_abs_of({self.expr('int', SERIES, 1)})"])
        if offset.startswith("math_abs_of"):
            inner = offset.removeprefix("math_abs_of")
            offset = f"({self.function_name('math.abs')}{inner} % 9)"
            if self.version == 4:
                offset = f"int{offset}"
        return f"{self.pick(names)}[{offset}]"

    def operation(self, type_: str, qualifier: Qualifier, depth: int) -> str:
        a = lambda kind: self.expr(kind, qualifier, depth)  # noqa: E731
        match type_:
            case "int":
                op = self.pick(["+", "-", "*", "+", "-"])
                return f"({a('int')} {op} {a('int')})" if self.chance(85) else f"(-{a('int')})"
            case "float":
                op = self.pick(["+", "-", "*", "/", "%", "+", "-"])
                left = a("float")
                return f"({left} {op} {a(self.pick(['float', 'int']))})"
            case "bool":
                match self.random.randrange(5):
                    case 0:
                        return f"({a('bool')} {self.pick(['and', 'or'])} {a('bool')})"
                    case 1:
                        return f"(not {a('bool')})"
                    case 2:
                        kind = self.pick(["int", "string", "float", "color"] if self.version > 4 else ["int", "float"])
                        return f"({a(kind)} {self.pick(['==', '!='])} {a(kind)})"
                op = self.pick(["<", "<=", ">", ">="])
                return f"({a('float')} {op} {a(self.pick(['float', 'int']))})"
            case "string":
                if self.chance(50):
                    value = self.expr(self.pick(["int", "float"]), qualifier, depth)
                    return f"{self.function_name('str.tostring')}({value})"
                return f"({a('string')} + {self.literal('string', qualifier)})"
        return self.leaf(type_, qualifier)

    def function_name(self, newest: str) -> str:
        if self.version > 4:
            return newest
        return old_names().get(newest, newest)

    def call(self, type_: str, qualifier: Qualifier, depth: int) -> str | None:
        options = calls(self.version, type_, qualifier)
        if self.version == 4:
            options = [o for o in options if not _needs_new_types(o[1])]
        if not options:
            return None
        name, overload = self.random.choice(options)
        wanted = qualifier if overload.qualifier is None else SERIES
        args: list[str] = []
        given = {"T": "float", "K": "string", "V": "float", "N": type_ if type_ in ("int", "float") else "float"}
        for param in overload.params:
            if not param.required and self.chance(60):
                break
            args.append(self.argument(param, min(param.qualifier, wanted), depth, given))
        return f"{self.function_name(name)}({', '.join(args)})"

    def argument(self, param: Param, qualifier: Qualifier, depth: int, given: dict[str, str]) -> str:
        if param.name in WORDS and param.type.name in ("string", "E", "any"):
            return WORDS[param.name]
        kind = _spelled(param.type, given)
        if param.name in PLACES and self.chance(95):
            return "0"
        if param.name in LENGTHS and self.chance(90):
            return str(self.random.randrange(1, 15))
        if param.name in LENGTHS:
            return self.pick(["1000000000", "500", "1", "2"]) if qualifier < SERIES else self.expr("int", SERIES, 1)
        return self.expr(kind, qualifier, depth)

    def user_call(self, type_: str, depth: int) -> str | None:
        if self.in_function and self.chance(60):
            return None
        found = [r for r in self.routines if r.returns == (type_,)]
        if not found:
            return None
        routine = self.random.choice(found)
        args = [self.expr(kind, SERIES, depth) for kind in routine.params]
        if routine.receiver is None:
            return f"{routine.name}({', '.join(args)})"
        owners = [n.text for n in self.names if n.type == routine.receiver]
        return f"{self.pick(owners)}.{routine.name}({', '.join(args)})" if owners else None


@cache
def old_names() -> dict[str, str]:
    """Newest name -> version 4's."""
    return {new: old for old, new in renames.FUNCTIONS.items()} | {
        "str.tostring": "tostring",
        "str.tonumber": "tonumber",
    }


def _spelled(type_: Type, given: dict[str, str]) -> str:
    if type_.kind in (Kind.ARRAY, Kind.MATRIX, Kind.MAP):
        return f"{type_.name}<{','.join(_spelled(arg, given) for arg in type_.args)}>"
    return given.get(type_.name, type_.name)


def _fits(param: Param, returned: str) -> bool:
    given = {"T": "float", "K": "string", "V": "float", "N": "float"}
    kind = _spelled(param.type, given)
    if param.name in WORDS and param.required:
        return param.name != "order"
    return not param.variadic and (kind in SCALARS or kind in COLLECTIONS or not param.required)


def _needs_new_types(overload: Overload) -> bool:
    return any(p.type.kind in (Kind.MATRIX, Kind.MAP) for p in overload.params)


@cache
def calls(version: int, type_: str, qualifier: Qualifier) -> list[tuple[str, Overload]]:
    """Built-in calls that give that type, no weaker qualified."""
    found: list[tuple[str, Overload]] = []
    given = {"T": "float", "V": "float", "K": "string", "N": type_}
    for name, row in registry().functions.items():
        if version not in row.versions or name in LEFT_OUT or row.type_params:
            continue
        if not (name.startswith(NAMESPACES) or name in BARE) or name in ("color.from_gradient",):
            continue
        if version == 4 and name.startswith("str.") and name not in old_names():
            continue
        for overload in row.overloads_for(version):
            numeric = any(p.type.name == "N" for p in overload.params)
            if _spelled(overload.returns, given) != type_ or (numeric and type_ not in ("int", "float")):
                continue
            if overload.returns.name == "T" and type_ != "float":
                continue
            if overload.qualifier is not None and overload.qualifier > qualifier:
                continue
            early = qualifier is not SERIES
            if early and (
                overload.impl.kind == "kernel" or any(p.type.args or p.type.name == "any" for p in overload.params)
            ):
                continue
            needed = [p for p in overload.params if not p.variadic]
            if all(_fits(p, type_) for p in needed if p.required) and len(needed) == len(overload.params):
                found.append((name, overload))
    return found
