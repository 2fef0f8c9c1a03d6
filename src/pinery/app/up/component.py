"""One process of ``pinery up``: ``python -m pinery.app.up.component gateway|worker|charts|control --dir FOLDER``.

It ends when its standard input does (the supervisor holds the other end), on SIGTERM, and when the configuration of
its server changed, to be started again with the new one.
"""

from __future__ import annotations

import gc
import sys
from typing import Any

if __name__ == "__main__":
    gc.disable()  # until all is loaded: to look for garbage among modules takes a fifth of a process's start
    # What these two load for terminals if it is there, a tenth of a start, no server needs.
    _terminals: dict[str, Any] = dict.fromkeys(("rich", "httpx._main"))
    sys.modules.update(_terminals)
    import httpx  # noqa: F401
    import structlog

    for _name in _terminals:
        del sys.modules[_name]

import argparse
import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import structlog

from pinery.adapters.metrics.heartbeats import keep_beating
from pinery.adapters.metrics.recorder import Recorder
from pinery.adapters.store.database import SqlStore, open_store
from pinery.adapters.store.figures import Figures
from pinery.adapters.store.owner import owner_name
from pinery.app import logs
from pinery.app.config.configuration import Configuration
from pinery.app.config.left_behind import left_behind
from pinery.app.config.reading import remember
from pinery.app.config.secrets import make_key
from pinery.app.config.watching import Watcher
from pinery.app.up.clock import SystemClock
from pinery.core.errors import PineryError
from pinery.trading.channels import channels_for
from pinery.trading.errors import ConfigError, StoreError
from pinery.trading.events import Event

#: Not an error: the supervisor starts the component again.
RESTART = 75

#: Seconds that a thread may compute while another waits to: the default, 5 ms, is what a whole alert should take.
_SWITCH = 0.0005


@dataclass(slots=True)
class Surroundings:
    """What every component has."""

    name: str
    watcher: Watcher
    store: SqlStore
    clock: SystemClock
    recorder: Recorder
    log: Any
    owner: str
    stopping: asyncio.Event
    changed: list[Callable[[Configuration], None]]
    share_port: bool  # several gateways of one machine
    code: int = 0

    @property
    def configuration(self) -> Configuration:
        return self.watcher.current

    def restart(self) -> None:
        self.code = RESTART
        self.stopping.set()


Run = Callable[[Surroundings], Awaitable[None]]


async def _gateway(around: Surroundings) -> None:
    from pinery.gateway.webhook.application import create_app
    from pinery.gateway.webhook.server import serve

    settings = around.configuration.webhook
    around.changed.append(lambda new: around.restart() if new.webhook != settings else None)
    app = create_app(settings, lambda: around.configuration.hooks, around.store, observe=around.recorder.observe)
    await serve(app, settings.host, settings.port, around.stopping, share=around.share_port)


async def _control(around: Surroundings) -> None:
    from pinery.app.up.control import control_app
    from pinery.app.views.manager import ViewProcess
    from pinery.gateway.webhook.server import serve

    settings = around.configuration.control
    around.changed.append(lambda new: around.restart() if new.control != settings else None)
    views = ViewProcess(around.configuration.folder)
    app = control_app(around.watcher, around.store, around.clock, around.stopping, views)
    try:
        await serve(app, settings.host, settings.port, around.stopping, setting="control.port")
    finally:
        await views.stop()


async def _worker(around: Surroundings) -> None:
    from pinery.app.up.working import work

    await work(around)


async def _charts(around: Surroundings) -> None:
    from pinery.app.up.charting.component import run_charts

    await run_charts(around)


COMPONENTS: dict[str, Run] = {"gateway": _gateway, "worker": _worker, "charts": _charts, "control": _control}

#: What those import when they run.
_LOADED = {
    "gateway": "pinery.gateway.webhook.application",
    "worker": "pinery.app.up.working",
    "charts": "pinery.app.up.charting.component",
    "control": "pinery.app.up.control",
}


async def _main(name: str, folder: Path, share_port: bool) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    threading.Thread(target=_until_orphaned, args=(loop, stopping), daemon=True).start()
    make_key(folder)
    watcher = Watcher(folder)
    configuration = watcher.current
    form: Any = configuration.log.format
    logs.configure(configuration.log.level, form, component=name)
    logs.hide(*configuration.secrets.known())
    clock = SystemClock()
    store = open_store(configuration.store_url)
    figures = Figures(store)
    recorder = Recorder(figures)
    log = structlog.get_logger()
    around = Surroundings(name, watcher, store, clock, recorder, log, owner_name(), stopping, [], share_port)
    beside = [
        asyncio.create_task(_watch(around)),
        asyncio.create_task(keep_beating(figures, name, clock, stopping)),
        asyncio.create_task(recorder.run(stopping)),
    ]
    import_module(_LOADED[name])
    # What lives as long as the process need not be looked through again and again: a full collection stops
    # everything for as long as several alerts take.
    gc.collect()
    gc.freeze()
    gc.enable()
    if name in ("gateway", "charts"):
        sys.setswitchinterval(_SWITCH)
    try:
        await COMPONENTS[name](around)
    finally:
        stopping.set()
        await asyncio.gather(*beside, return_exceptions=True)
        store.close()
    return around.code


def _until_orphaned(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    # Not through sys.stdin: its lock would be held while the interpreter shuts down.
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    with suppress(RuntimeError):  # the loop is closed: we are on our way out
        loop.call_soon_threadsafe(stopping.set)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster event loop, which comes with uvicorn where there is one for the platform."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _watch(around: Surroundings) -> None:
    """Look for a new configuration every second; a wrong one is told of, and the old one stays."""
    while not around.stopping.is_set():
        found = await asyncio.to_thread(around.watcher.poll)
        if isinstance(found, ConfigError):
            text = "; ".join(found.findings) or found.message
            await _tell(around, "config.invalid", f"{text}; {found.hint}" if found.hint else text)
        elif found is not None:
            logs.hide(*found.secrets.known())
            remember(found)
            for tell in around.changed:
                tell(found)
            await _tell(around, "config.reloaded", "the settings of pinery.toml were taken over")
            for left in await asyncio.to_thread(_left_behind, around):
                around.log.warning("configuration", text=left)
        await _sleep(1.0, around.stopping)


def _left_behind(around: Surroundings) -> list[str]:
    with suppress(StoreError):
        return [str(left.finding()) for left in around.store.read(lambda tx: left_behind(around.configuration, tx))]
    return []


async def _tell(around: Surroundings, kind: str, text: str) -> None:
    """Every process logs it; one of them has it sent."""
    (around.log.warning if kind == "config.invalid" else around.log.info)(kind, text=text)
    if around.name != "control":
        return
    event, routes = Event(kind, around.clock.now(), text), around.configuration.routes
    with suppress(StoreError):
        await asyncio.to_thread(
            around.store.write, lambda tx: tx.outbox.add([event], lambda event: channels_for(event, routes))
        )


async def _sleep(seconds: float, stopping: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m pinery.app.up.component")
    parser.add_argument("component", choices=sorted(COMPONENTS))
    parser.add_argument("--dir", type=Path, default=Path())
    parser.add_argument("--share-port", action="store_true")
    given = parser.parse_args()
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(_main(given.component, given.dir, given.share_port))
    except PineryError as error:
        print(f"pinery {given.component}: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
