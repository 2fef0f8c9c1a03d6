"""Warnings: code that runs, but perhaps not as its author thinks."""

from __future__ import annotations

from pinery.lang import typed
from pinery.lang.builtins.schema import VariableRow
from pinery.lang.check.udts import Udts
from pinery.lang.source import Span

_PLOTS = frozenset(
    {"plot", "plotshape", "plotchar", "plotarrow", "plotbar", "plotcandle", "bgcolor", "barcolor", "fill"}
)


def mentions_history(value: typed.TExpr) -> bool:
    """Whether the value at hand is read with an offset, or only once the bar is closed."""
    match value:
        case typed.THistory():
            return True
        case typed.TBuiltin():
            return value.row.name.startswith("barstate.")
        case typed.TTuple():
            return bool(value.items) and all(mentions_history(x) for x in value.items)
        case typed.TBinary():
            return mentions_history(value.left) or mentions_history(value.right)
        case typed.TUnary():
            return mentions_history(value.operand)
        case typed.TCast():
            return mentions_history(value.value)
        case typed.TTernary():
            return any(mentions_history(x) for x in (value.cond, value.then, value.other))
        case typed.TCall():
            return any(mentions_history(x) for x in [*value.args, *value.rest] if x is not None)
        case typed.TUserCall():
            return any(mentions_history(x) for x in value.args)
        case _:
            return False


def is_prices(value: typed.TExpr) -> bool:
    """Whether the value follows the open bar: the opening price and time stand from its start on."""
    match value:
        case typed.TBuiltin():
            return value.row.name in _MOVING
        case typed.TTuple():
            return any(is_prices(x) for x in value.items)
        case typed.TBinary():
            return is_prices(value.left) or is_prices(value.right)
        case typed.TUnary():
            return is_prices(value.operand)
        case typed.TCast():
            return is_prices(value.value)
        case typed.TTernary():
            return any(is_prices(x) for x in (value.cond, value.then, value.other))
        case typed.TCall():
            columns = value.overload.impl.implicit
            return any(c in _MOVING for c in columns) or any(
                is_prices(x) for x in [*value.args, *value.rest] if x is not None
            )
        case _:
            return not isinstance(value, typed.TConst)


_MOVING = frozenset({"close", "high", "low", "volume", "hl2", "hlc3", "ohlc4", "hlcc4"})


class Warnings(Udts):
    """Layer that looks for repainting and for work without effect."""

    def on_builtin(self, row: VariableRow, span: Span) -> None:
        if row.name == "timenow":
            self.info("W304", "`timenow` differs between history and live bars", span)

    def on_call(self, call: typed.TCall) -> None:
        name = call.row.name
        if name == "request.security":
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

    def _request(self, call: typed.TCall) -> None:
        expression = argument(call, "expression")
        if expression is None or mentions_history(expression):
            return
        lookahead = argument(call, "lookahead")
        ahead = isinstance(lookahead, typed.TConst) and lookahead.value in (True, "lookahead_on")
        if ahead:
            if is_prices(expression):
                assert lookahead is not None
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
        if not same and is_prices(expression):
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
