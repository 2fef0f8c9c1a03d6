"""Statements, blocks and structures (if, switch, loops) to IR."""

from __future__ import annotations

from pinery.ir import nodes as n
from pinery.ir.analysis import expressions, loaded, statements, stored, walk
from pinery.ir.lower.context import FunctionBuilder, na_const
from pinery.ir.lower.expressions import convert, lower_expr
from pinery.lang import typed as ty
from pinery.lang import types as t
from pinery.lang.types import Kind, Type
from pinery.lang.versions import for_version

NO_VALUE = (Kind.VOID,)


def lower_body(fb: FunctionBuilder, body: list[ty.TStmt]) -> None:
    for stmt in body:
        lower_stmt(fb, stmt)


def lower_block_value(fb: FunctionBuilder, block: ty.TBlock, type_: Type) -> n.Expr:
    """The block's statements, and its value as ``type_`` (na where it has none)."""
    lower_body(fb, block.body)
    if block.result is None:
        return na_const(type_, block.span)
    return convert(lower_expr(fb, block.result), type_)


# --- statements -----------------------------------------------------------------------


def lower_stmt(fb: FunctionBuilder, stmt: ty.TStmt) -> None:
    match stmt:
        case ty.TDecl():
            _declare(fb, stmt)
        case ty.TTupleDecl():
            _declare_tuple(fb, stmt)
        case ty.TAssign():
            var = fb.lookup(stmt.symbol)
            fb.emit(n.Store(stmt.span, var, convert(lower_expr(fb, stmt.value), var.type)))
        case ty.TFieldAssign():
            target = lower_expr(fb, stmt.target)
            value = lower_expr(fb, stmt.value)
            fb.emit(n.StoreField(stmt.span, target, stmt.field, value))
        case ty.TExprStmt():
            value = lower_expr(fb, stmt.value)
            if not isinstance(value, n.Const | n.Load | n.Column):
                fb.emit(n.Eval(stmt.span, value))
        case ty.TBreak():
            fb.emit(n.Break(stmt.span))
        case ty.TContinue():
            fb.emit(n.Continue(stmt.span))


def bind(fb: FunctionBuilder, symbol: ty.Symbol, var: n.Var) -> None:
    fb.symbols[symbol] = var
    if fb.is_main and symbol.is_global:
        fb.program.globals[symbol] = var


def _declare(fb: FunctionBuilder, stmt: ty.TDecl) -> None:
    symbol = stmt.symbol
    type_ = symbol.qtype.type
    if symbol.mode is None:
        value = convert(lower_named(fb, stmt.value, symbol.name), type_)
        if isinstance(value, n.Const) and not symbol.reassigned:
            # inputs and constants stay constants: lengths are known, branches fold
            refs = fb.program.refs if symbol.is_global else fb.refs
            refs[symbol] = value
            return
        var = fb.new_var(symbol.name, type_)
        bind(fb, symbol, var)
        fb.emit(n.Store(stmt.span, var, value))
        return
    var = fb.new_var(symbol.name, type_)
    var.persistent = True
    var.varip = symbol.mode == "varip"
    with fb.nested() as once:
        value = convert(lower_named(fb, stmt.value, symbol.name), type_)
    bind(fb, symbol, var)
    if not once and isinstance(value, n.Const):
        var.initial = value
    else:
        flag = n.Var(fb.program.fresh(f"{symbol.name}_set"), t.BOOL, persistent=True, varip=var.varip, hidden=True)
        flag.initial = n.Const(t.BOOL, stmt.span, False)
        fb.function.vars.append(flag)
        var.initial = na_const(type_, stmt.span)
        fb.emit(n.Once(stmt.span, flag, [*once, n.Store(stmt.span, var, value)]))
    if not var.every_bar:
        fb.emit(n.Touch(stmt.span, var))


def lower_named(fb: FunctionBuilder, value: ty.TExpr, name: str) -> n.Expr:
    """Lower an initialiser; an untitled input takes its variable's name as title, as the settings dialog does."""
    if isinstance(value, ty.TCall) and value.row.name.startswith("input"):
        from pinery.ir.lower.inputs import lower_input

        return lower_input(fb, value, name)
    return lower_expr(fb, value)


def _declare_tuple(fb: FunctionBuilder, stmt: ty.TTupleDecl) -> None:
    value = lower_expr(fb, stmt.value)
    item_types = value.type.args
    targets: list[n.Var | None] = []
    casts: list[tuple[n.Var, n.Var]] = []
    for i, symbol in enumerate(stmt.symbols):
        if symbol is None:
            targets.append(None)
            continue
        var = fb.new_var(symbol.name, symbol.qtype.type)
        bind(fb, symbol, var)
        given = item_types[i] if i < len(item_types) else var.type
        if given == t.INT and var.type == t.FLOAT:
            raw = fb.new_var(symbol.name, given, hidden=True)
            casts.append((var, raw))
            targets.append(raw)
        else:
            targets.append(var)
    if isinstance(value, n.MakeTuple):
        # no tuple is built: evaluate all, then assign
        temps = [fb.temp(item) if not isinstance(item, n.Const | n.Column) else item for item in value.items]
        for target, item in zip(targets, temps, strict=True):
            if target is not None:
                fb.emit(n.Store(stmt.span, target, convert(item, target.type)))
    else:
        fb.emit(n.StoreTuple(stmt.span, targets, value))
    for var, raw in casts:
        fb.emit(n.Store(stmt.span, var, convert(n.Load(raw.type, stmt.span, raw), var.type)))


# --- structures -----------------------------------------------------------------------


def _result(fb: FunctionBuilder, expr: ty.TExpr) -> n.Var | None:
    """A variable for the structure's value, or None where only its effects matter."""
    if expr.type.kind in NO_VALUE:
        return None
    return fb.new_var("r", expr.type, hidden=True)


def _branch(fb: FunctionBuilder, block: ty.TBlock | None, result: n.Var | None, *, loop: bool = False) -> list[n.Stmt]:
    """A branch's statements, storing its value in ``result``."""
    with fb.nested(loop=loop) as stmts:
        if block is not None:
            lower_body(fb, block.body)
            if result is not None:
                value = (
                    na_const(result.type, block.span)
                    if block.result is None
                    else convert(lower_expr(fb, block.result), result.type)
                )
                fb.emit(n.Store(block.span, result, value))
            elif block.result is not None:
                value = lower_expr(fb, block.result)
                if not isinstance(value, n.Const | n.Load | n.Column):
                    fb.emit(n.Eval(block.span, value))
    return stmts


def _value(result: n.Var | None, expr: ty.TExpr) -> n.Expr:
    if result is None:
        return na_const(t.VOID, expr.span)
    return n.Load(result.type, expr.span, result)


def _preset(fb: FunctionBuilder, result: n.Var | None, expr: ty.TExpr) -> None:
    if result is not None:
        fb.emit(n.Store(expr.span, result, na_const(result.type, expr.span)))


def _as_switch(e: ty.TIf) -> ty.TSwitch | None:
    """A chain of ``else if`` is a switch without a subject."""
    cases = [(e.cond, e.then)]
    other = e.other
    while other is not None:
        inner: ty.TExpr | None = None
        if not other.body:
            inner = other.result
        elif len(other.body) == 1 and other.result is None and isinstance(other.body[0], ty.TExprStmt):
            inner = other.body[0].value
        if not isinstance(inner, ty.TIf) or inner.type != e.type:
            break
        cases.append((inner.cond, inner.then))
        other = inner.other
    return ty.TSwitch(e.qtype, e.span, None, cases, other) if len(cases) > 1 else None


def lower_if(fb: FunctionBuilder, e: ty.TIf) -> n.Expr:
    chain = _as_switch(e)
    if chain is not None:
        return lower_switch(fb, chain)
    cond = lower_expr(fb, e.cond)
    result = _result(fb, e)
    if isinstance(cond, n.Const):
        chosen = e.then if cond.value else e.other
        if chosen is None:
            _preset(fb, result, e)
        else:
            fb.block.extend(_branch(fb, chosen, result))
        return _value(result, e)
    then = _branch(fb, e.then, result)
    if e.other is None:
        _preset(fb, result, e)
        other: list[n.Stmt] = []
    else:
        other = _branch(fb, e.other, result)
    fb.emit(n.If(e.span, cond, then, other))
    return _value(result, e)


def lower_switch(fb: FunctionBuilder, e: ty.TSwitch) -> n.Expr:
    result = _result(fb, e)
    subject: n.Expr | None = None
    if e.subject is not None:
        subject = lower_expr(fb, e.subject)
        if not isinstance(subject, n.Const | n.Load | n.Column):
            subject = fb.temp(subject, "subject")
    _switch_cases(fb, e, subject, 0, result)
    return _value(result, e)


MAX_ELSE = 12  # nested else blocks before a chain goes on flat


def _switch_cases(fb: FunctionBuilder, e: ty.TSwitch, subject: n.Expr | None, i: int, result: n.Var | None) -> None:
    """The cases from ``i`` on, as an if/else chain in the current block."""
    saved, depth, nested = fb.block, fb.depth, 0
    try:
        while i < len(e.cases):
            match, block = e.cases[i]
            i += 1
            mark = len(fb.block)
            test = lower_expr(fb, match)
            if subject is not None:
                test = _equals(subject, test, match)
            if isinstance(test, n.Const):
                if not test.value:
                    continue
                fb.block.extend(_branch(fb, block, result))
                return
            then = _branch(fb, block, result)
            other: list[n.Stmt] = []
            # an else block that holds one test alone is written as elif, without another level
            nested += len(fb.block) > mark
            fb.emit(n.If(match.span, test, then, other))
            fb.block = other
            fb.depth += 1
            if nested > MAX_ELSE:
                _flat_cases(fb, e, subject, i, result)
                return
        if e.default is not None:
            fb.block.extend(_branch(fb, e.default, result))
        else:
            _preset(fb, result, e)
    finally:
        fb.block, fb.depth = saved, depth


def _flat_cases(fb: FunctionBuilder, e: ty.TSwitch, subject: n.Expr | None, i: int, result: n.Var | None) -> None:
    """The remaining cases one after the other, each only if none matched before."""
    span = e.span
    found = fb.new_var("found", t.BOOL, hidden=True)
    fb.emit(n.Store(span, found, n.Const(t.BOOL, span, False)))
    rest: list[tuple[ty.TExpr | None, ty.TBlock | None]] = [*e.cases[i:], (None, e.default)]
    for match, block in rest:
        with fb.nested() as stmts:
            test: n.Expr = n.Const(t.BOOL, span, True)
            if match is not None:
                test = lower_expr(fb, match)
                if subject is not None:
                    test = _equals(subject, test, match)
            then = _branch(fb, block, result)
            if block is None and result is not None:
                then.append(n.Store(span, result, na_const(result.type, span)))
            fb.emit(n.If(span, test, [n.Store(span, found, n.Const(t.BOOL, span, True)), *then], []))
        fb.emit(n.If(span, n.Unary(t.BOOL, span, "not", n.Load(t.BOOL, span, found)), stmts, []))


def _equals(subject: n.Expr, test: n.Expr, match: ty.TExpr) -> n.Expr:
    from pinery.ir import fold

    if subject.type != test.type and subject.type.is_numeric and test.type.is_numeric:
        subject, test = convert(subject, t.FLOAT), convert(test, t.FLOAT)
    if isinstance(subject, n.Const) and isinstance(test, n.Const):
        folded = fold.binary("==", subject, test, t.BOOL)
        if folded is not None:
            return folded
    return n.Binary(t.BOOL, match.span, "==", subject, test)


def lower_while(fb: FunctionBuilder, e: ty.TWhile) -> n.Expr:
    result = _result(fb, e)
    _preset(fb, result, e)
    with fb.nested(loop=True) as prelude:
        cond = lower_expr(fb, e.cond)
    body = _branch(fb, e.body, result, loop=True)
    fb.emit(n.While(e.span, prelude, cond, body))
    return _value(result, e)


def lower_for_range(fb: FunctionBuilder, e: ty.TForRange) -> n.Expr:
    result = _result(fb, e)
    _preset(fb, result, e)
    start = lower_expr(fb, e.start)
    mark = len(fb.block)
    stop = lower_expr(fb, e.stop)
    hoisted = len(fb.block) > mark
    step = None if e.step is None else lower_expr(fb, e.step)
    with fb.nested(loop=True) as body:
        var = fb.new_var(e.var.name, e.var.qtype.type)
        fb.symbols[e.var] = var
        body.extend(_branch(fb, e.body, result))
    dynamic = for_version(fb.program.version).for_end_dynamic and not hoisted and _may_change(stop, body)
    fb.emit(n.ForRange(e.span, var, start, stop, step, body, dynamic))
    return _value(result, e)


def _may_change(stop: n.Expr, body: list[n.Stmt]) -> bool:
    """Could the loop's body change the value of ``stop``?"""
    names = set(loaded(stop))
    has_call = any(isinstance(x, n.Pure | n.Host | n.Call) for x in walk(stop))
    for stmt in statements(body):
        if any(v in names for v in stored(stmt)):
            return True
        if has_call and (
            isinstance(stmt, n.StoreField)
            or any(isinstance(x, n.Pure | n.Host | n.Call) for e in expressions(stmt) for x in walk(e))
        ):
            return True
    return False


def lower_for_in(fb: FunctionBuilder, e: ty.TForIn) -> n.Expr:
    result = _result(fb, e)
    _preset(fb, result, e)
    iterable = lower_expr(fb, e.iterable)
    with fb.nested(loop=True) as body:
        index = None
        if e.index is not None:
            index = fb.new_var(e.index.name, e.index.qtype.type)
            fb.symbols[e.index] = index
        var = fb.new_var(e.var.name, e.var.qtype.type)
        fb.symbols[e.var] = var
        body.extend(_branch(fb, e.body, result))
    fb.emit(n.ForIn(e.span, index, var, iterable, body))
    return _value(result, e)
