"""The allow-list of symbols."""

from __future__ import annotations

from pinery.trading.denials import Denial
from pinery.trading.risk.context import RiskContext


def facts(context: RiskContext) -> str:
    limited = any(scope.limits.allowed_symbols is not None for scope in context.scopes)
    return f"{context.contract.symbol} is allowed" if limited else "not limited"


def check(context: RiskContext) -> Denial | None:
    """A list may name the contract, its ticker, or a future's root or continuous symbol, with or without exchange."""
    contract = context.contract
    prefix, _, ticker = contract.symbol.upper().rpartition(":")
    names = {ticker} | ({contract.root, f"{contract.root}1!"} if contract.root else set())
    names |= {f"{prefix}:{name}" for name in names}
    for scope in context.scopes:
        allowed = scope.limits.allowed_symbols
        if allowed is not None and not names & {name.strip().upper() for name in allowed}:
            listed = ", ".join(sorted(allowed)) or "none"
            return Denial("SYMBOL", f"{contract.symbol} is not on the allow-list of {scope.name}: {listed}")
    return None
