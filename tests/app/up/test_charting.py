"""Charts of deployments: what is recorded, sent and told of, through restarts and failures."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pinery.adapters.store.database import SqlStore
from pinery.app.up.charting import runner
from pinery.app.up.charting.alerts import Alerts
from pinery.app.up.charting.runner import Runner
from pinery.charts.records import ChartState
from tests.app.up.rig import EVERY_FIFTH, MINUTE, START, Moved, Rig, fifths, until
from tests.stores import sqlite_store


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setenv("PINERY_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(runner, "_FIRST", 0.05)
    monkeypatch.setattr(runner, "_LONGEST", 0.2)
    with sqlite_store(tmp_path) as store:
        yield Rig(tmp_path, store)


def test_an_alert_on_a_live_bar_is_in_the_inbox_and_on_record(rig: Rig) -> None:
    async def run() -> None:
        rig.chart("eth")
        async with rig.running():
            await rig.live()
            assert rig.alerts() == [] and rig.inbox() == []
            rig.market.move(12)
            await rig.fired(2)
            await until(lambda: rig.row().last_bar == START + 211 * MINUTE, "the row follows")
        assert rig.row().state == "stopped"

    asyncio.run(run())
    assert rig.alerts() == [(bar, "sent") for bar in fifths(200, 212)]
    assert rig.inbox() == [f"IN {START + bar * MINUTE}" for bar in fifths(200, 212)]
    row = rig.row()
    assert (row.script, row.symbol, row.timeframe, row.feed, row.bars) == (
        "eth.pine",
        "BINANCE:ETHUSDT.P",
        "1",
        "market",
        62,
    )
    assert {name for name, _, _ in rig.measured} == {"chart_update", "bar_to_alert"}


def test_what_fired_while_it_was_down_is_recorded_once_and_not_sent(rig: Rig) -> None:
    async def run() -> None:
        rig.chart("eth")
        async with rig.running():
            await rig.live()
            rig.market.move(6)
            await rig.fired(1)
            await until(lambda: rig.row().last_bar == START + 205 * MINUTE, "the row follows")
        rig.market.pass_by(15)
        for _ in range(2):
            async with rig.running():
                await rig.live()
        rig.market.move(0)

    asyncio.run(run())
    assert rig.alerts() == [(204, "sent"), (209, "missed"), (214, "missed"), (219, "missed")]
    assert len(rig.inbox()) == 1
    (text,) = rig.events("signal.missed")
    assert "3 alerts should have fired while the chart was down" in text


def test_a_call_that_fires_with_every_update_goes_on_in_the_middle_of_a_bar(rig: Rig) -> None:
    """What was sent before the restart is not sent again; what comes later in the same bar is."""
    bar = START + 200 * MINUTE
    text = '//@version=6\nindicator("x")\nif barstate.islast\n    alert("A " + str.tostring(close), alert.freq_all)\n'
    text += '    alert("B " + str.tostring(close), alert.freq_once_per_bar)\n'

    async def run() -> None:
        rig.chart("eth", text)
        async with rig.running():
            await rig.live()
            rig.market.tell(bar + 1_000, 100)
            rig.market.tell(bar + 2_000, 101)
            await rig.fired(3)
        rig.market.at = bar + 5_000
        async with rig.running():
            await rig.live()
            rig.market.tell(bar + 6_000, 102)
            rig.market.tell(bar + 7_000, 103)
            await rig.fired(5)

    asyncio.run(run())
    assert rig.inbox() == ["A 100", "B 100", "A 101", "A 102", "A 103"]


def test_fresh_ones_are_sent_after_all_where_the_deployment_says_so(rig: Rig) -> None:
    async def run() -> None:
        rig.chart("eth", more='missed = "act"\nmissed_within = "8m"')
        async with rig.running():
            await rig.live()
            rig.market.move(6)
            await rig.fired(1)
            await until(lambda: rig.row().last_bar == START + 205 * MINUTE, "the row follows")
        rig.market.pass_by(15)  # 209 closed 11 minutes ago, 214 six, 219 one
        async with rig.running():
            await rig.live()
            rig.market.move(4)
            await rig.fired(5)

    asyncio.run(run())
    assert rig.alerts() == [
        (204, "sent"), (209, "missed"), (214, "caught_up"), (219, "caught_up"), (224, "sent"),
    ]  # fmt: skip
    assert rig.inbox() == [f"IN {START + bar * MINUTE}" for bar in (204, 214, 219, 224)]


def test_age_is_counted_by_the_clock_where_the_market_runs_faster(rig: Rig) -> None:
    async def run() -> None:
        rig.market = Moved(speed=60.0)
        rig.chart("eth", more='missed = "act"\nmissed_within = "12s"')
        async with rig.running():
            await rig.live()
            rig.market.move(6)
            await rig.fired(1)
            await until(lambda: rig.row().last_bar == START + 205 * MINUTE, "the row follows")
        rig.market.pass_by(30)
        async with rig.running():
            await rig.live()

    asyncio.run(run())
    # It is bar 236 by now, and a bar takes a second: 224 closed eleven ago.
    assert [outcome for _, outcome in rig.alerts()] == ["sent", *["missed"] * 3, *["caught_up"] * 3]


def test_a_chart_that_dies_fires_nothing_twice_and_loses_nothing(rig: Rig) -> None:
    script = EVERY_FIFTH.replace("freq_once_per_bar_close", "freq_once_per_bar")  # fires with the bar's first price

    async def run() -> None:
        rig.chart("eth", script, 'missed = "act"\nmissed_within = "1h"')
        for _ in range(6):
            async with rig.running() as host:
                await rig.live()
                rig.market.move(4)
                rig.market.tell(rig.market.at, 104.0)
                rig.market.at += 5_000
                await asyncio.sleep(0.02)
                await rig.killed(host)

        async with rig.running():
            await rig.live()
            rig.market.at -= rig.market.at % MINUTE
            rig.market.move(5)
            await until(lambda: rig.alerts()[-1][0] >= 224, "the last one")

    asyncio.run(run())
    bars = [bar for bar, _ in rig.alerts()]
    assert bars == list(fifths(200, max(bars) + 1))
    assert len(rig.inbox()) == len(bars) == len(set(rig.inbox()))


def test_who_is_stopped_before_it_knows_what_was_missed_leaves_that_to_the_next(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        rig.chart("eth", more='missed = "act"\nmissed_within = "1h"')
        async with rig.running() as host:
            await rig.live()
            rig.market.move(7)
            await rig.fired(1)
            await rig.killed(host)
        rig.market.move(5)
        with monkeypatch.context() as slow:
            slow.setattr(Runner, "_recall", lambda self: asyncio.sleep(60))
            async with rig.running() as host:
                await until(lambda: bool(host._held), "taken")
                await asyncio.sleep(1.2)  # rows are written once a second
        async with rig.running():
            await rig.fired(2)

    asyncio.run(run())
    assert rig.alerts() == [(204, "sent"), (209, "caught_up")]


class Late:
    """A store that writes only once it may."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.asked, self.may = threading.Event(), threading.Event()

    def write(self, work: Callable[[Any], int]) -> int:
        self.asked.set()
        assert self.may.wait(180)
        return self._store.write(work)


def test_what_fires_while_the_chart_is_being_stopped_is_sent(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    late = Late(rig.store)
    monkeypatch.setattr(runner, "Alerts", lambda store, *more: Alerts(late, *more))  # type: ignore[arg-type]

    async def run() -> None:
        rig.chart("eth")
        async with rig.running():
            await rig.live()
            rig.market.move(5)
            await until(late.asked.is_set, "on its way")
            asyncio.get_running_loop().call_later(1.0, late.may.set)
        async with rig.running():
            await rig.live()

    asyncio.run(run())
    assert rig.alerts() == [(204, "sent")] and len(rig.inbox()) == 1


def test_another_script_has_missed_nothing(rig: Rig) -> None:
    async def run() -> None:
        rig.chart("eth")
        async with rig.running():
            await rig.live()
            rig.market.move(6)
            await rig.fired(1)
        rig.market.pass_by(15)
        rig.write("eth", EVERY_FIFTH + "plot(open)\n")
        async with rig.running():
            await rig.live()
            rig.market.move(5)
            await rig.fired(2)

    asyncio.run(run())
    assert [outcome for _, outcome in rig.alerts()] == ["sent", "sent"]
    assert rig.events("signal.missed") == []


def test_a_script_that_fails_disturbs_no_other_and_is_tried_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_FIRST", 600.0)  # the same script would fail again with the next price
    monkeypatch.setattr(runner, "_LONGEST", 600.0)
    failing = '//@version=6\nindicator("Fails")\nif barstate.isrealtime\n    runtime.error("no more")\nplot(close)\n'

    async def run() -> None:
        rig.chart("bad", failing)
        rig.chart("eth")
        async with rig.running():
            await rig.live()
            rig.market.move(5)
            await rig.fired(1)
            await until(lambda: rig.events("chart.failed") != [], "told")
            rig.market.move(5)
            await rig.fired(2)
            rig.write("bad", EVERY_FIFTH)
            await until(lambda: rig.events("chart.recovered") != [], "recovered")
            await rig.live("bad")
            rig.market.move(10)
            await rig.fired(2, "bad")

    asyncio.run(run())
    (text,) = rig.events("chart.failed")
    assert text == "the chart of bad failed: no more (line 4)"
    assert [bar for bar, _ in rig.alerts()] == list(fifths(200, 220))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("//@version=6\nindicator('Bad')\nplot(clsoe)\n", "line 3, column 6"),
        ("//@version=6\nlibrary('Lib')\nexport one() => 1\n", "is a library"),
        ("", "is empty"),
    ],
)
def test_a_script_that_cannot_run(rig: Rig, script: str, said: str) -> None:
    async def run() -> None:
        rig.chart("eth", script)
        async with rig.running():
            await rig.state("eth", ChartState.FAILED)
            assert said in rig.row().error
            rig.write("eth", EVERY_FIFTH)
            await rig.live()
            assert rig.row().error == ""

    asyncio.run(run())
    assert len(rig.events("chart.failed")) == 1


def test_a_feed_that_breaks_is_asked_again(rig: Rig) -> None:
    async def run() -> None:
        rig.chart("eth")
        async with rig.running():
            await rig.live()
            rig.market.move(5)
            await rig.fired(1)
            await until(lambda: rig.row().last_bar == START + 204 * MINUTE, "the row follows")
            rig.market.tear("the line is cut")
            await rig.state("eth", ChartState.FAILED)
            assert "the line is cut" in rig.row().error
            rig.market.pass_by(5)
            rig.market.mended()
            await rig.live()
            rig.market.move(5)
            await rig.fired(3)

    asyncio.run(run())
    assert rig.alerts() == [(204, "sent"), (209, "missed"), (214, "sent")]
    assert len(rig.events("chart.failed")) == len(rig.events("chart.recovered")) == 1


def test_silence_is_told_of_and_that_it_is_over(rig: Rig) -> None:
    async def run() -> None:
        rig.chart("eth", more='silence = "90s"')
        async with rig.running():
            await rig.live()
            rig.market.move()
            rig.market.beat(60_000)
            rig.market.beat(120_000)
            await rig.state("eth", ChartState.SILENT)
            rig.market.pass_by(2)
            rig.market.move()
            await rig.live()

    asyncio.run(run())
    assert len(rig.events("feed.silent")) == len(rig.events("feed.back")) == 1
    assert "no price of BINANCE:ETHUSDT.P from market for more than 90 s" in rig.events("feed.silent")[0]


def test_a_change_of_settings_starts_that_chart_again_and_no_other(rig: Rig) -> None:
    async def run() -> None:
        rig.chart("eth")
        rig.chart("btc")
        async with rig.running() as host:
            await rig.live()
            before = {name: held.task for name, held in host._held.items()}
            rig.more["btc"] = 'kinds = ["order"]'
            rig.configure()
            await until(
                lambda: host._held.get("btc") is not None and host._held["btc"].task is not before["btc"], "again"
            )
            await rig.live()
            assert host._held["eth"].task is before["eth"]
            rig.market.move(5)
            await rig.fired(1)
            del rig.more["btc"]
            rig.configure()
            await rig.state("btc", ChartState.STOPPED)

    asyncio.run(run())
    assert rig.alerts("btc") == []


def test_order_fills_carry_the_time_of_the_clock_and_the_markets_bar(rig: Rig) -> None:
    strategy = """//@version=6
strategy("Turns", overlay = true)
if bar_index % 10 == 4
    strategy.entry("Long", strategy.long)
if bar_index % 10 == 9
    strategy.entry("Short", strategy.short)
"""

    async def run() -> None:
        rig.chart("eth", strategy)
        async with rig.running():
            await rig.live()
            rig.market.move(7)
            await rig.fired(2)

    asyncio.run(run())
    message = json.loads(rig.inbox()[1])
    assert (message["action"], message["market_position"], message["symbol"]) == ("buy", "long", "BINANCE:ETHUSDT.P")
    assert message["bar_time"] == f"{datetime.fromtimestamp((START + 205 * MINUTE) / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert abs(datetime.now(UTC) - datetime.fromisoformat(message["timenow"])).total_seconds() < 3600


def test_requests_of_other_symbols_are_answered_by_the_market_and_follow_it(rig: Rig) -> None:
    script = """//@version=6
indicator("Other")
other = request.security("BINANCE:BTCUSDT.P", "1", time)
alert(str.tostring(time - other), alert.freq_once_per_bar_close)
"""

    async def run() -> None:
        rig.chart("eth", script)
        async with rig.running():
            await rig.live()
            for _ in range(4):
                rig.market.move()
                await asyncio.sleep(0.05)
            await rig.fired(4)

    asyncio.run(run())
    # The other market may come a moment later, and is never further behind than the bar before.
    assert set(rig.inbox()) <= {"0", str(MINUTE)}


def test_two_processes_share_the_charts_and_one_takes_over(rig: Rig) -> None:
    async def run() -> None:
        for number in range(6):
            rig.chart(f"c{number}")
        async with rig.running("one/b/1/1") as one, rig.running("two/b/2/2") as two:
            await rig.live()
            assert len(one._held) + len(two._held) == 6
            rig.market.move(5)
            for number in range(6):
                await rig.fired(1, f"c{number}")
            await rig.killed(one)
            await until(lambda: len(two._held) + len(one._held) == 6, "taken over")
            await rig.live()
            rig.market.move(5)
            for number in range(6):
                await rig.fired(2, f"c{number}")

    asyncio.run(run())
    for number in range(6):
        assert [bar for bar, _ in rig.alerts(f"c{number}")] == [204, 209]
