"""Backtests in processes of their own: a few at once, the others wait; the last ones are kept with their files."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pinery.adapters.store.views.values import iso
from pinery.app.config.configuration import Configuration
from pinery.app.studio.markets import Markets, request_of
from pinery.app.studio.scripts import FOLDER as SCRIPTS
from pinery.gateway.control.services import Busy
from pinery.gateway.control.studio import BacktestOrder, BacktestRow, MarketRow
from pinery.trading.clock import Clock
from pinery.trading.errors import NotFound

FOLDER = ".backtests"
AT_ONCE = 2
MOST_WAITING = 20
KEPT = 20
SECONDS = 600.0
MEMORY = 2 << 30  # bytes
_ENDED = ("done", "failed", "canceled")
_FILES = ("report.html", "trades.csv")


@dataclass(slots=True)
class _Backtest:
    id: str
    order: BacktestOrder
    request: dict[str, Any]
    folder: Path
    by: str
    created: int
    state: str = "queued"
    finished: int | None = None
    done: int = 0
    total: int = 0
    error: str = ""
    hint: str = ""
    begun: float = 0.0
    seconds: float | None = None
    process: subprocess.Popen[bytes] | None = None
    late: threading.Event = field(default_factory=threading.Event)


class BacktestDesk:
    """Implements ``gateway.control.studio.Backtests``."""

    def __init__(
        self,
        configuration: Callable[[], Configuration],
        clock: Clock,
        *,
        seconds: float = SECONDS,
        memory: int = MEMORY,
        at_once: int = AT_ONCE,
    ) -> None:
        self._configuration = configuration
        self._clock = clock
        self._seconds = seconds
        self._memory = memory
        self._at_once = at_once
        self._markets = Markets()
        self._lock = threading.Lock()
        self._tests: dict[str, _Backtest] = {}  # oldest first
        self._folder = configuration().folder / FOLDER
        shutil.rmtree(self._folder, ignore_errors=True)  # what an earlier run has left

    def markets(self) -> Sequence[MarketRow]:
        return self._markets.all(self._configuration())

    def start(self, order: BacktestOrder, by: str) -> BacktestRow:
        configuration = self._configuration()
        id = secrets.token_hex(8)
        folder = self._folder / id
        request = {
            **request_of(configuration, order.source, order.symbol, order.timeframe),
            "text": order.text,
            "name": order.name,
            "first": order.first,
            "last": order.last,
            "inputs": dict(order.inputs),
            "properties": dict(order.properties),
            "libraries": [str(path) for path in configuration.libraries],
            "scripts": str(configuration.folder / SCRIPTS),
            "symbols": str(configuration.symbols) if configuration.symbols is not None else None,
            "gate": {
                "at_least": dict(configuration.backtest_gate.at_least),
                "at_most": dict(configuration.backtest_gate.at_most),
            },
            "folder": str(folder),
            "memory": self._memory,
            "seconds": self._seconds,
        }
        made = _Backtest(id, order, request, folder, by, self._clock.now())
        with self._lock:
            if sum(test.state == "queued" for test in self._tests.values()) >= MOST_WAITING:
                raise Busy(f"{MOST_WAITING} backtests wait already")
            self._tests[id] = made
            self._forget()
            self._begin()
        return _row(made)

    def all(self) -> Sequence[BacktestRow]:
        with self._lock:
            return [_row(test) for test in reversed(self._tests.values())]

    def get(self, id: str) -> tuple[BacktestRow, bytes | None]:
        with self._lock:
            test = self._find(id)
            row = _row(test)
        if row.state != "done":
            return row, None
        try:
            return row, (test.folder / "result.json").read_bytes()
        except OSError:
            raise _gone(id) from None

    def file(self, id: str, name: str) -> Path:
        with self._lock:
            test = self._find(id)
        if name not in _FILES or test.state != "done" or not (test.folder / name).is_file():
            raise NotFound(f"there is no {name} of this backtest", "it is there once the backtest is done")
        return test.folder / name

    def verdict(self, id: str) -> Mapping[str, Any] | None:
        """The gate's, as evidence for a promotion; None while there is none. Raises NotFound."""
        _, result = self.get(id)
        found: Mapping[str, Any] | None = json.loads(result)["verdict"] if result is not None else None
        return found

    def cancel(self, id: str) -> BacktestRow:
        with self._lock:
            test = self._find(id)
            if test.state not in _ENDED:
                self._end(test, "canceled")
                if test.process is not None:
                    test.process.kill()
                self._begin()
            return _row(test)

    def close(self) -> None:
        """Ends all processes, and deletes what is kept."""
        with self._lock:
            for test in self._tests.values():
                if test.state not in _ENDED:
                    self._end(test, "canceled")
                if test.process is not None:
                    test.process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    # Below, the lock is held.

    def _find(self, id: str) -> _Backtest:
        if id not in self._tests:
            raise _gone(id)
        return self._tests[id]

    def _end(self, test: _Backtest, state: str, error: str = "", hint: str = "") -> None:
        test.state, test.error, test.hint = state, error, hint
        test.finished = self._clock.now()
        if test.begun:
            test.seconds = time.monotonic() - test.begun

    def _begin(self) -> None:
        """Starts those that may run now. A test that is being killed still takes its place."""
        running = sum(test.process is not None for test in self._tests.values())
        for test in self._tests.values():
            if running >= self._at_once:
                return
            if test.state == "queued":
                running += 1
                self._start(test)

    def _start(self, test: _Backtest) -> None:
        test.state, test.begun = "running", time.monotonic()
        try:
            test.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            test.process = subprocess.Popen(
                [sys.executable, "-m", "pinery.app.studio.backtest_job"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            self._end(test, "failed", f"the backtest cannot be started: {error.strerror or error}")
            return
        threading.Thread(target=self._follow, args=(test, test.process), daemon=True).start()

    def _forget(self) -> None:
        ended = [test for test in self._tests.values() if test.state in _ENDED and test.process is None]
        for test in ended[: max(0, len(self._tests) - KEPT)]:
            del self._tests[test.id]
            shutil.rmtree(test.folder, ignore_errors=True)

    # In a thread of its own, without the lock.

    def _follow(self, test: _Backtest, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None and process.stdout is not None

        def stop() -> None:
            test.late.set()
            process.kill()

        timer = threading.Timer(self._seconds, stop)
        timer.start()
        said: dict[str, Any] = {}
        try:
            with suppress(BrokenPipeError):
                process.stdin.write(json.dumps(test.request).encode() + b"\n")
                process.stdin.flush()
                for line in process.stdout:
                    if not line.endswith(b"\n"):
                        break
                    said = json.loads(line)
                    if "total" in said:
                        test.done, test.total = said["done"], said["total"]
                    else:
                        break
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    pipe.close()
            with self._lock:
                test.process = None
                if test.state == "running":
                    self._conclude(test, said)
                self._begin()

    def _conclude(self, test: _Backtest, said: dict[str, Any]) -> None:
        if "finished" in said:
            self._end(test, "done")
        elif "error" in said:
            self._end(test, "failed", said["error"], said["hint"])
        elif test.late.is_set():
            self._end(test, "failed", f"the backtest took more than {self._seconds:g} seconds", "test fewer bars")
        else:
            self._end(
                test, "failed", "the backtest broke off: it took too much memory, or was killed", "test fewer bars"
            )


def _row(test: _Backtest) -> BacktestRow:
    order = test.order
    seconds = test.seconds
    return BacktestRow(
        id=test.id,
        state=test.state,
        name=order.name,
        script=order.script,
        source=order.source,
        symbol=str(test.request["symbol"] or ""),
        timeframe=order.timeframe,
        by=test.by,
        created=iso(test.created),
        finished=None if test.finished is None else iso(test.finished),
        done=test.done,
        total=test.total,
        error=test.error,
        hint=test.hint,
        seconds=None if seconds is None else Decimal(f"{seconds:.3f}"),
    )


def _gone(id: str) -> NotFound:
    return NotFound(f"there is no backtest {id}", f"the last {KEPT} are kept, until the control port ends")
