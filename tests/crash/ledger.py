"""What a storm of alerts should have come to, worked out from the messages alone and in the plainest way.

Shares nothing with the product: not its parser, not its planning, not its books.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

_SIDES = {"IN": 1, "LONG": 1, "CALL": 1, "SHORT": -1, "PUT": -1}


@dataclass
class Expected:
    """``orders``: how many had to be executed to get there. ``long_only``: what would open a short only closes."""

    long_only: bool = False
    position: Decimal = Decimal(0)
    orders: int = 0
    moves: list[Decimal] = field(default_factory=list)

    def move(self, to: Decimal) -> None:
        to = max(to, Decimal(0)) if self.long_only else to
        if to != self.position:
            self.orders += 1
            self.moves.append(to - self.position)
            self.position = to


def expect(bodies: Iterable[str], *, long_only: bool = False) -> Expected:
    """``bodies`` in the order in which they were stored; a body seen before is a repetition."""
    seen: set[str] = set()
    outcome = Expected(long_only)
    for body in bodies:
        if body in seen:
            continue
        seen.add(body)
        fields = json.loads(body)
        if "market_position" in fields:
            side = {"long": 1, "short": -1, "flat": 0}[fields["market_position"]]
            outcome.move(side * Decimal(str(fields["market_position_size"])))
        elif "action" in fields:
            change = Decimal(str(fields["qty"]))
            outcome.move(outcome.position + (change if fields["action"] == "buy" else -change))
        elif fields["signal"] == "OUT":
            outcome.move(Decimal(0))
        else:
            side = _SIDES[fields["signal"]]
            if outcome.position * side <= 0:  # already on that side: nothing to do
                outcome.move(Decimal(side))
    return outcome
