"""What a day of alerts should have come to, worked out from the alerts' texts alone and in the plainest way.

Shares nothing with the desk: not its parser, not its planning, not its books.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

_WORDS = {"IN": 1, "LONG": 1, "CALL": 1, "SHORT": -1, "PUT": -1, "OUT": 0}


@dataclass(frozen=True)
class Alert:
    """``key`` and ``bar_time`` as the chart gives them, ``message`` as it is sent."""

    key: str
    bar_time: int
    message: str

    def fields(self) -> dict[str, object]:
        """Without the time of sending: two runs differ in that."""
        return {name: value for name, value in json.loads(self.message).items() if name != "timenow"}

    @property
    def target(self) -> int:
        said = json.loads(self.message)
        if "market_position" in said:
            side = {"long": 1, "short": -1, "flat": 0}[said["market_position"]]
            return side * int(float(said["market_position_size"]))
        return _WORDS[said.get("signal") or said["action"]]

    @property
    def price(self) -> Decimal:
        return Decimal(str(json.loads(self.message)["price"]))


@dataclass(frozen=True)
class Deal:
    """A fill: bought above 0, sold below."""

    key: str
    change: Decimal
    price: Decimal


@dataclass(frozen=True)
class Trade:
    """From the alert that opened it to the one that closed it. ``side`` is 1 or -1."""

    opened: str
    closed: str
    side: int
    quantity: Decimal
    entry: Decimal
    exit: Decimal


@dataclass
class Outcome:
    alerts: list[str] = field(default_factory=list)  # keys
    deals: list[Deal] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    position: Decimal = Decimal(0)


def outcome_of(alerts: Iterable[Alert]) -> Outcome:
    """Alerts in the order in which they fired; a position is of one contract or none."""
    found = Outcome()
    opened: Alert | None = None
    for alert in alerts:
        found.alerts.append(alert.key)
        target, held = Decimal(alert.target), found.position
        assert abs(target) <= 1
        if target == held:
            continue
        found.deals.append(Deal(alert.key, target - held, alert.price))
        if held and opened is not None:
            side = 1 if held > 0 else -1
            found.trades.append(Trade(opened.key, alert.key, side, abs(held), opened.price, alert.price))
        found.position = target
        opened = alert if target else None
    return found
