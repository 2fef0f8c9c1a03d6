"""The largest position in a contract, with what is working towards it."""

from __future__ import annotations

from pinery.trading.denials import Denial
from pinery.trading.risk.context import RiskContext, number


def facts(context: RiskContext) -> str:
    return "; ".join(
        f"{scope.name} {number(scope.position)} → {number(scope.position + context.change)}"
        + (f", at most {number(limit)}" if (limit := scope.limits.max_position) is not None else "")
        for scope in context.scopes
    )


def check(context: RiskContext) -> Denial | None:
    """A position over the limit may shrink, also through the other side, as long as it gets no larger than it was."""
    for scope in context.scopes:
        limit = scope.limits.max_position
        after = scope.position + context.change
        if limit is not None and abs(after) > limit and abs(after) > abs(scope.position):
            return Denial(
                "MAX_POSITION",
                f"{scope.name} would hold {number(after)} {context.contract.symbol} (now {number(scope.position)}), "
                f"at most {number(limit)} are allowed",
            )
    return None
