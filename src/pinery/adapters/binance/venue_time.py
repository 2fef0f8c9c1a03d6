"""Binance's clock, as far as this machine can know it."""

from __future__ import annotations

from pinery.trading.clock import Clock


class VenueTime:
    """Counted on from the last answer by a clock that never jumps. Before the first answer it is this machine's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at = clock.now() / 1000
        self._monotonic = clock.monotonic()

    def seconds(self) -> float:
        return self._at + self._clock.monotonic() - self._monotonic

    def ms(self) -> int:
        return int(self.seconds() * 1000)

    def learn(self, server_ms: int, asked: float, answered: float) -> None:
        """Binance read its clock somewhere between ``asked`` and ``answered``, both ``Clock.monotonic``."""
        self._at = server_ms / 1000
        self._monotonic = (asked + answered) / 2
