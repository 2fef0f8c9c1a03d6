"""Limits of the venue: request weight by address, orders by account, and the ban of whoever does not stop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pinery.simulators.binance.errors import VenueError, refusal

_MINUTE = 60_000
_TEN_SECONDS = 10_000
_BANNED_AFTER = 20  # requests that were refused and came all the same
_BAN = 120_000


@dataclass(slots=True)
class _Window:
    length: int
    start: int = 0
    used: int = 0

    def at(self, now: int) -> _Window:
        if now // self.length != self.start:
            self.start, self.used = now // self.length, 0
        return self

    def left_seconds(self, now: int) -> int:
        return max(1, ((self.start + 1) * self.length - now + 999) // 1000)


@dataclass(slots=True)
class _Address:
    weight: _Window = field(default_factory=lambda: _Window(_MINUTE))
    refused: int = 0
    banned_until: int = 0


@dataclass(slots=True)
class _Orders:
    short: _Window = field(default_factory=lambda: _Window(_TEN_SECONDS))
    minute: _Window = field(default_factory=lambda: _Window(_MINUTE))


class Limits:
    def __init__(self, weight: int = 2400, short: int = 300, minute: int = 1200) -> None:
        self.weight, self.short, self.minute = weight, short, minute
        self._addresses: dict[str, _Address] = {}
        self._orders: dict[str, _Orders] = {}

    def weigh(self, address: str, weight: int, now: int) -> dict[str, str]:
        """Headers of the answer. Raises VenueError above the limit."""
        known = self._addresses.setdefault(address, _Address())
        if now < known.banned_until:
            raise self.ban(address, known.banned_until, now)
        window = known.weight.at(now)
        if window.used + weight > self.weight:
            known.refused += 1
            if known.refused > _BANNED_AFTER:
                known.refused, known.banned_until = 0, now + _BAN
                raise self.ban(address, known.banned_until, now)
            error = refusal(-1003, address, self.weight)
            error.headers = {"Retry-After": str(window.left_seconds(now))}
            raise error
        known.refused = 0
        window.used += weight
        return {"X-MBX-USED-WEIGHT-1M": str(window.used)}

    def count(self, account: str, orders: tuple[int, int], now: int) -> dict[str, str]:
        """``orders``: of ten seconds and of the minute. Headers of the answer. Raises VenueError above the limit."""
        known = self._orders.setdefault(account, _Orders())
        short, minute = known.short.at(now), known.minute.at(now)
        counted = ((short, orders[0], self.short, "TEN_SECONDS"), (minute, orders[1], self.minute, "MINUTE"))
        for window, more, most, name in counted:
            if window.used + more > most:
                error = refusal(-1015, most, name)
                error.headers = {"Retry-After": str(window.left_seconds(now))}
                raise error
        short.used += orders[0]
        minute.used += orders[1]
        return {"X-MBX-ORDER-COUNT-10S": str(short.used), "X-MBX-ORDER-COUNT-1M": str(minute.used)}

    @staticmethod
    def ban(address: str, until: int, now: int) -> VenueError:
        text = (
            f"Way too many requests; IP({address}) banned until {until}. Please use the websocket for live updates to "
            "avoid bans."
        )
        return VenueError(-1003, text, 418, {"Retry-After": str(max(1, (until - now) // 1000))})

    def shape(self) -> list[dict[str, Any]]:
        """As exchangeInfo lists them."""
        return [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": self.weight},
            *self.order_shape(),
        ]

    def order_shape(self) -> list[dict[str, Any]]:
        return [
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": self.short},
            {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": self.minute},
        ]

    def used(self, address: str, account: str, now: int) -> list[dict[str, Any]]:
        """Limits with how far they are used, as WebSocket answers carry them."""
        known, orders = self._addresses.setdefault(address, _Address()), self._orders.setdefault(account, _Orders())
        counts = (known.weight.at(now).used, orders.short.at(now).used, orders.minute.at(now).used)
        return [{**limit, "count": count} for limit, count in zip(self.shape(), counts, strict=True)]
