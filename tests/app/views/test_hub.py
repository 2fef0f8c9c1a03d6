"""What the charts' process answers, in this process."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

from pinery.app.config.watching import Watcher
from pinery.app.views.frames import LONGEST_LINE, read_frame
from pinery.app.views.process import Hub
from tests.app.views.conftest import SYMBOL, run_alone
from tests.stores import sqlite_store

MARKET = {"feed": "market", "symbol": SYMBOL, "timeframe": "1", "bars": 300}


def test_whoever_waits_for_a_chart_that_is_closed_is_told(folder: Path, tmp_path: Path) -> None:
    async def run() -> None:
        with sqlite_store(tmp_path) as store:
            reader = asyncio.StreamReader(LONGEST_LINE)
            hub = Hub(Watcher(folder), store, reader.feed_data)
            busy = threading.Event()

            async def answer(call: int) -> dict[str, Any]:
                while (found := await asyncio.wait_for(read_frame(reader), 60)) is not None:
                    if found[0].get("call") == call:
                        return found[0]
                raise AssertionError("nothing is closed")

            try:
                hub.take({"op": "open", "view": "v", "wanted": MARKET, "call": 1})
                await answer(1)
                view = hub._views["v"]
                await asyncio.wait_for(view._loaded.wait(), 60)
                view._thread.submit(busy.wait)  # a script that takes long
                hub.take({"op": "snapshot", "view": "v", "call": 2})
                snapshots = view._thread._work_queue
                while not snapshots.qsize():
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.05)
                hub.take({"op": "close", "view": "v", "call": 3})
                told = await answer(2)
                assert (told["kind"], told["status"], told["code"]) == ("problem", 404, "not_found")
            finally:
                busy.set()
                await hub.close()

    run_alone(run)
