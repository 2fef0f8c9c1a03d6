"""Expressions of the typed tree to IR. Structures used as values leave statements in the current block."""

from __future__ import annotations

from typing import Any

from pinery.ir import fold
from pinery.ir import nodes as n
from pinery.ir.analysis import children, is_cheap_pure, is_total, reads_history_state
from pinery.ir.lower.context import FunctionBuilder, LowerExpr, na_const
from pinery.lang import typed as ty
from pinery.lang import types as t
from pinery.lang.builtins.schema import NA_DEFAULT, BuiltinRef, VariableRow
from pinery.lang.source import Span
from pinery.lang.types import Kind, Type

MAX_DEPTH = 40  # of one expression in generated code; Python's parser takes no more than 200 parentheses


def lower_expr(fb: FunctionBuilder, expr: ty.TExpr) -> n.Expr:
    """The expression's value; very deep ones are computed in steps."""
    lowered = EXPRESSIONS[type(expr)](fb, expr)
    depths = fb.program.depths
    depth = 1 + max((depths.get(child, 0) for child in children(lowered)), default=0)
    if depth > MAX_DEPTH and lowered.type.kind is not Kind.VOID:
        return fb.temp(lowered, "deep")
    depths[lowered] = depth
    return lowered


def convert(expr: n.Expr, target: Type) -> n.Expr:
    """``expr`` as a value of ``target``: constants folded, na retyped, ints made floats."""
    if expr.type == target or target.kind in (Kind.VOID, Kind.ERROR) or target.name == "any":
        return expr
    if isinstance(expr, n.Const):
        if expr.value is None or expr.type.kind is Kind.NA:
            return na_const(target, expr.span)
        if expr.type.is_numeric or expr.type == t.BOOL:
            return fold.cast(expr, target, expr.span)
        return n.Const(target, expr.span, expr.value)
    if (expr.type.is_numeric and target.is_numeric) or t.BOOL in (expr.type, target):
        return n.Cast(target, expr.span, expr)
    return expr


def _const(fb: FunctionBuilder, e: ty.TConst) -> n.Expr:
    return fold.const(e.value, e.type, e.span)


def _var(fb: FunctionBuilder, e: ty.TVar) -> n.Expr:
    ref = fb.constant(e.symbol)
    if ref is not None:
        return n.Const(ref.type, e.span, ref.value)
    return n.Load(e.type, e.span, fb.lookup(e.symbol))


def builtin_variable(fb: FunctionBuilder, row: VariableRow, span: Span) -> n.Expr:
    """A built-in variable's value on this bar."""
    if row.impl is None:
        return fold.const(row.value, row.type, span)
    impl = row.impl
    if impl.kind == "column":
        return n.Column(row.type, span, impl.target)
    if impl.kind == "host":
        args = [builtin_variable(fb, fb.program.variable_row(name), span) for name in impl.implicit]
        return n.Host(row.type, span, impl.target, args)
    if impl.kind == "special" and impl.target == "na":
        return na_const(row.type, span)
    var = series_variable(fb, row, span)
    return n.Load(var.type, span, var)


def series_variable(fb: FunctionBuilder, row: VariableRow, span: Span) -> n.Var:
    """A global series that holds a built-in variable, computed once per bar whatever branch reads it."""
    program = fb.program
    var = program.builtin_vars.get(row.name)
    main = program.main
    assert main is not None and row.impl is not None
    if var is None:
        var = n.Var(program.fresh(row.name.replace(".", "_")), row.type, hidden=True, every_bar=True)
        main.function.vars.append(var)
        program.builtin_vars[row.name] = var
        args = [builtin_variable(main, program.variable_row(name), span) for name in row.impl.implicit]
        value: n.Expr
        if row.impl.kind == "kernel":
            slot = n.StateSlot(program.fresh("s_" + row.name.replace(".", "_")), row.impl.target, False)
            main.function.slots.append(slot)
            value = n.Kernel(row.type, span, row.impl.target, slot, args)
        elif row.impl.kind == "pure":
            value = n.Pure(row.type, span, row.impl.target, args)
        else:
            value = n.Host(row.type, span, row.impl.target, args)
        main.prologue.append(n.Store(span, var, value))
    if not fb.is_main:
        var.shared = True
    return var


def default_value(fb: FunctionBuilder, default: Any, type_: Type, span: Span) -> n.Expr:
    """A parameter's default: a constant, na, or a built-in (absent ones are na: runtime code sees None)."""
    if isinstance(default, BuiltinRef):
        return builtin_variable(fb, fb.program.variable_row(default.name), span)
    if default is NA_DEFAULT or default is None:
        return na_const(type_ if default is NA_DEFAULT else t.NA, span)
    return fold.const(default, type_, span)


def _builtin(fb: FunctionBuilder, e: ty.TBuiltin) -> n.Expr:
    return builtin_variable(fb, e.row, e.span)


def _unary(fb: FunctionBuilder, e: ty.TUnary) -> n.Expr:
    operand = lower_expr(fb, e.operand)
    if e.op == "+":
        return operand
    if isinstance(operand, n.Const):
        return fold.unary(e.op, operand, e.type)
    return n.Unary(e.type, e.span, "not" if e.op == "not" else "-", operand)


def _binary(fb: FunctionBuilder, e: ty.TBinary) -> n.Expr:
    if e.op in ("and", "or"):
        return _logic(fb, e)
    left = lower_expr(fb, e.left)
    mark = len(fb.block)
    right = lower_expr(fb, e.right)
    if len(fb.block) > mark and not is_cheap_pure(left):
        # the right operand left statements behind: the left one is still to be evaluated first
        moved = fb.block[mark:]
        del fb.block[mark:]
        left = fb.temp(left)
        fb.block.extend(moved)
    op = "//" if e.op == "/" and e.type == t.INT else e.op
    if isinstance(left, n.Const) and isinstance(right, n.Const):
        folded = fold.binary(op, left, right, e.type)
        if folded is not None:
            return folded
    return n.Binary(e.type, e.span, op, left, right)


def _logic(fb: FunctionBuilder, e: ty.TBinary) -> n.Expr:
    op: Any = e.op
    left = lower_expr(fb, e.left)
    if isinstance(left, n.Const):
        if fb.program.lazy_logic and bool(left.value) == (op == "or"):
            return fold.const(bool(left.value), t.BOOL, e.span)
        if bool(left.value) != (op == "or"):
            return lower_expr(fb, e.right)
    if fb.program.lazy_logic:
        return _lazy(fb, e.span, left, e.right, op)
    right = lower_expr(fb, e.right)
    if isinstance(right, n.Const) and bool(right.value) != (op == "or"):
        return left
    if reads_history_state(right):
        # before v6 both sides always run
        if not is_cheap_pure(left):
            left = fb.temp(left)
        right = fb.temp(right)
    return n.Logic(t.BOOL, e.span, op, left, right)


def _lazy(fb: FunctionBuilder, span: Span, left: n.Expr, right_tree: ty.TExpr, op: Any) -> n.Expr:
    with fb.nested() as stmts:
        right = lower_expr(fb, right_tree)
    if not stmts:
        return n.Logic(t.BOOL, span, op, left, right)
    result = fb.temp(left, "cond")
    var = result.var
    test: n.Expr = result if op == "and" else n.Unary(t.BOOL, span, "not", result)
    fb.emit(n.If(span, test, [*stmts, n.Store(span, var, right)], []))
    return n.Load(t.BOOL, span, var)


def _long_chain(e: ty.TTernary) -> ty.TSwitch | None:
    """A ternary whose last arm is a ternary, and so on for long, as a switch without a subject."""
    cases: list[tuple[ty.TExpr, ty.TBlock]] = []
    other: ty.TExpr = e
    while isinstance(other, ty.TTernary):
        cases.append((other.cond, ty.TBlock([], other.then, other.then.span)))
        other = other.other
    if len(cases) <= MAX_DEPTH // 2:
        return None
    return ty.TSwitch(e.qtype, e.span, None, cases, ty.TBlock([], other, other.span))


def _ternary(fb: FunctionBuilder, e: ty.TTernary) -> n.Expr:
    chain = _long_chain(e)
    if chain is not None:
        return lower_expr(fb, chain)
    cond = lower_expr(fb, e.cond)
    if isinstance(cond, n.Const):
        return convert(lower_expr(fb, e.then if cond.value else e.other), e.type)
    with fb.nested() as then_stmts:
        then = convert(lower_expr(fb, e.then), e.type)
    with fb.nested() as other_stmts:
        other = convert(lower_expr(fb, e.other), e.type)
    if not then_stmts and not other_stmts:
        return n.Select(e.type, e.span, cond, then, other)
    if e.type.kind is Kind.VOID:
        fb.emit(n.If(e.span, cond, [*then_stmts, n.Eval(e.span, then)], [*other_stmts, n.Eval(e.span, other)]))
        return na_const(t.VOID, e.span)
    var = fb.new_var("t", e.type, hidden=True)
    fb.emit(
        n.If(
            e.span,
            cond,
            [*then_stmts, n.Store(e.span, var, then)],
            [*other_stmts, n.Store(e.span, var, other)],
        )
    )
    return n.Load(e.type, e.span, var)


def _history(fb: FunctionBuilder, e: ty.THistory) -> n.Expr:
    offset = lower_expr(fb, e.offset)
    if isinstance(offset, n.Const):
        if offset.value is None:
            return na_const(e.type, e.span)
        if offset.value == 0:
            return lower_expr(fb, e.value)
        depth = int(offset.value)
    else:
        depth = n.DYNAMIC
    value = e.value
    if isinstance(value, ty.TVar) and fb.constant(value.symbol) is None:
        var = fb.lookup(value.symbol)
        if not value.symbol.is_loop:
            var.need(depth)
            return n.History(e.type, e.span, var, offset)
    if isinstance(value, ty.TBuiltin) and value.row.impl is not None:
        if value.row.impl.kind == "column":
            return n.ColumnHistory(e.type, e.span, value.row.impl.target, offset)
        var = series_variable(fb, value.row, e.span)
        var.need(depth)
        return n.History(e.type, e.span, var, offset)
    return _history_of_value(fb, e, offset, depth)


def _history_of_value(fb: FunctionBuilder, e: ty.THistory, offset: n.Expr, depth: int) -> n.Expr:
    """History of any other expression: a hidden variable follows its value."""
    mark = len(fb.block)
    value = lower_expr(fb, e.value)
    if isinstance(value, n.Const):
        # a constant has no past before the first bar either
        there = n.Binary(t.BOOL, e.span, ">=", n.Column(t.INT, e.span, "bar_index"), offset)
        return n.Select(e.type, e.span, there, value, na_const(e.type, e.span))
    if fb.is_main and fb.depth > 0 and len(fb.block) == mark and is_total(value):
        # An expression of built-in series only: it has a value on each bar, read or not.
        var = fb.new_var("h", value.type, hidden=True, every_bar=True)
        assert fb.program.main is not None
        fb.program.main.prologue.append(n.Store(e.span, var, value))
    else:
        var = fb.new_var("h", value.type, hidden=True)
        fb.emit(n.Store(e.span, var, value))
    var.need(depth)
    return n.History(e.type, e.span, var, offset)


def _cast(fb: FunctionBuilder, e: ty.TCast) -> n.Expr:
    return convert(lower_expr(fb, e.value), e.type)


def _tuple(fb: FunctionBuilder, e: ty.TTuple) -> n.Expr:
    return n.MakeTuple(e.type, e.span, [lower_expr(fb, item) for item in e.items])


def _field(fb: FunctionBuilder, e: ty.TField) -> n.Expr:
    return n.Field(e.type, e.span, lower_expr(fb, e.value), e.field)


def _new(fb: FunctionBuilder, e: ty.TNew) -> n.Expr:
    layout = fb.program.udts[e.udt.type.name]
    args = []
    for field, arg in zip(e.udt.fields, e.args, strict=True):
        given = arg if arg is not None else field.default
        args.append(na_const(field.type, e.span) if given is None else convert(lower_expr(fb, given), field.type))
    return n.New(e.type, e.span, layout, args)


def _copy(fb: FunctionBuilder, e: ty.TCopy) -> n.Expr:
    return n.CopyObject(e.type, e.span, lower_expr(fb, e.value))


def _enum(fb: FunctionBuilder, e: ty.TEnumMember) -> n.Expr:
    return n.Const(e.type, e.span, f"{e.enum.type.name}.{e.member}")


def _register() -> dict[type[ty.TExpr], LowerExpr]:
    from pinery.ir.lower import calls, structures

    return {
        ty.TConst: _const,
        ty.TVar: _var,
        ty.TBuiltin: _builtin,
        ty.TUnary: _unary,
        ty.TBinary: _binary,
        ty.TTernary: _ternary,
        ty.THistory: _history,
        ty.TCast: _cast,
        ty.TTuple: _tuple,
        ty.TField: _field,
        ty.TNew: _new,
        ty.TCopy: _copy,
        ty.TEnumMember: _enum,
        ty.TCall: calls.lower_call,
        ty.TUserCall: calls.lower_user_call,
        ty.TIf: structures.lower_if,
        ty.TSwitch: structures.lower_switch,
        ty.TForRange: structures.lower_for_range,
        ty.TForIn: structures.lower_for_in,
        ty.TWhile: structures.lower_while,
    }


EXPRESSIONS: dict[type[ty.TExpr], LowerExpr] = {}


def install() -> None:
    """Fill the dispatch table once all rooms are imported."""
    if not EXPRESSIONS:
        EXPRESSIONS.update(_register())
