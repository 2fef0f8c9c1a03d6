"""``pinery demo --check``: the demo in a folder of its own, looked at from all sides, within a bounded time."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from rich.text import Text

from pinery.adapters.store.database import SqlStore, open_store
from pinery.app import logs
from pinery.app.demo.ledger import faults, protected, repeated_alike
from pinery.app.demo.place import HOST, OUTSIDE, Place, prepare
from pinery.app.demo.running import Demo, open_log
from pinery.app.ports import first_free, is_free
from pinery.app.terminal import console
from pinery.app.up.supervisor import take_folder
from pinery.web import static_folder

SPEED = 180.0
_STARTING = 90.0  # seconds that all parts may take until they answer, on a machine that is busy
_GRACE = 30.0  # seconds for the end, after which everything is ended by force
_LOOK = 0.2


@dataclass(slots=True)
class Checklist:
    """Prints each line as it is known."""

    failed: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str, passed: bool, note: str = "") -> None:
        self.failed += not passed
        self.names.append(name)
        mark = ("✓ ", "bold green") if passed else ("✗ ", "bold red")
        console().print(Text.assemble(mark, name, (f"  {note}" if note else "", "dim")))

    def skip(self, name: str, note: str) -> None:
        console().print(Text.assemble(("– ", "yellow"), name, (f"  {note}", "dim")))


def check_demo(seconds: float) -> int:
    """0 where everything works within ``seconds`` of its start, 1 where something does not."""
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="pinery-demo-"))
    watchdog = threading.Timer(_STARTING + seconds + _GRACE, _give_up, (folder,))
    watchdog.daemon = True
    watchdog.start()
    checks = Checklist()
    console().print(f"Checking the demo, at {SPEED:g} times the market's speed, for at most {seconds:g} s", style="dim")
    try:
        place = prepare(folder, speed=SPEED, ports=_free_ports())
        with take_folder(place.folder), open_log(place) as log:
            logs.configure("info", "json", component="demo", stream=log)
            store = open_store(place.configuration.store_url)
            try:
                demo = Demo(place, None, log=log, store=store)
                asyncio.run(_check(demo, checks, store, seconds))
                wrong = faults(store)
                checks.add("positions and trades follow from the fills", not wrong, "; ".join(wrong[:3]))
            finally:
                store.close()
    finally:
        watchdog.cancel()
    took = f"{time.monotonic() - begun:.0f} s"
    if checks.failed:
        console().print(
            Text.assemble(("failed", "bold red"), f": {checks.failed} of {len(checks.names)}, after {took}")
        )
        console().print(f"What it did is in {folder}; the log is {place.log}")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    console().print(Text.assemble(("everything works", "bold green"), f", {took}"))
    return 0


async def _check(demo: Demo, checks: Checklist, store: SqlStore, seconds: float) -> None:
    running = asyncio.create_task(demo.run())
    pids: set[int] = set()
    try:
        await _look_around(demo, checks, store, seconds, pids, running)
    finally:
        pids |= _pids(demo)
        begun = time.monotonic()
        demo.stopping.set()
        code = await running
        left = [pid for pid in pids if _lives(pid)]
        place = demo.place
        ports = (place.configuration.webhook.port, place.configuration.control.port, place.page_port)
        busy = [port for port in ports if not is_free(HOST, port)]
        note = f"processes {left}, ports {busy} are left" if left or busy else f"{time.monotonic() - begun:.1f} s"
        checks.add("everything stops, nothing is left running", code == 0 and not left and not busy, note)


async def _look_around(
    demo: Demo, checks: Checklist, store: SqlStore, seconds: float, pids: set[int], running: asyncio.Task[int]
) -> None:
    started = time.monotonic()
    end = started + _STARTING

    async def until(condition: Callable[[], bool]) -> bool:
        while not condition():
            pids.update(_pids(demo))
            if time.monotonic() > end or running.done():
                return False
            await asyncio.sleep(_LOOK)
        return True

    if not await until(demo.ready.is_set):
        checks.add("all parts answer", False, "they did not start: see the log")
        return
    checks.add("all parts answer", True, f"{time.monotonic() - started:.1f} s")
    end = time.monotonic() + seconds
    await _dashboard(demo.place, checks)
    tally = demo.teller.tally
    for name in demo.place.configuration.charts:
        traded = await until(lambda name=name: tally.filled[name] > 0)  # type: ignore[misc]
        checks.add(f"alerts of the chart {name} become fills", traded, f"{tally.by_source[name]} signals")
    traded = await until(lambda: tally.filled[OUTSIDE] > 0)
    sent = demo.outside.sent
    checks.add("alerts from outside become fills", traded, f"{sent.alerts} alerts in {sent.requests} requests")
    twice = await until(lambda: demo.outside.sent.repeated > 0 and repeated_alike(store, OUTSIDE) is not None)
    checks.add("an alert that comes twice is one signal", twice and repeated_alike(store, OUTSIDE) is True)
    refused = await until(lambda: bool(tally.denied))
    checks.add("what breaks a limit is refused, with a code", refused, ", ".join(tally.denied))
    checks.add("stops and targets rest at the broker", await until(lambda: protected(store)))
    told = await until(lambda: demo.page.received > 0)
    checks.add("notifications arrive", told, f"{demo.page.received}")
    await _kill(demo, checks, until)


async def _dashboard(place: Place, checks: Checklist) -> None:
    """The pages, the login link, and the API with it."""
    url, _, code = place.login_url.partition("/#login=")
    async with httpx.AsyncClient(base_url=url, timeout=10, trust_env=False) as client:
        try:
            if static_folder() is None:
                checks.skip("the dashboard's pages are served", "they are not built: make setup, with Node.js")
            else:
                index = await client.get("/", headers={"Accept": "text/html"})
                checks.add("the dashboard's pages are served", index.status_code == 200 and "<script" in index.text)
            before = (await client.get("/api/v1/status")).status_code
            login = (await client.post("/api/v1/login/once", json={"code": code})).status_code
            status = await client.get("/api/v1/status")
            again = (await client.post("/api/v1/login/once", json={"code": code})).status_code
            works = (before, login, status.status_code, again) == (401, 200, 200, 401)
            checks.add("the login link works, once", works, f"{before}, {login}, {status.status_code}, {again}")
        except (httpx.HTTPError, ValueError) as error:
            checks.add("dashboard and API answer", False, type(error).__name__)


async def _kill(demo: Demo, checks: Checklist, until: Callable[[Callable[[], bool]], object]) -> None:
    """SIGKILL to the worker in the middle of it: another one goes on."""
    name = next(name for name, _ in demo.supervisor.components if name.startswith("worker"))
    old = demo.supervisor.pid(name)
    if old is None:
        checks.add("a worker that is killed is replaced and goes on", False, "there is none")
        return
    os.kill(old, signal.SIGKILL)
    killed = time.monotonic()
    fills = demo.teller.tally.fills
    went_on = await until(  # type: ignore[misc]
        lambda: demo.teller.tally.fills > fills and demo.supervisor.pid(name) not in (None, old)
    )
    checks.add("a worker that is killed is replaced and goes on", bool(went_on), f"{time.monotonic() - killed:.1f} s")


def _pids(demo: Demo) -> set[int]:
    found = (demo.supervisor.pid(name) for name, _ in demo.supervisor.components)
    return {pid for pid in found if pid is not None}


def _lives(pid: int) -> bool:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, 0)
        return True
    return False


def _free_ports() -> tuple[int, int, int]:
    """Any; other demos may run at the same time. They stay free until the servers have started: they are below those
    that systems give to whoever asks for one."""
    ports: list[int] = []
    while len(ports) < 3:
        ports.append(first_free(HOST, random.randrange(20_000, 30_000), ports))
    return ports[0], ports[1], ports[2]


def _give_up(folder: Path) -> None:
    """Something hangs. The processes end with their parent."""
    print(f"✗ it did not end in time; what it did is in {folder}", flush=True)
    sys.stdout.flush()
    os._exit(1)
