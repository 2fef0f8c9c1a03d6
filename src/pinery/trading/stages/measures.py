"""What can be measured of a deployment while it trades at a stage: one table. A new figure is one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Measured:
    """Counted in the store from ``since`` until ``until`` (Unix ms). Money in account currency, net of fees."""

    since: int
    until: int
    alerts: int = 0  # that came, or should have; repetitions are not counted
    delivered: int = 0  # of them: those that became a decision
    latencies: tuple[float, ...] = ()  # seconds from receipt until an order was sent, sorted
    unknown_orders: int = 0  # whose outcome nobody knows now
    mismatches: int = 0  # told of the account in the last 24 hours
    unprotected: int = 0  # times that a position was without its stop
    trades: int = 0
    wins: int = 0
    gross_profit: Decimal = Decimal(0)
    gross_loss: Decimal = Decimal(0)  # 0 or below
    max_drawdown: Decimal = Decimal(0)  # of the sum of profits, 0 or above
    capital: Decimal | None = None  # the account's equity at ``since``


@dataclass(frozen=True, slots=True)
class Measure:
    """``value`` None: not known."""

    name: str
    title: str
    unit: str
    value: Callable[[Measured], float | None]
    definition: str


def _share(part: float, whole: float) -> float | None:
    return 100 * part / whole if whole else None


def percentile(values: tuple[float, ...], percent: int) -> float | None:
    """The smallest of the sorted ``values`` that ``percent`` of them do not exceed."""
    return values[max(0, -(-len(values) * percent // 100) - 1)] if values else None


def _profit_factor(m: Measured) -> float | None:
    if not m.gross_loss:
        return float("inf") if m.gross_profit else None
    return float(m.gross_profit / -m.gross_loss)


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("days", "Days at the stage", "days", lambda m: (m.until - m.since) / DAY_MS, "Since the promotion."),
        Measure("trades", "Closed trades", "count", lambda m: float(m.trades), "Round trips closed at the stage."),
        Measure(
            "delivery_rate",
            "Alerts delivered",
            "percent",
            lambda m: _share(m.delivered, m.alerts),
            "Share of alerts that became a decision; those not understood, still waiting or missed by a chart count "
            "against it, repetitions do not count.",
        ),
        Measure(
            "latency_p99",
            "Receipt to order, 99 of 100",
            "seconds",
            lambda m: percentile(m.latencies, 99),
            "Time from the receipt of an alert until its order was sent, which 99 of 100 stay below.",
        ),
        Measure(
            "unknown_orders",
            "Orders of unknown outcome",
            "count",
            lambda m: float(m.unknown_orders),
            "Orders of the deployment of which nobody knows now what became of them.",
        ),
        Measure(
            "mismatches",
            "Positions that differ from the broker's",
            "count",
            lambda m: float(m.mismatches),
            "Differences told of the account in the last 24 hours; one that lasts is told again and again.",
        ),
        Measure(
            "unprotected",
            "Positions without their stop",
            "count",
            lambda m: float(m.unprotected),
            "Times that a position of the deployment was found without the stop it should have.",
        ),
        Measure(
            "percent_profitable",
            "Percent profitable",
            "percent",
            lambda m: _share(m.wins, m.trades),
            "Share of closed trades that won.",
        ),
        Measure(
            "profit_factor",
            "Profit factor",
            "ratio",
            _profit_factor,
            "What winning trades brought for each unit of money that losing ones took.",
        ),
        Measure(
            "net_profit",
            "Net profit",
            "money",
            lambda m: float(m.gross_profit + m.gross_loss),
            "Of closed trades, net of fees.",
        ),
        Measure(
            "max_drawdown_percent",
            "Largest drawdown",
            "percent",
            lambda m: _share(float(m.max_drawdown), float(m.capital)) if m.capital and m.capital > 0 else None,
            "Fall of the sum of profits from its peak, in percent of the account's equity when the stage began.",
        ),
    )
}
