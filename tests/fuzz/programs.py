"""Valid Pine programs made up at random: every name declared, every argument of the type asked for."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from pinery.lang.types import Qualifier
from tests.fuzz.expressions import COLLECTIONS, CONST, INPUT, PRICES, SCALARS, SERIES, Expressions, Name, Routine


@dataclass
class Writer(Expressions):
    """Writes one program."""

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
    """A text that checks without errors; the same for the same arguments."""
    return Writer(Random(f"{seed} {version}"), version).program(size)
