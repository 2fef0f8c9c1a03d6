"""Chart views as the control process has them: it starts the process that evaluates them, asks it, and passes on."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import sys
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from pinery.app.views.frames import LONGEST_LINE, Header, frame, read_frame
from pinery.gateway.control.problems import ProblemError
from pinery.gateway.control.viewing import Follower, Moment, Snapshot, Told
from pinery.trading.errors import NotFound

MOST_VIEWS = 12
MOST_OF_ONE = 8  # views of one user

_RING = 200  # updates that a follower may be behind
_UNWATCHED = 120.0  # seconds until a view that nobody follows ends
_IDLE = 300.0  # and until a process without views does
_ANSWER = 60.0  # the longest that compiling or a snapshot takes
_SLOWEST_START = 10.0
_LOOK = 5.0

_log = structlog.get_logger("pinery.views")


@dataclass(slots=True)
class _View:
    id: str
    owner: str
    deployment: str
    used: float
    moment: Moment | None = None
    number: int = 0  # of the newest update
    updates: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=_RING))
    followers: set[_Follower] = field(default_factory=set)
    over: bool = False


class _Follower:
    """Reads a view's updates at its own pace."""

    def __init__(self, views: ViewProcess, view: _View, after: int | None) -> None:
        self._views = views
        self._view = view
        self._after = view.number if after is None else after
        self._news = asyncio.Event()

    @property
    def deployment(self) -> str:
        return self._view.deployment

    @property
    def moment(self) -> Moment | None:
        return self._view.moment

    def wake(self) -> None:
        self._news.set()

    async def next(self, timeout: float) -> Told | None:
        found = self._waiting()
        if found is None:
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), timeout)
            found = self._waiting()
        return found

    def _waiting(self) -> Told | None:
        view = self._view
        if view.over:
            return Told("gone")
        if not view.updates or view.number <= self._after:
            return None
        first = view.updates[0][0]
        if self._after < first - 1:
            self._after = view.number
            return Told("reload")
        number, body = view.updates[self._after + 1 - first]
        self._after = number
        return Told("update", body, number)

    def close(self) -> None:
        self._views.leave(self._view, self)


class ViewProcess:
    """``Views`` of the control API by one child process, started when it is needed and again when it died."""

    def __init__(self, folder: Path, *, unwatched: float = _UNWATCHED, idle: float = _IDLE) -> None:
        self._folder = folder
        self._unwatched, self._idle = unwatched, idle
        self._views: dict[str, _View] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._tidying: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._calls = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[tuple[Header, bytes]]] = {}
        self._failed = 0  # starts in a row after which the process ended at once
        self._not_before = 0.0
        self._empty_since = time.monotonic()

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    # --- what the API asks -----------------------------------------------------------------

    async def open(self, wanted: Mapping[str, Any], owner: str) -> str:
        own = [view for view in self._views.values() if view.owner == owner]
        if len(own) >= MOST_OF_ONE:
            await self._make_room(own, f"you have {MOST_OF_ONE} charts open")
        if len(self._views) >= MOST_VIEWS:
            await self._make_room(list(self._views.values()), f"{MOST_VIEWS} charts are open")
        view = secrets.token_urlsafe(12)
        await self._call({"op": "open", "view": view, "wanted": dict(wanted)})
        self._views[view] = _View(view, owner, str(wanted.get("deployment") or ""), time.monotonic())
        return view

    async def _make_room(self, among: list[_View], why: str) -> None:
        """End the one that was used longest ago and that nobody follows."""
        unwatched = sorted((view for view in among if not view.followers), key=lambda view: view.used)
        if not unwatched:
            raise ProblemError(429, "too_many_charts", why, "close one of them", {"Retry-After": "30"})
        await self._end(unwatched[0])

    async def snapshot(self, view: str, owner: str) -> Snapshot:
        mine = self._mine(view, owner)
        header, body = await self._call({"op": "snapshot", "view": view})
        mine.moment = _moment(header) or mine.moment
        mine.used = time.monotonic()
        return Snapshot(body, bool(header.get("ready")), mine.deployment, mine.moment)

    def follow(self, view: str, owner: str, after: int | None) -> Follower:
        mine = self._mine(view, owner)
        follower = _Follower(self, mine, after)
        mine.followers.add(follower)
        if len(mine.followers) == 1:
            self._tell({"op": "watch", "view": view, "on": True})
        return follower

    def leave(self, view: _View, follower: _Follower) -> None:
        view.followers.discard(follower)
        view.used = time.monotonic()
        if not view.followers and not view.over:
            self._tell({"op": "watch", "view": view.id, "on": False})

    async def close(self, view: str, owner: str) -> None:
        await self._end(self._mine(view, owner))

    async def stop(self) -> None:
        """End the process and everything in it."""
        for task in (self._tidying, self._reading):
            if task is not None:
                task.cancel()
        self._over()
        if self._process is not None:
            await _ended(self._process)

    # --- inside ----------------------------------------------------------------------------

    def _mine(self, view: str, owner: str) -> _View:
        found = self._views.get(view)
        if found is None or found.owner != owner:
            raise NotFound(f"there is no chart {view!r}; it may have ended", "open it again")
        found.used = time.monotonic()
        return found

    async def _end(self, view: _View) -> None:
        self._forget(view)
        self._tell({"op": "close", "view": view.id})

    def _forget(self, view: _View) -> None:
        self._views.pop(view.id, None)
        self._empty_since = time.monotonic()
        view.over = True
        for follower in view.followers:
            follower.wake()

    def _over(self) -> None:
        """The process has ended, and with it all views."""
        for view in list(self._views.values()):
            self._forget(view)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(
                    ProblemError(503, "charts_restarting", "the process that evaluates charts has ended", "try again")
                )
        self._waiting.clear()

    def _tell(self, header: Header) -> None:
        process = self._process
        if process is not None and process.returncode is None and process.stdin is not None:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(frame(header))

    async def _call(self, header: Header) -> tuple[Header, bytes]:
        await self._start()
        number = next(self._calls)
        answer: asyncio.Future[tuple[Header, bytes]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        self._tell({**header, "call": number})
        try:
            return await asyncio.wait_for(answer, _ANSWER)
        except TimeoutError:
            raise ProblemError(
                503, "charts_busy", "the charts' process does not answer", "ask for fewer bars or charts"
            ) from None
        finally:
            self._waiting.pop(number, None)

    async def _start(self) -> None:
        async with self._starting:
            if self.pid is not None:
                return
            wait = self._not_before - time.monotonic()
            if wait > 0:
                raise ProblemError(
                    503,
                    "charts_failed",
                    "the process that evaluates charts ended as soon as it was started",
                    "see Pinery's log",
                    {"Retry-After": str(int(wait) + 1)},
                )
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "pinery.app.views.process",
                "--dir",
                str(self._folder),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LONGEST_LINE,
                start_new_session=True,  # Ctrl-C is for the parent (uvloop knows no process groups)
            )
            self._empty_since = time.monotonic()
            self._reading = asyncio.create_task(self._read(self._process))
            if self._tidying is None:
                self._tidying = asyncio.create_task(self._tidy())

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        began = time.monotonic()
        heard = False
        while (found := await read_frame(process.stdout)) is not None:
            heard = True
            self._take(*found)
        code = await process.wait()
        if code != 0:
            _log.error("views_process_died", code=code)
        if heard or time.monotonic() - began > _SLOWEST_START:
            self._failed = 0
        else:
            self._failed += 1
            self._not_before = time.monotonic() + min(2.0**self._failed, 30.0)
        if self._process is process:
            self._over()

    def _take(self, header: Header, body: bytes) -> None:
        kind = header.get("kind")
        if kind in ("answer", "problem"):
            waiting = self._waiting.get(int(header["call"]))
            if waiting is None or waiting.done():
                return
            if kind == "answer":
                waiting.set_result((header, body))
            else:
                waiting.set_exception(_problem(header))
            return
        view = self._views.get(str(header.get("view")))
        if view is None:
            return
        if kind == "update":
            view.moment = _moment(header) or view.moment
            number = int(header["number"])
            if number != view.number + 1:
                view.updates.clear()  # a gap: followers are told to ask for all
            view.number = number
            view.updates.append((view.number, body))
            for follower in view.followers:
                follower.wake()
        elif kind == "gone":
            self._forget(view)

    async def _tidy(self) -> None:
        """End views that nobody looks at, then the process that has none."""
        while True:
            await asyncio.sleep(min(_LOOK, self._unwatched, self._idle))
            now = time.monotonic()
            for view in list(self._views.values()):
                if not view.followers and now - view.used > self._unwatched:
                    await self._end(view)
            async with self._starting:  # who opens a chart meanwhile gets another process
                idle = not self._views and not self._waiting and now - self._empty_since > self._idle
                if idle and self._process is not None:
                    await _ended(self._process)


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    if process.stdin is not None:
        process.stdin.close()  # it ends when its input does
    try:
        await asyncio.wait_for(process.wait(), 3)
    except TimeoutError:
        process.kill()
        await process.wait()


def _moment(header: Header) -> Moment | None:
    return None if "market" not in header else Moment(header["market"], header["clock"], header["speed"])


def _problem(header: Header) -> Exception:
    return ProblemError(
        int(header["status"]), header["code"], header["message"], header.get("hint"), errors=tuple(header["errors"])
    )
