"""What the venue itself keeps of orders and positions, beside the entities that it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal
from typing import Any

ALIVE = frozenset({"PendingNew", "Working", "Suspended", "PendingReplace", "PendingCancel"})
ON_MARKET = frozenset({"Working", "PendingReplace", "PendingCancel"})  # may be filled

MARKETS = frozenset({"Market"})
LIMITED = frozenset({"Limit", "StopLimit", "LimitIfTouched", "TrailingStopLimit"})
STOPS = frozenset({"Stop", "StopLimit"})
TOUCHED = frozenset({"MIT", "LimitIfTouched"})
TRAILING = frozenset({"TrailingStop", "TrailingStopLimit"})
TYPES = MARKETS | LIMITED | STOPS | TOUCHED | TRAILING


@dataclass(slots=True)
class Terms:
    """What an order asks for. ``touch`` is where MIT and LimitIfTouched wake, ``peg`` how far a trail stays behind."""

    type: str
    quantity: int
    tif: str = "Day"
    price: Decimal | None = None
    stop: Decimal | None = None
    touch: Decimal | None = None
    peg: Decimal | None = None
    expires: int | None = None  # GTD, Unix ms
    activates: int | None = None  # Suspended until then, Unix ms
    text: str | None = None


@dataclass(slots=True)
class SimOrder:
    """``waiting`` is the command that has been answered and not executed.

    Its id and the new terms, None to cancel.
    """

    id: int
    account: int
    contract: int
    buy: bool
    terms: Terms
    command: int
    whole: int  # what it covers together with the other order of its pair
    status: str = "PendingNew"
    filled: int = 0
    value: Decimal = Decimal(0)  # sum of price times quantity
    parent: int | None = None
    other: int | None = None  # of an OCO pair
    strategy: int | None = None
    session: int | None = None  # opening of the session that a Day order belongs to, Unix ms
    day_ends: int | None = None
    best: Decimal | None = None  # the price that a trail hangs on
    triggered: bool = False
    waits: bool = False  # Suspended until the market opens, or its activationTime
    closing: bool = False  # made by the venue to liquidate: no risk is checked
    waiting: tuple[int, Terms | None] | None = None

    @property
    def sign(self) -> int:
        return 1 if self.buy else -1

    @property
    def left(self) -> int:
        return self.terms.quantity - self.filled

    @property
    def action(self) -> str:
        return "Buy" if self.buy else "Sell"

    @property
    def alive(self) -> bool:
        return self.status in ALIVE

    @property
    def trail(self) -> Decimal | None:
        """Where a trailing stop stands."""
        if self.best is None or self.terms.peg is None:
            return self.terms.stop
        return self.best + self.sign * self.terms.peg

    def record(self) -> dict[str, Any]:
        return _record(self)

    @staticmethod
    def read(record: Mapping[str, Any]) -> SimOrder:
        found = {f.name: record[f.name] for f in fields(SimOrder)}
        found["terms"] = _terms(record["terms"])
        for name in ("value", "best"):
            found[name] = None if record[name] is None else Decimal(record[name])
        if record["waiting"] is not None:
            id, terms = record["waiting"]
            found["waiting"] = (id, None if terms is None else _terms(terms))
        return SimOrder(**found)


@dataclass(slots=True)
class Lot:
    """A fill's part that is still open."""

    fill: int
    quantity: int
    price: Decimal


@dataclass(slots=True)
class SimPosition:
    """``lots`` are open ones, oldest first, all of the same ``sign``."""

    id: int
    account: int
    contract: int
    sign: int = 1
    lots: list[Lot] = field(default_factory=list)

    @property
    def net(self) -> int:
        return self.sign * sum(lot.quantity for lot in self.lots)

    @property
    def cost(self) -> Decimal:
        return sum((lot.price * lot.quantity for lot in self.lots), Decimal(0))

    def record(self) -> dict[str, Any]:
        return _record(self)

    @staticmethod
    def read(record: Mapping[str, Any]) -> SimPosition:
        lots = [Lot(lot["fill"], lot["quantity"], Decimal(lot["price"])) for lot in record["lots"]]
        return SimPosition(record["id"], record["account"], record["contract"], record["sign"], lots)


def _terms(record: Mapping[str, Any]) -> Terms:
    found = dict(record)
    for name in ("price", "stop", "touch", "peg"):
        found[name] = None if found[name] is None else Decimal(found[name])
    return Terms(**found)


def _record(value: SimOrder | SimPosition) -> dict[str, Any]:
    return {name: _plain(each) for name, each in asdict(value).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
