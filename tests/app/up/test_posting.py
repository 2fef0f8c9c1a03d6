"""Alerts of a chart over real HTTP to the deployment's own webhook."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from pinery.adapters.store import tables as t
from pinery.adapters.store.charts import record_alert
from pinery.app.up.charting import posting
from pinery.charts.records import AlertOutcome, ChartAlert, ChartState
from pinery.gateway.webhook import create_app, serve
from tests.app.up.rig import EVERY_FIFTH, MINUTE, START, Rig, until
from tests.crash.storm import free_port
from tests.stores import sqlite_store

WEBHOOK = 'send = "webhook"'


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setenv("PINERY_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(posting, "_LONGEST", 0.1)
    with sqlite_store(tmp_path) as store:
        yield Rig(tmp_path, store, port=free_port())


@asynccontextmanager
async def gateway(rig: Rig) -> AsyncIterator[None]:
    stopping, listening = asyncio.Event(), asyncio.Event()
    app = create_app(rig.configuration.webhook, lambda: rig.configuration.hooks, rig.store)
    task = asyncio.create_task(serve(app, "127.0.0.1", rig.port, stopping, listening=lambda port: listening.set()))
    await asyncio.wait_for(listening.wait(), 60)
    try:
        yield
    finally:
        stopping.set()
        await task


def stored(rig: Rig) -> list[tuple[str, str, str]]:
    c = t.inbox.c
    rows = rig.store.read(lambda tx: tx.connection.execute(sa.select(c.body, c.key, c.source).order_by(c.id)).all())
    return [tuple(row) for row in rows]


async def settled(rig: Rig, *outcomes: str) -> None:
    await until(lambda: [outcome for _, outcome in rig.alerts()] == list(outcomes), f"{outcomes}")


def test_alerts_come_over_http_with_their_keys(rig: Rig) -> None:
    async def run() -> None:
        rig.chart("eth", more=WEBHOOK)
        rig.configure()
        async with gateway(rig), rig.running():
            await rig.live()
            rig.market.move(10)
            await settled(rig, "sent", "sent")

    asyncio.run(run())
    assert stored(rig) == [
        (f"IN {START + bar * MINUTE}", f"eth:{START + bar * MINUTE}:alert:4:0", "webhook") for bar in (204, 209)
    ]


DATED = """//@version=6
indicator("Dated")
if bar_index % 5 == 4
    said = '{"action": "buy", "price": ' + str.tostring(close) + ', "bar_time": ' + str.tostring(time)
    alert(said + ', "timenow": ' + str.tostring(timenow) + '}', alert.freq_once_per_bar_close)
alertcondition(bar_index % 5 == 4, "In", '{"action": "buy", "timenow": "{{timenow}}", "bar_time": "{{time}}"}')
"""


def test_what_a_script_says_of_when_it_fired_is_the_clocks_time_and_no_other_is_touched(rig: Rig) -> None:
    async def run() -> None:
        rig.chart("eth", DATED, WEBHOOK)
        rig.configure()
        async with gateway(rig), rig.running():
            await rig.live()
            rig.market.move(6)
            await settled(rig, "sent", "sent")

    asyncio.run(run())
    for body, *_ in stored(rig):
        said = json.loads(body)
        assert abs(datetime.now(UTC) - datetime.fromisoformat(said["timenow"])).total_seconds() < 3600
        assert said["bar_time"] in (START + 204 * MINUTE, "2025-09-08T03:24:00Z"), said


def test_a_gateway_that_is_down_gets_them_later_and_in_order(rig: Rig) -> None:
    async def run() -> None:
        rig.chart("eth", more=WEBHOOK)
        rig.chart("other", EVERY_FIFTH)
        async with rig.running():
            await rig.live()
            rig.market.move(20)
            await settled(rig, *["due"] * 4)
            await rig.fired(4, "other")  # nothing waits for another chart's webhook
            await until(lambda: "the webhook does not answer" in rig.row().error, "the trouble is shown")
            async with gateway(rig):
                await settled(rig, *["sent"] * 4)
                rig.market.move()
                await until(lambda: rig.row().error == "", "the trouble is over")

    asyncio.run(run())
    sent = [body for body, _, source in stored(rig) if source == "webhook"]
    assert sent == [f"IN {START + bar * MINUTE}" for bar in (204, 209, 214, 219)]


def test_what_was_due_when_the_process_died_is_sent_by_the_next_one(rig: Rig) -> None:
    async def run() -> None:
        rig.chart("eth", more=WEBHOOK)
        async with rig.running() as host:
            await rig.live()
            rig.market.move(10)
            await settled(rig, "due", "due")
            await rig.killed(host)
        async with gateway(rig), rig.running():
            await settled(rig, "sent", "sent")

    asyncio.run(run())
    assert len(stored(rig)) == 2


def test_an_alert_whose_answer_was_lost_is_one_alert(rig: Rig) -> None:
    async def run() -> None:
        rig.chart("eth", more=WEBHOOK)
        rig.configure()
        async with gateway(rig), rig.running():
            await rig.live()
            rig.market.move(5)
            await settled(rig, "sent")
        # As if the process had died between the answer and the record of it.
        due = sa.update(t.chart_alerts).values(outcome="due")
        rig.store.write(lambda tx: tx.connection.execute(due))
        async with gateway(rig), rig.running():
            await settled(rig, "sent")

    asyncio.run(run())
    assert len(stored(rig)) == 2 and len({key for _, key, _ in stored(rig)}) == 1


def test_what_is_too_old_by_now_is_not_sent(rig: Rig) -> None:
    async def run() -> None:
        rig.chart("eth", more=WEBHOOK)
        rig.configure()
        old = ChartAlert("eth", "old", "alert", START, 1_700_000_000_000, "", "IN", AlertOutcome.DUE)
        rig.store.write(lambda tx: record_alert(tx, old))
        async with gateway(rig), rig.running():
            await rig.live()
            await settled(rig, "missed")

    asyncio.run(run())
    assert stored(rig) == []
    assert rig.events("signal.missed") == ["eth: an alert did not reach the webhook before the chart went down"]


def test_what_the_gateway_never_takes_holds_up_nothing(rig: Rig) -> None:
    async def run() -> None:
        rig.chart("eth", EVERY_FIFTH.replace('"IN " + str.tostring(time)', 'bar_index == 54 ? "" : "IN"'), WEBHOOK)
        rig.configure()
        async with gateway(rig), rig.running():
            await rig.live()
            rig.market.move(10)
            await settled(rig, "refused", "sent")

    asyncio.run(run())
    assert len(stored(rig)) == 1
    assert "status 400" in rig.events("signal.missed")[0]


def test_without_a_token_it_says_so(rig: Rig) -> None:
    async def run() -> None:
        rig.chart("eth", more=WEBHOOK)
        (rig.folder / ".pinery.key").unlink()
        async with rig.running():
            await rig.state("eth", ChartState.FAILED)
            assert "there is no token for the webhook" in rig.row().error

    asyncio.run(run())


def test_keys_that_no_header_can_carry_are_told_by_their_hash() -> None:
    assert posting.header_key("eth:1:order:buy:Long:0") == "eth:1:order:buy:Long:0"
    for key in ("eth:1:order:buy:Köp:0", "x" * 300, "eth:1:order:buy:\n:0"):
        assert posting.header_key(key).startswith("sha256:")
    assert posting.header_key("ä") != posting.header_key("ö")
