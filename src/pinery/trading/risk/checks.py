"""The risk checks, in the order in which they are asked. A new check is one file and one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pinery.trading.denials import Denial
from pinery.trading.risk import (
    balance,
    cool_down,
    daily_loss,
    drawdown,
    margin,
    market_data_age,
    max_order_size,
    max_position,
    orders_per_day,
    price_collar,
    promotion,
    session,
    stage,
    stale,
    state,
    superseded,
    symbol,
)
from pinery.trading.risk.context import RiskContext


@dataclass(frozen=True, slots=True)
class Check:
    """``facts`` says in words what a passed check looked at. ``entries``: orders that only reduce are not asked."""

    name: str
    check: Callable[[RiskContext], Denial | None]
    facts: Callable[[RiskContext], str]
    entries: bool = True


CHECKS: tuple[Check, ...] = (
    Check("kill switch", state.check, state.facts, entries=False),
    Check("stage", stage.check, stage.facts),
    Check("promotion", promotion.check, promotion.facts),
    Check("signal age", stale.check, stale.facts),
    Check("newest signal", superseded.check, superseded.facts),
    Check("allowed symbol", symbol.check, symbol.facts),
    Check("trading hours", session.check, session.facts),
    Check("cool-down", cool_down.check, cool_down.facts),
    Check("orders per day", orders_per_day.check, orders_per_day.facts),
    Check("order size", max_order_size.check, max_order_size.facts),
    Check("position size", max_position.check, max_position.facts),
    Check("daily loss", daily_loss.check, daily_loss.facts),
    Check("drawdown", drawdown.check, drawdown.facts),
    Check("market data age", market_data_age.check, market_data_age.facts),
    Check("price collar", price_collar.check, price_collar.facts),
    Check("balance", balance.check, balance.facts),
    Check("margin", margin.check, margin.facts),
)


@dataclass(frozen=True, slots=True)
class Assessment:
    """``steps``: (check, "pass" | "denied" | "skipped", facts), one for each check."""

    denial: Denial | None
    steps: tuple[tuple[str, str, str], ...]


def assess(context: RiskContext) -> Assessment:
    """Ask every check, until one denies."""
    denial: Denial | None = None
    steps = []
    for check in CHECKS:
        if denial is not None:
            steps.append((check.name, "skipped", "denied before"))
        elif check.entries and context.reduces:
            steps.append((check.name, "skipped", "the order only reduces the position"))
        else:
            denial = check.check(context)
            if denial is None:
                steps.append((check.name, "pass", check.facts(context)))
            else:
                steps.append((check.name, "denied", denial.reason))
    return Assessment(denial, tuple(steps))
