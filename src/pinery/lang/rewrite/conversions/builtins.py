"""Calls: what each built-in function needs besides its new name and the new places of its arguments."""

from __future__ import annotations

from collections.abc import Callable

from pinery.lang import ast
from pinery.lang.check.names import dotted_name
from pinery.lang.rewrite.conversions import history, inputs, logic, looks, orders, requests, truth
from pinery.lang.rewrite.conversions.calls import Called, describe, newest_name, read, write
from pinery.lang.rewrite.conversions.context import Conversion, Rule

# By the name in version 6. One that returns text has written the whole call.
_OWN: dict[str, Callable[[Conversion, Called], str | None]] = {
    "fixnan": truth.replaced,
    "iff": logic.iff,
    "input": inputs.typed_input,
    "na": truth.is_na,
    "nz": truth.replaced,
    "request.security": requests.request,
    "str.tostring": truth.shown,
    "strategy": orders.declaration,
    "ta.rsi": history.rsi_of_two,
    "time": requests.session,
    "time_close": requests.session,
    **{f"strategy.{name}": orders.command for name in ("entry", "order", "exit")},
    **dict.fromkeys(("plot", "plotshape", "plotchar", "plotarrow", "fill", "bgcolor"), looks.transparent),
}
# Functions of version 4 that are operators now.
OPERATORS = frozenset({"iff"})


def _call(c: Conversion, node: ast.Node) -> str | None:
    assert isinstance(node, ast.Call)
    shifted = history.offset(c, node)
    if shifted is not None:
        return shifted
    called = describe(c, node)
    if called is None:
        return _unknown(c, node)
    for arg in called.args:
        if arg.name == "timeframe":  # built-ins take both ways of writing it
            c.fits_both.add(id(arg.node.value))
    if called.name == "na" and called.args and _is_literal_na(called):
        return None
    read(c, called)
    own = _OWN.get(called.name)
    made = own(c, called) if own is not None else None
    return made if made is not None else write(c, called)


def _is_literal_na(called: Called) -> bool:
    value = called.args[0].node.value
    return isinstance(value, ast.Name) and value.id == "na"


def _unknown(c: Conversion, node: ast.Call) -> str | None:
    """A call of a user's function or of a method, or one whose arguments could not be told."""
    start, end = c.core(node)
    extra = [arg for arg in node.args if arg.span in c.seen.dropped]
    if extra:
        c.problem(extra[0], f"`{extra[0].name}` is given twice; the first counts", "leave out the second")
    row = c.seen.rows.get(id(node))
    if row is None or dotted_name(node.func) is None or id(node) in c.seen.methods:
        return None
    c.instead[id(node.func)] = newest_name(row.name)
    return c.spliced(node, start, end)


CALLS = Rule(
    (
        "functions",
        "parameters",
        "rows",
        "repeated_arguments",
        "lookahead_default",
        "session_days",
        "default_transp",
        "margin_default",
        "exit_takes_nearest",
        "na_bool",
    ),
    (ast.Call,),
    _call,
)
