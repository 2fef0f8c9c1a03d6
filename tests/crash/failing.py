"""Ways to make things fail around a running Pinery, and what its senders and its log say meanwhile."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from pinery.adapters.store.database import SqlStore, open_store
from tests.crash import verdict
from tests.crash.storm import Place, Storm, children, make_place

ENOUGH = 21  # alerts that get through, or a storm says nothing
SOME = 10


@dataclass(frozen=True)
class Answer:
    at: float  # monotonic, when it came
    took: float
    status: int  # 599: none within the storm's patience
    retry_after: str | None = None


@dataclass
class Raging(Storm):
    """A storm that remembers every answer, and runs in a thread of its own between ``begin`` and ``end``."""

    answers: list[Answer] = field(default_factory=list)
    patience: float = 6.0  # more than the gateway may take for a refusal, less than any of the troubles lasts
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None
    _failed: list[BaseException] = field(default_factory=list)

    async def _post(self, client: httpx.AsyncClient, name: str, body: str) -> int:
        before = time.monotonic()
        retry_after = None
        try:
            answer = await client.post(self.place.hook(name), content=body)
            status, retry_after = answer.status_code, answer.headers.get("retry-after")
        except httpx.HTTPError:
            status = 599
        now = time.monotonic()
        self.answers.append(Answer(now, now - before, status, retry_after))
        if status < 300:
            self.acknowledged[name].add(body)
        elif status < 500:
            self.refused.append(f"{status} {answer.text}")
        return status

    def begin(self) -> None:
        def run() -> None:
            try:
                asyncio.run(self._run())
            except BaseException as error:
                self._failed.append(error)

        self._thread = threading.Thread(target=run)
        self._thread.start()
        while self._loop is None and self._thread.is_alive():
            time.sleep(0.01)

    async def _run(self) -> None:
        self.stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        await self.run()

    def end(self) -> None:
        assert self._thread is not None
        if self._thread.is_alive() and self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.stop.set)
        self._thread.join()
        if self._failed:
            raise self._failed[0]

    def wait_for_more(self, what: str) -> None:
        """Until some more alerts have got through."""
        before = self.total()
        wait_for(what, lambda: self.total() >= before + SOME)

    def statuses(self, start: float, end: float) -> Counter[int]:
        return Counter(a.status for a in self.answers if start <= a.at < end)

    def answered_since(self, start: float) -> set[int]:
        """How alerts were answered that were sent after ``start``."""
        return {a.status for a in list(self.answers) if a.at - a.took >= start}

    def first_success(self, after: float) -> float:
        """Seconds from ``after`` to the first acknowledgment of an alert that was sent after it."""
        return min((a.at - after for a in self.answers if a.status == 200 and a.at - a.took >= after), default=9999.0)


@contextmanager
def raging(place: Place, seed: int, gap: float = 0.25, id_name: str = "id") -> Iterator[Raging]:
    storm = Raging(place, seed, gap, id_name)
    storm.begin()
    try:
        yield storm
        wait_for("so many alerts that it says something", lambda: storm.total() >= ENOUGH)
    finally:
        storm.end()


def check_refusals(storm: Raging) -> None:
    """Alerts that could not be stored were refused so that senders send them again, and in time."""
    wrong = [a for a in storm.answers if a.status not in (200, 503)]
    assert not wrong, f"{len(wrong)} answers of a kind that no sender should see: {wrong[:3]}"
    assert all(a.retry_after for a in storm.answers if a.status == 503)


def check_log(log: Path, place: Place) -> None:
    text = log.read_text()
    assert "Traceback" not in text, text[max(0, text.index("Traceback") - 500) :][:3000]
    for name, token in place.tokens.items():
        assert token not in text, f"the token of {name} is in the log"


def readiness(place: Place) -> int:
    """The status of ``/readyz``; 599 where nobody listens."""
    try:
        return httpx.get(f"http://127.0.0.1:{place.port}/readyz", timeout=10, verify=False).status_code
    except httpx.HTTPError:
        return 599


def wait_for(what: str, true: Any, seconds: float = 180) -> float:
    """Seconds until ``true()``."""
    start = time.monotonic()
    while not true():
        assert time.monotonic() - start < seconds, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - start


def process_named(parent: subprocess.Popen[bytes], name: str) -> list[int]:
    return sorted(pid for pid, kind in children(parent.pid).items() if kind == name)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def quiet_place(folder: Path, url: str = "", workers: int = 1, options: str = "", deployments: int = 3) -> Place:
    """Deployments without a limit of age: every alert that is stored has to be executed, however late.

    ``options`` are lines for both paper accounts.
    """
    place = make_place(folder, url or f"sqlite:///{folder}/pinery.db", deployments, workers)
    path = place.folder / "pinery.toml"
    text = path.read_text().replace("balance = 100_000_000", f"balance = 100_000_000\n{options}")
    path.write_text(text + "".join(f'\n[deployments.{name}.limits]\nmax_signal_age = "off"\n' for name in place.tokens))
    return place


@contextmanager
def opened(place: Place) -> Iterator[SqlStore]:
    store = open_store(place.store_url, create=False)
    try:
        yield store
    finally:
        store.close()


def judge(place: Place, storm: Raging, log: Path) -> dict[str, int]:
    """Waits until everything is done, and checks all of it."""
    with opened(place) as store:
        verdict.wait_until_done(store)
        counts = verdict.check(store, storm)
    check_log(log, place)
    assert counts["acknowledged"] >= ENOUGH, "hardly anything got through: the storm says nothing"
    print(counts)
    return counts


@contextmanager
def small_disk(folder: Path, megabytes: int = 16) -> Iterator[Path]:
    """A file system of its own. Skips the test where it cannot be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"needs the right to mount a file system: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill_up(folder: Path) -> Path:
    """Not a byte is left; deleting the file that is returned frees them."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(b"\0" * size)
            except OSError:
                size //= 2
    return ballast


#: Runs a program as root without root's right to write whatever it likes.
BY_THE_RULES = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override")


def set_writable(folder: Path, writable: bool) -> None:
    """``folder`` and what is in it."""
    for path in (folder, *folder.iterdir()):
        mode = path.stat().st_mode & 0o7777
        path.chmod(mode | 0o200 if writable else mode & ~0o222)


_SHIM = """
import time
_real_ns = time.time_ns
def _offset():
    try:
        with open({path!r}) as file:
            return int(file.read() or 0)
    except (OSError, ValueError):
        return 0
time.time_ns = lambda: _real_ns() + _offset() * 1_000_000_000
time.time = lambda: time.time_ns() / 1e9
"""


@dataclass
class WrongClock:
    """The wall clock of processes started with ``environment``; the monotonic one is left alone, as by a real step."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._path = self.folder / "offset"
        (self.folder / "sitecustomize.py").write_text(_SHIM.format(path=str(self._path)))
        self.set(0)

    def set(self, seconds: int) -> None:
        new = self.folder / "offset.new"
        new.write_text(str(seconds))
        new.replace(self._path)

    @contextmanager
    def environment(self) -> Iterator[None]:
        before = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(self.folder), before)))
        try:
            yield
        finally:
            if before is None:
                del os.environ["PYTHONPATH"]
            else:
                os.environ["PYTHONPATH"] = before
