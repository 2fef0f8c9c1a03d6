"""Arithmetic on constants, with exactly the meaning that the running program has."""

from __future__ import annotations

from typing import Any

from pinery.core.values import NAN, divide, divide_whole, equal, is_na, modulo, not_equal, to_int
from pinery.ir import nodes as n
from pinery.lang import types as t
from pinery.lang.source import Span
from pinery.lang.types import Type

INT64 = 1 << 63


def const(value: Any, type_: Type, span: Span) -> n.Const:
    """A constant; every spelling of na becomes None."""
    if isinstance(value, float) and value != value:
        value = None
    return n.Const(type_, span, value)


def _number(value: Any) -> Any:
    return NAN if value is None else value


def wrap_int(value: Any) -> Any:
    """64-bit two's complement, as integers of the running program have it."""
    if isinstance(value, int) and not -INT64 <= value < INT64:
        return (value + INT64) % (2 * INT64) - INT64
    return value


def binary(op: str, left: n.Const, right: n.Const, type_: Type) -> n.Const | None:
    """The folded result, or None where folding is not for us."""
    span = left.span.to(right.span)
    a, b = left.value, right.value
    if left.type == t.STRING and right.type == t.STRING:
        if op == "+":
            return const(None if a is None or b is None else a + b, type_, span)
        if op in ("==", "!="):
            return const(equal(a, b) if op == "==" else not_equal(a, b), t.BOOL, span)
        return None
    if not (left.type.is_numeric and right.type.is_numeric):
        if op in ("==", "!="):
            return const(equal(a, b) if op == "==" else not_equal(a, b), t.BOOL, span)
        return None
    a, b = _number(a), _number(b)
    try:
        value = _arithmetic(op, a, b)
    except OverflowError:
        return None
    if value is None:
        return None
    if type_ == t.FLOAT and not isinstance(value, bool):
        value = float(value)
    return const(wrap_int(value), type_, span)


def _arithmetic(op: str, a: Any, b: Any) -> Any:
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return divide(a, b)
        case "//":
            return divide_whole(a, b)
        case "%":
            return modulo(a, b)
        case "==":
            return a == b
        case "!=":
            return not_equal(a, b)
        case "<":
            return a < b
        case "<=":
            return a <= b
        case ">":
            return a > b
        case ">=":
            return a >= b
    return None


def unary(op: str, operand: n.Const, type_: Type) -> n.Const:
    if op == "not":
        return const(not operand.value, t.BOOL, operand.span)
    return const(None if operand.value is None else -operand.value, type_, operand.span)


def cast(operand: n.Const, type_: Type, span: Span) -> n.Const:
    value = operand.value
    if value is None:
        return const(None, type_, span)
    if type_ == t.FLOAT:
        value = float(value)
    elif type_ == t.INT:
        value = to_int(value)
    elif type_ == t.BOOL:
        value = bool(value) and not is_na(value)
    return const(value, type_, span)
