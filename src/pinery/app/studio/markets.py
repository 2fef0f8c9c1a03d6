"""What a backtest can run on: the bars of feeds, Pinery's own store, and the synthetic market."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pinery.adapters.feeds.sources import SYNTHETIC
from pinery.adapters.store.views.values import iso
from pinery.app.bars import SYNTHETIC_BARS
from pinery.app.config.configuration import Configuration
from pinery.charts.settings import FeedSettings
from pinery.core.errors import PineryError, UsageError
from pinery.gateway.control.studio import MarketRow
from pinery.market.files import read_bars
from pinery.market.spacing import detect_timeframe
from pinery.market.store import BarStore
from pinery.trading.control import near

STORED = "stored"

_FILES = (".csv", ".txt", ".parquet", ".pq")


class Markets:
    """Files are looked into once for each time that they change."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int], tuple[str, int, int, int]]] = {}
        self._lock = threading.Lock()

    def all(self, configuration: Configuration) -> Sequence[MarketRow]:
        return [
            *self._of_feeds(configuration),
            *self._stored(),
            MarketRow(SYNTHETIC, "", "1", SYNTHETIC_BARS, None, None),
        ]

    def _of_feeds(self, configuration: Configuration) -> Iterator[MarketRow]:
        for feed in configuration.feeds.values():
            for symbol, source in sorted(feed.options.get("bars", {}).items()):
                yield self._of_feed(feed.name, symbol.upper(), bars_of(feed, source, configuration.folder))

    def _of_feed(self, name: str, symbol: str, source: Path | str) -> MarketRow:
        try:
            if isinstance(source, Path):
                timeframe, count, first, last = self._look(source)
                return MarketRow(name, symbol, timeframe, count, iso(first), iso(last))
        except (PineryError, OSError):
            return MarketRow(name, symbol, "", None, None, None)  # running it tells what is wrong
        return MarketRow(name, symbol, "1" if source == SYNTHETIC else source, None, None, None)

    def _look(self, path: Path) -> tuple[str, int, int, int]:
        status = path.stat()
        stamp = status.st_mtime_ns, status.st_size
        with self._lock:
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                bars = read_bars(path).bars
                timeframe = str(detect_timeframe(bars.time)) if len(bars) > 1 else ""
                known = stamp, (timeframe, len(bars), int(bars.time[0]), int(bars.time[-1]))
                self._known[path] = known
        return known[1]

    def _stored(self) -> Iterator[MarketRow]:
        try:
            found = BarStore.default().list()
        except (PineryError, ImportError):
            return
        for bars in found:
            yield MarketRow(STORED, bars.tickerid, str(bars.timeframe), bars.count, iso(bars.first), iso(bars.last))


def bars_of(feed: FeedSettings, source: Any, folder: Path) -> Path | str:
    """A file, "synthetic", or the timeframe of stored bars, as the option of a feed says it."""
    path = Path(source)
    if feed.kind == "tail" or path.suffix.lower() in _FILES:
        return folder / path.expanduser()
    text = str(source).strip()
    return SYNTHETIC if text.lower() == SYNTHETIC else text


def request_of(configuration: Configuration, source: str, symbol: str, timeframe: str) -> Mapping[str, Any]:
    """Which bars the job reads: ``data`` a file's path, "synthetic" or None (stored). Raises UsageError."""
    wanted = symbol.strip().upper()
    if source == SYNTHETIC:
        return {"data": SYNTHETIC, "symbol": wanted or None, "timeframe": timeframe or None, "feed_symbol": None}
    if source == STORED:
        if not wanted:
            raise UsageError("say which symbol's stored bars to take", "GET /markets lists them")
        return {"data": None, "symbol": wanted, "timeframe": timeframe or None, "feed_symbol": None}
    feed = configuration.feeds.get(source)
    if feed is None:
        raise UsageError(f"there is no market {source!r}", near(source, [*configuration.feeds, STORED, SYNTHETIC], ""))
    if "bars" not in feed.options:
        raise UsageError(
            f"the feed {source} is an exchange: its past is not here", f"pinery data fetch {feed.kind}, then {STORED!r}"
        )
    has = {name.upper(): bars for name, bars in feed.options.get("bars", {}).items()}
    if not wanted and len(has) == 1:
        wanted = next(iter(has))
    if wanted not in has:
        missing = f"no bars of {wanted}" if wanted else "bars of several symbols"
        raise UsageError(f"the feed {source} has {missing}", f"choose one of {', '.join(sorted(has))}")
    bars = bars_of(feed, has[wanted], configuration.folder)
    if bars == SYNTHETIC:
        return {"data": None, "symbol": wanted, "timeframe": timeframe or None, "feed_symbol": wanted}
    if isinstance(bars, Path):
        return {"data": str(bars), "symbol": wanted, "timeframe": timeframe or None, "feed_symbol": None}
    return {"data": None, "symbol": wanted, "timeframe": timeframe or bars, "feed_symbol": None}
