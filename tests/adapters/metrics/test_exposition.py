"""A scrape shows what the store holds, also what came since the last one, and stays short when tables are long."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from pinery.adapters.metrics.exposition import MEASURED, render
from pinery.adapters.metrics.recorder import Recorder
from pinery.adapters.store import tables as t
from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.figures import Figures
from pinery.trading.orders.model import OrderType, Role, Side, Status
from pinery.trading.store import StateRow, TradingState
from tests.adapters.metrics.rows import (
    ES,
    HOUR,
    NOW,
    change,
    event,
    fill,
    insert,
    message,
    order,
    put_orders,
    signal,
    trade,
)
from tests.stores import KINDS, store_of

DASHBOARD = Path(__file__).parents[3] / "examples/grafana/pinery.json"


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    with store_of(request.param, tmp_path) as opened:
        yield opened


def scrape(figures: Figures, now: int = NOW) -> dict[str, float]:
    """``name{label="value",…}`` -> value, labels by name."""
    found = {}
    for family in text_string_to_metric_families(render(figures, now)):
        for sample in family.samples:
            labels = ",".join(f'{key}="{value}"' for key, value in sorted(sample.labels.items()))
            found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


def test_an_empty_store_has_figures_too(store: SqlStore) -> None:
    shown = scrape(Figures(store))
    assert shown['pinery_state{scope="all",state="active"}'] == 1
    assert shown["pinery_signal_sent_seconds_count"] == 0
    assert "pinery_delivery_ratio" not in shown


def test_signals_by_outcome_and_how_long_they_took(store: SqlStore) -> None:
    accepted = [signal(n, NOW - n) for n in range(3)]
    late = signal(7, NOW - 9, sent_us=(NOW - 9) * 1000 + 3_000_000)
    denied = signal(8, NOW, "denied", code="STALE")
    insert(store, t.signals, [*accepted, late, denied, signal(9, NOW, "nothing", deployment="other")])
    shown = scrape(Figures(store))
    assert shown['pinery_signals_total{deployment="demo",outcome="accepted"}'] == 4
    assert shown['pinery_signals_total{deployment="other",outcome="nothing"}'] == 1
    assert shown['pinery_denials_total{code="STALE",deployment="demo"}'] == 1
    assert shown['pinery_signal_decided_seconds_bucket{le="0.005"}'] == 6
    assert shown['pinery_signal_sent_seconds_bucket{le="0.025"}'] == 3
    assert shown['pinery_signal_sent_seconds_bucket{le="+Inf"}'] == 4
    assert shown["pinery_signal_sent_seconds_sum"] == pytest.approx(3.06)
    assert shown["pinery_execution_within_target_ratio"] == 0.75
    assert shown["pinery_signal_filled_seconds_count"] == 4


def test_delivery_counts_what_was_understood(store: SqlStore) -> None:
    statuses = ["done"] * 6 + ["duplicate"] * 2 + ["unparsed", "unparsed", "new", "new"]
    insert(store, t.inbox, [message(n, status) for n, status in enumerate(statuses)])
    shown = scrape(Figures(store), NOW + 4000)
    assert shown["pinery_delivery_ratio"] == 0.8
    assert shown['pinery_messages_total{deployment="demo",status="unparsed"}'] == 2
    assert shown['pinery_inbox_backlog{deployment="demo"}'] == 2
    assert shown['pinery_inbox_oldest_seconds{deployment="demo"}'] == pytest.approx(4, abs=0.01)


def test_orders_fills_and_slippage(store: SqlStore) -> None:
    stop = order(3, role=Role.STOP, type=OrderType.STOP)
    working, rejected = order(4, status=Status.WORKING), order(5, status=Status.REJECTED)
    put_orders(store, [order(1), order(2, side=Side.SELL), stop, working, rejected])
    insert(store, t.order_changes, [change(1, "submitted", "working"), change(1, "working", "filled")])
    insert(store, t.order_changes, [change(1, "filled", "filled"), change(5, "submitted", "rejected")])
    worse_sale = fill(4, 2, "99.5", side="sell")
    insert(store, t.fills, [fill(1, 1), fill(2, 1, "100"), fill(3, 1, "99.75"), worse_sale, fill(5, 3)])
    shown = scrape(Figures(store))
    assert shown['pinery_orders_ended_total{deployment="demo",status="filled"}'] == 1
    assert shown['pinery_orders_ended_total{deployment="demo",status="rejected"}'] == 1
    assert shown['pinery_orders_open{account="paper",status="working"}'] == 1
    assert shown['pinery_fills_total{deployment="demo",side="buy"}'] == 4
    assert shown['pinery_orders_filled_total{deployment="demo"}'] == 3
    assert shown['pinery_partial_fill_ratio{deployment="demo"}'] == pytest.approx(1 / 3)
    assert shown['pinery_order_fill_seconds_count{type="market"}'] == 2
    assert shown['pinery_order_fill_seconds_sum{type="market"}'] == pytest.approx(0.3)
    assert 'pinery_order_fill_seconds_count{type="stop"}' not in shown
    # Buying at 99.75 instead of 100 is better, selling at 99.5 is worse.
    assert shown[f'pinery_fill_slippage_price_sum{{side="buy",symbol="{ES}"}}'] == pytest.approx(0.25 + 0 - 0.25 + 0.25)
    assert shown[f'pinery_fill_slippage_price_sum{{side="sell",symbol="{ES}"}}'] == pytest.approx(0.5)
    assert shown['pinery_fill_slippage_ratio_bucket{le="0.0",side="buy"}'] == 2
    assert shown['pinery_fill_slippage_ratio_bucket{le="0.005",side="sell"}'] == 1


def test_trades_and_their_ratios(store: SqlStore) -> None:
    old = NOW - 40 * 24 * HOUR
    insert(store, t.trades, [trade(1, "350", old), trade(2, "-250", old), trade(3, "350"), trade(4, "0")])
    figures = Figures(store)
    shown = scrape(figures)
    assert shown['pinery_trades_total{deployment="demo",result="win"}'] == 2
    assert shown['pinery_trades_total{deployment="demo",result="even"}'] == 1
    assert shown['pinery_trade_win_ratio{deployment="demo"}'] == 0.5
    assert shown['pinery_trade_win_loss_ratio{deployment="demo"}'] == pytest.approx(1.4)
    assert shown['pinery_trade_profit_factor{deployment="demo"}'] == pytest.approx(2.8)
    assert shown['pinery_trade_hold_seconds_sum{deployment="demo"}'] == 240
    # One that the venue tells of weeks later.
    insert(store, t.trades, [trade(5, "-250", old)])
    assert scrape(figures)['pinery_trades_total{deployment="demo",result="loss"}'] == 2


def test_what_is_so_now(store: SqlStore) -> None:
    halted = StateRow("account:paper", TradingState.HALTED, "by hand", "me", NOW)
    store.write(lambda tx: tx.states.set(halted))
    held = {"deployment": "demo", "account": "paper", "side": -1, "lots": [], "fees": Decimal(0), "updated": NOW}
    insert(store, t.positions, [held | {"symbol": ES, "quantity": Decimal(-2), "realized": Decimal("12.5")}])
    insert(store, t.positions, [held | {"symbol": "X:Y", "quantity": Decimal(0), "realized": Decimal("-2.5")}])
    money = {name: Decimal(n) for n, name in enumerate(("margin_used", "available", "balance", "equity"))}
    insert(store, t.balances, [{"account": "paper", "currency": "USD", "time": NOW} | money])
    due = {"channel": "mail", "kind": "test", "created": NOW - 7000, "event": {}, "due": NOW}
    insert(store, t.outbox, [due | {"status": "due"}, due | {"status": "sent"}])
    insert(store, t.events, [event("order.rejected", "critical"), event("order.rejected", "critical")])
    shown = scrape(Figures(store))
    assert shown['pinery_state{scope="account:paper",state="halted"}'] == 1
    assert shown['pinery_state{scope="account:paper",state="active"}'] == 0
    assert shown[f'pinery_position_quantity{{account="paper",deployment="demo",symbol="{ES}"}}'] == -2
    assert shown['pinery_realized_profit{account="paper",deployment="demo"}'] == 10
    assert shown['pinery_account_equity{account="paper",currency="USD"}'] == 3
    assert shown['pinery_outbox_backlog{channel="mail"}'] == 1
    assert shown['pinery_outbox_oldest_seconds{channel="mail"}'] == 7
    assert shown['pinery_events_total{kind="order.rejected",severity="critical"}'] == 2


def test_what_processes_measured_adds_up(store: SqlStore) -> None:
    figures = Figures(store)
    for seconds in (0.004, 0.2):  # two processes, or one before and after a restart
        recorder = Recorder(figures)
        recorder.observe("receipt_to_ack", seconds, "demo")
        recorder.observe("notification_send", seconds, "mail:sent")
        recorder.flush()
    shown = scrape(figures)
    assert shown['pinery_webhook_ack_seconds_bucket{deployment="demo",le="0.005"}'] == 1
    assert shown['pinery_webhook_ack_seconds_count{deployment="demo"}'] == 2
    assert shown['pinery_webhook_ack_seconds_sum{deployment="demo"}'] == pytest.approx(0.204)
    assert shown['pinery_notification_send_seconds_count{channel="mail",result="sent"}'] == 2


def test_uptime_of_components(store: SqlStore) -> None:
    figures = Figures(store)
    for second in (0, 5, 10, 40, 45):
        figures.beat("gateway", NOW + second * 1000)
    shown = scrape(figures, NOW + 48_000)
    assert shown['pinery_uptime_ratio{component="gateway",month="2026-11"}'] == pytest.approx(15 / 45)
    assert shown['pinery_uptime_latest_ratio{component="gateway"}'] == pytest.approx(15 / 45)
    assert shown['pinery_uptime_target_ratio{component="gateway"}'] == 0.9995
    assert shown['pinery_heartbeat_age_seconds{component="gateway"}'] == 3


def test_what_comes_later_is_counted_once(store: SqlStore) -> None:
    """Whenever the scrapes are, and in whatever order transactions end."""
    figures = Figures(store)
    for round in range(6):
        now = NOW + round * 20_000
        insert(store, t.signals, [signal(round * 10 + n, now - 5000 * (n % 3)) for n in range(10)])
        put_orders(store, [order(round)])
        insert(store, t.fills, [fill(round * 10 + n, round, time=now) for n in range(3)])
        insert(store, t.inbox, [message(round, "done", now)])
        insert(store, t.events, [event("test", at=now)])
        shown = scrape(figures, now)
        fresh = scrape(Figures(store), now)
        assert shown == fresh
        assert shown['pinery_signals_total{deployment="demo",outcome="accepted"}'] == (round + 1) * 10
        assert shown['pinery_fills_total{deployment="demo",side="buy"}'] == (round + 1) * 3
        assert shown['pinery_orders_filled_total{deployment="demo"}'] == round + 1


def test_what_is_noted_long_after_is_counted(store: SqlStore) -> None:
    """The slowest executions are the ones that matter."""
    figures = Figures(store)
    insert(store, t.signals, [signal(1, NOW, sent_us=None, filled_us=None)])
    insert(store, t.inbox, [message(1, "new")])
    for minute in range(1, 5):
        assert scrape(figures, NOW + minute * 60_000)["pinery_signal_sent_seconds_count"] == 0
    sent = {"sent_us": (NOW + 400_000) * 1000}
    store.write(lambda tx: tx.connection.execute(sa.update(t.signals).values(**sent)))
    store.write(lambda tx: tx.connection.execute(sa.update(t.inbox).values(status="done")))
    shown = scrape(figures, NOW + 500_000)
    assert shown["pinery_signal_sent_seconds_sum"] == pytest.approx(400)
    assert shown["pinery_signal_decided_seconds_count"] == 1
    assert shown['pinery_messages_total{deployment="demo",status="done"}'] == 1
    assert 'pinery_messages_total{deployment="demo",status="new"}' not in shown


def test_later_scrapes_add_what_is_new(store: SqlStore) -> None:
    many = 2_000
    part = range(many)
    at = [NOW - (many - n) * 1000 for n in part]
    insert(store, t.inbox, [message(n, "done", when) for n, when in zip(part, at, strict=True)])
    insert(store, t.signals, [signal(n, when) for n, when in zip(part, at, strict=True)])
    put_orders(store, [order(n, created=when) for n, when in zip(part, at, strict=True)])
    insert(store, t.fills, [fill(n, n, time=when) for n, when in zip(part, at, strict=True)])
    insert(store, t.order_changes, [change(n, "working", "filled", at[0]) for n in part if n % 5 == 0])
    insert(store, t.events, [event("order.filled", at=when) for when in at[::5]])
    insert(store, t.trades, [trade(n, "1", when) for n, when in zip(part, at, strict=True) if n % 2])
    figures = Figures(store)
    name = 'pinery_signals_total{deployment="demo",outcome="accepted"}'
    assert scrape(figures)[name] == many
    for look in range(5):
        insert(store, t.signals, [signal(many + look * 100 + n, NOW + look * 15_000) for n in range(100)])
        assert f"{name} {float(many + look * 100 + 100)}" in render(figures, NOW + look * 15_000)


# --- the dashboard --------------------------------------------------------------------

_PROMQL_WORDS = re.compile(r"\bpinery_[a-z_]+")


def test_the_dashboard_shows_only_what_there_is(tmp_path: Path) -> None:
    with store_of("sqlite", tmp_path) as store:
        figures = Figures(store)
        recorder = Recorder(figures)
        for name in MEASURED:
            recorder.observe(name, 0.1, "a:b")
        recorder.flush()
        exposed = set()
        for line in render(figures, NOW).splitlines():
            if line.startswith("# TYPE"):
                _, _, name, kind = line.split()
                exposed |= {name, *(name + end for end in ENDINGS[kind])}
    panels = [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    used = {name for expression in expressions for name in _PROMQL_WORDS.findall(expression)}
    assert used <= exposed
    for what in ("signals", "denials", "trade_win_ratio", "webhook_ack", "slippage", "uptime", "state", "equity"):
        assert any(what in name for name in used), what


ENDINGS: dict[str, tuple[str, ...]] = {
    "histogram": ("_bucket", "_sum", "_count"),
    "summary": ("_sum", "_count"),
    "counter": (),
    "gauge": (),
}


def test_the_dashboard_is_one_that_grafana_reads() -> None:
    board: dict[str, Any] = json.loads(DASHBOARD.read_text())
    assert board["title"] == "Pinery" and board["schemaVersion"] >= 36 and board["uid"]
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    places: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & places, panel["title"]
        places |= cells
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
