"""The largest single order."""

from __future__ import annotations

from pinery.trading.denials import Denial
from pinery.trading.risk.context import RiskContext, lowest, number


def facts(context: RiskContext) -> str:
    limit = lowest(scope.limits.max_order_size for scope in context.scopes)
    return f"order {number(context.order_quantity)}" + (f", at most {number(limit)}" if limit is not None else "")


def check(context: RiskContext) -> Denial | None:
    for scope in context.scopes:
        limit = scope.limits.max_order_size
        if limit is not None and context.order_quantity > limit:
            return Denial(
                "MAX_ORDER_SIZE",
                f"the order of {number(context.order_quantity)} is larger than {scope.name} allows: {number(limit)}",
            )
    return None
