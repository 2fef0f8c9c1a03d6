"""Figures of the system and of its trades, as whoever shows them gets them: histograms, uptime, performance."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from pinery.trading.positions.model import Trade

ZERO = Decimal(0)

#: Upper bounds in seconds. 2 s is the target of an execution.
LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)

#: Relative to the price expected; above 0 is worse.
SLIPPAGE = (-0.01, -0.001, -0.0005, -0.0001, 0.0, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01)

#: Share of a month that a component should be up.
UPTIME_TARGETS: Mapping[str, float] = {"gateway": 0.9995}

#: Share of alerts that should become decisions, and seconds from receipt until an order is sent.
DELIVERY_TARGET = 0.99
EXECUTION_TARGET = 2.0

_DIGITS = Decimal("0.0001")


@dataclass(slots=True)
class Histogram:
    """``counts`` are per bucket, not cumulative; the last is of what is above all bounds."""

    bounds: tuple[float, ...] = LATENCY
    counts: list[float] = field(default_factory=list)
    total: float = 0.0  # sum of the values

    def __post_init__(self) -> None:
        self.counts = self.counts or [0.0] * (len(self.bounds) + 1)

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    @property
    def count(self) -> float:
        return sum(self.counts)

    def quantile(self, share: float) -> float | None:
        """The value below which ``share`` (0 to 1) of all lie, taken as evenly spread in each bucket; of what is above
        all bounds only the last bound is known. None without values."""
        if not self.count:
            return None
        wanted, below = share * self.count, 0.0
        low = min(0.0, self.bounds[0])
        for bound, count in zip(self.bounds, self.counts, strict=False):
            if count and below + count >= wanted:
                return low + (bound - low) * max(0.0, wanted - below) / count
            below += count
            low = bound
        return self.bounds[-1]

    def cumulative(self) -> list[tuple[str, float]]:
        """As Prometheus wants it: ("0.001", 3) … ("+Inf", 7)."""
        rows, so_far = [], 0.0
        for bound, count in zip((*map(repr, self.bounds), "+Inf"), self.counts, strict=True):
            so_far += count
            rows.append((bound, so_far))
        return rows

    def copy(self) -> Histogram:
        return Histogram(self.bounds, list(self.counts), self.total)


@dataclass(frozen=True, slots=True)
class Uptime:
    """Of one component in one month, as far as known: nothing is known before its first start."""

    component: str
    month: str  # "2026-11"
    up_ms: int
    known_ms: int
    last: int  # Unix ms of the last heartbeat

    @property
    def ratio(self) -> float | None:
        return self.up_ms / self.known_ms if self.known_ms else None

    @property
    def target(self) -> float | None:
        return UPTIME_TARGETS.get(self.component)

    @property
    def met(self) -> bool | None:
        """None: nothing known, or no target."""
        return None if self.ratio is None or self.target is None else self.ratio >= self.target


@dataclass(frozen=True, slots=True)
class Performance:
    """Closed trades of one deployment, net of fees, in the contracts' currency. Ratios are None where undefined."""

    deployment: str
    trades: int
    wins: int
    losses: int  # trades that brought exactly nothing are neither
    profit: Decimal
    fees: Decimal
    gross_profit: Decimal
    gross_loss: Decimal  # 0 or below
    largest_win: Decimal
    largest_loss: Decimal
    max_drawdown: Decimal  # of the sum of profits, from its peak, 0 or above
    hold_ms: int  # average
    days: tuple[tuple[date, Decimal], ...]  # profit by day of the exit, UTC

    @property
    def win_rate(self) -> Decimal | None:
        return _ratio(Decimal(self.wins), Decimal(self.trades))

    @property
    def average_win(self) -> Decimal | None:
        return _ratio(self.gross_profit, Decimal(self.wins))

    @property
    def average_loss(self) -> Decimal | None:
        """0 or below."""
        return _ratio(self.gross_loss, Decimal(self.losses))

    @property
    def expectancy(self) -> Decimal | None:
        """What a trade brought on average."""
        return _ratio(self.profit, Decimal(self.trades))

    @property
    def win_loss_ratio(self) -> Decimal | None:
        """Average win to average loss."""
        if not self.wins or not self.losses:
            return None
        return _ratio(self.gross_profit / self.wins, -self.gross_loss / self.losses)

    @property
    def profit_factor(self) -> Decimal | None:
        return _ratio(self.gross_profit, -self.gross_loss)


def performance(deployment: str, trades: Sequence[Trade]) -> Performance:
    """Of trades in the order of their exits."""
    wins = [trade.profit for trade in trades if trade.profit > 0]
    losses = [trade.profit for trade in trades if trade.profit < 0]
    days: dict[date, Decimal] = {}
    sum_so_far = peak = drawdown = ZERO
    for trade in trades:
        day = date.fromordinal(date(1970, 1, 1).toordinal() + trade.exit_time // 86_400_000)
        days[day] = days.get(day, ZERO) + trade.profit
        sum_so_far += trade.profit
        peak = max(peak, sum_so_far)
        drawdown = max(drawdown, peak - sum_so_far)
    held = sum(trade.exit_time - trade.entry_time for trade in trades)
    return Performance(
        deployment=deployment,
        trades=len(trades),
        wins=len(wins),
        losses=len(losses),
        profit=sum_so_far,
        fees=sum((trade.fees for trade in trades), ZERO),
        gross_profit=sum(wins, ZERO),
        gross_loss=sum(losses, ZERO),
        largest_win=max(wins, default=ZERO),
        largest_loss=min(losses, default=ZERO),
        max_drawdown=drawdown,
        hold_ms=held // len(trades) if trades else 0,
        days=tuple(sorted(days.items())),
    )


def performances(trades: Iterable[Trade]) -> list[Performance]:
    """One for each deployment, by name. ``trades`` in the order of their exits."""
    of: dict[str, list[Trade]] = {}
    for trade in trades:
        of.setdefault(trade.deployment, []).append(trade)
    return [performance(name, of[name]) for name in sorted(of)]


@dataclass(frozen=True, slots=True)
class Slice:
    """Closed trades of a part of the time: a day ("2026-11-23"), an hour (0 to 23) or a weekday (1 is Monday)."""

    of: date | int
    profit: Decimal
    trades: int


@dataclass(frozen=True, slots=True)
class Slices:
    """Profit by when trades were closed: days that had any, all hours, all weekdays."""

    days: tuple[Slice, ...]
    hours: tuple[Slice, ...]
    weekdays: tuple[Slice, ...]


def slices(trades: Iterable[Trade], zone: tzinfo) -> Slices:
    """By the calendar of ``zone``."""
    days: dict[Any, tuple[Decimal, int]] = {}
    hours: dict[Any, tuple[Decimal, int]] = dict.fromkeys(range(24), (ZERO, 0))
    weekdays: dict[Any, tuple[Decimal, int]] = dict.fromkeys(range(1, 8), (ZERO, 0))
    for trade in trades:
        closed = datetime.fromtimestamp(trade.exit_time / 1000, zone)
        for found, key in ((days, closed.date()), (hours, closed.hour), (weekdays, closed.isoweekday())):
            profit, count = found.get(key, (ZERO, 0))
            found[key] = profit + trade.profit, count + 1
    return Slices(_slices(days), _slices(hours), _slices(weekdays))


def _slices(found: Mapping[Any, tuple[Decimal, int]]) -> tuple[Slice, ...]:
    return tuple(Slice(key, profit, count) for key, (profit, count) in sorted(found.items()))


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Sum of profits after a trade that was closed at ``time`` (Unix ms), and how far it is below its peak (0 or
    below)."""

    time: int
    profit: Decimal
    drawdown: Decimal


def curve(trades: Sequence[Trade], points: int = 1_000) -> list[CurvePoint]:
    """Of trades in the order of their exits, from 0 at the first entry on. Of many trades about ``points`` are left:
    of neighbours the deepest drawdown and the last."""
    if not trades:
        return []
    found = [CurvePoint(trades[0].entry_time, ZERO, ZERO)]
    sum_so_far = peak = ZERO
    for trade in trades:
        sum_so_far += trade.profit
        peak = max(peak, sum_so_far)
        found.append(CurvePoint(trade.exit_time, sum_so_far, sum_so_far - peak))
    step = 2 * len(trades) // points
    if step <= 2:
        return found
    kept = found[:1]
    for start in range(1, len(found), step):
        part = found[start : start + step]
        deepest = min(part, key=lambda point: point.drawdown)
        kept += [deepest, part[-1]] if deepest is not part[-1] else [deepest]
    return kept


def _ratio(value: Decimal, to: Decimal) -> Decimal | None:
    return (value / to).quantize(_DIGITS) if to else None


# --- all of them at one moment, for metrics -------------------------------------------


@dataclass(frozen=True, slots=True)
class TradeTotals:
    """Of one deployment. Money as float: for graphs, not for books."""

    trades: int
    wins: int
    losses: int
    gross_profit: float
    gross_loss: float  # 0 or below
    hold_seconds: float  # sum


@dataclass(frozen=True, slots=True)
class Backlog:
    count: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Held:
    deployment: str
    account: str
    symbol: str
    quantity: float  # signed
    realized: float


@dataclass(frozen=True, slots=True)
class Money:
    account: str
    currency: str
    balance: float
    equity: float
    margin_used: float


@dataclass(frozen=True, slots=True)
class SystemFigures:
    """Everything that metrics show. Keys are label values, in the order of the names given here."""

    messages: Mapping[tuple[str, str], float]  # deployment, status
    signals: Mapping[tuple[str, str], float]  # deployment, outcome
    denials: Mapping[tuple[str, str], float]  # deployment, code
    decided: Histogram  # seconds since receipt
    sent: Histogram
    filled: Histogram
    orders: Mapping[tuple[str, str], float]  # deployment, status that is final
    open_orders: Mapping[tuple[str, str], float]  # account, status
    order_fill: Mapping[tuple[str], Histogram]  # order type: sent to first fill
    fills: Mapping[tuple[str, str], float]  # deployment, side
    filled_orders: Mapping[tuple[str], float]  # deployment
    partly_filled_orders: Mapping[tuple[str], float]  # deployment: in more than one fill
    slippage: Mapping[tuple[str], Histogram]  # side; relative
    slippage_price: Mapping[tuple[str, str], tuple[float, float]]  # symbol, side: number, sum in price
    events: Mapping[tuple[str, str], float]  # kind, severity
    trades: Mapping[str, TradeTotals]  # deployment
    inbox: Mapping[str, Backlog]  # deployment
    outbox: Mapping[str, Backlog]  # channel
    states: Mapping[str, str]  # scope -> state
    positions: Sequence[Held]
    accounts: Sequence[Money]
    uptimes: Sequence[Uptime]
    measured: Mapping[tuple[str, str], Histogram]  # name, label
