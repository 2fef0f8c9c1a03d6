"""A pause after a trade was closed."""

from __future__ import annotations

from pinery.trading.denials import Denial
from pinery.trading.risk.context import RiskContext


def facts(context: RiskContext) -> str:
    return "not limited" if all(scope.limits.cool_down is None for scope in context.scopes) else "the pause is over"


def check(context: RiskContext) -> Denial | None:
    for scope in context.scopes:
        pause, closed = scope.limits.cool_down, scope.standing.last_closed
        if pause is not None and closed is not None and context.now - closed < pause * 1000:
            ago = (context.now - closed) / 1000
            return Denial("COOL_DOWN", f"the last trade of {scope.name} closed {ago:.0f} s ago; the pause is {pause} s")
    return None
