"""The day's number of entries."""

from __future__ import annotations

from pinery.trading.denials import Denial
from pinery.trading.risk.context import RiskContext


def facts(context: RiskContext) -> str:
    return "; ".join(
        f"{scope.name} {scope.day.entries} today"
        + (f", at most {limit}" if (limit := scope.limits.max_orders_per_day) is not None else "")
        for scope in context.scopes
    )


def check(context: RiskContext) -> Denial | None:
    for scope in context.scopes:
        limit = scope.limits.max_orders_per_day
        if limit is not None and scope.day.entries >= limit:
            return Denial(
                "ORDERS_PER_DAY",
                f"{scope.name} has made {scope.day.entries} entries today, at most {limit} are allowed",
            )
    return None
