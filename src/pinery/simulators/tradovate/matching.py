"""Which order the price meets, and where.

A market that passes every price between fills stops and limits at their prices, the nearest first; one that jumps
fills everything it has met at the new price, which is worse for stops and better for limits.
"""

from __future__ import annotations

from decimal import Decimal

from pinery.simulators.tradovate.life import Life
from pinery.simulators.tradovate.records import LIMITED, ON_MARKET, STOPS, TOUCHED, TRAILING, SimOrder
from pinery.simulators.tradovate.state import State


class Matching:
    def __init__(self, state: State, life: Life) -> None:
        self._state = state
        self._life = life
        self._served: set[int] = set()  # orders that have had their part of this move

    # --- the market moves -------------------------------------------------------------

    def move(self, contract: int, before: Decimal | None, price: Decimal, *, jumps: bool) -> None:
        self._state.set_price(contract, price)
        self._served.clear()
        if jumps or before is None:
            self._walk(contract, before if before is not None else price, price, jumps=True)
        else:
            self._walk(contract, before, price, jumps=False)
        self._served.clear()

    def _walk(self, contract: int, origin: Decimal, target: Decimal, *, jumps: bool) -> None:
        at = origin
        while True:
            found = self._nearest(contract, at, target, jumps)
            if found is None:
                break
            order, level = found
            if not jumps:
                at = level
                self._follow(contract, at)
            self._meet(order, target if jumps else level)
        self._follow(contract, target)

    def _nearest(self, contract: int, at: Decimal, target: Decimal, jumps: bool) -> tuple[SimOrder, Decimal] | None:
        best: tuple[Decimal, int, SimOrder, Decimal] | None = None
        for order in self._state.living(contract):
            if order.status not in ON_MARKET or order.id in self._served:
                continue
            level = _met(order, at, target, only_target=jumps)
            if level is None:
                continue
            distance = abs(level - at)
            if best is None or (distance, order.id) < best[:2]:
                best = (distance, order.id, order, level)
        return (best[2], best[3]) if best is not None else None

    def _follow(self, contract: int, price: Decimal) -> None:
        for order in self._state.living(contract):
            if order.terms.type not in TRAILING or order.triggered or order.status not in ON_MARKET:
                continue
            if order.best is not None and (price - order.best) * order.sign < 0:
                order.best = price
                self._state.keep(order)

    # --- an order is met --------------------------------------------------------------

    def _meet(self, order: SimOrder, price: Decimal) -> None:
        if not order.triggered and order.terms.type in STOPS | TOUCHED | TRAILING:
            self._trigger(order)
            if order.terms.type in LIMITED and not _marketable(order, price):
                return
        quantity = self._portion(order)
        self._served.add(order.id)
        self._life.fill(order, quantity, price)

    def _trigger(self, order: SimOrder) -> None:
        order.triggered = True
        terms = order.terms
        trail = order.trail
        if terms.type == "TrailingStopLimit" and None not in (terms.price, terms.stop, trail):
            assert terms.price is not None and terms.stop is not None and trail is not None
            terms.price += trail - terms.stop
        self._state.keep(order)

    def _portion(self, order: SimOrder) -> int:
        fault = self._state.faults.take(f"fill {order.terms.type}", ("partial_fill",))
        if fault is not None and order.left > 1:
            wanted = fault.options.get("quantity")
            return min(int(wanted), order.left) if wanted else self._state.random.randint(1, order.left - 1)
        return min(order.left, -(-order.whole // self._state.parts))

    # --- an order arrives -------------------------------------------------------------

    def arrive(self, order: SimOrder) -> None:
        """Filled at once as far as the last price allows; immediate ones do not rest.

        While the venue fills in parts, the others wait for the next move.
        """
        last = self._state.prices.get(order.contract)
        immediate = order.terms.tif in ("IOC", "FOK")
        if last is not None and (immediate or self._state.parts == 1):
            whole = self._state.parts == 1 or order.left <= -(-order.whole // self._state.parts)
            if order.terms.tif != "FOK" or whole:
                self.settle(order.contract, last, order)
        if immediate and order.alive:
            self._life.cancel(order, text="not filled at once")

    def settle(self, contract: int, last: Decimal, first: SimOrder) -> None:
        """``first`` meets the last price, and whatever its fill has brought to life."""
        self._served = {o.id for o in self._state.living(contract) if o.id != first.id and o.status in ON_MARKET}
        self._walk(contract, last, last, jumps=True)
        self._served.clear()


def _marketable(order: SimOrder, price: Decimal) -> bool:
    limit = order.terms.price
    return limit is not None and (limit - price) * order.sign >= 0


def _met(order: SimOrder, at: Decimal, target: Decimal, *, only_target: bool) -> Decimal | None:
    """Where between ``at`` and ``target`` an order is met, None if nowhere; what is already passed is met at ``at``.

    With ``only_target`` nothing trades between, but the place still says which order is nearer.
    """
    terms = order.terms
    asleep = not order.triggered
    if asleep and terms.type in STOPS | TRAILING:
        level = order.trail if terms.type in TRAILING else terms.stop
        return None if level is None else _reached(level, order.sign, at, target, only_target)
    if asleep and terms.type in TOUCHED:
        return None if terms.touch is None else _reached(terms.touch, -order.sign, at, target, only_target)
    if terms.type in LIMITED:
        return None if terms.price is None else _reached(terms.price, -order.sign, at, target, only_target)
    return at


def _reached(level: Decimal, upward: int, at: Decimal, target: Decimal, only_target: bool) -> Decimal | None:
    """``upward`` 1: met at ``level`` and above; -1: and below."""
    if (at - level) * upward >= 0 and not only_target:
        return at
    if (target - level) * upward >= 0:
        return at if (at - level) * upward >= 0 else level
    return None
