"""A signal that fired before one that was acted on already says what is no longer wanted."""

from __future__ import annotations

from pinery.trading.denials import Denial
from pinery.trading.risk.context import RiskContext

#: ``{{timenow}}`` counts whole seconds: two signals of one second may come in either order.
_TOLERANCE = 1000

#: ms. A newest signal from further in the future was dated by a clock that has been put right since.
_AHEAD = 300_000


def facts(context: RiskContext) -> str:
    behind = _behind(context)
    return (
        "no later signal was acted on" if behind is None or behind <= 0 else f"{behind / 1000:.1f} s before the newest"
    )


def check(context: RiskContext) -> Denial | None:
    behind = _behind(context)
    if behind is None or behind <= _TOLERANCE:
        return None
    return Denial("SUPERSEDED", f"it fired {behind / 1000:.1f} s before a signal that was acted on already")


def _behind(context: RiskContext) -> int | None:
    """ms."""
    sent, newest = context.signal.sent, context.scopes[0].standing.last_sent
    if sent is None or newest is None or newest > context.now + _AHEAD:
        return None
    return newest - sent
