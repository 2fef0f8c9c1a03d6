"""Inputs become constants: the user's value where there is one, else the default."""

from __future__ import annotations

import difflib
from typing import Any

from pinery.core.errors import UsageError
from pinery.ir import fold
from pinery.ir import nodes as n
from pinery.ir.lower.calls import argument, given
from pinery.ir.lower.context import FunctionBuilder, ProgramBuilder
from pinery.ir.lower.expressions import builtin_variable, convert, lower_expr
from pinery.lang import typed as ty
from pinery.lang import types as t
from pinery.lang.types import Kind

SOURCES = ("open", "high", "low", "close", "volume", "hl2", "hlc3", "ohlc4", "hlcc4")
_OLD_KINDS = {
    "integer": "int",
    "float": "float",
    "bool": "bool",
    "string": "string",
    "source": "source",
    "color": "color",
    "time": "time",
    "resolution": "timeframe",
    "session": "session",
    "symbol": "symbol",
    "price": "price",
}


def _constant(fb: FunctionBuilder, e: ty.TCall, name: str) -> Any:
    value = argument(fb, e, name)
    return value.value if isinstance(value, n.Const) else None


def _kind(fb: FunctionBuilder, e: ty.TCall) -> str:
    _, _, name = e.row.name.partition("@")[0].partition(".")
    if name:
        return name
    old = _constant(fb, e, "type")
    if isinstance(old, str):
        return _OLD_KINDS.get(old.removeprefix("input."), old)
    defval = e.args[0]
    if defval is not None and not isinstance(defval, ty.TConst) and defval.type == t.FLOAT and e.type == t.FLOAT:
        return "source"
    return {t.INT: "int", t.FLOAT: "float", t.BOOL: "bool", t.STRING: "string", t.COLOR: "color"}.get(e.type, "source")


def lower_input(fb: FunctionBuilder, e: ty.TCall, variable: str) -> n.Expr:
    """``variable`` is the name that the input is assigned to: its title when it has none."""
    program = fb.program
    kind = _kind(fb, e)
    title = _constant(fb, e, "title") or variable or f"Input {len(program.input_decls) + 1}"
    default_expr = e.args[0]
    assert default_expr is not None
    default = lower_expr(fb, default_expr)
    if kind == "source" and not isinstance(default, n.Const):
        return _source(fb, e, title, default)
    if not isinstance(default, n.Const):
        return default
    options = _options(fb, e)
    decl = n.InputDecl(
        title=title,
        kind=kind,
        default=default.value,
        value=default.value,
        options=options,
        minval=_constant(fb, e, "minval"),
        maxval=_constant(fb, e, "maxval"),
        step=_constant(fb, e, "step"),
        group=_constant(fb, e, "group") or "",
        tooltip=_constant(fb, e, "tooltip") or "",
        span=e.span,
    )
    key = override_key(program, decl)
    program.input_decls.append(decl)
    if key is not None:
        decl.value = parse_value(program, decl, e.type, program.inputs[key])
        program.used_inputs.add(key)
    return convert(fold.const(decl.value, default.type, e.span), e.type)


def override_key(program: ProgramBuilder, decl: n.InputDecl) -> str | None:
    """Which of the user's settings means this input: by title, or ``#3`` for the third."""
    number = f"#{len(program.input_decls) + 1}"
    for key in (decl.title, decl.title.strip(), number):
        if key in program.inputs:
            return key
    return None


def _options(fb: FunctionBuilder, e: ty.TCall) -> tuple[Any, ...] | None:
    tree = given(e, "options")
    if not isinstance(tree, ty.TTuple):
        return None
    items = [lower_expr(fb, item) for item in tree.items]
    return tuple(item.value for item in items if isinstance(item, n.Const))


def _source(fb: FunctionBuilder, e: ty.TCall, title: str, default: n.Expr) -> n.Expr:
    default_tree = e.args[0]
    name = default_tree.row.name if isinstance(default_tree, ty.TBuiltin) else "script's own series"
    decl = n.InputDecl(title, "source", name, name, SOURCES, group=_constant(fb, e, "group") or "", span=e.span)
    key = override_key(fb.program, decl)
    fb.program.input_decls.append(decl)
    if key is None:
        return default
    chosen = str(fb.program.inputs[key])
    fb.program.used_inputs.add(key)
    if chosen not in SOURCES:
        raise UsageError(f"input {title!r}: {chosen!r} is not a source", f"use one of {', '.join(SOURCES)}")
    decl.value = chosen
    return builtin_variable(fb, fb.program.variable_row(chosen), e.span)


def parse_value(program: ProgramBuilder, decl: n.InputDecl, type_: t.Type, given_value: Any) -> Any:
    """The user's value as this input takes it, or a UsageError that says what would be right."""
    where = f"input {decl.title!r}"
    value: Any = given_value
    if type_.kind is Kind.ENUM:
        titles = program.enum_titles.get(type_.name, {})
        for member, text in titles.items():
            if value in (text, member, f"{type_.name}.{member}"):
                return f"{type_.name}.{member}"
        raise UsageError(f"{where}: {value!r} is not one of its options", f"use one of {', '.join(titles.values())}")
    try:
        if type_ == t.BOOL:
            value = _parse_bool(value)
        elif type_ == t.INT:
            value = int(value) if not isinstance(value, float) or value.is_integer() else int(str(value))
        elif type_ == t.FLOAT:
            value = float(value)
        elif type_ == t.COLOR:
            value = _parse_color(value)
        else:
            value = str(value)
    except (ValueError, TypeError):
        raise UsageError(f"{where}: {given_value!r} is not a {type_}", f"its default is {decl.default!r}") from None
    if isinstance(value, float) and value - value != 0:
        raise UsageError(f"{where}: {given_value!r} is not a usable number", f"its default is {decl.default!r}")
    if decl.options and value not in decl.options:
        raise UsageError(
            f"{where}: {value!r} is not one of its options", f"use one of {', '.join(map(str, decl.options))}"
        )
    if type_.is_numeric:
        if decl.minval is not None and value < decl.minval:
            raise UsageError(f"{where}: {value} is below its minimum {decl.minval}")
        if decl.maxval is not None and value > decl.maxval:
            raise UsageError(f"{where}: {value} is above its maximum {decl.maxval}")
    return value


def _parse_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in ("true", "1", "yes", "on"):
        return True
    if text in ("false", "0", "no", "off"):
        return False
    raise ValueError(text)


def _parse_color(value: Any) -> int:
    if isinstance(value, int):
        return value
    text = str(value).strip().lstrip("#")
    if len(text) == 6:
        text += "FF"
    if len(text) != 8:
        raise ValueError(text)
    return int(text, 16)


def check_overrides(program: ProgramBuilder) -> None:
    """Every setting must have found its input."""
    unknown = [key for key in program.inputs if key not in program.used_inputs]
    if unknown:
        titles = [decl.title for decl in program.input_decls]
        close = difflib.get_close_matches(unknown[0], titles, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]!r}?" if close else f"the script's inputs are: {', '.join(titles) or 'none'}"
        raise UsageError(f"the script has no input {unknown[0]!r}", hint)
