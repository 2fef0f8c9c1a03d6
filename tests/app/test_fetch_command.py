"""``pinery data fetch``, against the simulators as servers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pinery.core.bars import BarSeries
from pinery.market.partial import PartialBars
from pinery.market.store import BarStore
from pinery.runtime.timeframes import Timeframe
from pinery.simulators.common.faults import Armed
from tests.adapters.binance.market import BTC, ETH, Venue, venue
from tests.app.conftest import Ended

pytest.importorskip("polars", reason="bar files need the extra 'data'")

MINUTE = Timeframe(1, "")
START = 9_000  # minutes of the past
Pinery = Callable[..., Ended]


class Background:
    """A simulator in a thread of its own, with an event loop of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self.place: Venue
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._ready.wait(60)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        async with venue(START, symbols=(ETH, BTC)) as place:
            place.clock.ms += 2_500
            self.place = place
            self._ready.set()
            await self._stop.wait()

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def arm(self, *faults: Armed) -> None:
        async def act() -> None:
            for fault in faults:
                self.place.simulator.faults.arm(fault)

        self.do(act())

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)


@pytest.fixture
def binance() -> Iterator[Background]:
    running = Background()
    try:
        yield running
    finally:
        running.end()


def when(place: Venue, minute: int) -> str:
    return str(np.datetime64(int(place.bars[ETH].time[minute]), "ms"))


def stored(symbol: str = ETH) -> BarSeries:
    found = BarStore.default().get(symbol, MINUTE)
    assert found is not None
    return found


def same(one: BarSeries, other: BarSeries) -> bool:
    names = ("time", "open", "high", "low", "close")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def test_a_stretch_of_two_symbols_and_what_follows_it(pinery: Pinery, binance: Background) -> None:
    place = binance.place
    url = place.server.url
    first, last = when(place, 6_000), when(place, 8_000)
    got = pinery(
        "data", "fetch", "binance", "ETHUSDT.P", "btcusdt.p", "1m", "--from", first, "--to", last, "--url", url
    )
    assert got.code == 0, got.err
    assert "BINANCE:ETHUSDT.P 1: 2,000 bars downloaded" in got.out and "BINANCE:BTCUSDT.P 1: 2,000 bars" in got.out
    for symbol in (ETH, BTC):
        assert same(stored(symbol), place.bars[symbol].slice(6_000, 8_000))
    again = pinery("data", "fetch", "binance", "ETHUSDT.P", "1", "--url", url, "--json")
    [row] = json.loads(again.out)["fetched"]
    # The bar that is open, and the one that ended this moment, are not stored.
    assert row["downloaded"] == START - 8_000 and row["exchange_gaps"] == [] and row["not_downloaded"] == []
    assert same(stored(), place.bars[ETH].slice(6_000, START))
    assert "BINANCE:ETHUSDT.P" in pinery("data", "list").out


def test_only_what_is_missing_is_asked_for(pinery: Pinery, binance: Background) -> None:
    place = binance.place
    store, bars = BarStore.default(), place.bars[ETH]
    store.put(ETH, MINUTE, bars.slice(6_100, 6_500))
    store.put(ETH, MINUTE, bars.slice(6_900, 7_000))
    got = pinery(
        "data", "fetch", "binance", "ETHUSDT.P", "1m", "--url", place.server.url, "--json",
        "--from", when(place, 6_000), "--to", when(place, 7_100),
    )  # fmt: skip
    [row] = json.loads(got.out)["fetched"]
    assert row["downloaded"] == 100 + 400 + 100 and row["stored_bars"] == 1_100
    assert same(stored(), bars.slice(6_000, 7_100))


def test_gaps_of_the_exchange_are_told(pinery: Pinery, binance: Background) -> None:
    place = binance.place
    bars = place.past.bars[ETH]
    kept = np.r_[0:6_200, 6_230:START]
    columns = (bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume)
    place.past.bars[ETH] = BarSeries(*(column[kept] for column in columns))
    got = pinery(
        "data", "fetch", "binance", "ETHUSDT.P", "1m", "--url", place.server.url,
        "--from", when(place, 6_000), "--to", when(place, 7_000),
    )  # fmt: skip
    assert got.code == 0 and "1 gaps that the exchange has itself, 30 bars" in got.out
    assert "not downloaded" not in got.out


def test_what_passes_is_sat_out_and_what_does_not_is_told(pinery: Pinery, binance: Background) -> None:
    place = binance.place
    binance.arm(
        Armed("unavailable", "GET /fapi/v1/klines", times=2, after=2),
        Armed("too_many", "GET /fapi/v1/klines", after=3, options={"seconds": 1}),
        Armed("lost", "GET /fapi/v1/klines", after=4),
    )
    span = ("--from", when(place, 4_000), "--url", place.server.url)
    got = pinery("data", "fetch", "binance", "ETHUSDT.P", "1m", "--json", *span)
    assert got.code == 0 and json.loads(got.out)["error"] is None
    assert same(stored(), place.bars[ETH].slice(4_000, START))
    binance.arm(Armed("firewall", "GET /fapi/v1/klines", times=None, after=2))
    refused = pinery("data", "fetch", "binance", "BTCUSDT.P", "1m", "--json", *span)
    told = json.loads(refused.out)
    assert refused.code == 3 and "refused" in told["error"] and told["fetched"][0]["not_downloaded"]
    assert "the same command goes on" in refused.err
    binance.do(clear(place))
    assert pinery("data", "fetch", "binance", "BTCUSDT.P", "1m", *span).code == 0
    assert same(stored(BTC), place.bars[BTC].slice(4_000, START))


async def clear(place: Venue) -> None:
    place.simulator.faults.clear()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("ETHUSD.P", "1m", "--from", "2025-09-10"), 3, "ETHUSDT.P"),
        (("ETHUSDT", "1m", "--from", "2025-09-10"), 3, "write ETHUSDT.P"),
        (("ETHUSDT.P", "10m", "--from", "2025-09-10"), 2, "Binance has no bars of 10"),
        (("ETHUSDT.P", "often", "--from", "2025-09-10"), 2, "is no timeframe, which comes last"),
        (("ETHUSDT.P", "1m"), 2, "say from when on"),
        (("ETHUSDT.P", "1m", "--from", "2030-01-01"), 2, "lies in the future"),
        (("ETHUSDT.P", "1m", "--from", "2025-09-10", "--to", "2025-09-09"), 2, "is not after"),
        (("ETHUSDT.P", "1m", "--from", "soon"), 2, "is no date"),
        (("ETHUSDT.P",), 2, "then the timeframe"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], code: int, said: str, pinery: Pinery, binance: Background) -> None:
    got = pinery("data", "fetch", "binance", *arguments, "--url", binance.place.server.url)
    assert got.code == code and said in got.err, got.err


def test_nobody_there(pinery: Pinery) -> None:
    got = pinery("data", "fetch", "binance", "ETHUSDT.P", "1m", "--from", "2025-09-10", "--url", "http://127.0.0.1:9")
    assert got.code == 3 and "cannot be reached: no connection" in got.err
    refused = pinery("data", "fetch", "binance", "ETHUSDT.P", "1m", "--url", "http://example.org")
    assert refused.code == 2 and "only a simulator on this machine" in refused.err


def test_a_store_that_cannot_be_written_is_not_told_as_no_bars(
    pinery: Pinery, binance: Background, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "taken").write_text("", encoding="utf-8")
    monkeypatch.setenv("PINERY_HOME", str(home / "taken"))
    place = binance.place
    got = pinery("data", "fetch", "binance", "ETHUSDT.P", "1m", "--from", when(place, 6_000), "--url", place.server.url)
    assert (got.code, got.out) == (3, "") and "cannot be written: Not a directory" in got.err


@pytest.mark.parametrize("name", ["paper", "nosuch"])
def test_an_account_that_is_none_at_tradovate(pinery: Pinery, home: Path, name: str) -> None:
    (home / "pinery.toml").write_text('[accounts.paper]\nbroker = "paper"\n', encoding="utf-8")
    got = pinery("data", "fetch", "tradovate", "CME_MINI:ES1!", "1m", "--from", "2025-09-10", "--account", name)
    assert got.code == 2 and f"--account {name!r} is no account at Tradovate in pinery.toml" in got.err


def test_a_download_that_was_killed_goes_on(pinery: Pinery, binance: Background, home: Path) -> None:
    place = binance.place
    binance.arm(Armed("delayed", "GET /fapi/v1/klines", times=None, after=4, options={"seconds": 5}))
    span = ("--from", when(place, 1_000), "--url", place.server.url)
    command = [sys.executable, "-m", "pinery.app", "data", "fetch", "binance", "ETHUSDT.P", "1m", *span]
    running = subprocess.Popen(command, env={**os.environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    path = BarStore.default().path(ETH, MINUTE)
    part = path.with_name(f".{path.name}.part")
    until = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size) and running.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert part.stat().st_size > 0 and not path.exists()
    binance.do(clear(place))
    got = pinery("data", "fetch", "binance", "ETHUSDT.P", "1m", "--json", *span)
    [row] = json.loads(got.out)["fetched"]
    assert row["recovered"] > 0 and row["recovered"] + row["downloaded"] == START - 1_000
    assert same(stored(), place.bars[ETH].slice(1_000, START)) and not part.exists()


def test_pages_that_were_cut_off_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "X" / "Y" / "1.parquet"
    times = np.arange(1, 6) * 60_000
    bars = BarSeries(times, *(np.full(5, 2.0) for _ in range(5)))
    with PartialBars(path) as partial:
        partial.add(bars.slice(2, 5))
        partial.add(bars.slice(0, 3))
    part = path.with_name(".1.parquet.part")
    part.write_bytes(part.read_bytes()[:-10])
    with PartialBars(path) as partial:
        found = partial.bars()
        assert found.time.tolist() == [60_000, 120_000, 180_000, 240_000, 300_000]
        partial.clear()
    assert not part.exists()
