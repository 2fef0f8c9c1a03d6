"""The loss from the highest equity."""

from __future__ import annotations

from decimal import Decimal

from pinery.trading.broker import Environment
from pinery.trading.denials import Denial
from pinery.trading.risk.context import RiskContext, Scope, money


def below_peak(scope: Scope) -> Decimal | None:
    """How far the equity is below its highest; None where it is not known."""
    if scope.equity is None:
        return None
    peak = scope.standing.peak_equity
    return max(peak - scope.equity, Decimal(0)) if peak is not None else Decimal(0)


def reached(scope: Scope) -> str:
    """The facts where the limit is reached, else empty."""
    limit, below = scope.limits.max_drawdown, below_peak(scope)
    if limit is None or below is None or below < limit:
        return ""
    return f"{scope.name} is {money(below)} below its highest equity, at most {money(limit)} are allowed"


def facts(context: RiskContext) -> str:
    return "; ".join(
        f"{scope.name} "
        + (f"{money(below)} below its highest" if (below := below_peak(scope)) is not None else "unknown")
        for scope in context.scopes
        if scope.limits.max_drawdown is not None
    )


def check(context: RiskContext) -> Denial | None:
    """An equity that is not known stops live accounts only."""
    for scope in context.scopes:
        text = reached(scope)
        if text:
            return Denial("DRAWDOWN", text)
        live = context.environment is Environment.LIVE
        if live and scope.limits.max_drawdown is not None and scope.equity is None:
            return Denial(
                "DRAWDOWN", f"the equity of {scope.name} is not known, so its drawdown limit cannot be checked"
            )
    return None
