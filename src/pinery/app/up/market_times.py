"""What time it is on a market, for who only looks: nothing begins by it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from pinery.adapters.store.charts import kept_anchor
from pinery.adapters.store.database import SqlStore
from pinery.app.up.markets import LIVE, open_market
from pinery.charts.feed import ChartFeed
from pinery.charts.settings import FeedSettings
from pinery.core.errors import PineryError
from pinery.core.instrument import Instrument
from pinery.trading.clock import Clock


class MarketTimes:
    """``instruments`` gives the facts of a symbol. From any thread."""

    def __init__(self, store: SqlStore, clock: Clock, folder: Path, instruments: Callable[[str], Instrument]) -> None:
        self._store = store
        self._clock = clock
        self._folder = folder
        self._instruments = instruments
        self._lock = threading.Lock()
        self._opened: dict[str, tuple[FeedSettings, int | None, ChartFeed]] = {}

    def now(self, feed: FeedSettings) -> int | None:
        """Unix ms of the market; None where it has not begun, or its bars cannot be read."""
        if feed.kind in LIVE:
            return self._clock.now()
        began = self._store.read(lambda tx: kept_anchor(tx, feed.name))
        if feed.kind == "replay" and began is None and feed.options.get("began") is None:
            return None
        with self._lock:
            known = self._opened.get(feed.name)
            try:
                if known is None or known[:2] != (feed, began):
                    made = open_market(
                        feed, self._clock, self._folder, lambda _, proposed: began or proposed, self._instruments
                    )
                    known = self._opened[feed.name] = feed, began, made
                return known[2].now() or None
            except PineryError:
                return None
