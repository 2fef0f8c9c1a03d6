"""IR expressions as Python text."""

from __future__ import annotations

import keyword
from dataclasses import dataclass, field
from typing import Any

from pinery.ir import nodes as n
from pinery.ir.analysis import statements, stored, walk
from pinery.ir.ranges import Interval, interval, loop_intervals
from pinery.lang import types as t
from pinery.lang.types import Kind, Type

# Binding strength of the text, weakest first.
TERNARY, OR, AND, NOT, COMPARE, ADD, MUL, UNARY, ATOM = range(9)
LONG = 60  # longer operands are not written twice
BLOCK = 64  # deques find their newest values as fast as lists do, up to about so many

# Host functions that only hand on what the runtime knows.
FACTS = {
    "bars:isfirst": "_rt.barstate.isfirst",
    "bars:islast": "_rt.barstate.islast",
    "bars:isconfirmed": "_rt.barstate.isconfirmed",
    "bars:isrealtime": "_rt.barstate.isrealtime",
    "bars:last_bar_index": "_rt.last_bar_index",
    "symbols:mintick": "_rt.instrument.mintick",
}

OPTIONS: dict[str, Any] = {
    "gaps": False,
    "lookahead": False,
    "ignore_invalid_symbol": False,
    "currency": None,
    "ignore_invalid_timeframe": False,
    "calc_bars_count": None,
}


def python_field(name: str) -> str:
    """A field's name as a Python attribute. Names with two leading underscores mean something in a class."""
    if name.startswith("__"):
        return f"v{name}"
    return f"{name}_" if keyword.iskeyword(name) or name in ("copy", "label", "self") else name


@dataclass(slots=True)
class ExprWriter:
    """Writes the expressions of one function; collects what the function needs at its head."""

    function: n.Function
    is_main: bool
    version: int
    targets: dict[str, str]  # runtime target -> global name, for the whole module
    enums: dict[str, str]  # enum constant -> global name
    columns: set[str] = field(default_factory=set)
    column_lists: set[str] = field(default_factory=set)
    histories: set[n.Var] = field(default_factory=set)
    uses_bar: bool = False
    own: set[n.Var] = field(default_factory=set)
    again: set[n.Var] = field(default_factory=set)  # assigned in more than one place
    counters: dict[n.Var, Interval] = field(default_factory=dict)
    names: int = 0  # given to values within expressions

    def __post_init__(self) -> None:
        self.own = set(self.function.vars)
        once: set[n.Var] = set()
        for stmt in statements(self.function.body):
            for var in stored(stmt):
                (self.again if var in once else once).add(var)
        self.counters = loop_intervals(self.function)

    # --- names ------------------------------------------------------------------------

    def place(self, var: n.Var) -> str:
        """Where a variable lives: a local, this frame's slot or main's."""
        if var not in self.own:
            return f"_g.{var.name}"
        if var.in_frame:
            return f"_g.{var.name}" if self.is_main else f"_f.{var.name}"
        return var.name

    def memory(self, name: str) -> str:
        return f"_g.{name}" if self.is_main else f"_f.{name}"

    def history(self, var: n.Var) -> str:
        return f"_g.h_{var.name}" if self.is_main or var not in self.own else f"_f.h_{var.name}"

    def target(self, target: str) -> str:
        name = self.targets.get(target)
        if name is None:
            name = self.targets[target] = "_t_" + target.replace(":", "_").replace(".", "_")
        return name

    def na(self, type_: Type) -> str:
        return na_text(type_, self.version)

    # --- texts ------------------------------------------------------------------------

    def text(self, expr: n.Expr, strength: int = TERNARY) -> str:
        """Python for ``expr``, in parentheses if it binds weaker than ``strength``."""
        text, own = self._write(expr)
        return text if own >= strength else f"({text})"

    def args(self, exprs: list[n.Expr]) -> str:
        return ", ".join(self.text(e) for e in exprs)

    def _write(self, e: n.Expr) -> tuple[str, int]:
        match e:
            case n.Const():
                return self._const(e), ATOM
            case n.Load():
                return self.place(e.var), ATOM
            case n.Column():
                self.columns.add(e.name)
                return f"_c_{e.name}", ATOM
            case n.History():
                return self._history(e)
            case n.ColumnHistory():
                return self._column_history(e)
            case n.Unary():
                if e.op == "not":
                    if (
                        isinstance(e.operand, n.IsNa)
                        and e.operand.value.type.is_numeric
                        and self.simple(e.operand.value)
                    ):
                        text = self.text(e.operand.value)
                        return f"{text} == {text}", COMPARE
                    return f"not {self.text(e.operand, NOT)}", NOT
                return f"-{self.text(e.operand, UNARY)}", UNARY
            case n.Binary():
                return self._binary(e)
            case n.Logic():
                strength = AND if e.op == "and" else OR
                return f"{self.text(e.left, strength)} {e.op} {self.text(e.right, strength + 1)}", strength
            case n.Select():
                then, cond = self.text(e.then, OR), self.text(e.cond, OR)
                return f"{then} if {cond} else {self.text(e.other)}", TERNARY
            case n.IsNa():
                return self._is_na(e)
            case n.Nz():
                return self._nz(e)
            case n.Cast():
                return self._cast(e)
            case n.Pure() if e.target in ("maths:largest", "maths:smallest") and len(e.args) == 2:
                return self._extreme(e)
            case n.Pure():
                return f"{self.target(e.target)}({self.args(e.args)})", ATOM
            case n.Kernel():
                return self._kernel(e), ATOM
            case n.Host() if e.target in FACTS:
                return FACTS[e.target], ATOM
            case n.Host():
                args = self.args(e.args)
                return f"{self.target(e.target)}(_rt{', ' if args else ''}{args})", ATOM
            case n.Call():
                args = self.args(e.args)
                slot = self.memory(e.frame.name)
                return f"{e.frame.function.name}({slot}{', ' if args else ''}{args})", ATOM
            case n.MakeTuple():
                return f"({self.args(e.items)}{',' if len(e.items) == 1 else ''})", ATOM
            case n.New():
                return f"{e.udt.python_name}({self.args(e.args)})", ATOM
            case n.CopyObject():
                return f"_copy({self.text(e.value)})", ATOM
            case n.Field():
                name = e.name if e.value.type.kind is Kind.ENUM else python_field(e.name)
                return f"{self.text(e.value, ATOM)}.{name}", ATOM
            case n.Request():
                return self._request(e), ATOM
        raise TypeError(type(e).__name__)

    def _const(self, e: n.Const) -> str:
        if e.value is None:
            return self.na(e.type)
        if e.type.kind is Kind.ENUM:
            return self.enums.setdefault(str(e.value), f"_e_{len(self.enums)}")
        if isinstance(e.value, float) and e.value in (float("inf"), float("-inf")):
            return "_inf" if e.value > 0 else "(-_inf)"
        text = repr(e.value)
        return f"({text})" if text.startswith("-") else text

    # Past values are read in place where the offset is a name or a number; the functions they fall back on
    # handle na, negative and out-of-range offsets.

    def _index(self, e: n.Expr) -> bool:
        """Is it a name that holds an int for certain? What is reassigned may hold the fraction of a quotient."""
        return self.simple(e) and e.type == t.INT and not (isinstance(e, n.Load) and e.var in self.again)

    def _column_history(self, e: n.ColumnHistory) -> tuple[str, int]:
        self.column_lists.add(e.name)
        self.uses_bar = True
        column, offset = f"_l_{e.name}", self.text(e.offset, ATOM)
        bounds = interval(e.offset, self.counters)
        if bounds is not None and bounds[0] >= 0:
            return f"{column}[_bar - {offset}] if _bar >= {offset} else _nan", TERNARY
        slow = f"_column_back({column}, _bar, {offset})"
        if self._index(e.offset):
            return f"{column}[_bar - {offset}] if 0 <= {offset} <= _bar else {slow}", TERNARY
        return slow, ATOM

    def _history(self, e: n.History) -> tuple[str, int]:
        var = e.var
        bounds = interval(e.offset, self.counters)
        fixed = bounds is not None and bounds[0] >= 0 and bounds[1] <= var.depth
        constant = isinstance(e.offset, n.Const)
        offset, na = self.text(e.offset, ATOM), self.na(var.type)
        by_name = self._index(e.offset) or isinstance(e.offset, n.Const)
        if var.every_bar and (self.is_main or var not in self.own):
            items = f"_g.h_{var.name}"
            if fixed and bounds is not None:
                text = f"{items}[-{offset}]"
                return (text, ATOM) if bounds[0] > 0 else (f"{text} if {offset} else {self.place(var)}", TERNARY)
            slow = f"_look_back({items}, {offset}, {self.place(var)}, {na})"
            if by_name:
                return f"{items}[-{offset}] if 0 < {offset} <= len({items}) else {slow}", TERNARY
            return slow, ATOM
        # the variable's own scope has run already: the newest value is this bar's
        self.histories.add(var)
        items = f"_h_{var.name}"
        if fixed:
            return f"{items}[{-1 - int(offset)}]" if constant else f"{items}[~{offset}]", ATOM
        slow = f"_scope_back({items}, {offset}, {na})"
        if by_name:
            return f"{items}[~{offset}] if 0 <= {offset} < len({items}) else {slow}", TERNARY
        return slow, ATOM

    def _binary(self, e: n.Binary) -> tuple[str, int]:
        op, left, right = e.op, _arithmetic_operand(e, e.left), _arithmetic_operand(e, e.right)
        numeric = left.type.is_numeric and right.type.is_numeric
        match op:
            case "/":
                return self._divide(left, right)
            case "//":
                return f"_idiv({self.text(left)}, {self.text(right)})", ATOM
            case "%":
                return f"_mod({self.text(left)}, {self.text(right)})", ATOM
            case "==":
                if numeric or _known(left) or _known(right):
                    return f"{self.text(left, ADD)} == {self.text(right, ADD)}", COMPARE
                return f"_eq({self.text(left)}, {self.text(right)})", ATOM
            case "!=":
                return self._not_equal(left, right, numeric)
            case "<" | "<=" | ">" | ">=":
                return f"{self.text(left, ADD)} {op} {self.text(right, ADD)}", COMPARE
            case "*":
                text = f"{self.text(left, MUL)} * {self.text(right, UNARY)}"
                if e.type == t.INT and left.type == t.INT and right.type == t.INT:
                    return f"_wrap({text})", ATOM
                return text, MUL
            case "+" if e.type == t.STRING:
                return f"_concat({self.text(left)}, {self.text(right)})", ATOM
        text = f"{self.text(left, ADD)} {op} {self.text(right, MUL)}"
        if e.type == t.INT and (self.grows(left, right) or self.grows(right, left)):
            return f"_wrap({text})", ATOM
        return text, ADD

    def grows(self, term: n.Expr, other: n.Expr) -> bool:
        """May adding ``other`` again and again bring the sum beyond 64 bits within a run? Only sums kept
        in a variable pile up, and a small constant would need more turns than a run has."""
        if isinstance(other, n.Const) and abs(other.value or 0) < 2**31:
            return False
        if isinstance(term, n.Const):
            return not -(2**31) < (term.value or 0) < 2**31
        return any(
            isinstance(node, n.History)
            or (isinstance(node, n.Load) and (node.var.persistent or node.var in self.again))
            for node in walk(term)
        )

    def _divide(self, left: n.Expr, right: n.Expr) -> tuple[str, int]:
        if isinstance(right, n.Const) and right.value:
            return f"{self.text(left, MUL)} / {self.text(right, UNARY)}", MUL
        dividend, divisor = self.text(left, UNARY), self.text(right, UNARY)
        if self.simple(right) and len(dividend) <= LONG:
            return f"{dividend} / {divisor} if {divisor} else _div({dividend}, {divisor})", TERNARY
        return f"_div({dividend}, {divisor})", ATOM

    def _not_equal(self, left: n.Expr, right: n.Expr, numeric: bool) -> tuple[str, int]:
        if isinstance(right, n.Const) and right.value is not None and self.simple(left):
            text = self.text(left)
            there = f"{text} == {text}" if numeric else f"{text} is not None"
            return f"{text} != {self.text(right)} and {there}", AND
        if numeric:
            (first, a), (second, b) = self._named(left), self._named(right)
            return f"{first} < {second} or {a} > {b}", OR
        return f"_ne({self.text(left)}, {self.text(right)})", ATOM

    def _named(self, e: n.Expr) -> tuple[str, str]:
        """Text that evaluates ``e`` once, and text that gives the value again."""
        if self.simple(e) or isinstance(e, n.Const):
            text = self.text(e)
            return text, text
        self.names += 1
        name = f"_v{self.names}"
        return f"({name} := {self.text(e)})", name

    def _extreme(self, e: n.Pure) -> tuple[str, int]:
        """The larger or smaller of two numbers; na if one is."""
        sign = "<" if e.target == "maths:largest" else ">"
        (first, a), (second, b) = self._named(e.args[0]), self._named(e.args[1])
        return f"{b} if {first} {sign} {second} else {a} if {a} {'>=' if sign == '<' else '<='} {b} else _nan", TERNARY

    def simple(self, e: n.Expr) -> bool:
        """May the text stand twice? (a name whose value cannot change in between)"""
        return isinstance(e, n.Column | n.Load)

    def _is_na(self, e: n.IsNa) -> tuple[str, int]:
        value = e.value
        if isinstance(value, n.Const):
            return str(value.value is None), ATOM
        if value.type.is_numeric:
            if self.simple(value):
                text = self.text(value)
                return f"{text} != {text}", COMPARE
            return f"_is_na({self.text(value)})", ATOM
        if value.type.kind in (Kind.NA, Kind.ERROR) or value.type.name == "any":
            return f"_is_na({self.text(value)})", ATOM
        return f"{self.text(value, ADD)} is None", COMPARE

    def _nz(self, e: n.Nz) -> tuple[str, int]:
        if self.simple(e.value):
            text = self.text(e.value)
            test = f"{text} != {text}" if e.value.type.is_numeric else f"{text} is None"
            return f"{self.text(e.replacement, OR)} if {test} else {text}", TERNARY
        if e.value.type.is_numeric:
            return f"_w if (_w := {self.text(e.value)}) == _w else {self.text(e.replacement)}", TERNARY
        return f"_nz({self.text(e.value)}, {self.text(e.replacement)})", ATOM

    def _cast(self, e: n.Cast) -> tuple[str, int]:
        source = e.value.type
        if e.type == t.FLOAT and source == t.INT:
            return f"_float({self.text(e.value)})", ATOM
        if e.type == t.INT and source == t.FLOAT:
            return f"_int({self.text(e.value)})", ATOM
        if e.type == t.BOOL and source.is_numeric:
            return f"_truth({self.text(e.value)})", ATOM
        if source == t.BOOL and e.type.is_numeric:
            return f"_number({self.text(e.value)})", ATOM
        return self._write(e.value)

    def _kernel(self, e: n.Kernel) -> str:
        state = self.memory(e.state.name)
        if e.state.guarded:
            self.uses_bar = True
            state = f"{state}.enter(_bar)"
        args = self.args(e.args)
        return f"{self.target(e.target)}({state}{', ' if args else ''}{args})"

    def _request(self, e: n.Request) -> str:
        options = [
            self.text(e.options[name]) if name in e.options else repr(default) for name, default in OPTIONS.items()
        ]
        return f"_request({e.site.index}, {self.text(e.symbol)}, {self.text(e.timeframe)}, {', '.join(options)})"


def na_text(type_: Type, version: int) -> str:
    """How na of that type is written."""
    if type_.is_numeric:
        return "_nan"
    if type_ == t.BOOL and version >= 6:
        return "False"
    if type_.kind is Kind.TUPLE:
        return "(" + "".join(f"{na_text(item, version)}, " for item in type_.args) + ")"
    return "None"


def _known(e: n.Expr) -> bool:
    return isinstance(e, n.Const) and e.value is not None


def _arithmetic_operand(parent: n.Binary, e: n.Expr) -> n.Expr:
    """Python mixes int and float by itself, with the same rounding: no conversion is written."""
    if isinstance(e, n.Cast) and e.type == t.FLOAT and e.value.type == t.INT:
        other = parent.right if e is parent.left else parent.left
        if not (isinstance(other, n.Cast) and other.value.type == t.INT) or parent.op == "/":
            return e.value
    return e
