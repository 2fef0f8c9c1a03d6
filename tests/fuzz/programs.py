"""Valid Pine programs made up at random: every name declared, every argument of the type asked for.

``program(seed, size, version)`` gives a text that checks without errors. Calls come from the table of
built-ins, so a new row is fuzzed from the day it is written.
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
class Writer:
    """Writes one program."""

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

    # --- statements ---------------------------------------------------------------------

    def line(self, text: str) -> str:
        return "    " * self.depth + text + "\n"

    def declare(self, text: str, type_: str, qualifier: Qualifier = SERIES, mutable: bool = True) -> str:
        name = self.fresh()
        self.names.append(Name(name, type_, qualifier, mutable))
        return text.replace("NAME", name)

    def statement(self) -> str:
        options = [self.scalar, self.scalar, self.scalar, self.assign, self.assign, self.var, self.block_value]
        options += [self.branch, self.collection_statement, self.draw, self.drop_call]
        if self.loops < 2 and self.depth < 3:
            options += [self.count_loop]
            if self.version > 4:
                options += [self.while_loop, self.for_in]
        if self.version > 4:
            options += [self.switch_value, self.switch_value, self.field_assign]
        if self.depth == 0:
            options += [self.plot, self.plot, self.tuple, self.request]
        return self.random.choice(options)()

    def scalar(self) -> str:
        kind = self.pick(SCALARS)
        value = self.expr(kind)
        if kind in ("int", "float") or self.version < 6 or self.chance(60):
            return self.line(self.declare(f"{kind} NAME = {value}", kind))
        return self.line(self.declare(f"NAME = {value}", kind))

    def var(self) -> str:
        kind = self.pick([*SCALARS, "array<float>", "array<int>", *(COLLECTIONS if self.version > 4 else ())])
        mode = "var" if self.version == 4 or self.chance(95) else "varip"
        value = self.expr(kind, SERIES, 2)
        if kind in COLLECTIONS:
            text = f"{mode} NAME = {self.collection(kind)}"
            return self.line(self.declare(text, kind, mutable=False))
        if self.chance(25) and (kind != "bool" or self.version < 6):
            value = "na"
        return self.line(self.declare(f"{mode} {kind} NAME = {value}", kind))

    def assign(self) -> str:
        names = [n for n in self.names if n.mutable and n.type in SCALARS]
        if self.in_function:
            names = [n for n in names if n.text in self.local]
        if not names:
            return self.scalar()
        name = self.random.choice(names)
        value = self.expr(name.type)
        if name.type in ("int", "float") and self.chance(30):
            return self.line(f"{name.text} {self.pick(['+=', '-=', '*='])} {value}")
        return self.line(f"{name.text} := {value}")

    @property
    def local(self) -> set[str]:
        return {n.text for n in self.names[self.mark :]}

    def body(self, size: int, extra: tuple[Name, ...] = ()) -> str:
        kept = len(self.names)
        self.names.extend(extra)
        self.depth += 1
        text = "".join(self.statement() for _ in range(size))
        self.depth -= 1
        del self.names[kept:]
        return text

    def branch(self) -> str:
        if self.depth > 3:
            return self.scalar()
        text = self.line(f"if {self.expr('bool')}") + self.body(self.random.randrange(1, 3))
        if self.chance(30):
            text += self.line(f"else if {self.expr('bool')}") + self.body(1)
        if self.chance(50):
            text += self.line("else") + self.body(self.random.randrange(1, 3))
        return text

    def value_body(self, kind: str, extra: tuple[Name, ...] = ()) -> str:
        kept = len(self.names)
        self.names.extend(extra)
        self.depth += 1
        text = "".join(self.statement() for _ in range(self.random.randrange(2)))
        text += self.line(self.expr(kind))
        self.depth -= 1
        del self.names[kept:]
        return text

    def block_value(self) -> str:
        if self.depth > 3:
            return self.scalar()
        kind = self.pick(["int", "float", "string", "color"])
        name = self.fresh()
        text = self.line(f"{kind} {name} = if {self.expr('bool')}") + self.value_body(kind)
        if self.chance(70):
            text += self.line("else") + self.value_body(kind)
        self.names.append(Name(name, kind, SERIES, True))
        return text

    def switch_value(self) -> str:
        if self.depth > 3:
            return self.scalar()
        kind, subject = self.pick(["int", "float", "string"]), self.pick(["", "int", "string"])
        name = self.fresh()
        head = f"switch {self.expr(subject)}" if subject else "switch"
        text = self.line(f"{kind} {name} = {head}")
        self.depth += 1
        for _ in range(self.random.randrange(1, 4)):
            test = self.literal(subject, CONST) if subject else self.expr("bool", SERIES, 2)
            if self.chance(70):
                text += self.line(f"{test} => {self.expr(kind, SERIES, 2)}")
            else:
                text += self.line(f"{test} =>") + self.value_body(kind)
        if self.chance(60):
            text += self.line(f"=> {self.expr(kind, SERIES, 2)}")
        self.depth -= 1
        self.names.append(Name(name, kind, SERIES, True))
        return text

    def count_loop(self) -> str:
        if self.depth > 3:
            return self.scalar()
        self.loops += 1
        i = self.fresh("i")
        start, stop = self.random.randrange(5), self.pick(["0", "3", "6", "bar_index % 5"])
        step = self.pick(["", "", " by 1", " by 2"])
        body = self.body(self.random.randrange(1, 3), (Name(i, "int", SERIES),)) + self.leave()
        self.loops -= 1
        return self.line(f"for {i} = {start} to {stop}{step}") + body

    def leave(self) -> str:
        self.depth += 1
        text = ""
        if self.chance(30):
            text = (
                self.line(f"if {self.expr('bool', SERIES, 2)}") + "    " + self.line(self.pick(["break", "continue"]))
            )
        self.depth -= 1
        return text

    def while_loop(self) -> str:
        if self.depth > 3:
            return self.scalar()
        self.loops += 1
        i = self.fresh("i")
        text = self.line(f"int {i} = 0") + self.line(f"while {i} < {self.random.randrange(6)}")
        self.depth += 1
        text += self.line(f"{i} += 1")
        self.depth -= 1
        text += self.body(self.random.randrange(1, 3), (Name(i, "int", SERIES),)) + self.leave()
        self.loops -= 1
        return text

    def for_in(self) -> str:
        if self.depth > 3:
            return self.scalar()
        self.loops += 1
        kind = self.pick(["float", "int"])
        i, x = self.fresh("i"), self.fresh("x")
        source = self.leaf(f"array<{kind}>", SERIES)
        if not source.startswith("array."):
            source += ".copy()"  # a loop that lets its own array grow ends at the size limit only
        head, extra = f"for {x} in {source}", (Name(x, kind, SERIES),)
        if self.chance(50):
            head, extra = f"for [{i}, {x}] in {source}", (Name(i, "int", SERIES), Name(x, kind, SERIES))
        text = self.line(head) + self.body(self.random.randrange(1, 3), extra) + self.leave()
        self.loops -= 1
        return text

    def collection_statement(self) -> str:
        names = [
            n for n in self.names if n.type in ("array<float>", "array<int>", "map<string,float>", "matrix<float>")
        ]
        if not names:
            return self.scalar()
        name = self.random.choice(names)
        x = name.text
        if name.type == "map<string,float>":
            return self.line(f"map.put({x}, {self.expr('string', SERIES, 1)}, {self.expr('float')})")
        if name.type == "matrix<float>":
            return self.line(f"matrix.set({x}, 0, 0, {self.expr('float')})")
        value = self.expr("float" if name.type == "array<float>" else "int")
        return self.line(
            self.pick(
                [
                    f"array.push({x}, {value})",
                    f"array.push({x}, {value})",
                    f"array.unshift({x}, {value})",
                    f"array.set({x}, 0, {value})",
                    f"array.sort({x})",
                    f"array.reverse({x})",
                    f"array.fill({x}, {value})",
                ]
            )
        )

    def draw(self) -> str:
        x, y = "bar_index", self.expr("float", SERIES, 1)
        text = self.expr("string", SERIES, 1)
        if self.in_function and self.chance(80):
            return self.scalar()
        return self.line(
            self.pick(
                [
                    f"label.new({x}, {y}, {text})",
                    f"line.new({x}, {y}, bar_index + 1, {y}, color=color.red)",
                    f"alert({text}, alert.freq_once_per_bar)",
                    f"alert({text}, alert.freq_all)",
                    f"box.new({x}, {y}, bar_index + 2, low)" if self.version > 4 else f"label.new({x}, {y})",
                    f"log.info({text})" if self.version > 4 else f"label.new({x}, {y})",
                ]
            )
        )

    def drop_call(self) -> str:
        """A call of a built-in by itself."""
        value = self.call("float", SERIES, 2)
        return self.scalar() if value is None else self.line(self.declare(f"float NAME = {value}", "float"))

    def field_assign(self) -> str:
        owners = [n.text for n in self.names if n.type == "Point"]
        if not owners or self.in_function:
            return self.scalar()
        name, kind = self.random.choice([("level", "float"), ("count", "int"), ("word", "string")])
        return self.line(f"{self.pick(owners)}.{name} := {self.expr(kind)}")

    def tuple(self) -> str:
        found = [r for r in self.routines if len(r.returns) > 1]
        if found and self.chance(50):
            routine = self.random.choice(found)
            args = ", ".join(self.expr(kind, SERIES, 2) for kind in routine.params)
            names = [Name(self.fresh(), kind, SERIES, True) for kind in routine.returns]
            text = f"{routine.name}({args})"
        else:
            names = [Name(self.fresh(), "float", SERIES, True) for _ in range(3)]
            text = self.pick(
                [
                    f"{self.function_name('ta.macd')}({self.expr('float')}, 5, 8, 3)",
                    f"{self.function_name('ta.bb')}({self.expr('float')}, 7, 2)",
                    f"{self.function_name('ta.dmi')}(5, 4)",
                ]
            )
        self.names.extend(names)
        return self.line(f"[{', '.join(n.text for n in names)}] = {text}")

    def request(self) -> str:
        if self.requests >= 4:
            return self.scalar()
        self.requests += 1
        kept, self.names = self.names, [n for n in self.names if not n.mutable] if self.version < 6 else self.names
        value = self.expr("float", SERIES, 2)
        self.names = kept
        frame = self.pick(['"240"', '"D"', "timeframe.period", '"60"', '"W"'])
        gaps = self.pick(["", "", ", barmerge.gaps_on"])
        name = self.function_name("request.security")
        return self.line(self.declare(f"float NAME = {name}(syminfo.tickerid, {frame}, {value}{gaps})", "float"))

    def plot(self) -> str:
        if self.plots >= 40:
            return self.scalar()
        self.plots += 1
        title = f'"p{self.plots}"'
        match self.random.randrange(8):
            case 0:
                shape = "shape.triangleup"
                return self.line(
                    f"plotshape({self.expr('bool')}, {title}, {shape}, color={self.expr('color', SERIES, 1)})"
                )
            case 1:
                return self.line(f"bgcolor({self.expr('color', SERIES, 2)})")
            case 2:
                return self.line(f'alertcondition({self.expr("bool")}, {title}, "at {{{{close}}}}")')
            case 3:
                return self.line(f"plot({self.expr('float')}, {title}, color={self.expr('color')})")
        return self.line(f"plot({self.expr('float')}, {title})")

    # --- the whole ----------------------------------------------------------------------

    def head(self) -> str:
        text = f"//@version={self.version}\n"
        if self.chance(25):
            text += 'strategy("fuzzed", overlay=true, initial_capital=100000)\n'
            self.strategy = True
        else:
            text += ("study" if self.version == 4 else "indicator") + '("fuzzed", overlay=true)\n'
            self.strategy = False
        for _ in range(self.random.randrange(4)):
            name, kind = self.fresh("in"), self.pick(["int", "float", "bool"])
            value = self.literal(kind, CONST)
            if kind == "int":
                value = str(self.random.randrange(1, 30))
            elif kind == "float":
                value = "2.5"
            call = f'input({value}, "{name}")' if self.version == 4 else f'input.{kind}({value}, "{name}")'
            text += f"{name} = {call}\n"
            self.names.append(Name(name, kind, INPUT))
        return text

    def object_type(self) -> str:
        text = 'type Point\n    float level = 1.5\n    int count\n    string word = "w"\n'
        if self.chance(60):
            body = f"    this.count += 1\n    float out = this.level * k + {self.pick(PRICES)}[1]\n    out\n"
            text += f"method grow(Point this, float k) =>\n{body}"
            self.routines.append(Routine("grow", ("float",), ("float",), "Point"))
        for mode in ("var ", ""):
            name = self.fresh("o")
            text += f"{mode}{name} = Point.new({self.literal('float', SERIES)}, {self.random.randrange(5)})\n"
            self.names += [
                Name(name, "Point", SERIES),
                Name(f"{name}.level", "float", SERIES),
                Name(f"{name}.word", "string", SERIES),
            ]
        return text

    def function(self) -> str:
        name = self.fresh("f")
        params = [
            (self.fresh("a"), self.pick(["int", "float", "bool", "string"])) for _ in range(self.random.randrange(3))
        ]
        spelled = [f"{kind} {n}" if self.version > 4 and self.chance(60) else n for n, kind in params]
        spelled = [
            s if " " in s or k != "float" or self.version < 5 else f"float {s}"
            for s, (_, k) in zip(spelled, params, strict=True)
        ]
        kept, self.names = self.names, [n for n in self.names if n.qualifier is not SERIES]
        mark, self.mark = self.mark, len(self.names)
        self.names += [Name(n, kind, SERIES) for n, kind in params]
        self.in_function, self.depth = True, 1
        text = "".join(self.statement() for _ in range(self.random.randrange(3)))
        results: list[tuple[str, str]] = []
        for _ in range(self.pick_count()):
            kind, local = self.pick(["int", "float", "string", "bool"]), self.fresh("r")
            text += self.line(f"{kind} {local} = {self.expr(kind)}")
            results.append((local, kind))
        text += self.line(results[0][0] if len(results) == 1 else f"[{', '.join(n for n, _ in results)}]")
        self.in_function, self.depth, self.names, self.mark = False, 0, kept, mark
        self.routines.append(Routine(name, tuple(k for _, k in params), tuple(k for _, k in results)))
        return f"{name}({', '.join(spelled)}) =>\n{text}"

    def pick_count(self) -> int:
        return self.random.choice([1, 1, 2, 3])

    def orders(self) -> str:
        buy, sell = self.expr("bool", SERIES, 2), self.expr("bool", SERIES, 2)
        kept = self.expr("float", SERIES, 2)
        return (
            f'if {buy}\n    strategy.entry("L", strategy.long)\n'
            f'if {sell}\n    strategy.entry("S", strategy.short, stop=close - 1)\n'
            f'strategy.exit("X", "L", stop=close - 20, limit=close + {self.literal("float", CONST)})\n'
            f'if {sell}\n    strategy.close("L")\n'
            f'plot(strategy.position_size + strategy.equity, "equity")\nplot({kept}, "kept")\n'
        )

    def program(self, size: int) -> str:
        text = self.head()
        if self.version > 4 and self.chance(50):
            text += self.object_type()
        for _ in range(self.random.randrange(4)):
            text += self.function()
        for _ in range(size):
            text += self.statement()
        if self.strategy:
            text += self.orders()
        for name in [n for n in self.names if n.qualifier is SERIES and n.type in ("int", "float")][-12:]:
            text += f'plot({name.text}, "{name.text}")\n'
        return text + 'plot(close, "last")\n'


def program(seed: int, size: int, version: int) -> str:
    """The same text for the same arguments."""
    return Writer(Random(f"{seed} {version}"), version).program(size)


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
