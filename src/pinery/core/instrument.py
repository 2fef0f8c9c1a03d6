"""What an exchange says of an instrument, as scripts (``syminfo.*``) and orders need it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instrument:
    """Facts of one symbol. Prices in quote currency; ``session`` in TradingView's notation.

    ``mintick = minmove / pricescale``. ``session`` is the regular session, for example
    ``"1700-1600"`` (an overnight session: it begins on the evening before its trading day),
    ``"0930-1600:23456"`` or ``"24x7"``; days are 1 = Sunday .. 7 = Saturday.
    """

    prefix: str  # exchange as TradingView writes it: "BINANCE", "CME_MINI"
    ticker: str  # without the exchange: "ETHUSDT.P", "ES1!"
    description: str = ""
    type: str = "crypto"  # TradingView's syminfo.type: stock futures index forex crypto fund cfd ...
    pricescale: int = 100
    minmove: int = 1
    pointvalue: float = 1.0
    mincontract: float = 1.0  # smallest order quantity
    qty_step: float = 1.0  # quantities are multiples of this
    currency: str = "USD"  # quote currency
    basecurrency: str = ""
    timezone: str = "Etc/UTC"  # IANA
    session: str = "24x7"
    session_extended: str = ""  # empty: same as ``session``
    volumetype: str = "base"
    root: str = ""
    country: str = ""
    assumed: bool = False  # True: not in any table, these are stated defaults

    @property
    def mintick(self) -> float:
        return self.minmove / self.pricescale

    @property
    def tickerid(self) -> str:
        return f"{self.prefix}:{self.ticker}" if self.prefix else self.ticker
