"""Calls of built-ins and of user functions to IR."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from pinery.ir import nodes as n
from pinery.ir.lower.context import FunctionBuilder, ProgramBuilder, na_const
from pinery.ir.lower.expressions import builtin_variable, convert, default_value, lower_expr
from pinery.lang import typed as ty
from pinery.lang import types as t
from pinery.lang.builtins.schema import Param
from pinery.lang.types import Kind, Type
from pinery.lang.versions import for_version

MAX_VARIANTS = 24  # of one function instance, by constant arguments; beyond that the arguments are passed


def argument(fb: FunctionBuilder, e: ty.TCall, name: str) -> n.Expr | None:
    """The argument of that parameter, or its default; None when the overload has no such parameter."""
    for param, arg in zip(e.overload.params, e.args, strict=False):
        if param.name == name:
            return _argument(fb, e, param, arg)
    return None


def given(e: ty.TCall, name: str) -> ty.TExpr | None:
    """The script's own argument for that parameter, if it wrote one."""
    for param, arg in zip(e.overload.params, e.args, strict=False):
        if param.name == name:
            return arg
    return None


def _bound(type_: Type, bindings: dict[str, Type]) -> Type:
    return bindings.get(type_.name, type_) if not type_.args else type_


def _argument(fb: FunctionBuilder, e: ty.TCall, param: Param, arg: ty.TExpr | None) -> n.Expr:
    type_ = _bound(param.type, e.bindings)
    if arg is None:
        return default_value(fb, param.default, type_, e.span)
    value = lower_expr(fb, arg)
    if value.type.kind is Kind.ENUM and e.row.name.startswith(("str.", "log.")):
        return n.Field(t.STRING, value.span, value, "label")  # texts show an enum's title
    if type_ in (t.INT, t.FLOAT, t.BOOL, t.STRING, t.COLOR):
        return convert(value, type_)
    if isinstance(value, n.Const) and value.value is None and value.type == t.NA:
        return na_const(t.FLOAT if type_.name in ("any", "T", "N") else type_, value.span)
    return value


def call_args(fb: FunctionBuilder, e: ty.TCall) -> list[n.Expr]:
    """Implicit series, then one argument per parameter, then the variadic rest."""
    args = [builtin_variable(fb, fb.program.variable_row(name), e.span) for name in e.overload.impl.implicit]
    for param, arg in zip(e.overload.params, e.args, strict=False):
        if not param.variadic:
            args.append(_argument(fb, e, param, arg))
    if e.rest:
        variadic = next((p for p in e.overload.params if p.variadic), None)
        assert variadic is not None
        args.extend(_argument(fb, e, variadic, arg) for arg in e.rest)
    return args


def lower_call(fb: FunctionBuilder, e: ty.TCall) -> n.Expr:
    impl = e.overload.impl
    rule = RULES.get(e.row.name.partition("@")[0])
    if rule is not None:
        return rule(fb, e)
    match impl.kind:
        case "special":
            from pinery.ir.lower.specials import SPECIALS

            return SPECIALS[impl.target](fb, e)
        case "output":
            return _output(fb, e)
        case "kernel":
            args = call_args(fb, e)
            dynamic = any(a.type == t.INT and not isinstance(a, n.Const) for a in args[len(impl.implicit) :])
            return n.Kernel(e.type, e.span, impl.target, fb.state(impl.target, dynamic), args)
        case "host":
            return n.Host(e.type, e.span, impl.target, call_args(fb, e))
        case "column":
            return n.Column(e.type, e.span, impl.target)
    return n.Pure(e.type, e.span, impl.target, call_args(fb, e))


def _is_na(fb: FunctionBuilder, e: ty.TCall) -> n.Expr:
    arg = e.args[0]
    if arg is None:
        return na_const(e.type, e.span)
    value = lower_expr(fb, arg)
    if isinstance(value, n.Const):
        return n.Const(t.BOOL, e.span, value.value is None)
    return n.IsNa(t.BOOL, e.span, value)


def _nz(fb: FunctionBuilder, e: ty.TCall) -> n.Expr:
    args = [a for a in [*e.args, *e.rest] if a is not None]
    value = convert(lower_expr(fb, args[0]), e.type)
    if len(args) > 1:
        replacement = convert(lower_expr(fb, args[1]), e.type)
    else:
        zero: Any = {t.BOOL: False, t.COLOR: 0, t.FLOAT: 0.0, t.STRING: ""}.get(e.type, 0)
        replacement = n.Const(e.type, e.span, zero)
    if isinstance(value, n.Const):
        return replacement if value.value is None else value
    return n.Nz(e.type, e.span, value, replacement)


def _alert(fb: FunctionBuilder, e: ty.TCall) -> n.Expr:
    """The call's place tells alerts apart: each place fires once per bar."""
    line, _ = fb.program.source.sources[e.span.file].position(e.span.start)
    args = call_args(fb, e)
    fb.program.alert_sites += 1
    place = [n.Const(t.INT, e.span, fb.program.alert_sites), n.Const(t.INT, e.span, line)]
    return n.Host(t.VOID, e.span, e.overload.impl.target, [*args, *place])


def _output(fb: FunctionBuilder, e: ty.TCall) -> n.Expr:
    """One output per call site: constant arguments are its settings, the others are recorded per bar."""
    kind = e.overload.impl.target
    settings: dict[str, Any] = {}
    values: list[tuple[str, n.Expr]] = []
    for param, arg in zip(e.overload.params, e.args, strict=False):
        value = _argument(fb, e, param, arg)
        if param.name == "transp" and arg is None and kind in ("bgcolor", "fill"):
            value = n.Const(t.FLOAT, e.span, for_version(fb.program.version).default_transp)
        if isinstance(value, n.Const):
            settings[param.name] = value.value
        else:
            values.append((param.name, value))
    index = len(fb.program.outputs)
    decl = n.OutputDecl(index, kind, settings, tuple(name for name, _ in values), e.span)
    fb.program.outputs.append(decl)
    if values:
        fb.emit(n.Emit(e.span, decl, values))
    return n.Const(e.type, e.span, index)


# --- user functions -------------------------------------------------------------------


def _tree(node: Any) -> Iterator[Any]:
    """All typed nodes below ``node``, not following calls into functions."""
    stack = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, list | tuple):
            stack.extend(item)
        elif isinstance(item, ty.TExpr | ty.TStmt | ty.TBlock) and is_dataclass(item):
            yield item
            stack.extend(getattr(item, f.name) for f in fields(item) if f.name not in ("span", "qtype", "instance"))


def has_request(program: ProgramBuilder, instance: ty.FunctionInstance) -> bool:
    """Does the function, or one that it calls, request other data? Such functions are inlined:
    what they request depends on the caller's arguments."""
    known = program.with_requests.get(id(instance))
    if known is None:
        program.with_requests[id(instance)] = False
        known = any(
            (isinstance(node, ty.TCall) and node.overload.impl.target.startswith("request.security"))
            or (isinstance(node, ty.TUserCall) and has_request(program, node.instance))
            for node in _tree(instance.body)
        )
        program.with_requests[id(instance)] = known
    return known


def lower_user_call(fb: FunctionBuilder, e: ty.TUserCall) -> n.Expr:
    args = [
        convert(lower_expr(fb, arg), param.qtype.type) for param, arg in zip(e.instance.params, e.args, strict=True)
    ]
    if has_request(fb.program, e.instance):
        return _inline(fb, e, args)
    function, passed = _specialise(fb.program, e.instance, args)
    if fb.loops or fb.function.in_loop:
        function.in_loop = True
    return n.Call(e.type, e.span, fb.frame(function), passed)


def _inline(fb: FunctionBuilder, e: ty.TUserCall, args: list[n.Expr]) -> n.Expr:
    symbols, refs = fb.symbols, fb.refs
    fb.symbols, fb.refs = dict(symbols), dict(refs)
    for param, arg in zip(e.instance.params, args, strict=True):
        if isinstance(arg, n.Const) and not param.reassigned:
            fb.refs[param] = arg
        else:
            var = fb.new_var(param.name, param.qtype.type)
            fb.symbols[param] = var
            fb.emit(n.Store(arg.span, var, arg))
    try:
        return _function_body(fb, e.instance)
    finally:
        fb.symbols, fb.refs = symbols, refs


def _function_body(fb: FunctionBuilder, instance: ty.FunctionInstance) -> n.Expr:
    from pinery.ir.lower.structures import lower_block_value

    return lower_block_value(fb, instance.body, instance.returns.type)


def _constant_key(arg: n.Expr) -> tuple[Any, ...] | None:
    if isinstance(arg, n.Const) and arg.type in (t.INT, t.FLOAT, t.BOOL, t.STRING):
        return (arg.type.name, repr(arg.value))
    return None


def _specialise(
    program: ProgramBuilder, instance: ty.FunctionInstance, args: list[n.Expr]
) -> tuple[n.Function, list[n.Expr]]:
    """The function for these constant arguments (its branches fold), and the arguments still to pass."""
    keys = [None if param.reassigned else _constant_key(arg) for param, arg in zip(instance.params, args, strict=True)]
    variants = program.variants.setdefault(id(instance), {})
    key = tuple(keys)
    if key not in variants and len(variants) >= MAX_VARIANTS:
        keys = [None] * len(args)
        key = tuple(keys)
    function = variants.get(key)
    if function is None:
        constants = {
            param: arg
            for param, arg, k in zip(instance.params, args, keys, strict=True)
            if k is not None and isinstance(arg, n.Const)
        }
        function = _lower_function(program, instance, constants)
        variants[key] = function
    return function, [arg for arg, k in zip(args, keys, strict=True) if k is None]


def _lower_function(
    program: ProgramBuilder, instance: ty.FunctionInstance, constants: dict[ty.Symbol, n.Const]
) -> n.Function:
    function = n.Function(program.fresh(instance.name), [], [], instance.returns.type, instance.span)
    fb = FunctionBuilder(program, function, is_main=False, block=function.body, refs=dict(constants))
    for param in instance.params:
        if param not in constants:
            var = fb.new_var(param.name, param.qtype.type)
            function.params.append(var)
            fb.symbols[param] = var
    result = _function_body(fb, instance)
    if instance.returns.type != t.VOID:
        fb.emit(n.Return(instance.span, result))
    elif not isinstance(result, n.Const | n.Load | n.Column):
        fb.emit(n.Eval(instance.span, result))
    program.function_list.append(function)
    return function


RULES: dict[str, Callable[[FunctionBuilder, ty.TCall], n.Expr]] = {
    "na": _is_na,
    "nz": _nz,
    "alert": _alert,
}
