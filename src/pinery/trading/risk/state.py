"""The kill switch: what may still be done while trading is reducing or halted."""

from __future__ import annotations

from pinery.trading.denials import Denial
from pinery.trading.risk.context import RiskContext
from pinery.trading.signals import Source
from pinery.trading.store import TradingState


def facts(context: RiskContext) -> str:
    return f"trading is {context.state}"


def check(context: RiskContext) -> Denial | None:
    """REDUCING lets through what makes the position smaller, HALTED only that given by hand or by Pinery's rules."""
    why = f": {context.state_reason}" if context.state_reason else ""
    if context.state is TradingState.HALTED:
        if context.reduces and context.signal.source in (Source.MANUAL, Source.PINERY):
            return None
        return Denial("KILL_SWITCH", f"trading is halted{why}")
    if context.state is TradingState.REDUCING and not context.reduces:
        return Denial("REDUCING", f"only orders that reduce the position are accepted{why}")
    return None
