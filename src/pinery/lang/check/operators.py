"""Operators: their types, implicit casts, and folding of constants."""

from __future__ import annotations

import math

from pinery.core.values import divide, divide_whole, modulo
from pinery.lang import ast, typed
from pinery.lang import types as t
from pinery.lang.check.core import CONST, SERIES, Core
from pinery.lang.types import Kind, QType, Type

_ARITHMETIC = frozenset("+-*/%")
_EQUALITY = frozenset({"==", "!="})
MAX_STRING = 40_960  # longest constant string; longer ones are built at run time, under the runtime's limit
MAX_INT = 2**63


class Operators(Core):
    """Layer of unary and binary operators, the ternary and ``[]``."""

    def unary(self, node: ast.Unary) -> typed.TExpr:
        value = self.expr(node.operand)
        if value.type.kind is Kind.ERROR:
            return value
        if node.op == "not":
            value = self.condition(value, "the operand of `not`")
            if isinstance(value, typed.TConst) and isinstance(value.value, bool):
                return typed.TConst(value.qtype, node.span, not value.value)
            return typed.TUnary(value.qtype, node.span, "not", value)
        number = self._number(value, t.FLOAT if value.type.kind is Kind.NA else None)
        if number is None:
            return self.error("E131", f"`{node.op}` needs a number, not {value.type}", node.span)
        if isinstance(number, typed.TConst) and number.value is not None:
            sign = -number.value if node.op == "-" else number.value
            folded: typed.TExpr = typed.TConst(number.qtype, node.span, sign)
        elif node.op == "+":
            return number
        else:
            folded = typed.TUnary(number.qtype, node.span, node.op, number)
        return self.soften(folded) if self.is_soft(number) else folded

    def _number(self, value: typed.TExpr, na_as: Type | None) -> typed.TExpr | None:
        if value.type.is_numeric:
            return value
        if value.type.kind is Kind.NA and na_as is not None:
            return self.cast(value, na_as)
        if value.type == t.BOOL and self.version.bool_arithmetic:
            return self.cast(value, t.INT)
        return None

    def binary(self, node: ast.Binary) -> typed.TExpr:
        # Long sums lean left: walk down that side in a loop, not by recursion.
        chain = [node]
        left_node = node.left
        while isinstance(left_node, ast.Binary):
            chain.append(left_node)
            left_node = left_node.left
        if len(chain) > 4000:
            return self.error("E190", "this expression is too long", node.span, "split it into several variables")
        result = self.expr(left_node)
        for part in reversed(chain):
            result = self._step(part, result)
        return result

    def _step(self, node: ast.Binary, left: typed.TExpr) -> typed.TExpr:
        if node.op in ("and", "or"):
            lazily = self.version.lazy_logic and left.qtype.qualifier is SERIES
            before = self.place.conditional
            if lazily:
                self.place.conditional = before or f"the right side of `{node.op}`"
            right = self.expr(node.right)
            self.place.conditional = before
            return self._logic(node, left, right)
        right = self.expr(node.right)
        return self.operate(node.op, left, right, node)

    def _logic(self, node: ast.Binary, left: typed.TExpr, right: typed.TExpr) -> typed.TExpr:
        a = self.condition(left, f"the left side of `{node.op}`")
        b = self.condition(right, f"the right side of `{node.op}`")
        if Kind.ERROR in (a.type.kind, b.type.kind):
            return self.nothing(node.span)
        if isinstance(a, typed.TConst) and isinstance(b, typed.TConst) and None not in (a.value, b.value):
            value = (a.value and b.value) if node.op == "and" else (a.value or b.value)
            return typed.TConst(QType(t.BOOL, CONST), node.span, value)
        qualifier = max(a.qtype.qualifier, b.qtype.qualifier)
        return typed.TBinary(QType(t.BOOL, qualifier), node.span, node.op, a, b)

    def operate(self, op: str, left: typed.TExpr, right: typed.TExpr, node: ast.Node) -> typed.TExpr:
        """``left op right`` of an arithmetic operator or a comparison."""
        if Kind.ERROR in (left.type.kind, right.type.kind):
            return self.nothing(node.span)
        if op in _ARITHMETIC:
            return self._arithmetic(op, left, right, node)
        return self._comparison(op, left, right, node)

    def _mismatch(self, op: str, left: typed.TExpr, right: typed.TExpr, node: ast.Node) -> typed.TExpr:
        hint = None
        if t.STRING in (left.type, right.type) and op == "+":
            hint = "turn the other side into text with `str.tostring(…)`"
        elif Kind.VOID in (left.type.kind, right.type.kind):
            hint = "one side is a call that returns nothing"
        return self.error("E131", f"`{op}` cannot take {left.qtype} and {right.qtype}", node.span, hint)

    def _arithmetic(self, op: str, left: typed.TExpr, right: typed.TExpr, node: ast.Node) -> typed.TExpr:
        qualifier = max(left.qtype.qualifier, right.qtype.qualifier)
        if op == "+" and t.STRING in (left.type, right.type):
            a, b = self.convert(left, t.STRING), self.convert(right, t.STRING)
            if a is None or b is None:
                return self._mismatch(op, left, right, node)
            if (
                isinstance(a, typed.TConst)
                and isinstance(b, typed.TConst)
                and isinstance(a.value, str)
                and isinstance(b.value, str)
                and len(a.value) + len(b.value) <= MAX_STRING
            ):
                return typed.TConst(QType(t.STRING, CONST), node.span, a.value + b.value)
            return typed.TBinary(QType(t.STRING, qualifier), node.span, op, a, b)
        na_as = right.type if right.type.is_numeric else t.FLOAT
        x = self._number(left, na_as)
        y = self._number(right, left.type if left.type.is_numeric else t.FLOAT)
        if x is None or y is None:
            return self._mismatch(op, left, right, node)
        both_int = x.type == t.INT and y.type == t.INT
        soft = not both_int and self.whole(x) and self.whole(y)
        if op == "/" and both_int:
            if qualifier is CONST and self.version.const_int_division:
                result: Type = t.INT
            else:
                result, soft = t.FLOAT, True
                x, y = self.cast(x, t.FLOAT), self.cast(y, t.FLOAT)
        elif both_int:
            result = t.INT
        else:
            result = t.FLOAT
            x, y = self.cast(x, t.FLOAT), self.cast(y, t.FLOAT)
        qtype = QType(result, qualifier)
        out: typed.TExpr | None = None
        if isinstance(x, typed.TConst) and isinstance(y, typed.TConst):
            folded = fold(op, x.value, y.value, result == t.INT)
            if folded is not None:
                out = typed.TConst(qtype, node.span, folded)
        if out is None:
            out = typed.TBinary(qtype, node.span, op, x, y)
        return self.soften(out) if soft else out

    def _comparison(self, op: str, left: typed.TExpr, right: typed.TExpr, node: ast.Node) -> typed.TExpr:
        qtype = QType(t.BOOL, max(left.qtype.qualifier, right.qtype.qualifier))
        a, b = left.type, right.type
        if Kind.NA in (a.kind, b.kind):
            self.warning(
                "W210",
                f"`{op} na` is never true: nothing compares with na",
                node.span,
                "test with `na(x)`",
            )
        common: Type | None = None
        if a.kind is Kind.NA and b.kind is Kind.NA:
            common = t.FLOAT
        elif a.kind is Kind.NA or b.kind is Kind.NA:
            common = b if a.kind is Kind.NA else a
        elif a == b:
            common = a
        elif a.is_numeric and b.is_numeric:
            common = t.FLOAT
        elif t.BOOL in (a, b) and (a.is_numeric or b.is_numeric) and self.version.numeric_truth:
            common = t.BOOL if op in _EQUALITY else t.FLOAT
        if common is None or common.kind in (Kind.VOID, Kind.TUPLE):
            return self._mismatch(op, left, right, node)
        ordered = common.is_numeric or (common == t.STRING and Kind.NA in (a.kind, b.kind))
        if common == t.BOOL and self.version.bool_arithmetic and op not in _EQUALITY:
            common, ordered = t.INT, True
        if op not in _EQUALITY and not ordered:
            return self._mismatch(op, left, right, node)
        x, y = self.cast(left, common), self.cast(right, common)
        if isinstance(x, typed.TConst) and isinstance(y, typed.TConst) and None not in (x.value, y.value):
            return typed.TConst(qtype, node.span, _compare(op, x.value, y.value))
        return typed.TBinary(qtype, node.span, op, x, y)

    def ternary(self, node: ast.Ternary) -> typed.TExpr:
        # `a ? b : c ? d : …` leans right: collect the arms in a loop.
        arms: list[tuple[ast.Ternary, typed.TExpr, typed.TExpr]] = []
        before = self.place.conditional
        current: ast.Expr = node
        while isinstance(current, ast.Ternary):
            cond = self.condition(self.expr(current.cond), "the condition")
            if cond.qtype.qualifier is SERIES:
                self.place.conditional = before or "an arm of `?:`"
            arms.append((current, cond, self.expr(current.then)))
            current = current.other
            if len(arms) > 2000:
                self.place.conditional = before
                return self.error("E190", "this expression is too long", node.span, "use `switch`")
        result = self.expr(current)
        self.place.conditional = before
        for place, cond, then in reversed(arms):
            result = self._choose(place, cond, then, result)
        return result

    def _choose(self, node: ast.Ternary, cond: typed.TExpr, then: typed.TExpr, other: typed.TExpr) -> typed.TExpr:
        common = self.common_type([then, other])
        if common is None or common.kind is Kind.VOID:
            if Kind.VOID in (then.type.kind, other.type.kind):
                return self.error("E133", "an arm of `?:` returns nothing", node.span, "use `if`")
            hint = "a bool cannot be na in v6: write `false`" if t.BOOL in (then.type, other.type) else None
            return self.error("E132", f"the arms of `?:` are {then.type} and {other.type}", node.span, hint)
        if common.kind is Kind.ERROR or cond.type.kind is Kind.ERROR:
            return self.nothing(node.span)
        soft = common == t.FLOAT and self.whole(then) and self.whole(other)
        a, b = self.cast(then, common), self.cast(other, common)
        if isinstance(cond, typed.TConst) and isinstance(cond.value, bool):
            chosen = a if cond.value else b
            if isinstance(chosen, typed.TConst):
                return chosen
        qualifier = max(cond.qtype.qualifier, a.qtype.qualifier, b.qtype.qualifier)
        out = typed.TTernary(QType(common, qualifier), node.span, cond, a, b)
        return self.soften(out) if soft else out

    def common_type(self, values: list[typed.TExpr]) -> Type | None:
        raise NotImplementedError

    def history(self, node: ast.Index) -> typed.TExpr:
        value = self.expr(node.value)
        offset = self.expr(node.offset)
        if Kind.ERROR in (value.type.kind, offset.type.kind):
            return self.nothing(node.span)
        if value.type.kind in (Kind.VOID, Kind.TUPLE):
            what = "a call that returns nothing" if value.type.kind is Kind.VOID else "a tuple"
            return self.error("E134", f"{what} has no history", node.span)
        if value.type.kind is Kind.NA:
            return typed.TConst(value.qtype, node.span, None)
        where = self.convert(offset, t.INT)
        if where is None and offset.type.is_numeric and self.version.number < 6:
            where = self.cast(offset, t.INT)
        if where is None:
            return self.error("E135", f"a history offset must be an int, not {offset.type}", node.offset.span)
        if isinstance(where, typed.TConst) and isinstance(where.value, int) and where.value < 0:
            return self.error("E136", "a history offset cannot be negative: the future is not known", node.offset.span)
        if not self.version.literal_history:
            if isinstance(value, typed.TField) and value.value.type.kind is Kind.UDT:
                return self.error(
                    "E137",
                    "in v6 the history of a field cannot be read like this",
                    node.span,
                    f"write `(object[n]).{value.field}`",
                )
            if isinstance(node.value, ast.IntLit | ast.FloatLit | ast.BoolLit | ast.StrLit | ast.ColorLit):
                return self.error("E137", "in v6 a literal has no history", node.span)
        if not isinstance(value, typed.TBuiltin | typed.TConst) and not _is_global(value) and self.stateful:
            self.stateful[-1] = True
        return typed.THistory(QType(value.type, SERIES), node.span, value, where)


def _is_global(value: typed.TExpr) -> bool:
    return isinstance(value, typed.TVar) and value.symbol.is_global


def fold(op: str, a: float | None, b: float | None, whole: bool) -> float | None:
    """``a op b`` for constants; None where it is better left to run time."""
    if a is None or b is None:
        return None
    try:
        if op == "+":
            result: float = a + b
        elif op == "-":
            result = a - b
        elif op == "*":
            result = a * b
        elif op == "/":
            result = divide_whole(int(a), int(b)) if whole else divide(a, b)
        else:
            result = modulo(a, b)
    except OverflowError:
        return None
    if isinstance(result, float) and not math.isfinite(result):
        return None
    if isinstance(result, int) and abs(result) >= MAX_INT:
        return None
    return result


def _compare(op: str, a: object, b: object) -> bool:
    if op == "==":
        return a == b
    if op == "!=":
        return a != b
    assert isinstance(a, int | float) and isinstance(b, int | float)
    if op == "<":
        return a < b
    if op == "<=":
        return a <= b
    return a > b if op == ">" else a >= b
