"""How far an order's price may be from the last one known."""

from __future__ import annotations

from decimal import Decimal

from pinery.trading.denials import Denial
from pinery.trading.risk.context import RiskContext, lowest, number


def _away(context: RiskContext) -> Decimal | None:
    """Percent of the last price; None where one of the two is not known."""
    if context.price is None or context.quote is None or context.quote.price == 0:
        return None
    return abs(context.price - context.quote.price) / abs(context.quote.price) * 100


def facts(context: RiskContext) -> str:
    limit, away = lowest(scope.limits.price_collar for scope in context.scopes), _away(context)
    if limit is None:
        return "not limited"
    return f"{away:.2f}% away, at most {number(limit)}%" if away is not None else "nothing to compare with"


def check(context: RiskContext) -> Denial | None:
    """Without a price to compare with it passes: ``max_data_age`` is the limit that asks for one."""
    limit, away = lowest(scope.limits.price_collar for scope in context.scopes), _away(context)
    if limit is None or away is None or away <= limit or context.price is None or context.quote is None:
        return None
    return Denial(
        "PRICE_COLLAR",
        f"the price {number(context.price)} is {away:.2f}% away from the last one known, "
        f"{number(context.quote.price)}; at most {number(limit)}% is allowed",
    )
