"""The initial margin that an order needs, against what is free."""

from __future__ import annotations

from decimal import Decimal

from pinery.trading.broker import Environment
from pinery.trading.denials import Denial
from pinery.trading.mapping import margin_for
from pinery.trading.risk.context import RiskContext, money, number


def _more(context: RiskContext) -> Decimal:
    """By how many contracts the account's net position would grow."""
    held = context.scopes[-1].position
    return max(abs(held + context.change) - abs(held), Decimal(0))


def _free(context: RiskContext) -> Decimal | None:
    """The venue's figure may not count yet what was just sent; ours may not know what others hold there."""
    if context.balance is None:
        return None
    ours = context.balance.equity - sum(context.margin_held.values(), Decimal(0))
    return min(context.balance.available, ours)


def _off(context: RiskContext) -> bool:
    return not all(scope.limits.margin_check for scope in context.scopes)


def facts(context: RiskContext) -> str:
    each = margin_for(context.contract, context.price, context.account.leverage_of(context.contract.symbol))
    free = _free(context)
    if _off(context):
        return "switched off"
    if each is None or free is None:
        return "not known, not needed on this account"
    return f"needs {money(_more(context) * each)}, free {money(free)}"


def check(context: RiskContext) -> Denial | None:
    """Where margin or balance are not known, live accounts deny and others pass."""
    more, free = _more(context), _free(context)
    if _off(context) or not more:
        return None
    each = margin_for(context.contract, context.price, context.account.leverage_of(context.contract.symbol))
    if each is None or free is None:
        if context.environment is not Environment.LIVE:
            return None
        unknown = "price" if each is None else "free margin"
        return Denial("MARGIN", f"the {unknown} is not known, so the margin of the order cannot be checked")
    needed = more * each
    if needed <= free:
        return None
    return Denial(
        "MARGIN",
        f"{number(more)} {context.contract.symbol} need {money(needed)} margin ({money(each)} each), "
        f"{money(free)} are free in {context.account.name}",
    )
