"""Signals that are too old open no position."""

from __future__ import annotations

from pinery.trading.denials import Denial
from pinery.trading.risk.context import RiskContext, lowest


def _age(context: RiskContext) -> float:
    """Seconds since the signal fired, by its own word, else since it was received.

    Received is received: if that is later than now, our own clock was set back since, and nothing is known of the age.
    """
    signal = context.signal
    if signal.sent is None:
        return max(0, context.now - signal.received) / 1000
    return (context.now - signal.sent) / 1000


def facts(context: RiskContext) -> str:
    limit = lowest(scope.limits.max_signal_age for scope in context.scopes)
    return f"{_age(context):.1f} s old" + (f", at most {limit} s" if limit is not None else ", not limited")


def check(context: RiskContext) -> Denial | None:
    limit = lowest(scope.limits.max_signal_age for scope in context.scopes)
    if limit is None:
        return None
    age = _age(context)
    if age > limit:
        since = "fired" if context.signal.sent is not None else "was received"
        return Denial("STALE", f"the signal {since} {age:.0f} s ago, at most {limit} s are allowed")
    if age < -limit:
        return Denial("STALE", f"the signal says that it fires {-age:.0f} s from now: a clock is wrong")
    return None
