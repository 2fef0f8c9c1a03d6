"""A symbol as the venue trades it: names, filters, brackets of leverage."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pinery.simulators.binance.errors import refusal
from pinery.simulators.binance.records import ZERO, plain
from pinery.trading.contracts import Contract

_QUOTES = ("USDT", "USDC", "BUSD")
ORDER_TYPES = (
    "LIMIT",
    "MARKET",
    "STOP",
    "STOP_MARKET",
    "TAKE_PROFIT",
    "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
)
TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "GTX", "GTD")

# Notional up to, highest leverage, maintenance margin rate: the venue's own of a large coin, shortened.
_BRACKETS = (
    (50_000, 125, "0.004"),
    (600_000, 100, "0.005"),
    (3_000_000, 75, "0.0065"),
    (12_000_000, 50, "0.01"),
    (70_000_000, 25, "0.02"),
    (100_000_000, 20, "0.025"),
    (230_000_000, 10, "0.05"),
    (480_000_000, 5, "0.1"),
    (600_000_000, 4, "0.125"),
    (800_000_000, 3, "0.15"),
    (1_200_000_000, 2, "0.25"),
    (1_800_000_000, 1, "0.5"),
)

# The venue's quantity steps where they are coarser than those of charts.
_STEPS = {"BTCUSDT": "0.001", "ETHUSDT": "0.001", "SOLUSDT": "0.01", "BNBUSDT": "0.01", "ADAUSDT": "1"}


@dataclass(frozen=True, slots=True)
class Bracket:
    number: int
    leverage: int
    floor: Decimal
    cap: Decimal
    rate: Decimal
    cum: Decimal  # what the rate on all of the notional counts too much


def _brackets() -> tuple[Bracket, ...]:
    made: list[Bracket] = []
    floor = rate = cum = ZERO
    for cap, leverage, text in _BRACKETS:
        cum += floor * (Decimal(text) - rate)
        rate = Decimal(text)
        made.append(Bracket(len(made) + 1, leverage, floor, Decimal(cap), rate, cum))
        floor = Decimal(cap)
    return tuple(made)


BRACKETS = _brackets()


@dataclass(frozen=True, slots=True)
class SymbolFacts:
    """``symbol`` is the venue's name ("ETHUSDT"), ``chart`` the chart's ("BINANCE:ETHUSDT.P")."""

    symbol: str
    chart: str
    base: str
    quote: str
    tick: Decimal
    step: Decimal
    min_quantity: Decimal
    max_quantity: Decimal = Decimal(10000)
    max_market_quantity: Decimal = Decimal(2000)
    min_notional: Decimal = Decimal(5)
    max_orders: int = 200
    percent: Decimal = Decimal("0.05")  # how far from the mark price a limit may be
    protect: Decimal = Decimal("0.05")  # how far from it the last price may be where a price-protected order triggers
    status: str = "TRADING"

    @staticmethod
    def of(contract: Contract) -> SymbolFacts:
        symbol = contract.symbol.partition(":")[2].removesuffix(".P")
        quote = next((quote for quote in _QUOTES if symbol.endswith(quote)), contract.instrument.currency)
        step = max(contract.step, Decimal(_STEPS.get(symbol, 0)))
        return SymbolFacts(
            symbol,
            contract.symbol,
            symbol.removesuffix(quote),
            quote,
            contract.tick.normalize(),
            step.normalize(),
            max(contract.least, step).normalize(),
            min_notional=Decimal(100 if symbol == "BTCUSDT" else 5),
        )

    @property
    def price_precision(self) -> int:
        return _decimals(self.tick)

    @property
    def quantity_precision(self) -> int:
        return _decimals(self.step)

    def bracket(self, notional: Decimal) -> Bracket:
        return next((bracket for bracket in BRACKETS if notional < bracket.cap), BRACKETS[-1])

    def max_notional(self, leverage: int) -> Decimal:
        """What a position may be worth at ``leverage``."""
        return max(bracket.cap for bracket in BRACKETS if bracket.leverage >= leverage)

    def check_quantity(self, quantity: Decimal, *, market: bool) -> None:
        """Raises VenueError."""
        if quantity <= 0:
            raise refusal(-4003)
        if _decimals(quantity.normalize()) > self.quantity_precision:
            raise refusal(-1111)
        if quantity < self.min_quantity:
            raise refusal(-4004)
        if quantity > (self.max_market_quantity if market else self.max_quantity):
            raise refusal(-4005)
        if quantity % self.step:
            raise refusal(-4023)

    def check_price(self, price: Decimal) -> None:
        """Raises VenueError."""
        if price < self.tick:
            raise refusal(-4013)
        if _decimals(price.normalize()) > self.price_precision:
            raise refusal(-1111)
        if price % self.tick:
            raise refusal(-4014)

    def check_limit(self, price: Decimal, mark: Decimal, side: str) -> None:
        """A buy may not be far above the mark price, a sale not far below. Raises VenueError."""
        cap = (mark * (1 + self.percent)).quantize(self.tick)
        floor = (mark * (1 - self.percent)).quantize(self.tick)
        if side == "BUY" and price > cap:
            raise refusal(-4016, plain(cap))
        if side == "SELL" and price < floor:
            raise refusal(-4024, plain(floor))

    def shape(self) -> dict[str, Any]:
        """Its row in exchangeInfo."""
        largest = plain(self.tick * 10**9)
        return {
            "symbol": self.symbol,
            "pair": self.symbol,
            "contractType": "PERPETUAL",
            "deliveryDate": 4133404800000,
            "onboardDate": 1569398400000,
            "status": self.status,
            "maintMarginPercent": "2.5000",
            "requiredMarginPercent": "5.0000",
            "baseAsset": self.base,
            "quoteAsset": self.quote,
            "marginAsset": self.quote,
            "pricePrecision": self.price_precision,
            "quantityPrecision": self.quantity_precision,
            "baseAssetPrecision": 8,
            "quotePrecision": 8,
            "underlyingType": "COIN",
            "underlyingSubType": ["PoW"],
            "triggerProtect": format(self.protect, ".4f"),
            "liquidationFee": "0.012500",
            "marketTakeBound": plain(self.percent),
            "maxMoveOrderLimit": 10000,
            "filters": [
                {
                    "filterType": "PRICE_FILTER",
                    "minPrice": plain(self.tick),
                    "maxPrice": largest,
                    "tickSize": plain(self.tick),
                },
                _lot("LOT_SIZE", self, self.max_quantity),
                _lot("MARKET_LOT_SIZE", self, self.max_market_quantity),
                {"filterType": "MAX_NUM_ORDERS", "limit": self.max_orders},
                {"filterType": "MIN_NOTIONAL", "notional": plain(self.min_notional)},
                {
                    "filterType": "PERCENT_PRICE",
                    "multiplierUp": format(1 + self.percent, ".4f"),
                    "multiplierDown": format(1 - self.percent, ".4f"),
                    "multiplierDecimal": "4",
                },
            ],
            "orderTypes": list(ORDER_TYPES),
            "timeInForce": list(TIMES_IN_FORCE),
        }


def _lot(name: str, facts: SymbolFacts, largest: Decimal) -> dict[str, str]:
    return {
        "filterType": name,
        "minQty": plain(facts.min_quantity),
        "maxQty": plain(largest),
        "stepSize": plain(facts.step),
    }


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
