"""How many contracts an entry buys or sells, and what it risks."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pinery.trading.contracts import Contract
from pinery.trading.denials import Denial
from pinery.trading.deployments import Deployment, SizingKind
from pinery.trading.signals import Action, Signal

#: Currencies that are taken at par: nothing here converts money. USX is US cents with the point value in dollars.
_DOLLARS = frozenset({"USD", "USX", "USDT", "USDC", "BUSD", "FDUSD", "TUSD"})


@dataclass(frozen=True, slots=True)
class Sized:
    """``quantity`` above 0, in contracts; ``how`` is the arithmetic in words."""

    quantity: Decimal
    how: str


def size(
    deployment: Deployment,
    signal: Signal,
    contract: Contract,
    *,
    price: Decimal | None,
    stop_price: Decimal | None,
    equity: Decimal | None,
    reference: Decimal | None = None,
    account_currency: str = "",
) -> Sized | Denial:
    """The quantity of an entry at ``price`` (where it is not known: at ``reference``, the last price known).

    A quantity that the signal states comes first where the deployment allows it; a target position is its whole size.
    Rounded down to the contract's step, then capped by the stage. Empty ``account_currency``: not checked.
    """
    sizing, step = deployment.sizing, contract.step
    stated = signal.quantity
    if stated is None and signal.action is Action.TARGET and signal.target:
        stated = abs(signal.target)
    if stated is not None and sizing.quantity_from_alert:
        raw = stated * sizing.multiplier
        how = f"{_n(stated)} as the signal says"
        if sizing.multiplier != 1:
            how += f" × {_n(sizing.multiplier)} = {_n(raw)}"
    elif sizing.kind is SizingKind.FIXED:
        raw, how = sizing.value, f"fixed size {_n(sizing.value)}"
    else:
        if account_currency and not at_par(account_currency, contract.instrument.currency):
            return Denial(
                "SIZE",
                f"the account is in {account_currency}, {contract.symbol} in {contract.instrument.currency}: "
                "sizes in money need one currency",
            )
        found = _from_money(deployment, contract, price if price is not None else reference, stop_price, equity)
        if isinstance(found, Denial):
            return found
        raw, how = found
    quantity = contract.quantity_down(raw) if raw > 0 else Decimal(0)
    if quantity != raw:
        how += f", rounded down to {_n(quantity)} (steps of {_n(step)})"
    cap = deployment.max_contracts
    if cap is not None and quantity > cap:
        quantity = contract.quantity_down(cap)
        how += f", at most {_n(quantity)} at stage {deployment.stage}"
    if quantity <= 0:
        return Denial("SIZE", f"{how}: less than the smallest order of {_n(contract.least)} {contract.symbol}")
    return Sized(quantity, how)


def beyond_terms(contract: Contract, quantity: Decimal, price: Decimal | None) -> Denial | None:
    """SIZE for an entry's order, with what it closes, that the venue would refuse for its size."""
    terms = contract.terms
    if terms.most and quantity > terms.most:
        text = f"{_n(quantity)} {contract.symbol} in one order: the venue takes {_n(terms.most)} at most"
        return Denial("SIZE", text)
    worth = quantity * price * contract.point_value if price is not None else None
    if worth is not None and worth < terms.least_notional:
        text = (
            f"{_n(quantity)} {contract.symbol} at {_n(price or Decimal(0))} are worth {_n(round(worth, 6))}: "
            f"the venue takes {_n(terms.least_notional)} or more"
        )
        return Denial("SIZE", text)
    return None


def in_orders(contract: Contract, quantity: Decimal) -> list[Decimal]:
    """``quantity`` of what only reduces, in as few orders as the venue takes; one where it knows no most."""
    most, parts = contract.quantity_down(contract.terms.most), []
    while most and quantity > most:
        part = most
        if quantity - most < contract.least:  # which would be left, and is too small by itself
            part = contract.quantity_down(quantity - contract.least) or most
        parts.append(part)
        quantity -= part
    return [*parts, quantity]


def _from_money(
    deployment: Deployment, contract: Contract, price: Decimal | None, stop: Decimal | None, equity: Decimal | None
) -> tuple[Decimal, str] | Denial:
    """Quantity before rounding, and the arithmetic."""
    sizing, value = deployment.sizing, contract.point_value
    if price is None or price <= 0:
        known = "no price is known" if price is None else f"the price {_n(price)} is not above 0"
        return Denial("NO_PRICE", f"{known}, and size by {sizing.kind.replace('_', ' ')} needs one")
    if sizing.kind is SizingKind.RISK:
        if stop is None:
            return Denial("SIZE", "size by risk needs a stop, and the order has none")
        distance = abs(price - stop)
        if not distance:
            return Denial("SIZE", f"size by risk needs a stop away from the price: both are {_n(price)}")
        each = distance * value
        how = f"risk {_n(sizing.value)} / ({_n(distance)} points × {_n(value)} = {_n(each)} each)"
        return _divided(sizing.value, each, how)
    each = price * value
    money, what = sizing.value, "cash"
    if sizing.kind is SizingKind.PERCENT_OF_EQUITY:
        if equity is None:
            return Denial("SIZE", "size by percent of equity needs the account's equity, which is not known")
        money = equity * sizing.value / 100
        what = f"{_n(sizing.value)}% of equity {_n(equity)} ="
    return _divided(money, each, f"{what} {_n(money)} / (price {_n(price)} × {_n(value)} = {_n(each)} each)")


def _divided(money: Decimal, each: Decimal, how: str) -> tuple[Decimal, str]:
    raw = money / each
    return raw, f"{how} = {_n(round(raw, 6))}"


def at_par(one: str, other: str) -> bool:
    """True if money of the two currencies is added up as it is: the same one, or dollars and their stable coins."""
    return one == other or {one, other} <= _DOLLARS


def _n(value: Decimal) -> str:
    return f"{value.normalize():f}"
