"""The parent of Pinery's processes: starts them, starts again what dies, stops all of them together.

The children hold the reading end of a pipe whose other end only the parent has: when the parent dies, however it dies,
they see the pipe's end and stop.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from pinery.trading.errors import Refused

_GRACE = 8.0  # seconds to end by themselves
_CALM = 2.0  # a child that ran this long, or was killed, starts again at once
_SLOWEST = 5.0
_LOOK = 1.0  # seconds between looks whether a component is needed by now


def take_folder(folder: Path) -> IO[str]:
    """The folder's lock, held as long as the file stays open. Raises Refused while another supervisor runs here."""
    file = (folder / ".pinery.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        pid = file.read().strip() or "?"
        file.close()
        raise Refused(
            f"pinery up runs in {folder} already (process {pid})", "stop it first, or use another folder"
        ) from None
    file.seek(0)
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()
    return file


@dataclass(slots=True)
class Supervisor:
    """``components``: (name, arguments after ``python -m pinery.app.up.component``).

    ``output``: an open file for what the components print and log; None: where this process prints. Setting
    ``stopping`` stops everything, as a signal does. ``later``: components that start once this is true.
    """

    components: Sequence[tuple[str, tuple[str, ...]]]
    log: Any
    output: int | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    later: Mapping[str, Callable[[], bool]] = field(default_factory=dict)
    _running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    def pid(self, name: str) -> int | None:
        """The process that is a component now; None while it is being started again."""
        process = self._running.get(name)
        return process.pid if process is not None and process.returncode is None else None

    async def run(self) -> int:
        """Until SIGINT or SIGTERM. Returns the exit code: 0, or a child's that says that starting again is no use."""
        stopping = self.stopping
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.set)
        tasks = [asyncio.create_task(self._keep(name, arguments, stopping)) for name, arguments in self.components]
        done, _ = await asyncio.wait(
            [*tasks, asyncio.create_task(stopping.wait())], return_when=asyncio.FIRST_COMPLETED
        )
        stopping.set()
        codes = await asyncio.gather(*tasks)
        del done
        return next((code for code in codes if code), 0)

    async def _keep(self, name: str, arguments: tuple[str, ...], stopping: asyncio.Event) -> int:
        loop = asyncio.get_running_loop()
        delay = 0.0
        ready = self.later.get(name)
        while ready is not None and not ready() and not stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _LOOK)
        while not stopping.is_set():
            started = loop.time()
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "pinery.app.up.component",
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=self.output,
                stderr=self.output,
                process_group=0,  # Ctrl-C is for the parent, which stops its children in order
            )
            self._running[name] = process
            code = await self._wait(process, stopping)
            if stopping.is_set():
                return 0
            if code in (2, 3, 5):  # usage, data, refused: it would end the same way again
                return code
            ran = loop.time() - started
            delay = 0.0 if ran > _CALM or code == -signal.SIGKILL else min(max(delay * 2, 0.05), _SLOWEST)
            self.log.error("process_died", process=name, code=code, again_in=delay)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), max(delay, 0.001))
        return 0

    async def _wait(self, process: asyncio.subprocess.Process, stopping: asyncio.Event) -> int:
        ended = asyncio.create_task(process.wait())
        stopped = asyncio.create_task(stopping.wait())
        await asyncio.wait([ended, stopped], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not ended.done():
            process.terminate()
            try:
                await asyncio.wait_for(asyncio.shield(ended), _GRACE)
            except TimeoutError:
                process.kill()
        return await ended
