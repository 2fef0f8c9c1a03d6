"""The login of one user: a token, kept on disk over restarts and renewed before its end.

A user has at most two sessions; one login more evicts the oldest. So a token that still lives is taken from its file,
a living one is renewed (the same session goes on), and logins keep a growing distance until a renewal has shown that
the session is ours.
"""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from pinery.adapters.tradovate.errors import Captcha, Expired, Failure, Lost, Refused, Unsent
from pinery.adapters.tradovate.settings import TradovateSettings
from pinery.adapters.tradovate.transport import Transport
from pinery.trading.clock import Clock

_SPARE = 30_000  # ms before its end from which a token is not used any more
_LIFE = 80 * 60_000  # ms, where the venue does not say


@dataclass(frozen=True, slots=True)
class Token:
    """``expires`` Unix ms."""

    access: str = field(repr=False)
    market_data: str = field(repr=False)
    user_id: int
    expires: int


class Auth:
    """One user's. The session that uses it holds the user's lock, so that nobody else writes the file."""

    def __init__(self, settings: TradovateSettings, transport: Transport, clock: Clock) -> None:
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._one = asyncio.Lock()
        self._token: Token | None = None
        self._device = settings.device_id
        self._logins = 0  # since a renewal worked
        self._not_before = 0  # Unix ms, of the next login
        self._stopped_until = 0  # Unix ms, for a captcha's sake
        self._renewed = clock.monotonic()
        self.load()

    @property
    def user_id(self) -> int:
        return self._token.user_id if self._token is not None else 0

    async def token(self) -> Token:
        """A token that is good for a while. Raises Failure."""
        async with self._one:
            now = self._clock.now()
            if self._token is None or self._token.expires - _SPARE <= now:
                await self._login(now)
            assert self._token is not None
            return self._token

    def kept(self) -> Token | None:
        """The token of the file, if it is good for a while."""
        token = self._token
        return token if token is not None and token.expires - _SPARE > self._clock.now() else None

    def stop(self, seconds: float) -> None:
        """Nothing may be asked for so long, not even after a restart: the venue wants a person."""
        self._stopped_until = self._clock.now() + round(seconds * 1000)
        self._save()

    def stopped_for(self) -> float:
        """Seconds; a clock that was put back must not lock us out."""
        left = (self._stopped_until - self._clock.now()) / 1000
        return left if 0 < left <= self._settings.waits.captcha else 0.0

    def refused(self, token: Token) -> None:
        """The venue does not take it: evicted, or ended."""
        if self._token == token:
            self._token = None
            self._save()

    async def prove(self, token: Token) -> None:
        """Requests with it fail in ways that a session which was ended elsewhere shows: does it still live?"""
        if self._token != token:
            return
        try:
            await self.renew()
        except Failure as failure:
            if failure.status:  # an answer: the venue is there, and the session seems not to be
                self.refused(token)

    async def renew(self, *, older_than: float = 0.0) -> None:
        """Let the session live on, if it was not renewed in the last ``older_than`` seconds. Raises Failure."""
        async with self._one:
            token = self._token
            if token is None or self._clock.monotonic() - self._renewed < older_than:
                return
            try:
                answer = await self._transport.get("/auth/renewaccesstoken", token=token.access)
            except (Expired, Refused):
                self.refused(token)
                raise
            self._token = self._read(answer, token)
            self._renewed = self._clock.monotonic()
            self._logins, self._not_before = 0, 0
            self._save()

    async def keep(self) -> None:
        """Renew in time, for ever; without a token, log in."""
        waits = self._settings.waits
        while True:
            token = self._token
            left = (token.expires - self._clock.now()) / 1000 - waits.renewal if token is not None else 0.0
            if left > 0:
                await asyncio.sleep(min(left, 60.0))  # the clock may be put right meanwhile
                continue
            try:
                await (self.renew() if token is not None else self.token())
            except Failure as failure:
                structlog.get_logger().warning("tradovate_token", user=self._settings.username, problem=failure.reason)
                await asyncio.sleep(waits.renewal_again)
            else:
                await asyncio.sleep(min(1.0, waits.renewal_again))

    # --- logging in -------------------------------------------------------------------

    async def _login(self, now: int) -> None:
        settings, waits = self._settings, self._settings.waits
        if stopped := self.stopped_for():
            raise Captcha("Tradovate wants a captcha, which only a person can solve: no login for now", stopped)
        wait = (self._not_before - now) / 1000
        if 0 < wait <= waits.longest_login:  # a clock that was put back must not lock us out
            raise Unsent(f"the next login of {settings.username} at Tradovate is not due yet", wait)
        pause = min(waits.longest_login, waits.login * 2**self._logins)
        self._logins += 1
        self._not_before = now + round(pause * 1000)
        self._device = self._device or uuid.uuid4().hex
        self._save()
        body = {
            "name": settings.username,
            "password": settings.password,
            "appId": settings.app_id,
            "appVersion": settings.app_version,
            "deviceId": self._device,
            "cid": settings.cid,
            "sec": settings.sec,
        }
        try:
            answer = await self._transport.post("/auth/accesstokenrequest", body)
        except (Refused, Expired) as failure:
            raise Refused(
                f"Tradovate refused the login of {settings.username}: {self._clean(failure.reason)}"
            ) from None
        except (Unsent, Lost) as failure:
            # Nobody was there, as in the venue's maintenance: when that ends, trading must not wait for long.
            if not isinstance(failure, Lost):
                self._logins -= 1
            self._not_before = min(self._not_before, now + round(min(pause, waits.login_unanswered) * 1000))
            self._save()
            raise
        self._token = self._read(answer, None)
        self._renewed = self._clock.monotonic()
        self._save()
        structlog.get_logger().info("tradovate_login", user=settings.username, environment=settings.environment.value)

    def _clean(self, text: str) -> str:
        """A venue that repeats what it was sent does not get it into our log."""
        for secret in (self._settings.password, self._settings.sec):
            text = text.replace(secret, "…")
        return text

    def _read(self, answer: Any, before: Token | None) -> Token:
        if not isinstance(answer, Mapping) or not isinstance(answer.get("accessToken"), str):
            raise Lost("the login was answered without a token")
        access = answer["accessToken"]
        user_id = answer.get("userId")
        if not isinstance(user_id, int):
            user_id = before.user_id if before is not None else 0
        expires = self._clock.now() + _LIFE
        if isinstance(answer.get("expirationTime"), str):
            try:
                expires = round(datetime.fromisoformat(answer["expirationTime"]).timestamp() * 1000)
            except ValueError:
                structlog.get_logger().warning("tradovate_token", problem="expirationTime is no time")
        market_data = answer.get("mdAccessToken")
        return Token(access, market_data if isinstance(market_data, str) else access, user_id, expires)

    # --- the file ---------------------------------------------------------------------

    def load(self) -> None:
        """As the file is now. What is damaged counts as not there."""
        path = self._settings.token_file
        try:
            kept = json.loads(path.read_text("utf-8"))
            self._device = self._device or str(kept["device_id"])
            self._logins, self._not_before = int(kept["logins"]), int(kept["not_before"])
            self._stopped_until = int(kept["stopped_until"])
            token = kept["token"]
            self._token = None
            if token is not None:
                self._token = Token(
                    str(token["access"]), str(token["market_data"]), int(token["user_id"]), int(token["expires"])
                )
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            problem = f"the token file cannot be read ({type(error).__name__}): a new login"
            structlog.get_logger().warning("tradovate_token", user=self._settings.username, problem=problem)

    def _save(self) -> None:
        token = self._token
        kept = {
            "device_id": self._device,
            "logins": self._logins,
            "not_before": self._not_before,
            "stopped_until": self._stopped_until,
            "token": token
            and {
                "access": token.access,
                "market_data": token.market_data,
                "user_id": token.user_id,
                "expires": token.expires,
            },
        }
        path = self._settings.token_file
        new = path.with_name(path.name + ".new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            new.unlink(missing_ok=True)
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(kept, file)
            os.replace(new, path)
        except OSError as error:
            problem = f"the token cannot be kept: {error.strerror}; the next start has to log in"
            structlog.get_logger().warning("tradovate_token", user=self._settings.username, problem=problem)
