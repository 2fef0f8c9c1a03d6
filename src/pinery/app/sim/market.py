"""The simulated venue's market: bars played back, for its prices and for the history that it is asked for.

Its time is the clock's unless another start is given: bars come again in loops of whole weeks, so there are some for
any moment. Faster than the clock, it runs ahead of it. The venue's own time, by which requests are signed and orders
stamped, is always the clock's; bars and candles are in the market's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pinery.adapters.feeds.replay import ReplayMarket
from pinery.adapters.feeds.settings import MarketSettings
from pinery.simulators.common.book import VenueBook
from pinery.trading.clock import Clock

_KIND, _ID = "market", "anchor"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The market was at ``start`` when the clock was at ``began``; Unix ms."""

    start: int
    began: int


def anchor(book: VenueBook, start: int | None, clock: Clock) -> Anchor:
    """That of the kept state; a new one where there is none, or where another start is asked for."""
    kept = dict(book.records(_KIND)).get(_ID)
    asked = kept.get("asked") if kept else None
    if kept and (start is None or start == asked):
        return Anchor(kept["start"], kept["began"])
    now = clock.now()
    made = Anchor(now if start is None else start, now)
    book.put(_KIND, _ID, {"start": made.start, "began": made.began, "asked": start})
    book.commit()
    return made


def open_replay(bars: dict[str, str], speed: float, seed: int, at: Anchor, clock: Clock) -> ReplayMarket:
    """Raises ConfigError. ``bars`` by files beside the present folder, stored ones, or made up."""
    options: dict[str, Any] = {"bars": bars, "speed": speed, "seed": seed, "start": at.start, "began": at.began}
    settings = MarketSettings.from_options("sim", options, Path.cwd())
    return ReplayMarket(
        "sim",
        settings.bars,
        clock,
        lambda _, proposed: proposed,
        speed=settings.speed,
        start=settings.start,
        began=settings.began,
        seed=settings.seed,
    )


def feed_settings(bars: dict[str, str], speed: float, seed: int, at: Anchor) -> dict[str, Any]:
    """``[feeds.NAME]`` of the same market, for charts: the prices of any moment are those of the venue."""
    return {
        "kind": "replay",
        "bars": bars,
        "speed": int(speed) if speed == int(speed) else speed,
        "start": iso(at.start),
        "began": iso(at.began),
        "seed": seed,
    }


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
