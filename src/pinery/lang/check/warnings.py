"""Warnings: code that runs, but perhaps not as its author thinks. Also orders that cannot be."""

from __future__ import annotations

from collections.abc import Iterator

from pinery.lang import typed
from pinery.lang.builtins.schema import VariableRow
from pinery.lang.check.udts import Udts
from pinery.lang.source import Span

_PLOTS = frozenset(
    {"plot", "plotshape", "plotchar", "plotarrow", "plotbar", "plotcandle", "bgcolor", "barcolor", "fill"}
)


_ORDERS = frozenset(f"strategy.{x}" for x in ("entry", "order", "exit", "close", "close_all", "cancel", "cancel_all"))
_EXITS = ("profit", "limit", "loss", "stop", "trail_price", "trail_points")

_MOVING = frozenset({"close", "high", "low", "volume", "hl2", "hlc3", "ohlc4", "hlcc4"})


class Warnings(Udts):
    """Layer that looks for repainting and for work without effect."""

    def settled(self, value: typed.TExpr) -> bool:
        """Whether the value is read with an offset, or only once the bar is closed."""
        return any(
            isinstance(x, typed.THistory) or (isinstance(x, typed.TBuiltin) and x.row.name.startswith("barstate."))
            for x in self._parts(value)
        )

    def moving(self, value: typed.TExpr) -> bool:
        """Whether the value follows the open bar. (Its opening price and time stand from its start on.)"""
        for x in self._parts(value):
            if isinstance(x, typed.TBuiltin) and x.row.name in _MOVING:
                return True
            if isinstance(x, typed.TCall) and any(c in _MOVING for c in x.overload.impl.implicit):
                return True
            if isinstance(x, typed.TVar) and (x.symbol.reassigned or x.symbol.is_param):
                return True
        return False

    def _parts(self, value: typed.TExpr) -> Iterator[typed.TExpr]:
        """All expressions that the value is made of, through variables and functions."""
        stack = [value]
        seen: set[int] = set()
        while stack:
            x = stack.pop()
            if id(x) in seen:
                continue
            seen.add(id(x))
            yield x
            match x:
                case typed.TVar():
                    if x.symbol in self.values:
                        stack.append(self.values[x.symbol])
                case typed.TTuple():
                    stack += x.items
                case typed.TBinary():
                    stack += (x.left, x.right)
                case typed.TUnary():
                    stack.append(x.operand)
                case typed.TCast():
                    stack.append(x.value)
                case typed.TTernary():
                    stack += (x.cond, x.then, x.other)
                case typed.TCall():
                    stack += [a for a in [*x.args, *x.rest] if a is not None]
                case typed.TUserCall():
                    stack += x.args
                    if x.instance.body.result is not None:
                        stack.append(x.instance.body.result)
                case _:
                    pass

    def on_builtin(self, row: VariableRow, span: Span) -> None:
        if row.name == "timenow":
            self.info("W304", "`timenow` differs between history and live bars", span)

    def on_call(self, call: typed.TCall) -> None:
        name = call.row.name
        if name in _ORDERS:
            self._order(call)
        elif name == "request.security":
            self._request(call)
        elif name.partition("@")[0] in _PLOTS:
            self._plot(call)
        elif name == "strategy":
            value = argument(call, "calc_on_every_tick")
            if isinstance(value, typed.TConst) and value.value is True:
                self.info(
                    "W306",
                    "`calc_on_every_tick` makes live bars calculate on ticks, history only on closes",
                    value.span,
                )

    def _order(self, call: typed.TCall) -> None:
        if not self.module.name:
            self.orders.append(call)
        exits = call.row.name == "strategy.exit" and self.version.number >= 5
        if exits and all(argument(call, name) is None for name in _EXITS):
            self.error(
                "E163",
                "this exit has no price to wait for",
                call.span,
                "give it a `profit`, `limit`, `loss`, `stop` or trailing; to leave at once, call `strategy.close`",
            )

    def _request(self, call: typed.TCall) -> None:
        expression = argument(call, "expression")
        if expression is None or self.settled(expression):
            return
        lookahead = argument(call, "lookahead")
        if lookahead is None:
            ahead = self.version.lookahead_default
        else:
            ahead = isinstance(lookahead, typed.TConst) and lookahead.value in (True, "lookahead_on")
        if ahead:
            if self.moving(expression):
                self.warning(
                    "W301",
                    "with `lookahead_on` history shows values from the future",
                    call.span,
                    "ask for the bar before: `expression[1]`",
                )
            return
        timeframe = argument(call, "timeframe")
        same = isinstance(timeframe, typed.TBuiltin) or (
            isinstance(timeframe, typed.TConst) and timeframe.value in ("", None)
        )
        if not same and self.moving(expression):
            self.info(
                "W302",
                "the value of the open bar of a higher timeframe changes until that bar closes",
                call.span,
                "for values that stay, ask for `expression[1]` with `lookahead_on`",
            )

    def _plot(self, call: typed.TCall) -> None:
        offset = argument(call, "offset")
        if isinstance(offset, typed.TConst) and isinstance(offset.value, int | float) and offset.value < 0:
            self.info("W305", "a negative offset draws values on bars where they were not known yet", offset.span)

    def on_unused(self, value: typed.TExpr) -> None:
        if isinstance(value, typed.TCall) and value.row.name.startswith("request."):
            self.warning("W203", f"the result of `{value.row.name}` is not used", value.span)

    def on_varip(self, span: Span) -> None:
        self.info("W303", "`varip` keeps what live ticks set; on history every bar has one tick", span)


def argument(call: typed.TCall, name: str) -> typed.TExpr | None:
    """The value given for a parameter."""
    for param, value in zip(call.overload.params, call.args, strict=False):
        if param.name == name:
            return value
    return None
