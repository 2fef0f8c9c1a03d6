"""What time alone does: sessions open and end, orders expire, trade dates change, contracts cease to be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time

from pinery.market.calendar import CHICAGO
from pinery.simulators.tradovate.life import Life
from pinery.simulators.tradovate.money import Money
from pinery.simulators.tradovate.placing import Placing
from pinery.simulators.tradovate.records import SimOrder
from pinery.simulators.tradovate.state import State

_FRI, _SAT, _SUN = 4, 5, 6


def in_maintenance(now: int) -> bool:
    """Whether the venue is down at ``now`` (Unix ms): in Chicago Mon-Thu 16-17, Fri 17-20, Sat 22:00-Sun 06:30."""
    moment = datetime.fromtimestamp(now / 1000, CHICAGO)
    day, clock = moment.weekday(), moment.time()
    if day < _FRI:
        return time(16) <= clock < time(17)
    if day == _FRI:
        return time(17) <= clock < time(20)
    return clock >= time(22) if day == _SAT else clock < time(6, 30)


class Housekeeping:
    """``tick`` is called whenever something happens: what is due by then is done first.

    ``shut_down`` tells the sockets that the venue goes down.
    """

    def __init__(
        self, state: State, life: Life, money: Money, placing: Placing, shut_down: Callable[[str, str], None]
    ) -> None:
        self._state = state
        self._life = life
        self._money = money
        self._placing = placing
        self._shut_down = shut_down
        self._was_down = False

    def tick(self) -> None:
        self._money.roll_day()
        for order in self._state.living():
            if order.alive:
                self._look_after(order)
        for position in list(self._state.positions.values()):
            future = self._state.future(position.contract)
            if position.net and self._state.now() >= future.ends and future.id in self._state.prices:
                self._money.settle(future.id, self._state.prices[future.id])
        down = self.down()
        if down and not self._was_down:
            self._shut_down("Maintenance", "The venue is down for maintenance")
        self._was_down = down

    def down(self) -> bool:
        return self._state.settings.maintenance and in_maintenance(self._state.now())

    def _look_after(self, order: SimOrder) -> None:
        state, now = self._state, self._state.now()
        future = state.future(order.contract)
        if now >= future.ends or self._is_over(order):
            self._life.expire(order)
        elif order.waits:
            if self._placing.may_work(order):
                self._placing.wake(order)
        elif order.status == "Working" and not self._placing.may_work(order):
            order.waits = True
            self._life.sleep(order, "the market is closed")

    def _is_over(self, order: SimOrder) -> bool:
        now, terms = self._state.now(), order.terms
        if terms.tif == "GTD":
            return terms.expires is not None and now >= terms.expires
        if terms.tif != "Day" or not self._state.settings.day_orders_expire:
            return False
        if order.day_ends is not None and now >= order.day_ends:
            return True
        session = self._state.session(self._state.future(order.contract).product)
        return order.session is not None and session != order.session
