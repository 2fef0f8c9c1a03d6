"""One login of one user, and all that hangs on it: token, requests, stream and what it has told.

Accounts of the same user in one process share it. Another process is refused: a user has few sessions and sockets, and
each would throw the other out.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Mapping
from typing import Any, Protocol

from pinery.adapters.tradovate.auth import Auth
from pinery.adapters.tradovate.cache import Cache
from pinery.adapters.tradovate.errors import Captcha, Failure, as_query
from pinery.adapters.tradovate.limits import Limits
from pinery.adapters.tradovate.rest import Rest
from pinery.adapters.tradovate.settings import TradovateSettings
from pinery.adapters.tradovate.transport import Transport
from pinery.adapters.tradovate.user_stream import UserStream
from pinery.trading.clock import Clock
from pinery.trading.ending import to_its_end
from pinery.trading.errors import BrokerError, QueryFailed

_BETWEEN = 0.05  # seconds, between two looks at a lock that another process has


class Member(Protocol):
    """A broker: one account of the user."""

    def synced(self) -> None:
        """The cache is new."""
        ...

    def told(self, kind: str, entities: list[Any], orders: set[int]) -> None:
        """The cache has learned of ``orders``."""
        ...

    def lost(self, reason: str) -> None: ...


class Session:
    def __init__(self, settings: TradovateSettings, clock: Clock) -> None:
        self._settings = settings
        self._lock = UserLock(settings)
        self._members: list[Member] = []
        self.users = 0  # accounts that hold it open
        self.limits = Limits(
            clock, settings.actions_per_second, settings.burst, settings.actions_per_hour, settings.waits.queue
        )
        self._transport = Transport(settings.rest_url, settings.request_timeout, self.limits, settings.waits)
        self.auth = Auth(settings, self._transport, clock)
        self.rest = Rest(self._transport, self.auth, self.limits, settings.waits.retry)
        self.cache = Cache()
        accounts = self._accounts if settings.split_sync else None
        self.stream = UserStream(settings.stream_url, self.auth, settings.waits, self, accounts)
        self._keeping: asyncio.Task[None] | None = None
        self._stopped: asyncio.TimerHandle | None = None
        self.limits.wants_person = self._wants_person

    @property
    def live(self) -> bool:
        """The stream is on, and requests are not stopped."""
        return self.stream.live and self._stopped is None

    async def start(self) -> None:
        """Returns with the first snapshot. Raises BrokerError."""
        await self._lock.taken(self._settings.waits.lock)
        try:
            self.auth.load()  # whoever had the lock may have logged in
            left = self.auth.stopped_for()
            if left:
                raise Captcha(
                    f"Tradovate wants a captcha, which only a person can solve: the next try is in {left:.0f} s"
                )
            await self.auth.token()
            self._keeping = asyncio.create_task(self.auth.keep())
            await self.stream.start()
        except Failure as failure:
            await self.stop()
            raise as_query(failure) from None
        except TimeoutError:
            await self.stop()
            raise QueryFailed(f"the stream of Tradovate did not begin: {self.stream.problem}") from None
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
            self._keeping = None
        if self._stopped is not None:
            self._stopped.cancel()
            self._stopped = None
        await self.stream.stop()
        self.limits.close()
        await self._transport.close()
        self._lock.release()

    async def _accounts(self) -> list[int]:
        return [account["id"] for account in await self.rest.all("account") if isinstance(account.get("id"), int)]

    def join(self, member: Member) -> None:
        self._members.append(member)

    def leave(self, member: Member) -> None:
        if member in self._members:
            self._members.remove(member)

    def _wants_person(self, reason: str, seconds: float) -> None:
        """Nothing can be asked or ordered any more: as if the connection was lost, until the time is over."""
        self.auth.stop(seconds)
        if self._stopped is None:
            self._stopped = asyncio.get_running_loop().call_later(seconds, self._goes_on)
            for member in list(self._members):
                member.lost(reason)

    def _goes_on(self) -> None:
        self._stopped = None
        if self.stream.live:
            for member in list(self._members):
                member.synced()

    # --- what the stream says ---------------------------------------------------------

    def synced(self, snapshot: Mapping[str, Any]) -> None:
        self.cache.replace(snapshot)
        if self._stopped is None:
            for member in list(self._members):
                member.synced()

    def told(self, kind: str, entities: list[Any]) -> None:
        orders = self.cache.learn(kind, entities)
        for member in list(self._members):
            member.told(kind, entities, orders)

    def lost(self, reason: str) -> None:
        if self._stopped is None:
            for member in list(self._members):
                member.lost(reason)


class _Held(BrokerError):
    """Another process has the lock."""


class UserLock:
    """The user's lock file, held while the session lives; the kernel lets it go when its process dies."""

    def __init__(self, settings: TradovateSettings) -> None:
        self._user = settings.username
        self._path = settings.token_file.with_name(settings.token_file.name + ".lock")
        self._file: int | None = None

    async def taken(self, longest: float) -> None:
        """Take it, if another process gives it back within ``longest`` seconds. Raises BrokerError."""
        loop = asyncio.get_running_loop()
        until = loop.time() + longest
        while True:
            try:
                return self.take()
            except _Held:
                if loop.time() >= until:
                    raise
            await asyncio.sleep(_BETWEEN)

    def take(self) -> None:
        """Raises BrokerError where another process has it."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise BrokerError(f"the lock of the login cannot be opened: {self._path}: {error.strerror}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            raise _Held(
                f"{self._user} is logged in at Tradovate by another process of this machine",
                "a user's accounts are to be traded by one process: two would throw each other out",
            ) from None
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


_Key = tuple[asyncio.AbstractEventLoop, str, str]

_open: dict[_Key, tuple[Session, asyncio.Task[None]]] = {}
_ending: dict[_Key, asyncio.Event] = {}  # set once the session has given its lock back


async def join(settings: TradovateSettings, clock: Clock) -> Session:
    """The session of the settings' user, begun where this is its first account. Raises BrokerError."""
    key = _key(settings)
    while (ended := _ending.get(key)) is not None:
        await ended.wait()
    found = _open.get(key)
    if found is None:
        session = Session(settings, clock)
        found = _open[key] = (session, asyncio.create_task(session.start()))
    session, starting = found
    session.users += 1
    try:
        await asyncio.shield(starting)
    except BaseException:
        await leave(session, settings)
        raise
    return session


async def leave(session: Session, settings: TradovateSettings) -> None:
    """The last account takes it down; to its end, also where whoever asked is canceled: its lock must not stay."""
    session.users -= 1
    if session.users:
        return
    key = _key(settings)
    if key in _open and _open[key][0] is session:
        ended = _ending[key] = asyncio.Event()
        try:
            await to_its_end(_end(session, _open.pop(key)[1]))
        finally:
            del _ending[key]
            ended.set()


async def _end(session: Session, starting: asyncio.Task[None]) -> None:
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await session.stop()


def _key(settings: TradovateSettings) -> _Key:
    return asyncio.get_running_loop(), settings.rest_url, settings.username
