"""A day of market replayed to a whole ``pinery up`` whose processes are killed: it trades as if nothing had happened.

``PINERY_SEED`` says which processes are killed when.
"""

from __future__ import annotations

import asyncio
import functools
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pinery.adapters.feeds.synthetic import synthetic_bars
from pinery.adapters.store import tables as t
from pinery.adapters.store.charts import beginning
from pinery.adapters.store.database import SqlStore, open_store
from pinery.app.config.charts import compile_chart
from pinery.app.config.reading import load_configuration
from pinery.app.up.clock import SystemClock
from pinery.app.up.markets import open_market
from pinery.charts.live import LiveChart
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe
from pinery.trading.messages import template_for
from tests.crash.failing import wait_for
from tests.crash.replayed import Alert, Deal, Outcome, Trade, outcome_of
from tests.crash.storm import Place, children, free_port, pinery_up
from tests.stores import store_url

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("PINERY_SEED", "1"))
LIBRARY = Path(__file__).parents[2] / "examples" / "strategies"
DAY_MS, MINUTE_MS = 86_400_000, 60_000
BEGINS = 1_758_060_000_000  # 2025-09-16 22:00 UTC: futures open for a day that holds a midnight and an hour's break
ENDS = BEGINS + DAY_MS
SPEED = 3_600
GAP = 4.0  # seconds between kills, at most

CONFIGURATION = """\
[store]
url = "{store}"
[webhook]
port = {port}
allow_loopback = true
[control]
port = {control}
[up]
charts = {charts}
workers = {workers}
[feeds.day]
kind = "replay"
bars = {{ {bars} }}
start = {start}
began = {began}
speed = {speed}
loop = false
[accounts.futures]
broker = "paper"
balance = 100_000_000
[accounts.coins]
broker = "paper"
balance = 100_000_000
leverage = 10
"""
CHART = """
[deployments.{name}]
account = "{account}"
symbol = "{symbol}"
timeframe = "{timeframe}"
[deployments.{name}.limits]
max_signal_age = "10m"
trading_hours = "always"
[deployments.{name}.chart]
script = "{script}.pine"
feed = "day"
send = "webhook"
kinds = ["{kind}"]
history = 600
missed = "act"
missed_within = "10m"
"""


@dataclass(frozen=True)
class Chart:
    name: str
    account: str
    symbol: str
    timeframe: str
    script: str
    kind: str


CHARTS = (
    Chart("es", "futures", "CME_MINI:ES1!", "1", "call_put_turns", "alert"),
    Chart("nq", "futures", "CME_MINI:NQ1!", "5", "momentum_turn", "order"),
    Chart("eth", "coins", "BINANCE:ETHUSDT.P", "1", "step_in_out", "alert"),
)


@dataclass
class Instance:
    """A ``pinery up`` that is started again when it was killed itself."""

    place: Place
    charts: int
    workers: int
    log: Path
    process: subprocess.Popen[bytes] | None = None
    killed: Counter[str] = field(default_factory=Counter)

    def configure(self, began: int) -> None:
        """The market stands at the day's beginning up to ``began`` (Unix ms)."""
        bars = ", ".join(f'"{chart.symbol}" = "{chart.name}.csv"' for chart in CHARTS)
        place = self.place
        text = CONFIGURATION.format(
            store=place.store_url, port=place.port, control=place.control, charts=self.charts, workers=self.workers,
            bars=bars, start=_iso(BEGINS), began=_iso(began), speed=SPEED,
        )  # fmt: skip
        text += "".join(CHART.format(**vars(chart)) for chart in CHARTS)
        new = place.folder / "pinery.new"
        new.write_text(text)
        new.replace(place.folder / "pinery.toml")

    @contextmanager
    def up(self) -> Iterator[None]:
        with pinery_up(self.place, self.log) as self.process:
            yield

    def kill(self, name: str, rng: random.Random) -> None:
        """One of the processes that are ``name``, if one runs."""
        assert self.process is not None
        running = sorted(pid for pid, kind in children(self.process.pid).items() if kind == name)
        for pid in rng.sample(running, min(1, len(running))):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.killed[name] += 1

    def kill_all(self) -> None:
        """The parent, as the kernel would: its children have to notice by themselves."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.killed["supervisor"] += 1


def _iso(moment: int) -> str:
    return f'"{datetime.fromtimestamp(moment / 1000, UTC).isoformat()}"'


def _now() -> int:
    return time.time_ns() // 1_000_000


def make(folder: Path, store: str, charts: int, workers: int) -> Instance:
    folder.mkdir()
    place = Place(folder, store, free_port(), free_port(), {})
    for chart in CHARTS:
        shutil.copy(LIBRARY / f"{chart.script}.pine", folder)
        bars = synthetic_bars(chart.symbol).between(BEGINS - 5 * DAY_MS, ENDS - 1)
        columns = zip(bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True)
        rows = (",".join(map(repr, (int(row[0]) // 1000, *map(float, row[1:])))) for row in columns)
        (folder / f"{chart.name}.csv").write_text("time,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
    return Instance(place, charts, workers, folder.parent / "log")


def rows(store: SqlStore, query: sa.Select[Any]) -> Sequence[Any]:
    def work(tx: Any) -> Sequence[Any]:
        found: Sequence[Any] = tx.connection.execute(query).all()
        return found

    return store.read(work)


# --- as it should be ----------------------------------------------------------------------


def undisturbed(place: Place, store: SqlStore) -> dict[str, list[Alert]]:
    """What each script fires in the day, as one run over complete bars says."""
    configuration = load_configuration(place.folder)

    async def all_of_them() -> dict[str, list[Alert]]:
        market = open_market(configuration.feeds["day"], SystemClock(), place.folder, lambda *_: 0)
        found = {}
        for name, chart in configuration.charts.items():
            began = store.read(functools.partial(beginning, deployment=name))
            assert began is not None
            timeframe = Timeframe.parse(chart.timeframe)
            bars = (await market.history(chart.symbol, timeframe, 10_000)).bars.between(began[0], None)
            live = LiveChart(
                compile_chart(configuration, chart), bars, lookup(chart.symbol), timeframe,
                alert_template=template_for(configuration.deployments[name], strategy=True),
            )  # fmt: skip
            for _ in live.load():
                pass
            found[name] = [
                Alert(firing.key, firing.bar_time, firing.message)
                for firing in live.past
                if firing.kind in chart.kinds and firing.now > BEGINS
            ]
        return found

    return asyncio.run(all_of_them())


# --- as it was ----------------------------------------------------------------------------


def recorded(store: SqlStore, name: str) -> list[Alert]:
    c = t.chart_alerts.c
    found = rows(store, sa.select(c.key, c.bar_time, c.message).where(c.deployment == name).order_by(c.at))
    return [Alert(*row) for row in found]


def traded(store: SqlStore, name: str) -> Outcome:
    """Signals in the order in which they were decided, as the keys of their alerts, and what came of them."""
    inbox, signals = t.inbox.c, t.signals.c
    query = sa.select(signals.id, inbox.key).join_from(t.signals, t.inbox, signals.message_id == inbox.id)
    decided = rows(store, query.where(signals.deployment == name).order_by(signals.decided_us, signals.message_id))
    keys = {row.id: row.key.removeprefix(f"{name}:") for row in decided}
    outcome = Outcome([keys[row.id] for row in decided])

    changes: dict[str, tuple[Decimal, Decimal]] = {}
    for fill in rows(store, sa.select(t.fills).where(t.fills.c.deployment == name).order_by(t.fills.c.id)):
        key, change = keys[fill.signal_id], fill.quantity if fill.side == "buy" else -fill.quantity
        before, price = changes.get(key, (Decimal(0), fill.price))
        assert price == fill.price, "one order filled at two prices"
        changes[key] = before + change, price
    outcome.deals = [Deal(key, *change) for key, change in changes.items()]

    order = {key: number for number, key in enumerate(outcome.alerts)}
    outcome.trades = sorted(
        (
            Trade(
                keys[trade.entry_signal], keys[trade.exit_signal], trade.side, trade.quantity, trade.entry_price,
                trade.exit_price,
            )
            for trade in rows(store, sa.select(t.trades).where(t.trades.c.deployment == name))
        ),
        key=lambda trade: order[trade.closed],
    )  # fmt: skip
    held = rows(store, sa.select(t.positions.c.quantity).where(t.positions.c.deployment == name))
    outcome.position = sum((row.quantity for row in held), Decimal(0))
    return outcome


def lasts(store: SqlStore) -> dict[str, int]:
    return {row.deployment: row.last_bar for row in rows(store, sa.select(t.charts))}


def is_done(store: SqlStore, ends: dict[str, int]) -> bool:
    """The day is over for all charts, and all that they sent is done."""
    due = sa.select(t.chart_alerts.c.key).where(t.chart_alerts.c.outcome.in_(("due", "catching_up")))
    waiting = sa.select(t.inbox.c.id).where(t.inbox.c.status == "new")
    working = sa.select(t.orders.c.client_id).where(~t.orders.c.final)
    return lasts(store) == ends and not any(rows(store, query) for query in (due, waiting, working))


def all_live(store: SqlStore) -> bool:
    states = rows(store, sa.select(t.charts.c.state))
    return len(states) == len(CHARTS) and all(row.state == "live" for row in states)


def harass(instance: Instance, store: SqlStore, rng: random.Random, goes_on: Callable[[], bool]) -> None:
    """A kill every now and then, of chart processes only when all charts were live since the last one."""
    went: dict[str, int] = {}
    kinds: list[str] = []
    while goes_on():
        kinds = kinds or rng.sample(("charts", "worker", "gateway"), 3)
        name, now = kinds.pop(), lasts(store)
        if name != "charts" or all(last > went.get(chart, 0) for chart, last in now.items()):
            instance.kill(name, rng)
            went = now if name == "charts" else went
        pause = time.monotonic() + GAP * rng.random()
        while goes_on() and time.monotonic() < pause:
            time.sleep(0.05)


def storm(instance: Instance, store: SqlStore, rng: random.Random, ends: dict[str, int]) -> None:
    """Kills while the day goes on, in its middle the parent with all of them."""
    half = BEGINS + DAY_MS // 2
    instance.configure(began=_now() + DAY_MS)
    with instance.up():
        wait_for("all charts are live", lambda: all_live(store))
        instance.configure(began=_now())
        harass(instance, store, rng, lambda: min(lasts(store).values()) < half)
        instance.kill_all()
    with instance.up():
        harass(instance, store, rng, lambda: lasts(store) != ends)
        wait_for("everything is done", lambda: is_done(store, ends))


@pytest.mark.parametrize(("kind", "charts", "workers"), [("sqlite", 1, 1), ("postgresql", 2, 2)])
def test_a_day_with_kills_trades_as_one_without(tmp_path: Path, kind: str, charts: int, workers: int) -> None:
    rng = random.Random(f"{SEED}-{kind}")
    with store_url(kind, tmp_path) as url:
        instance = make(tmp_path / "place", url, charts, workers)
        store = open_store(url)
        try:
            ends = {}
            for chart in CHARTS:
                length = int(chart.timeframe) * MINUTE_MS
                last = int(synthetic_bars(chart.symbol).between(0, ENDS - 1).time[-1])
                ends[chart.name] = last // length * length
            storm(instance, store, rng, ends)
            expected = undisturbed(instance.place, store)
            outcomes = Counter(row.outcome for row in rows(store, sa.select(t.chart_alerts.c.outcome)))
            print(instance.killed, outcomes, {name: len(alerts) for name, alerts in expected.items()})
            for name, alerts in expected.items():
                compare(store, name, alerts)
            missed = rows(store, sa.select(t.events.c.text).where(t.events.c.kind == "signal.missed"))
            assert not missed
            assert outcomes["caught_up"] and set(outcomes) <= {"sent", "caught_up"}
        finally:
            store.close()
    assert set(instance.killed) == {"charts", "worker", "gateway", "supervisor"}
    assert "Traceback" not in instance.log.read_text()


def compare(store: SqlStore, name: str, alerts: list[Alert]) -> None:
    found = recorded(store, name)
    assert [alert.key for alert in found] == [alert.key for alert in alerts], name
    assert [alert.fields() for alert in found] == [alert.fields() for alert in alerts], name
    wanted, was = outcome_of(alerts), traded(store, name)
    assert len(wanted.trades) >= 5, f"{name} hardly trades: the day says nothing"
    assert was.alerts == wanted.alerts, name
    assert was.deals == wanted.deals, name
    assert was.trades == wanted.trades, name
    assert was.position == wanted.position, name
