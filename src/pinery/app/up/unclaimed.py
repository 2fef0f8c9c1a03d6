"""Messages that wait for a deployment which pinery.toml does not have any more: they end after a while.

They came while the deployment was removed, by a gateway that had not heard of it yet, or waited when somebody took the
section out by hand. Every worker looks for them: whichever is first ends a message, and the others find it ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pinery.app.config.configuration import Configuration
from pinery.trading.channels import channels_for
from pinery.trading.clock import Clock
from pinery.trading.desk.unclaimed import give_up
from pinery.trading.errors import StoreError
from pinery.trading.store import Store

_LOOK = 2.0  # seconds
#: Seconds for which a deployment has to be missing: other processes may know a newer file, or somebody has saved one
#: that is half done. A file that is not valid changes nothing: the settings of before stay in force.
PATIENCE = 30.0


class Unclaimed:
    """``configuration`` is asked at each look for the settings as the file is at that moment."""

    def __init__(self, configuration: Callable[[], Configuration], store: Store, clock: Clock, log: Any) -> None:
        self._configuration = configuration
        self._store = store
        self._clock = clock
        self._log = log
        self._missing: dict[str, float] = {}  # deployment -> since when it was looked for in vain, monotonic

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                await asyncio.to_thread(self.look)
            except StoreError as error:
                self._log.error("store_failed", error=error.message, hint=error.hint)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _LOOK)

    def look(self) -> None:
        """End what has waited for long enough. Raises StoreError."""
        configuration, now = self._configuration(), self._clock.monotonic()
        gone = self._store.read(lambda tx: tx.inbox.waiting()) - configuration.deployments.keys()
        self._missing = {name: self._missing.get(name, now) for name in gone}
        due = [name for name, since in self._missing.items() if now - since >= PATIENCE]
        if not due:
            return
        at, routes = self._clock.now(), configuration.routes
        ended = self._store.write(lambda tx: give_up(due, tx, at, lambda event: channels_for(event, routes)))
        for message in ended:
            self._log.warning(
                "signal.unclaimed", deployment=message.deployment, message_id=message.id, reason=message.note
            )
