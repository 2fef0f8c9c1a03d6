"""Markets by name, each opened once in a process, for charts and for the prices of paper accounts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pinery.adapters.store.charts import anchor
from pinery.adapters.store.database import SqlStore
from pinery.app.up.markets import open_market
from pinery.charts.feed import ChartFeed
from pinery.charts.settings import FeedSettings
from pinery.core.instrument import Instrument
from pinery.trading.clock import Clock


class Markets:
    """``instruments`` gives the facts of a symbol, ``secret`` what a market logs in with. For one event loop."""

    def __init__(
        self,
        store: SqlStore,
        clock: Clock,
        folder: Path,
        instruments: Callable[[str], Instrument],
        secret: Callable[[str], str] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._folder = folder
        self._instruments = instruments
        self._secret = secret
        self._opened: dict[str, tuple[FeedSettings, ChartFeed]] = {}

    def get(self, settings: FeedSettings) -> ChartFeed:
        """The market as its settings are now: who holds the one before goes on with that. Raises ConfigError."""
        known = self._opened.get(settings.name)
        if known is not None and known[0] == settings:
            return known[1]
        made = open_market(settings, self._clock, self._folder, self._kept, self._instruments, self._secret)
        self._opened[settings.name] = settings, made
        return made

    async def close(self) -> None:
        for _, market in self._opened.values():
            await market.close()

    def _kept(self, name: str, proposed: int) -> int:
        return anchor(self._store, name, proposed)
