"""The day's loss, realized and open."""

from __future__ import annotations

from decimal import Decimal

from pinery.trading.denials import Denial
from pinery.trading.risk.context import RiskContext, Scope, money


def loss(scope: Scope) -> Decimal:
    """Above 0 where the day loses: by the equity at its start where both are known, else by the trades of the day
    and the open profit."""
    if scope.equity is not None and scope.day.start_equity is not None:
        return scope.day.start_equity - scope.equity
    return -(scope.realized_today + scope.open_profit)


def reached(scope: Scope) -> str:
    """The facts where the limit is reached, else empty."""
    limit, lost = scope.limits.max_daily_loss, loss(scope)
    if limit is None or lost < limit:
        return ""
    return f"{scope.name} has lost {money(lost)} today, at most {money(limit)} are allowed"


def facts(context: RiskContext) -> str:
    return "; ".join(
        f"{scope.name} {money(-loss(scope))} today"
        + (f", limit {money(-limit)}" if (limit := scope.limits.max_daily_loss) is not None else "")
        for scope in context.scopes
    )


def check(context: RiskContext) -> Denial | None:
    return next((Denial("DAILY_LOSS", text) for scope in context.scopes if (text := reached(scope))), None)
