"""A token for market data, without owning the login: that is for whoever trades.

The token lies in a file (``auth``). While it lives it is taken from there, whoever got it. Otherwise one login is made
under the user's lock, which is given back at once; where another process has the lock, its login is waited for.
"""

from __future__ import annotations

import asyncio

from pinery.adapters.tradovate.auth import Auth, Token
from pinery.adapters.tradovate.errors import Unsent
from pinery.adapters.tradovate.limits import Limits
from pinery.adapters.tradovate.session import UserLock
from pinery.adapters.tradovate.settings import TradovateSettings
from pinery.adapters.tradovate.transport import Transport
from pinery.trading.clock import Clock
from pinery.trading.ending import to_its_end
from pinery.trading.errors import BrokerError

_LOOKS, _BETWEEN = 20, 0.5  # at the file, while somebody else logs in


class Login:
    def __init__(self, settings: TradovateSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._one = asyncio.Lock()

    async def token(self, refused: Token | None = None) -> Token:
        """One that lives; not ``refused``, which the venue does not take. Raises Failure."""
        async with self._one:
            for look in range(_LOOKS):
                if look:
                    await asyncio.sleep(_BETWEEN)
                found = await self._kept_or_made(refused)
                if found is not None:
                    return found
            raise Unsent(f"another process is logging {self._settings.username} in, and does not get to it", 30.0)

    async def _kept_or_made(self, refused: Token | None) -> Token | None:
        settings = self._settings
        limits = Limits(
            self._clock, settings.actions_per_second, settings.burst, settings.actions_per_hour, settings.waits.queue
        )
        transport = Transport(settings.rest_url, settings.request_timeout, limits, settings.waits)
        lock = UserLock(settings)
        try:
            auth = Auth(settings, transport, self._clock)
            kept = auth.kept()
            if kept is not None and kept != refused:
                return kept
            try:
                lock.take()
            except BrokerError:
                return None
            auth = Auth(settings, transport, self._clock)  # as the file is now that it is ours
            if refused is not None:
                auth.refused(refused)
            return await auth.token()
        finally:
            lock.release()
            limits.close()
            await to_its_end(transport.close())
