"""The figures as Prometheus reads them. All of them come from the store: one scrape shows every process, and what was
counted before the last start.

Counters count the rows that the store holds. Retention takes old rows away: after a restart they may be lower.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from pinery.trading.figures import DELIVERY_TARGET, EXECUTION_TARGET, Backlog, Histogram, SystemFigures

Labels = TypeVar("Labels", bound=tuple[str, ...])

STATES = ("active", "reducing", "halted")

#: What processes measure of themselves: name -> (family, help, labels). A recorder's label is their values, joined by
#: ":"; the last one may hold more of them.
MEASURED: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "receipt_to_ack": ("pinery_webhook_ack_seconds", "From receipt of an alert to its answer", ("deployment",)),
    "bar_to_alert": (
        "pinery_bar_to_alert_seconds",
        "From a bar's close to the alert in the inbox",
        ("deployment",),
    ),
    "chart_update": ("pinery_chart_update_seconds", "Evaluations of scripts on live bars", ("deployment",)),
    "broker_response": ("pinery_broker_response_seconds", "How long a broker took to answer", ("broker",)),
    "transaction": ("pinery_database_transaction_seconds", "Database transactions", ("kind",)),
    "notification_send": (
        "pinery_notification_send_seconds",
        "Sending of notifications, by result",
        ("channel", "result"),
    ),
    "notification_given_up": ("pinery_notification_given_up_seconds", "Notifications given up", ("channel",)),
}


class Source(Protocol):
    def collect(self, now: int) -> SystemFigures:
        """Raises StoreError."""
        ...


def render(source: Source, now: int) -> str:
    """Prometheus' text format 0.0.4. ``now`` in Unix ms. Raises StoreError."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(source.collect(now), now))
    return generate_latest(registry).decode()


class _Figures(Collector):
    def __init__(self, figures: SystemFigures, now: int) -> None:
        self._figures = figures
        self._now = now

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        f = self._figures
        yield from _signals(f)
        yield from _orders(f)
        yield from _trades(f)
        yield from _levels(f)
        yield from _system(f, self._now)


def _signals(f: SystemFigures) -> Iterator[Metric]:
    yield _counter("pinery_messages", "Alerts received, by what became of them", ("deployment", "status"), f.messages)
    yield _counter("pinery_signals", "Signals decided, by outcome", ("deployment", "outcome"), f.signals)
    yield _counter("pinery_denials", "Signals denied, by code", ("deployment", "code"), f.denials)
    yield _counter("pinery_events", "What happened, by kind", ("kind", "severity"), f.events)
    delivered = GaugeMetricFamily(
        "pinery_delivery_ratio", "Share of alerts received that became decisions or were repetitions"
    )
    by_status: dict[str, float] = {}
    for (_, status), count in f.messages.items():
        by_status[status] = by_status.get(status, 0.0) + count
    # What has just arrived is not late yet: it is in the backlog.
    if ended := sum(count for status, count in by_status.items() if status != "new"):
        delivered.add_metric((), (by_status.get("done", 0.0) + by_status.get("duplicate", 0.0)) / ended)
    yield delivered
    yield _histogram("pinery_signal_decided_seconds", "From receipt to the decision", (), {(): f.decided})
    yield _histogram("pinery_signal_sent_seconds", "From receipt to the order at the broker", (), {(): f.sent})
    yield _histogram("pinery_signal_filled_seconds", "From receipt to the first fill", (), {(): f.filled})
    within = GaugeMetricFamily("pinery_execution_within_target_ratio", "Share of signals whose order was sent in 2 s")
    if f.sent.count:
        within.add_metric((), dict(f.sent.cumulative())[repr(EXECUTION_TARGET)] / f.sent.count)
    yield within
    targets = GaugeMetricFamily("pinery_target", "What is aimed at", labels=("figure",))
    targets.add_metric(("delivery_ratio",), DELIVERY_TARGET)
    targets.add_metric(("execution_seconds",), EXECUTION_TARGET)
    yield targets


def _orders(f: SystemFigures) -> Iterator[Metric]:
    yield _counter("pinery_orders_ended", "Orders that reached a final status", ("deployment", "status"), f.orders)
    yield _gauge("pinery_orders_open", "Orders that are not final", ("account", "status"), f.open_orders)
    yield _counter("pinery_fills", "Fills", ("deployment", "side"), f.fills)
    yield _counter("pinery_orders_filled", "Orders with at least one fill", ("deployment",), f.filled_orders)
    yield _counter(
        "pinery_orders_filled_partly", "Orders that took more than one fill", ("deployment",), f.partly_filled_orders
    )
    shares = {key: f.partly_filled_orders.get(key, 0.0) / count for key, count in f.filled_orders.items() if count}
    yield _gauge("pinery_partial_fill_ratio", "Share of filled orders that took several fills", ("deployment",), shares)
    yield _histogram("pinery_order_fill_seconds", "From sending to the first fill", ("type",), f.order_fill)
    yield _histogram(
        "pinery_fill_slippage_ratio", "Fill price against the price expected; above 0 is worse", ("side",), f.slippage
    )
    slippage = SummaryMetricFamily(
        "pinery_fill_slippage_price", "The same in units of price", labels=("symbol", "side")
    )
    for labels, (count, total) in sorted(f.slippage_price.items()):
        slippage.add_metric(labels, int(count), total)
    yield slippage


def _trades(f: SystemFigures) -> Iterator[Metric]:
    trades = CounterMetricFamily("pinery_trades", "Closed trades, by result", labels=("deployment", "result"))
    wins = GaugeMetricFamily("pinery_trade_win_ratio", "Share of trades that won", labels=("deployment",))
    ratio = GaugeMetricFamily("pinery_trade_win_loss_ratio", "Average win to average loss", labels=("deployment",))
    factor = GaugeMetricFamily("pinery_trade_profit_factor", "Gross profit to gross loss", labels=("deployment",))
    gained = GaugeMetricFamily("pinery_trade_gross_profit", "Of trades that won, net of fees", labels=("deployment",))
    lost = GaugeMetricFamily("pinery_trade_gross_loss", "Of trades that lost, below 0", labels=("deployment",))
    hold = SummaryMetricFamily("pinery_trade_hold_seconds", "How long positions were held", labels=("deployment",))
    for name, total in sorted(f.trades.items()):
        even = total.trades - total.wins - total.losses
        for result, count in (("win", total.wins), ("loss", total.losses), ("even", even)):
            trades.add_metric((name, result), count)
        wins.add_metric((name,), total.wins / total.trades)
        if total.wins and total.losses:
            ratio.add_metric((name,), (total.gross_profit / total.wins) / (-total.gross_loss / total.losses))
        if total.losses:
            factor.add_metric((name,), total.gross_profit / -total.gross_loss)
        gained.add_metric((name,), total.gross_profit)
        lost.add_metric((name,), total.gross_loss)
        hold.add_metric((name,), total.trades, total.hold_seconds)
    yield from (trades, wins, ratio, factor, gained, lost, hold)


def _levels(f: SystemFigures) -> Iterator[Metric]:
    yield from _backlog("pinery_inbox", "Alerts that wait for a decision", "deployment", f.inbox)
    yield from _backlog("pinery_outbox", "Notifications that wait to be sent", "channel", f.outbox)
    state = GaugeMetricFamily("pinery_state", "1 for the state that the scope is in", labels=("scope", "state"))
    for scope, name in sorted({"all": "active", **f.states}.items()):
        for each in STATES:
            state.add_metric((scope, each), float(each == name))
    yield state
    position = GaugeMetricFamily(
        "pinery_position_quantity", "Held, below 0 if short", labels=("deployment", "account", "symbol")
    )
    profit: dict[tuple[str, str], float] = {}
    for held in f.positions:
        position.add_metric((held.deployment, held.account, held.symbol), held.quantity)
        key = held.deployment, held.account
        profit[key] = profit.get(key, 0.0) + held.realized
    yield position
    yield _gauge("pinery_realized_profit", "Of closed trades, net of fees", ("deployment", "account"), profit)
    equity = GaugeMetricFamily("pinery_account_equity", "With open profit", labels=("account", "currency"))
    balance = GaugeMetricFamily("pinery_account_balance", "Without open profit", labels=("account", "currency"))
    margin = GaugeMetricFamily("pinery_account_margin_used", "Margin in use", labels=("account", "currency"))
    for money in f.accounts:
        labels = money.account, money.currency
        equity.add_metric(labels, money.equity)
        balance.add_metric(labels, money.balance)
        margin.add_metric(labels, money.margin_used)
    yield from (equity, balance, margin)


def _system(f: SystemFigures, now: int) -> Iterator[Metric]:
    labels = ("component", "month")
    uptime = GaugeMetricFamily("pinery_uptime_ratio", "Share of the month that it was up", labels=labels)
    latest = GaugeMetricFamily("pinery_uptime_latest_ratio", "The same of the last month alone", labels=labels[:1])
    target = GaugeMetricFamily("pinery_uptime_target_ratio", "What is aimed at", labels=("component",))
    silent = GaugeMetricFamily("pinery_heartbeat_age_seconds", "Since the last heartbeat", labels=("component",))
    for component in sorted({entry.component for entry in f.uptimes}):
        entries = [entry for entry in f.uptimes if entry.component == component]
        for entry in entries:
            if entry.ratio is not None:
                uptime.add_metric((component, entry.month), entry.ratio)
        if entries[-1].ratio is not None:
            latest.add_metric((component,), entries[-1].ratio)
        if entries[-1].target is not None:
            target.add_metric((component,), entries[-1].target)
        silent.add_metric((component,), max(0.0, (now - max(entry.last for entry in entries)) / 1000))
    yield from (uptime, latest, target, silent)
    for name, (family, text, names) in MEASURED.items():
        found = {_label_values(label, names): h for (measured, label), h in f.measured.items() if measured == name}
        yield _histogram(family, text, names, found)


def _label_values(label: str, names: tuple[str, ...]) -> tuple[str, ...]:
    values = label.split(":", len(names) - 1)
    return (*values, *("" for _ in range(len(names) - len(values))))


def _backlog(name: str, text: str, label: str, backlogs: Mapping[str, Backlog]) -> Iterator[Metric]:
    count = GaugeMetricFamily(f"{name}_backlog", text, labels=(label,))
    oldest = GaugeMetricFamily(f"{name}_oldest_seconds", f"{text}: age of the oldest", labels=(label,))
    for key, backlog in sorted(backlogs.items()):
        count.add_metric((key,), backlog.count)
        oldest.add_metric((key,), backlog.oldest_seconds)
    yield from (count, oldest)


def _counter(name: str, text: str, labels: tuple[str, ...], values: Mapping[Labels, float]) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _gauge(name: str, text: str, labels: tuple[str, ...], values: Mapping[Labels, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _histogram(name: str, text: str, labels: tuple[str, ...], values: Mapping[Labels, Histogram]) -> Metric:
    family = HistogramMetricFamily(name, text, labels=labels)
    for key, histogram in sorted(values.items()):
        family.add_metric(key, histogram.cumulative(), histogram.total)
    return family
