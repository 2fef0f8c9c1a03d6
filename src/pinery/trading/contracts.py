"""The contract that an order names: an instrument, and for futures which month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal

from pinery.core.instrument import Instrument


@dataclass(frozen=True, slots=True)
class Contract:
    """``symbol`` is EXCHANGE:TICKER of something tradable: "CME_MINI:ESZ2026", never "ES1!"."""

    symbol: str
    instrument: Instrument
    root: str = ""  # futures: "ES"
    expiry: date | None = None  # last trading day
    last_entry: date | None = None  # first day on which no position may be opened any more
    margin: Decimal | None = None  # initial margin per contract; None: notional / leverage

    @property
    def tick(self) -> Decimal:
        return Decimal(self.instrument.minmove) / Decimal(self.instrument.pricescale)

    @property
    def point_value(self) -> Decimal:
        return Decimal(repr(self.instrument.pointvalue))

    @property
    def step(self) -> Decimal:
        return Decimal(repr(self.instrument.qty_step))

    def quantity_down(self, quantity: Decimal) -> Decimal:
        """To the quantity step, towards zero; 0 where the smallest order is larger."""
        steps = (quantity / self.step).to_integral_value(ROUND_DOWN)
        rounded = steps * self.step
        return rounded if abs(rounded) >= Decimal(repr(self.instrument.mincontract)) else Decimal(0)

    def price_to_tick(self, price: Decimal) -> Decimal:
        """The nearest tick."""
        return (price / self.tick).to_integral_value() * self.tick
