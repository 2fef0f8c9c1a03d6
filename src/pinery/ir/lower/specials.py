"""Built-ins whose lowering is a rule of its own."""

from __future__ import annotations

from collections.abc import Callable

from pinery.ir import nodes as n
from pinery.ir.lower.calls import argument, call_args, given
from pinery.ir.lower.context import FunctionBuilder, na_const
from pinery.ir.lower.expressions import convert, lower_expr
from pinery.ir.lower.inputs import lower_input
from pinery.lang import typed as ty
from pinery.lang import types as t
from pinery.lang.versions import for_version


def _cast(fb: FunctionBuilder, e: ty.TCall) -> n.Expr:
    arg = e.args[0]
    return na_const(e.type, e.span) if arg is None else convert(lower_expr(fb, arg), e.type)


def _fixnan(fb: FunctionBuilder, e: ty.TCall) -> n.Expr:
    """The last value that was not na: a variable that only other values reach."""
    arg = e.args[0]
    assert arg is not None
    now = fb.temp(convert(lower_expr(fb, arg), e.type), "fresh")
    last = fb.new_var("fixnan", e.type, hidden=True)
    last.persistent = True
    last.initial = na_const(e.type, e.span)
    test = n.Unary(t.BOOL, e.span, "not", n.IsNa(t.BOOL, e.span, now))
    fb.emit(n.If(e.span, test, [n.Store(e.span, last, now)], []))
    return n.Load(e.type, e.span, last)


def _new_collection(target: str) -> Callable[[FunctionBuilder, ty.TCall], n.Expr]:
    def lower(fb: FunctionBuilder, e: ty.TCall) -> n.Expr:
        args = call_args(fb, e)
        if args:
            item = e.type.args[0]
            args[-1] = convert(args[-1], item)
        return n.Pure(e.type, e.span, target, args)

    return lower


def _new_map(fb: FunctionBuilder, e: ty.TCall) -> n.Expr:
    return n.Pure(e.type, e.span, "maps:new", [na_const(e.type.args[1], e.span)])


def _nothing(fb: FunctionBuilder, e: ty.TCall) -> n.Expr:
    return na_const(t.VOID, e.span)


def _request(fb: FunctionBuilder, e: ty.TCall) -> n.Expr:
    """Leaves the wanted expression as a capture here; ``ir.slice`` makes a program of its own of it."""
    lower_tf = e.overload.impl.target == "request.security_lower_tf"
    symbol = argument(fb, e, "symbol")
    timeframe = argument(fb, e, "timeframe") or argument(fb, e, "resolution")
    wanted = given(e, "expression")
    assert symbol is not None and timeframe is not None and wanted is not None
    value = lower_expr(fb, wanted)
    site = n.RequestSite(len(fb.program.requests), "lower_tf" if lower_tf else "security", value.type, e.span)
    fb.program.requests.append(site)
    fb.emit(n.Capture(e.span, site, value))
    options = {}
    for param in e.overload.params:
        if param.name not in ("symbol", "timeframe", "resolution", "expression"):
            option = argument(fb, e, param.name)
            if param.name == "lookahead" and given(e, "lookahead") is None:
                option = n.Const(t.BOOL, e.span, for_version(fb.program.version).lookahead_default)
            if option is not None:
                options[param.name] = option
    return n.Request(e.type, e.span, site, symbol, timeframe, options)


SPECIALS: dict[str, Callable[[FunctionBuilder, ty.TCall], n.Expr]] = {
    "cast": _cast,
    "fixnan": _fixnan,
    "array.new": _new_collection("arrays:new"),
    "matrix.new": _new_collection("matrices:new"),
    "map.new": _new_map,
    "declaration": _nothing,
    "max_bars_back": _nothing,
    "input": lambda fb, e: lower_input(fb, e, ""),
    "request.security": _request,
    "request.security_lower_tf": _request,
}
