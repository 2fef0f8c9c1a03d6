"""The view process for real: opened, followed, killed, left alone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pinery.app.views.manager import MOST_OF_ONE, ViewProcess
from pinery.gateway.control.problems import ProblemError
from pinery.gateway.control.viewing import Follower, Told
from pinery.trading.errors import NotFound
from tests.app.views.conftest import SYMBOL, check_bars, run_alone

DEPLOYMENT = {"deployment": "trend", "bars": None}
MARKET = {"feed": "market", "symbol": SYMBOL, "timeframe": "1", "bars": 300}


def with_views(folder: Path, work: Callable[[ViewProcess], Awaitable[None]], **options: float) -> None:
    async def run() -> None:
        views = ViewProcess(folder, **options)
        try:
            await asyncio.wait_for(work(views), 240)
        finally:
            await views.stop()

    run_alone(run)


async def whole(views: ViewProcess, view: str, owner: str = "ada") -> dict[str, Any]:
    while True:
        found = await views.snapshot(view, owner)
        if found.ready:
            made: dict[str, Any] = json.loads(found.body)
            return made


async def told(follower: Follower) -> Told:
    while True:
        found = await follower.next(5)
        if found is not None:
            return found


def ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_deployments_chart_goes_on(folder: Path) -> None:
    async def work(views: ViewProcess) -> None:
        view = await views.open(DEPLOYMENT, "ada")
        first = await whole(views, view)
        assert first["meta"]["symbol"] == SYMBOL and first["live"]["deployment"] == "trend"
        check_bars(first, 600)
        assert first["trading"]["trades"]["entry"] and first["alerts"] and first["sessions"]
        assert first["live"]["closes"] == sum(first["time"]) * 1000 + 60_000  # times are steps
        assert first["live"]["currency"] == "USDT"
        bars, number = len(first["time"]), first["live"]["seq"]
        follower = views.follow(view, "ada", number)
        while bars < len(first["time"]) + 2:  # two more bars open
            update = await told(follower)
            assert update.event == "update" and update.number == number + 1
            number += 1
            body = json.loads(update.data)
            assert body["from"] == bars - 1  # the bar that was open
            bars = body["from"] + len(body["time"])
        assert follower.moment is not None and follower.moment.speed == 240
        # Whoever comes later gets all of it, and what comes after that.
        second = await whole(views, view)
        assert len(second["time"]) >= bars and second["live"]["seq"] >= number
        follower.close()

    with_views(folder, work)


def test_another_timeframe_and_bars_alone(folder: Path) -> None:
    async def work(views: ViewProcess) -> None:
        other = await whole(views, await views.open({**DEPLOYMENT, "timeframe": "15"}, "ada"))
        assert other["meta"]["timeframe"] == "15" and not other["live"]["own_timeframe"]
        plain = await whole(views, await views.open(MARKET, "ada"))
        assert other["live"]["closes"] == sum(other["time"]) * 1000 + 15 * 60_000
        assert plain["live"]["currency"] == ""
        assert plain["items"] == [] and plain["live"]["plain"]
        check_bars(plain, 300)
        inputs = '//@version=6\nindicator("In")\nplot(ta.sma(close, input.int(3, "Length")), "S")\n'
        given = await whole(views, await views.open({**MARKET, "text": inputs, "inputs": {"Length": 50}}, "ada"))
        assert given["meta"]["inputs"] == [["Length", "50"]]
        assert given["items"][0]["values"][:49] == [None] * 49

    with_views(folder, work)


def test_an_indicator_is_drawn_on_the_open_bar_too(folder: Path) -> None:
    async def work(views: ViewProcess) -> None:
        text = '//@version=6\nindicator("Now")\nplot(close)\n'
        view = await views.open({**MARKET, "text": text}, "ada")
        shown = await whole(views, view)
        assert shown["items"][0]["values"] == shown["bars"]["c"]
        follower = views.follow(view, "ada", shown["live"]["seq"])
        for _ in range(8):
            update = json.loads((await told(follower)).data)
            assert update["items"][0]["values"] == update["bars"]["c"]
        follower.close()

    with_views(folder, work)


def test_what_cannot_be_shown(folder: Path) -> None:
    async def work(views: ViewProcess) -> None:
        async def refused(wanted: dict[str, Any], status: int, words: str) -> tuple[str, ...]:
            with pytest.raises(ProblemError) as caught:
                await views.open(wanted, "ada")
            assert caught.value.status == status and words in str(caught.value)
            return caught.value.errors

        errors = await refused({**MARKET, "script": "broken.pine"}, 422, "1 error")
        assert errors == ("line 3, column 6: `clos` is not declared [E101]",)
        await refused({"deployment": "hook"}, 422, "has no chart")
        await refused({"deployment": "nobody"}, 404, "nobody")
        await refused({**MARKET, "feed": "moon"}, 404, "moon")
        await refused({**MARKET, "script": "../../etc/passwd.pine"}, 404, "no script")
        await refused({**MARKET, "timeframe": "7x"}, 422, "timeframe")
        # A script that stops leaves the bars, and its error.
        failed = await whole(views, await views.open({**MARKET, "script": "failing.pine"}, "ada"))
        error = failed["live"]["error"]
        assert (error["part"], error["message"], error["line"], error["bar"]) == ("script", "not on this bar", 4, 30)
        check_bars(failed, 300)
        # So does one that wants another chart, and a market without such a symbol says so.
        weekly = '//@version=6\nindicator("W", timeframe = "1W")\nplot(close)\n'
        wrong = await whole(views, await views.open({**MARKET, "text": weekly}, "ada"))
        assert "1W" in wrong["live"]["error"]["message"]
        lost = await whole(views, await views.open({**MARKET, "symbol": "CME_MINI:NQ1!"}, "ada"))
        assert lost["live"]["state"] == "failed" and "NQ1!" in lost["live"]["error"]["message"]

    with_views(folder, work)


def test_views_belong_to_their_owner_and_are_few(folder: Path) -> None:
    async def work(views: ViewProcess) -> None:
        mine = [await views.open(MARKET, "ada") for _ in range(MOST_OF_ONE)]
        with pytest.raises(NotFound):
            await views.snapshot(mine[0], "bob")
        followers = [views.follow(view, "ada", None) for view in mine[1:]]
        another = await views.open(MARKET, "ada")  # the one that nobody follows has made room
        with pytest.raises(NotFound):
            await views.snapshot(mine[0], "ada")
        followers.append(views.follow(another, "ada", None))
        with pytest.raises(ProblemError) as caught:
            await views.open(MARKET, "ada")
        assert caught.value.status == 429
        await views.close(another, "ada")
        assert (await told(followers[-1])).event == "gone"

    with_views(folder, work)


def test_killed_and_opened_again(folder: Path) -> None:
    async def work(views: ViewProcess) -> None:
        view = await views.open(DEPLOYMENT, "ada")
        await whole(views, view)
        follower = views.follow(view, "ada", None)
        before = views.pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        while (news := await told(follower)).event != "gone":
            pass
        assert news.event == "gone"
        with pytest.raises(NotFound):
            await views.snapshot(view, "ada")
        again = await whole(views, await views.open(DEPLOYMENT, "ada"))
        assert views.pid not in (None, before) and again["trading"]["trades"]["entry"]

    with_views(folder, work)


def test_ends_when_nobody_looks_and_with_its_parent(folder: Path) -> None:
    async def work(views: ViewProcess) -> None:
        view = await views.open(MARKET, "ada")
        first = views.pid
        while views.pid is not None:
            await asyncio.sleep(0.05)
        assert first is not None
        with pytest.raises(NotFound):
            await views.snapshot(view, "ada")
        await views.open(MARKET, "ada")
        pids.append(views.pid)

    pids: list[int | None] = []
    with_views(folder, work, unwatched=0.3, idle=0.3)
    assert pids[0] is not None
    end = time.monotonic() + 60
    while not ended(pids[0]) and time.monotonic() < end:
        time.sleep(0.05)
    assert ended(pids[0])


def test_a_chart_opened_while_the_idle_process_ends_gets_another_one(folder: Path) -> None:
    async def work(views: ViewProcess) -> None:
        await views.close(await views.open(MARKET, "ada"), "ada")
        process = views._process
        assert process is not None and process.stdin is not None
        os.kill(process.pid, signal.SIGSTOP)  # it takes its time
        try:
            while not process.stdin.is_closing():
                await asyncio.sleep(0.01)
            opening = asyncio.create_task(views.open(MARKET, "ada"))
            await asyncio.sleep(0.1)
        finally:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGCONT)
        await whole(views, await opening)
        assert views.pid not in (None, process.pid)

    with_views(folder, work, idle=0.3)


def test_a_follower_that_was_away_too_long_is_told_to_ask_for_all(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pinery.app.views.manager._RING", 3)

    async def work(views: ViewProcess) -> None:
        view = await views.open(MARKET, "ada")
        await whole(views, view)
        slow, quick = views.follow(view, "ada", 0), views.follow(view, "ada", 0)
        while (await told(quick)).number < 6:
            pass
        assert (await told(slow)).event == "reload"
        while (news := await told(slow)).event == "reload":  # it may be away for too long again
            pass
        assert news.event == "update"

    with_views(folder, work)
