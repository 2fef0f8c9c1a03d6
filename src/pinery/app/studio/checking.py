"""Scripts are checked in processes of their own: a hostile one stops such a process, never the control port."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from pinery.app.config.configuration import Configuration
from pinery.app.studio.scripts import FOLDER
from pinery.core.errors import UsageError
from pinery.gateway.control.services import Busy
from pinery.trading.errors import Refused

AT_ONCE = 2
SECONDS = 10.0  # for one check
MEMORY = 1 << 30  # bytes of one process
PATIENCE = 5.0  # seconds that a check waits for its turn
_START = 60.0  # seconds that a process may take to start, which is no script's fault


class ScriptChecker:
    """Implements ``gateway.control.studio.Checker``. Processes start when they are first needed, and stay."""

    def __init__(
        self,
        configuration: Callable[[], Configuration],
        seconds: float = SECONDS,
        memory: int = MEMORY,
        patience: float = PATIENCE,
    ) -> None:
        self._configuration = configuration
        self._seconds = seconds
        self._memory = memory
        self._patience = patience
        self._free: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        for _ in range(AT_ONCE):
            self._free.put(None)
        self._closed = False

    def check(self, text: str, name: str, inputs: Mapping[str, Any] | None) -> dict[str, Any]:
        configuration = self._configuration()
        request = {
            "text": text,
            "name": name,
            "folder": str(configuration.folder / FOLDER),
            "libraries": [str(folder) for folder in configuration.libraries],
            "inputs": dict(inputs or {}),
        }
        try:
            worker = self._free.get(timeout=self._patience)
        except queue.Empty:
            raise Busy("other scripts are being checked") from None
        try:
            if worker is None or not worker.alive:
                worker = _Worker(self._seconds, self._memory)
            answer = worker.ask(request)
        except BaseException:
            if worker is not None:
                worker.end()
            worker = None
            raise
        finally:
            self._free.put(worker)
            if self._closed:
                self.close()
        if "error" in answer:
            raise UsageError(answer["error"], answer["hint"])
        return answer

    def close(self) -> None:
        """Ends the processes; they end by themselves too when this one does."""
        self._closed = True
        with suppress(queue.Empty):
            while True:
                worker = self._free.get_nowait()
                if worker is not None:
                    worker.end()


class _Worker:
    def __init__(self, seconds: float, memory: int) -> None:
        self._seconds = seconds
        self._ready = False
        # The child ends itself a little later than we would: it does so too when we are gone.
        command = [sys.executable, "-m", "pinery.app.studio.check_worker", str(seconds + 5), str(memory)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Raises Refused when the process does not survive the question."""
        if not self._ready:
            self._line(b"", _START)
            self._ready = True
        found: dict[str, Any] = json.loads(self._line(json.dumps(request).encode() + b"\n", self._seconds))
        return found

    def _line(self, said: bytes, seconds: float) -> bytes:
        """What the process answers."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, stop)
        timer.start()
        line = b""
        try:
            with suppress(BrokenPipeError):
                process.stdin.write(said)
                process.stdin.flush()
                line = process.stdout.readline()
        finally:
            timer.cancel()
        if not line.endswith(b"\n"):
            self.end()
            if late.is_set():
                raise Refused(f"the script could not be checked in {seconds:g} seconds", "make it simpler")
            raise Refused("the script takes too much memory to be checked", "make it simpler")
        return line

    def end(self) -> None:
        process = self._process
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
