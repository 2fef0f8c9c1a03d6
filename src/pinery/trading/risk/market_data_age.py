"""The age of the last price known."""

from __future__ import annotations

from pinery.trading.denials import Denial
from pinery.trading.risk.context import RiskContext, lowest


def facts(context: RiskContext) -> str:
    limit = lowest(scope.limits.max_data_age for scope in context.scopes)
    if context.quote is None:
        return "no price known, age not limited"
    age = f"last price {(context.now - context.quote.time) / 1000:.1f} s old"
    return f"{age}, at most {limit} s" if limit is not None else age


def check(context: RiskContext) -> Denial | None:
    limit = lowest(scope.limits.max_data_age for scope in context.scopes)
    if limit is None:
        return None
    symbol = context.contract.symbol
    if context.quote is None:
        return Denial("MARKET_DATA_AGE", f"no price of {symbol} is known, and one of the last {limit} s is asked for")
    age = (context.now - context.quote.time) / 1000
    if age > limit:
        return Denial(
            "MARKET_DATA_AGE", f"the last price of {symbol} is {age:.0f} s old, at most {limit} s are allowed"
        )
    return None
