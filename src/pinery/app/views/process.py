"""The process that evaluates chart views: ``python -m pinery.app.views.process --dir FOLDER``.

Orders come in on its standard input, answers and updates go out on its standard output, as frames. It ends when its
input does, so with the process that started it.
"""

from __future__ import annotations

import gc

if __name__ == "__main__":
    gc.disable()  # until all is loaded: to look for garbage among modules takes a fifth of the start

import argparse
import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from pinery.adapters.store.charts import beginning
from pinery.adapters.store.database import SqlStore, open_store
from pinery.app import logs
from pinery.app.config.configuration import Configuration
from pinery.app.config.watching import Watcher
from pinery.app.up.charting.markets import Markets
from pinery.app.up.clock import SystemClock
from pinery.app.views.frames import LONGEST_LINE, Header, frame, read_frame
from pinery.app.views.opening import Plan, plan
from pinery.app.views.view import View
from pinery.core.errors import CompileError, DataError, PineryError, UsageError
from pinery.lang.diagnostics import Severity
from pinery.market.symbols import lookup
from pinery.trading.errors import NotFound

_MOST_ERRORS = 20
_log = structlog.get_logger("pinery.views")


class Hub:
    """All views of this process. ``write`` takes whole frames."""

    def __init__(self, watcher: Watcher, store: SqlStore, write: Any) -> None:
        self._watcher = watcher
        self._store = store
        self._write = write
        self._clock = SystemClock()
        self._views: dict[str, View] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._markets = Markets(
            store,
            self._clock,
            watcher.current.folder,
            lambda symbol: lookup(symbol, self._watcher.current.symbol_table),
            lambda name: self._watcher.current.secrets.value(name),
        )

    def take(self, header: Header) -> None:
        """One order; what takes long goes on beside."""
        task = asyncio.create_task(self._do(header))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for view in list(self._views.values()):
            await view.end()
        await self._markets.close()

    async def _do(self, header: Header) -> None:
        call = header.get("call")
        try:
            await self._obey(header)
        except PineryError as error:
            self._write(frame({"kind": "problem", "call": call, **_problem(error)}))
        except Exception as error:
            _log.exception("view_failed")
            failed = {"status": 500, "code": "internal", "message": f"internal error: {type(error).__name__}"}
            self._write(frame({"kind": "problem", "call": call, **failed, "hint": None, "errors": []}))

    async def _obey(self, header: Header) -> None:
        name, call = str(header["view"]), header.get("call")
        match header["op"]:
            case "open":
                made = await asyncio.to_thread(self._plan, header["wanted"])
                self._views[name] = View(name, made, self._markets, self._clock, self._send)
                self._views[name].whenever_it_fails(lambda: self._gone(name))
                self._write(frame({"kind": "answer", "call": call}))
            case "snapshot":
                view = self._view(name)
                found = await view.snapshot()
                answer = {"kind": "answer", "call": call, "ready": found.ready, **view.moment()}
                self._write(frame(answer, found.body))
            case "watch":
                if name in self._views:
                    self._views[name].watch(bool(header["on"]))
            case "close":
                view_or_none = self._views.pop(name, None)
                if view_or_none is not None:
                    await view_or_none.end()

    def _plan(self, wanted: dict[str, Any]) -> Plan:
        found = self._watcher.poll()
        if isinstance(found, PineryError):
            _log.warning("config.invalid", text=found.message)
        configuration: Configuration = self._watcher.current

        def began(deployment: str) -> int | None:
            kept = self._store.read(lambda tx: beginning(tx, deployment))
            return None if kept is None else kept[0]

        return plan(configuration, wanted, began)

    def _view(self, name: str) -> View:
        if name not in self._views:
            raise NotFound(f"there is no chart {name!r}; it may have ended", "open it again")
        return self._views[name]

    def _send(self, header: Header, body: bytes) -> None:
        self._write(frame(header, body))

    def _gone(self, name: str) -> None:
        if self._views.pop(name, None) is not None:
            self._write(frame({"kind": "gone", "view": name}))


def _problem(error: PineryError) -> Header:
    match error:
        case CompileError():
            return _header(422, "script_errors", error, _diagnostics(error))
        case NotFound():
            return _header(404, "not_found", error)
        case UsageError():
            return _header(422, "invalid", error)
        case DataError():
            return _header(409, "no_data", error)
    return _header(422, "invalid", error)


def _header(status: int, code: str, error: PineryError, errors: list[str] | None = None) -> Header:
    return {"status": status, "code": code, "message": error.message, "hint": error.hint, "errors": errors or []}


def _diagnostics(error: CompileError) -> list[str]:
    texts = []
    for found in [one for one in error.diagnostics if one.severity is Severity.ERROR][:_MOST_ERRORS]:
        line, column = error.sources[found.span.file].position(found.span.start)
        texts.append(f"line {line}, column {column}: {found.message} [{found.code}]")
    return texts


async def _main(folder: Path) -> int:
    loop = asyncio.get_running_loop()
    watcher = Watcher(folder)
    configuration = watcher.current
    form: Any = configuration.log.format
    logs.configure(configuration.log.level, form, component="views")
    reader = asyncio.StreamReader(LONGEST_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(0, "rb", closefd=False))
    transport, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # whatever prints something must not get between the frames
    store = open_store(configuration.store_url)
    hub = Hub(watcher, store, transport.write)
    transport.write(frame({"kind": "ready"}))
    try:
        while (found := await read_frame(reader)) is not None:
            hub.take(found[0])
    finally:
        await hub.close()
        store.close()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m pinery.app.views.process")
    parser.add_argument("--dir", type=Path, default=Path())
    given = parser.parse_args()
    gc.freeze()
    gc.enable()
    try:
        return asyncio.run(_main(given.dir))
    except PineryError as error:
        print(f"pinery charts: {error.message}", file=sys.stderr)
        return error.exit_code
    except (BrokenPipeError, KeyboardInterrupt):
        return 0


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        code = main()
        # Threads may be in the middle of a script: nobody waits for what comes of it.
        sys.stdout.flush()
        os._exit(code)
