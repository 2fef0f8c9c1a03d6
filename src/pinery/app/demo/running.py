"""Running the demo: its processes, its page, its alerts from outside, and what the terminal shows of them."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import TextIO

import httpx
import structlog
from rich.console import Console
from rich.text import Text

from pinery.adapters.store.database import SqlStore, open_store
from pinery.app import logs
from pinery.app.config.reading import remember
from pinery.app.demo.notifications import Notifications
from pinery.app.demo.outside import alerts
from pinery.app.demo.place import HOST, Place, prepare, shown
from pinery.app.demo.summary import banner, summary
from pinery.app.demo.telling import Teller
from pinery.app.demo.tradingview import TradingView
from pinery.app.terminal import console
from pinery.app.up.start import components_of
from pinery.app.up.supervisor import Supervisor, take_folder
from pinery.core.errors import DataError, PineryError, UsageError
from pinery.gateway.webhook.server import serve
from pinery.market.symbols import lookup
from pinery.trading.errors import Refused

FEED = "market"
_READY = 120.0  # seconds that everything gets to start
_LOG_BYTES = 20_000_000  # a larger log is put aside at the next start
_AGAIN = 2.0  # seconds before alerts from outside are taken up again after a fault
_TAIL = 5  # lines of the log that tell why something did not start


class Demo:
    """One run of it. ``show``: prints a line as something happens; None: nothing is printed."""

    def __init__(self, place: Place, show: Callable[[Text], None] | None, *, log: TextIO, store: SqlStore) -> None:
        self.place = place
        self.page = Notifications(place.page_path)
        self.outside = TradingView(place.hook_url)
        self.teller = Teller(store, show, self._tick)
        self.supervisor = Supervisor(components_of(place.configuration), structlog.get_logger(), output=log.fileno())
        self.ready = asyncio.Event()
        self.late = False  # it took too long to get ready
        self.trouble = ""  # why the page of notifications cannot be shown
        self._store = store
        self._over = asyncio.Event()  # everything has stopped

    @property
    def stopping(self) -> asyncio.Event:
        return self.supervisor.stopping

    async def run(self, started: Callable[[], None] = lambda: None) -> int:
        """Until a signal comes or ``stopping`` is set; the exit code. ``started`` is called once all parts answer."""
        beside = [
            asyncio.create_task(self._serve_page()),
            asyncio.create_task(self.teller.run(self._over)),
            asyncio.create_task(self._start(started)),
        ]
        try:
            return await self.supervisor.run()
        finally:
            self.stopping.set()
            await asyncio.gather(beside[2], return_exceptions=True)
            self._over.set()
            await asyncio.gather(*beside, return_exceptions=True)
            await self.teller.look()

    async def _serve_page(self) -> None:
        try:
            await serve(self.page.app, HOST, self.place.page_port, self._over)
        except UsageError as error:  # somebody took the port since it was chosen
            self.trouble = error.message
            self.stopping.set()

    async def _start(self, started: Callable[[], None]) -> None:
        if not await self._answers():
            self.late = not self.stopping.is_set()
            self.stopping.set()
            return
        self.ready.set()
        started()
        self.teller.open = True
        while not self.stopping.is_set():
            coming = alerts(self.place.configuration, self._store, FEED, self.stopping)
            try:
                await self.outside.run(coming, self.stopping)
            except PineryError as error:
                structlog.get_logger().error("alerts_from_outside", error=error.message, hint=error.hint)
            await _sleep(_AGAIN, self.stopping)

    def _tick(self, symbol: str) -> Decimal | None:
        try:
            return Decimal(repr(lookup(symbol, self.place.configuration.symbol_table).mintick))
        except DataError:
            return None

    async def _answers(self) -> bool:
        """Waits until webhook and control answer; False where it is of no use to wait any longer."""
        configuration = self.place.configuration
        end = time.monotonic() + _READY
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            for url in (configuration.webhook.url, configuration.control.url):
                while not self.stopping.is_set() and time.monotonic() < end:
                    with suppress(httpx.HTTPError):
                        if (await client.get(f"{url}/readyz")).status_code == 200:
                            break
                    await _sleep(0.1, self.stopping)
                else:
                    return False
        return True


def run_demo(folder: Path, *, fresh: bool = False, speed: float | None = None, seconds: float | None = None) -> int:
    """The exit code. Raises PineryError where it cannot start."""
    screen = console()
    place = prepare(folder, fresh=fresh, speed=speed)
    begun = time.monotonic()
    with take_folder(place.folder), open_log(place) as log:
        logs.configure("info", "json", component="demo", stream=log)
        remember(place.configuration)
        store = open_store(place.configuration.store_url)
        try:
            code, demo = asyncio.run(_run(place, store, log, screen, seconds))
            if demo.trouble:
                raise Refused(f"the demo did not start: {demo.trouble}", hint="start it again: it takes another port")
            if not demo.ready.is_set() and (code or demo.late):
                reason = "its parts do not answer" if demo.late else _reason(place.log)
                raise Refused(f"the demo did not start: {reason}", hint=f"the log is {shown(place.log)}")
            _print(screen, summary(place, store, demo.teller.tally, time.monotonic() - begun))
            return code
        finally:
            store.close()


async def _run(place: Place, store: SqlStore, log: TextIO, screen: Console, seconds: float | None) -> tuple[int, Demo]:
    demo = Demo(place, lambda line: screen.print(line, soft_wrap=True), log=log, store=store)
    if seconds is not None:
        asyncio.get_running_loop().call_later(seconds, demo.stopping.set)
    for note in place.notes:
        screen.print(Text.assemble(("note: ", "yellow"), note))
    screen.print("Starting …", style="dim")
    return await demo.run(lambda: _print(screen, banner(place))), demo


def _print(screen: Console, lines: Iterable[Text]) -> None:
    for line in lines:
        screen.print(line, soft_wrap=True)


def open_log(place: Place) -> TextIO:
    """Readable by the user only. A long log of earlier runs is put aside."""
    path = place.log
    with suppress(FileNotFoundError):
        if path.stat().st_size > _LOG_BYTES:
            path.replace(path.with_name(f"{path.name}.old"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")


def _reason(log: Path) -> str:
    """What the processes said last."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = [line for line in lines if line.startswith("pinery ")]
    if said:
        return said[-1]
    for line in reversed(lines[-_TAIL:]):
        with suppress(ValueError, AttributeError):
            return str(json.loads(line).get("event", line))
    return "its processes ended at once"


async def _sleep(seconds: float, stopping: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
