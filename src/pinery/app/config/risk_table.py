"""What a trade of each deployment may lose and win, in money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from pinery.app.config.charts import fills_state_quantity
from pinery.app.config.configuration import Configuration
from pinery.app.config.findings import Finding
from pinery.market.rolls import parse_contract
from pinery.market.symbols import lookup
from pinery.trading import distances
from pinery.trading.contracts import Contract
from pinery.trading.deployments import Deployment, Distance, Sizing, SizingKind, Stage, Unit

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class RiskRow:
    """One deployment. Money is in ``currency``, of a trade of ``size``; None: not known without a price, or not set.

    ``traded`` says whose quantity an entry has: ``size``, or a quantity that comes before it. ``risk_percent`` and
    ``reward_percent`` are of the value traded. ``ratio`` is reward for 1 of risk.
    """

    deployment: str
    symbol: str
    size: str
    traded: str
    stop: str
    target: str
    currency: str
    price: Decimal | None  # that percentages were taken of
    risk: Decimal | None
    reward: Decimal | None
    risk_percent: Decimal | None
    reward_percent: Decimal | None
    ratio: Decimal | None
    note: str = ""

    @property
    def is_poor(self) -> bool:
        """A trade wins less than it may lose."""
        return self.ratio is not None and self.ratio < 1

    @property
    def ratio_text(self) -> str:
        """``1:0.71``."""
        return f"1:{_plain(self.ratio.quantize(_CENT, ROUND_HALF_UP))}" if self.ratio is not None else ""

    @property
    def break_even(self) -> int | None:
        """Percent of trades that must win for nothing to be lost, before costs."""
        return round(100 / (1 + self.ratio)) if self.ratio is not None else None


def risk_table(configuration: Configuration, prices: Mapping[str, Decimal] | None = None) -> list[RiskRow]:
    """A row per deployment. ``prices``: the last ones known, by EXCHANGE:TICKER, for stops in percent."""
    known = prices or {}
    return [_row(configuration, deployment, known) for deployment in configuration.deployments.values()]


def risk_findings(configuration: Configuration, rows: list[RiskRow]) -> list[Finding]:
    """Warnings: rewards below the risk, and real money without a stop."""
    found = []
    for row in rows:
        deployment = configuration.deployments[row.deployment]
        path = ("deployments", row.deployment, "bracket")
        if row.is_poor:
            message = f"the target ({_side(row.target, row.reward, row.currency)}) is nearer than the stop "
            message += f"({_side(row.stop, row.risk, row.currency)}): {row.ratio_text}; "
            message += f"about {row.break_even}% of trades must win to break even"
            found.append(Finding(path, message, is_error=False))
        if not row.stop and deployment.stage in (Stage.SMALL, Stage.PRODUCTION):
            message = 'there is no stop: a trade may lose any amount; add stop = "1%"'
            found.append(Finding(path, message, is_error=False))
    return found


def _side(distance: str, money: Decimal | None, currency: str) -> str:
    return f"{distance}, {money:,.2f} {currency}" if money is not None else distance


def _row(configuration: Configuration, deployment: Deployment, prices: Mapping[str, Decimal]) -> RiskRow:
    instrument = lookup(deployment.symbol, configuration.symbol_table)
    contract = Contract(deployment.symbol, instrument)
    price = _price(deployment.symbol, instrument.root, prices)
    bracket, sizing = deployment.bracket, deployment.sizing
    stop = bracket.stop or bracket.trail
    target = bracket.target
    away, toward = _offset(stop, price, contract), _offset(target, price, contract)
    risk_percent, reward_percent = _percent(stop, away, price), _percent(target, toward, price)
    ratio = None
    if away and toward is not None:
        ratio = toward / away
    elif risk_percent and reward_percent is not None:
        ratio = reward_percent / risk_percent
    risk = _money(sizing, away, risk_percent, price, contract)
    reward = _money(sizing, toward, reward_percent, price, contract)
    if sizing.kind is SizingKind.RISK:
        risk = sizing.value if stop is not None else None
        reward = sizing.value * ratio if ratio is not None else None
    account = configuration.accounts[deployment.account]
    in_account = sizing.kind is not SizingKind.FIXED
    size = size_text(sizing, account.currency)
    return RiskRow(
        deployment=deployment.name,
        symbol=deployment.symbol,
        size=size,
        traded=_traded(configuration, deployment, size),
        stop=distances.format(stop) if stop is not None else "",
        target=distances.format(target) if target is not None else "",
        currency=account.currency if in_account else instrument.currency,
        price=price,
        risk=risk,
        reward=reward,
        risk_percent=risk_percent,
        reward_percent=reward_percent,
        ratio=ratio,
        note=_note(stop, target, risk, price, sizing),
    )


def _traded(configuration: Configuration, deployment: Deployment, size: str) -> str:
    """As an entry is sized: ``1``, ``the alert's, else 1``, ``2 × the strategy's``."""
    sizing = deployment.sizing
    if not sizing.quantity_from_alert:
        return size
    times = f"{_plain(sizing.multiplier)} × " if sizing.multiplier != 1 else ""
    chart = configuration.charts.get(deployment.name)
    if chart is not None and fills_state_quantity(chart, deployment):
        return f"{times}the strategy's"
    return f"{times}the alert's, else {size}"


def _price(symbol: str, root: str, prices: Mapping[str, Decimal]) -> Decimal | None:
    """The last one known; of a continuous future that of its latest contract, for prices are kept by contract."""
    if symbol in prices or not root:
        return prices.get(symbol)
    months = {parse_contract(known.rpartition(":")[2]): price for known, price in prices.items()}
    own = [(month.year, month.month, price) for month, price in months.items() if month and month.root == root]
    return max(own)[2] if own else None


def _offset(distance: Distance | None, price: Decimal | None, contract: Contract) -> Decimal | None:
    """In price."""
    if distance is None:
        return None
    try:
        return distances.offset(distance, price, contract)
    except ValueError:
        return None  # it needs the price, or the signal's word


def _percent(distance: Distance | None, offset: Decimal | None, price: Decimal | None) -> Decimal | None:
    if distance is not None and distance.unit is Unit.PERCENT:
        return distance.value
    return offset / price * 100 if offset is not None and price else None


def _money(
    sizing: Sizing, offset: Decimal | None, percent: Decimal | None, price: Decimal | None, contract: Contract
) -> Decimal | None:
    if sizing.kind is SizingKind.FIXED:
        return sizing.value * offset * contract.point_value if offset is not None else None
    if sizing.kind is SizingKind.CASH:
        return sizing.value * percent / 100 if percent is not None else None
    return None  # of equity: changes with it


def _note(
    stop: Distance | None, target: Distance | None, risk: Decimal | None, price: Decimal | None, sizing: Sizing
) -> str:
    if stop is None:
        return "no stop: the loss is not limited"
    if Unit.SIGNAL in (stop.unit, target.unit if target is not None else None):
        return "as the alert says"
    if sizing.kind is SizingKind.PERCENT_OF_EQUITY:
        return "percent of the value traded; money follows from the equity"
    if risk is None and price is None:
        return "percent of the value traded; money needs a price"
    return ""


def size_text(sizing: Sizing, currency: str) -> str:
    """As ``size`` is written."""
    value = _plain(sizing.value)
    match sizing.kind:
        case SizingKind.CASH:
            return f"{value} {currency}"
        case SizingKind.PERCENT_OF_EQUITY:
            return f"{value}%"
        case SizingKind.RISK:
            return f"risk {value} {currency}"
        case _:
            return value


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
