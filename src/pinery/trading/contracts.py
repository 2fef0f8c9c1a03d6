"""The contract that an order names: an instrument, and for futures which month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal

from pinery.core.instrument import Instrument


@dataclass(frozen=True, slots=True)
class Terms:
    """What a venue takes of a contract, by its own word. 0: not known, or no bound."""

    step: Decimal = Decimal(0)  # quantities are multiples of it
    least: Decimal = Decimal(0)
    most: Decimal = Decimal(0)  # in one order
    tick: Decimal = Decimal(0)  # prices are multiples of it
    least_notional: Decimal = Decimal(0)  # quantity times price, of orders that do not only reduce


@dataclass(frozen=True, slots=True)
class Contract:
    """``symbol`` is EXCHANGE:TICKER of something tradable: "CME_MINI:ESZ2026", never "ES1!"."""

    symbol: str
    instrument: Instrument
    root: str = ""  # futures: "ES"
    expiry: date | None = None  # last trading day
    last_entry: date | None = None  # first day on which no position may be opened any more
    margin: Decimal | None = None  # initial margin per contract; None: notional / leverage
    terms: Terms = Terms()

    @property
    def tick(self) -> Decimal:
        """What a distance in ticks counts in, as scripts do; orders' prices are multiples of ``price_step``."""
        return Decimal(self.instrument.minmove) / Decimal(self.instrument.pricescale)

    @property
    def point_value(self) -> Decimal:
        return Decimal(repr(self.instrument.pointvalue))

    @property
    def price_step(self) -> Decimal:
        return _coarser(self.tick, self.terms.tick)

    @property
    def step(self) -> Decimal:
        return _coarser(Decimal(repr(self.instrument.qty_step)), self.terms.step)

    @property
    def least(self) -> Decimal:
        """The smallest order."""
        return max(Decimal(repr(self.instrument.mincontract)), self.terms.least)

    def quantity_down(self, quantity: Decimal) -> Decimal:
        """To the quantity step, towards zero; 0 where the smallest order is larger."""
        steps = (quantity / self.step).to_integral_value(ROUND_DOWN)
        rounded = steps * self.step
        return rounded if abs(rounded) >= self.least else Decimal(0)

    def price_to_tick(self, price: Decimal) -> Decimal:
        """The nearest price that orders can have."""
        return (price / self.price_step).to_integral_value() * self.price_step


def _coarser(own: Decimal, venue: Decimal) -> Decimal:
    """``own`` where the venue takes its multiples, else the venue's."""
    return venue if venue and own % venue else own
