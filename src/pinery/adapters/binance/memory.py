"""What a connection remembers of its own requests: what was accepted, what nobody knows, what is on its way."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from pinery.trading.clock import Clock
from pinery.trading.orders.model import Order

_REMEMBERED = 10_000


@dataclass(slots=True)
class Memory:
    """``quantities`` and ``prices``: what was asked for last, by the client id at Binance."""

    clock: Clock
    began: int = 0  # Unix ms
    began_monotonic: float = 0.0
    accepted: OrderedDict[str, str] = field(default_factory=OrderedDict)  # client id -> venue id
    unknown: dict[str, float] = field(default_factory=dict)  # client id -> when it was sent last, monotonic
    revisions: OrderedDict[str, int] = field(default_factory=OrderedDict)
    quantities: OrderedDict[str, Decimal] = field(default_factory=OrderedDict)
    prices: OrderedDict[str, Decimal] = field(default_factory=OrderedDict)
    heard: OrderedDict[str, float] = field(default_factory=OrderedDict)  # when the stream told of it last, monotonic
    _on_the_way: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.began, self.began_monotonic = self.clock.now(), self.clock.monotonic()

    @contextmanager
    def sending(self, client_id: str) -> Iterator[None]:
        self._on_the_way[client_id] += 1
        try:
            yield
        finally:
            self._on_the_way -= Counter((client_id,))

    def is_on_the_way(self, client_id: str) -> bool:
        return client_id in self._on_the_way

    def accept(self, client_id: str, venue_id: str) -> None:
        self.unknown.pop(client_id, None)
        self.accepted[client_id] = venue_id
        for kept in (self.accepted, self.revisions, self.quantities, self.prices):
            while len(kept) > _REMEMBERED:
                kept.popitem(last=False)

    def hear(self, client_id: str) -> None:
        self.heard[client_id] = self.clock.monotonic()
        if len(self.heard) > _REMEMBERED:
            self.heard.popitem(last=False)

    def asked(self, name: str, quantity: Decimal, price: Decimal | None) -> None:
        self.quantities[name] = quantity
        if price is not None:
            self.prices[name] = price

    def may_be_there(self, order: Order) -> bool:
        """It may have been sent before: by a process that is gone, or with an outcome that nobody knows."""
        return order.client_id in self.unknown or order.created < self.began

    def is_there(self, client_id: str) -> bool:
        return client_id in self.accepted or client_id in self.heard

    def last_sent(self, client_id: str) -> float:
        """Not later than this a request about it left, by ``Clock.monotonic``."""
        return self.unknown.get(client_id, self.began_monotonic)
