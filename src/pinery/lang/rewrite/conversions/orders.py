"""Strategies: what their declaration meant, and order commands with their conditions and distances."""

from __future__ import annotations

from pinery.lang import ast, typed
from pinery.lang.rewrite.conversions.calls import Called, describe, read, write
from pinery.lang.rewrite.conversions.context import Conversion, Rule
from pinery.lang.rewrite.conversions.logic import needs_every_bar

_COMMANDS = frozenset(
    f"strategy.{name}" for name in ("entry", "order", "exit", "close", "close_all", "cancel", "cancel_all")
)
_NEWEST_MARGIN = 100.0
# Distances in ticks, and the prices that went before them.
_LEGS = {"profit": "limit", "loss": "stop", "trail_points": "trail_price"}


def declaration(c: Conversion, called: Called) -> None:
    called.drop("linktoseries")
    for name in ("margin_long", "margin_short"):
        if c.version.margin_default != _NEWEST_MARGIN and called.get(name) is None:
            called.put(name, f"{c.version.margin_default:g}")


def command(c: Conversion, called: Called) -> None:
    _direction(c, called)
    if called.name == "strategy.exit" and not c.version.exit_takes_nearest:
        _prices_first(c, called)


def _direction(c: Conversion, called: Called) -> None:
    """``strategy.entry("L", true)``: version 4 took true for long."""
    found = called.get("direction")
    value = c.seen.value(found.node.value) if found is not None else None
    if found is None or value is None or value.type.name != "bool":
        return
    if isinstance(value, typed.TConst):
        found.text = "strategy.long" if value.value else "strategy.short"
    else:
        found.text = f"{c.operand(found.node.value)} ? strategy.long : strategy.short"


def _prices_first(c: Conversion, called: Called) -> None:
    """Where a leg has a price and a distance, the price counted, and the distance only while there was no price."""
    for distance, price in _LEGS.items():
        far, near = called.get(distance), called.get(price)
        if far is None or near is None or far.text is None or near.text is None:
            continue
        value = c.seen.value(near.node.value)
        if isinstance(value, typed.TConst) and value.value is not None:
            called.drop(distance)
            continue
        if not isinstance(near.node.value, ast.Name):
            name = c.fresh(f"{price}Price")
            c.before[-1].append(f"float {name} = {near.text}")
            near.text = name
        far.text = f"na({near.text}) ? {far.text} : na"


def _with_condition(c: Conversion, stmt: ast.Node) -> str | None:
    """``when`` becomes an ``if`` around the command."""
    assert isinstance(stmt, ast.ExprStmt)
    call = stmt.value
    called = describe(c, call) if isinstance(call, ast.Call) else None
    if called is None or called.name not in _COMMANDS:
        return None
    when = called.drop("when")
    if when is None:
        return None
    condition = c.bare(when.node.value)
    read(c, called)
    _keep_every_bar(c, called)
    command(c, called)
    made = write(c, called)
    value = c.seen.value(when.node.value)
    if isinstance(value, typed.TConst) and value.value is True:
        return made
    c.before[-1].append(f"if {condition}")
    return c.step + made.replace(c.newline, c.newline + c.step)


def _keep_every_bar(c: Conversion, called: Called) -> None:
    """Arguments that read earlier bars are worked out before the condition, as they were."""
    for arg in called.args:
        if arg.text is not None and needs_every_bar(c, arg.node.value):
            name = c.fresh(f"{arg.name}Of{called.name.rpartition('.')[2].title().replace('_', '')}")
            c.before[-1].append(f"{name} = {arg.text}")
            arg.text = name


CONDITIONS = Rule(("rows",), (ast.ExprStmt,), _with_condition)
