"""The least money that an account must have."""

from __future__ import annotations

from pinery.trading.broker import Environment
from pinery.trading.denials import Denial
from pinery.trading.risk.context import RiskContext, highest, money


def facts(context: RiskContext) -> str:
    limit = highest(scope.limits.min_balance for scope in context.scopes)
    if context.balance is None:
        return "not known, not needed on this account"
    held = f"{money(context.balance.equity)} {context.balance.currency}"
    return held + (f", at least {money(limit)}" if limit is not None else "")


def check(context: RiskContext) -> Denial | None:
    """By the equity, open losses included. Not known, it stops live accounts, and others that have a limit."""
    limit, balance = highest(scope.limits.min_balance for scope in context.scopes), context.balance
    name = context.account.name
    if balance is None:
        if context.environment is Environment.LIVE or limit is not None:
            return Denial("BALANCE", f"the balance of {name} is not known")
        return None
    if limit is not None and balance.equity < limit:
        return Denial(
            "BALANCE", f"{name} has {money(balance.equity)} {balance.currency}, at least {money(limit)} are asked for"
        )
    return None
