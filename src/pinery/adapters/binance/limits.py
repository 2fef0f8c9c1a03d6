"""Binance's limits, followed as its answers tell them: weight per minute and address, orders per 10 s and minute.

Reads are refused here while there is weight left for what follows an order, and entries while there are orders left
for protection and exits: what reduces risk never waits behind what does not. After a 429 nothing is sent until its
``Retry-After`` is over, because going on would end in a ban (418).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from pinery.adapters.binance.errors import Failure, Kind

_MINUTE = 60.0

#: How much of a limit each kind of request may use up.
_SHARES = {0: 0.8, 1: 0.85, 2: 1.0}

#: Seconds without requests after a 429 or 418 that names no ``Retry-After``.
_PAUSE, _BAN = 30.0, 120.0

#: After a firewall's 403: at first, at most, and how long all has to go well until it begins anew.
_WALL, _LONGEST_WALL, _CALM = 5.0, 60.0, 300.0

_FIREWALL = 403


class Urgency(IntEnum):
    READ = 0
    ENTRY = 1
    PROTECT = 2  # stops, targets, exits, cancels, and questions about orders whose outcome is not known


@dataclass(slots=True)
class _Window:
    """``used`` of ``limit`` in the span of ``seconds`` that began at a multiple of it, as the venue counts."""

    seconds: float
    limit: int
    used: int = 0
    number: int = -1

    def turn(self, now: float) -> None:
        number = int(now // self.seconds)
        if number != self.number:
            self.number, self.used = number, 0

    def room(self, now: float, wanted: int, share: float) -> float:
        """Seconds until ``wanted`` more fit; 0: now."""
        self.turn(now)
        if self.used + wanted <= self.limit * share:
            return 0.0
        return (self.number + 1) * self.seconds - now

    def told(self, now: float, used: int) -> None:
        self.turn(now)
        self.used = max(self.used, used)


@dataclass(slots=True)
class Limits:
    """``now``: the venue's time in seconds, for its windows begin on its minutes. ``alarm`` is told, in words for
    people, when Binance shuts this address out."""

    now: Callable[[], float]
    weight: _Window = field(default_factory=lambda: _Window(_MINUTE, 2400))
    orders: dict[str, _Window] = field(
        default_factory=lambda: {"10S": _Window(10.0, 300), "1M": _Window(_MINUTE, 1200)}
    )
    alarm: Callable[[str], None] = lambda text: None
    _closed_until: float = 0.0
    _wall: float = 0.0  # the last pause after a 403
    _orders_closed_until: float = 0.0

    def learn(self, rate_limits: Iterable[Mapping[str, Any]]) -> None:
        """``rateLimits`` of exchangeInfo."""
        for row in rate_limits:
            name = f"{row.get('intervalNum')}{str(row.get('interval', ''))[:1]}"
            limit = int(row.get("limit", 0))
            if limit <= 0:
                continue
            if row.get("rateLimitType") == "REQUEST_WEIGHT" and name == "1M":
                self.weight.limit = limit
            elif row.get("rateLimitType") == "ORDERS" and name in self.orders:
                self.orders[name].limit = limit

    def take(self, weight: int, orders: int, urgency: Urgency) -> None:
        """Count a request that is about to leave. Raises Failure, of kind LATER, where it must not."""
        now = self.now()
        wait = self._closed_until - now
        why = "Binance asked for a pause"
        if wait <= 0 and orders:
            wait = self._orders_closed_until - now
            if wait <= 0:
                wait = max(window.room(now, orders, _SHARES[urgency]) for window in self.orders.values())
                why = "the limit of orders is used up"
        if wait <= 0 and weight:
            wait = self.weight.room(now, weight, _SHARES[urgency])
            why = "the limit of requests is used up"
        if wait > 0:
            raise Failure(Kind.LATER, 0, f"{why}; in {wait:.1f} s it goes on", wait)
        self.weight.turn(now)
        self.weight.used += weight
        for window in self.orders.values():
            window.turn(now)
            window.used += orders

    def heard(self, headers: Mapping[str, str]) -> None:
        """``X-MBX-`` headers of an answer: what Binance has counted, of other programs at this address, too."""
        now = self.now()
        used = _number(headers.get("x-mbx-used-weight-1m"))
        if used is not None:
            self.weight.told(now, used)
        for name, window in self.orders.items():
            count = _number(headers.get(f"x-mbx-order-count-{name.lower()}"))
            if count is not None:
                window.told(now, count)

    def stop(self, status: int, retry_after: float | None, *, orders_only: bool) -> float:
        """After a 429 or 418, or a firewall's 403. Returns the pause in seconds. ``orders_only``: too many orders, all
        else may go on.

        A firewall says nothing of how long: when it refuses again after a pause, the next one is twice as long.
        """
        now = self.now()
        is_new = now >= self._closed_until  # else the answer to a request that left with the one before
        if status == _FIREWALL and is_new:
            begins = now - self._closed_until > _CALM
            self._wall = _WALL if begins else min(max(2 * self._wall, _WALL), _LONGEST_WALL)
        pause = retry_after if retry_after is not None else {418: _BAN, _FIREWALL: self._wall}.get(status, _PAUSE)
        if orders_only and status != 418:
            self._orders_closed_until = max(self._orders_closed_until, now + pause)
            return pause
        self._closed_until = max(self._closed_until, now + pause)
        if status in (418, _FIREWALL) and is_new:
            what = "Binance's firewall refuses requests (403)" if status == _FIREWALL else "Binance bans this address"
            self.alarm(f"{what}: nothing is sent for {pause:g} s")
        return pause


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
