"""Inputs become constants: the user's value where there is one, else the default."""

from __future__ import annotations

import difflib
import re
from typing import Any

from pinery.core.errors import PineryError, UsageError
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
_SAMPLES = {
    "int": "20",
    "float": "1.5",
    "bool": "true or false",
    "color": "#FF8000, #FF800080 or blue",
    "time": '"2024-05-31 09:30" (UTC) or Unix milliseconds',
    "timeframe": "15, 240, D or W",
    "session": "0930-1600 or 0930-1600:23456",
    "string": "text",
}
_SHAPES = {
    "timeframe": re.compile(r"\d*[TSHDWM]?", re.IGNORECASE),
    "session": re.compile(r"\d{4}-\d{4}(,\d{4}-\d{4})*(:[1-7]+)?|24x7|", re.IGNORECASE),
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
    default = _settled(program, lower_expr(fb, default_expr))
    if kind == "source" and not isinstance(default, n.Const):
        return _source(fb, e, title, default)
    known = default.value if isinstance(default, n.Const) else None
    options = _options(fb, e)
    decl = n.InputDecl(
        title=title,
        kind=kind,
        default=known,
        value=known,
        options=options,
        minval=_constant(fb, e, "minval"),
        maxval=_constant(fb, e, "maxval"),
        step=_constant(fb, e, "step"),
        span=e.span,
        **_shown(fb, e),
    )
    key = override_key(program, decl)
    program.input_decls.append(decl)
    if key is not None:
        decl.value = parse_value(program, decl, e.type, program.inputs[key])
        program.used_inputs.add(key)
    elif not isinstance(default, n.Const):
        return default
    return convert(fold.const(decl.value, default.type, e.span), e.type)


def _shown(fb: FunctionBuilder, e: ty.TCall) -> dict[str, Any]:
    """How the settings dialog shows it."""
    return {
        "group": _constant(fb, e, "group") or "",
        "tooltip": _constant(fb, e, "tooltip") or "",
        "inline": _constant(fb, e, "inline") or "",
        "display": _constant(fb, e, "display"),
        "confirm": bool(_constant(fb, e, "confirm")),
    }


def _settled(program: ProgramBuilder, value: n.Expr) -> n.Expr:
    """The value of a call whose arguments are all known, as in ``input.color(color.new(color.red, 50))``."""
    if not isinstance(value, n.Pure) or program.resolve is None:
        return value
    args = [_settled(program, arg) for arg in value.args]
    known = [arg.value for arg in args if isinstance(arg, n.Const) and arg.value is not None]
    if len(known) < len(args):
        return value
    try:
        return fold.const(program.resolve(value.target)(*known), value.type, value.span)
    except PineryError:
        return value  # it fails where it always did: when the script runs


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
    decl = n.InputDecl(title, "source", name, name, SOURCES, span=e.span, **_shown(fb, e))
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
        elif decl.kind == "time":
            value = _parse_time(program, value)
        elif type_ == t.INT:
            value = int(value) if not isinstance(value, float) or value.is_integer() else int(str(value))
        elif type_ == t.FLOAT:
            value = float(value)
        elif type_ == t.COLOR:
            value = _parse_color(program, value)
        else:
            value = str(value)
            shape = _SHAPES.get(decl.kind)
            if shape is not None and value not in (decl.options or ()) and not shape.fullmatch(value):
                raise ValueError(value)
    except (ValueError, TypeError):
        raise _unfit(decl, type_, given_value) from None
    if isinstance(value, float) and value - value != 0:
        raise _unfit(decl, type_, given_value)
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


def _unfit(decl: n.InputDecl, type_: t.Type, value: Any) -> UsageError:
    kind = decl.kind if decl.kind in _SAMPLES else type_.name
    article = "an" if kind == "int" else "a"
    return UsageError(f"input {decl.title!r}: {value!r} is not {article} {kind}", f"write it like {_SAMPLES[kind]}")


def _parse_time(program: ProgramBuilder, value: Any) -> int:
    text = str(value).strip()
    if re.fullmatch(r"-?\d{5,}", text):
        return int(text)
    if program.resolve is None:
        raise ValueError(text)
    try:
        return int(program.resolve("times:timestamp_text")(text))
    except PineryError:
        raise ValueError(text) from None


def _parse_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in ("true", "1", "yes", "on"):
        return True
    if text in ("false", "0", "no", "off"):
        return False
    raise ValueError(text)


def _parse_color(program: ProgramBuilder, value: Any) -> int:
    if isinstance(value, int):
        return value
    text = str(value).strip().lstrip("#")
    row = program.registry.variables.get(f"color.{text.lower().removeprefix('color.')}")
    if row is not None and isinstance(row.value, int):
        return row.value
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
