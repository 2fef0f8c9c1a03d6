"""Charts of a real ``pinery up`` on a replayed market, whose process is killed again and again."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from pinery.adapters.store import tables as t
from pinery.adapters.store.charts import beginning
from pinery.adapters.store.database import SqlStore, open_store
from pinery.app.config.charts import compile_chart
from pinery.app.config.reading import load_configuration
from pinery.app.up.charting.alerts import fill_template
from pinery.app.up.clock import SystemClock
from pinery.app.up.markets import open_market
from pinery.charts.live import LiveChart
from pinery.core.bars import BarSeries
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe
from tests.crash.failing import wait_for
from tests.crash.storm import Place, children, free_port, pinery_up
from tests.stores import store_url

pytestmark = pytest.mark.slow

STRATEGY = """//@version=6
strategy("Trend", overlay = true)
fast = ta.ema(close, 3)
slow = ta.ema(close, 8)
if ta.crossover(fast, slow)
    strategy.entry("L", strategy.long)
if ta.crossunder(fast, slow)
    strategy.entry("S", strategy.short)
"""
INDICATOR = """//@version=6
indicator("Around its average")
average = ta.sma(close, 5)
if ta.crossover(close, average)
    alert("ETHUSDT.P IN", alert.freq_once_per_bar_close)
if ta.crossunder(close, average)
    alert("ETHUSDT.P OUT", alert.freq_once_per_bar_close)
"""
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
[feeds.market]
kind = "replay"
bars = {{ "BINANCE:ETHUSDT.P" = "synthetic" }}
speed = 600
[accounts.paper]
broker = "paper"
feed = "market"
leverage = 100
balance = 100_000_000
"""
CHART = """
[deployments.{name}]
account = "paper"
symbol = "BINANCE:ETHUSDT.P"
timeframe = "{timeframe}"
[deployments.{name}.chart]
script = "{script}.pine"
feed = "market"
send = "{send}"
history = 300
missed = "act"
"""
CHARTS = (
    ("turns", "1", "strategy", "inbox"),
    ("five", "5", "indicator", "inbox"),
    ("hook", "1", "strategy", "webhook"),
)


def make_place(folder: Path, store: str, charts: int) -> Place:
    folder.mkdir()
    place = Place(folder, store, free_port(), free_port(), {})
    text = CONFIGURATION.format(store=store, port=place.port, control=place.control, charts=charts)
    for name, timeframe, script, send in CHARTS:
        text += CHART.format(name=name, timeframe=timeframe, script=script, send=send)
    (folder / "pinery.toml").write_text(text)
    (folder / "strategy.pine").write_text(STRATEGY)
    (folder / "indicator.pine").write_text(INDICATOR)
    return place


def recorded(store: SqlStore, name: str) -> list[tuple[str, int, str]]:
    c = t.chart_alerts.c
    query = sa.select(c.key, c.bar_time, c.outcome).where(c.deployment == name).order_by(c.at)
    return [tuple(row) for row in store.read(lambda tx: tx.connection.execute(query).all())]


def last_bar(store: SqlStore, name: str) -> int:
    query = sa.select(t.charts.c.last_bar).where(t.charts.c.deployment == name)
    return store.read(lambda tx: tx.connection.execute(query).scalar()) or 0


def undisturbed(place: Place, store: SqlStore, name: str, first: int, last: int) -> list[str]:
    """Keys of what the script fires on these bars, in one run over the whole of them."""
    configuration = load_configuration(place.folder)
    chart = configuration.charts[name]
    began = store.read(lambda tx: beginning(tx, name))
    assert began is not None

    kept = sa.select(t.feed_anchors.c.began).where(t.feed_anchors.c.feed == "market")
    anchor = store.read(lambda tx: tx.connection.execute(kept).scalar_one())
    timeframe = Timeframe.parse(chart.timeframe)

    async def bars() -> BarSeries:
        market = open_market(configuration.feeds["market"], SystemClock(), place.folder, lambda *_: anchor)
        return (await market.history(chart.symbol, timeframe, 100_000)).bars.between(began[0], last)

    script, template = compile_chart(configuration, chart), fill_template(chart, configuration.deployments[name])
    live = LiveChart(script, asyncio.run(bars()), lookup(chart.symbol), timeframe, alert_template=template)
    for _ in live.load():
        pass
    return [firing.key for firing in live.past if first <= firing.bar_time <= last]


def kill_charts(parent: int, which: Callable[[list[int]], list[int]] = lambda pids: pids) -> None:
    for pid in which([pid for pid, name in children(parent).items() if name == "charts"]):
        os.kill(pid, signal.SIGKILL)


def check(place: Place, store: SqlStore, awaited: set[tuple[str, str]]) -> Counter[str]:
    """Every alert of an undisturbed run, each once; in the inbox, too. The outcomes of those that were ``awaited``."""
    outcomes: Counter[str] = Counter()
    for name, *_ in CHARTS:
        found = recorded(store, name)
        assert found, name
        last = min(last_bar(store, name), found[-1][1])
        keys = [key for key, bar, _ in found if bar <= last]
        assert sorted(keys) == sorted(undisturbed(place, store, name, found[0][1], last)), name
        outcomes.update(outcome for key, _, outcome in found if (name, key) in awaited)
        query = sa.select(t.inbox.c.key, t.inbox.c.status).where(t.inbox.c.deployment == name)
        arrived = store.read(lambda tx, query=query: tx.connection.execute(query).all())
        sent = {f"{name}:{key}" for key, _, outcome in found if outcome in ("sent", "caught_up")}
        assert {row.key for row in arrived} >= sent
        signals = Counter(row.key for row in arrived if row.status == "done")
        assert not [key for key, count in signals.items() if count > 1]
        assert set(signals) >= {row for row in sent if (name, row.removeprefix(f"{name}:")) in awaited}
    return outcomes


@pytest.mark.parametrize(("kind", "charts", "kills"), [("sqlite", 1, 2), ("postgresql", 2, 3)])
def test_kills_in_the_middle_lose_and_double_nothing(tmp_path: Path, kind: str, charts: int, kills: int) -> None:
    """Of processes that start once a deployment has a chart."""
    log, rng = tmp_path / "log", random.Random(kind)
    with store_url(kind, tmp_path) as url:
        place = make_place(tmp_path / "place", url, charts)
        settings = place.folder / "pinery.toml"
        whole = settings.read_text()
        settings.write_text(whole.partition("[deployments.")[0])
        with pinery_up(place, log) as process:
            assert "charts" not in children(process.pid).values()
            settings.write_text(whole)
            wait_for("started", lambda: "charts" in children(process.pid).values())
            store = open_store(url)
            try:
                for name, *_ in CHARTS:
                    wait_for(f"{name} fires", lambda name=name: len(recorded(store, name)) >= 2)
                for _ in range(kills):
                    before = len(recorded(store, "turns"))
                    kill_charts(process.pid, lambda pids: rng.sample(pids, min(1, len(pids))))
                    wait_for("it goes on", lambda before=before: len(recorded(store, "turns")) > before)
                    time.sleep(rng.random())
                fired = _fired(store)
                wait_for("all that fired is decided", lambda: not _unfinished(store, fired))
            finally:
                store.close()
        store = open_store(url)
        try:
            fired = _fired(store)
            if _unfinished(store, fired):  # what was on its way when everything was stopped
                with pinery_up(place, log):
                    wait_for("all of it is sent and decided", lambda: not _unfinished(store, fired))
            outcomes = check(place, store, fired)
            fills = store.read(
                lambda tx: tx.connection.execute(sa.select(sa.func.count()).select_from(t.fills)).scalar()
            )
        finally:
            store.close()
    print(outcomes, "fills:", fills)
    assert fills and not outcomes["missed"] and not outcomes["due"] and not outcomes["refused"]
    assert "Traceback" not in log.read_text()


def _fired(store: SqlStore) -> set[tuple[str, str]]:
    """Deployment and key of each alert so far. The market goes on, so that at no time none is on its way."""
    return {(name, key) for name, *_ in CHARTS for key, *_ in recorded(store, name)}


def _unfinished(store: SqlStore, fired: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of ``fired`` that are not sent yet, or not decided."""
    alerts, inbox = t.chart_alerts.c, t.inbox.c
    due = sa.select(alerts.deployment, alerts.key).where(alerts.outcome.in_(("due", "catching_up")))
    new = sa.select(inbox.deployment, inbox.key).where(inbox.status == "new")
    found = store.read(lambda tx: [tuple(row) for query in (due, new) for row in tx.connection.execute(query)])
    return {(name, key.removeprefix(f"{name}:")) for name, key in found} & fired
