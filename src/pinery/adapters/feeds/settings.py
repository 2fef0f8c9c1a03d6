"""From the description of a feed in ``pinery.toml`` to the feed.

::

    feed = { kind = "replay", bars = { "BINANCE:ETHUSDT.P" = "eth.csv" }, speed = 60, start = "2026-01-05" }
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pinery.adapters.feeds.replay import ReplayFeed
from pinery.core.errors import PineryError
from pinery.market.store import BarStore
from pinery.runtime.timeframes import Timeframe
from pinery.trading.clock import Clock
from pinery.trading.errors import ConfigError
from pinery.trading.prices import PriceFeed

_FILES = (".csv", ".txt", ".parquet", ".pq")


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """``bars``: EXCHANGE:TICKER of a contract -> a file of bars, or the timeframe of bars in Pinery's own store."""

    bars: Mapping[str, str | Path] = field(default_factory=dict)
    speed: float = 1.0  # bar time over clock time; 0: without waiting
    loop: bool = True
    start: int | None = None  # Unix ms
    seed: int = 1  # at which moments of a bar its prices are met

    @classmethod
    def from_options(cls, options: Mapping[str, Any], folder: Path) -> ReplaySettings:
        """``folder`` is where relative paths begin. Raises ConfigError with every finding."""
        findings: list[str] = []
        found: dict[str, Any] = {}
        for name, value in options.items():
            if name == "kind":
                continue
            if name not in _OPTIONS:
                near = get_close_matches(name, _OPTIONS, 1)
                hint = f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(sorted(_OPTIONS))
                findings.append(f"{name!r} is no option of a replay feed; {hint}")
                continue
            try:
                found[name] = _OPTIONS[name](value, folder)
            except ValueError as error:
                findings.append(f"{name} of the replay feed {error}")
        if not options.get("bars"):
            findings.append('a replay feed needs bars: bars = { "EXCHANGE:TICKER" = "file.csv" }')
        if findings:
            raise ConfigError("the price feed: " + "; ".join(findings), tuple(findings))
        return cls(**found)


def open_feed(description: Mapping[str, Any], clock: Clock, folder: Path) -> PriceFeed:
    """Raises ConfigError. Bars are read once the feed is, in a thread; what is wrong with them is a DataError then."""
    kind = description.get("kind", "replay")
    if kind != "replay":
        text = f"{kind!r} is no kind of price feed; known is 'replay'"
        raise ConfigError(f"the price feed: {text}", (text,))
    settings = ReplaySettings.from_options(description, folder)
    return ReplayFeed(
        settings.bars,
        clock,
        speed=settings.speed,
        loop=settings.loop,
        start=settings.start,
        seed=settings.seed,
    )


def _bars(value: Any, folder: Path) -> Mapping[str, str | Path]:
    if not isinstance(value, Mapping) or not all(isinstance(v, str) and ":" in k for k, v in value.items()):
        raise ValueError('is a table of "EXCHANGE:TICKER" = "file.csv", or = a timeframe of stored bars')
    found: dict[str, str | Path] = {}
    for symbol, source in value.items():
        if Path(source).suffix.lower() in _FILES:
            path = folder / Path(source).expanduser()
            if not path.is_file():
                raise ValueError(f"names {path}, which is not there")
            found[symbol.upper()] = path
        else:
            _stored(symbol, source)
            found[symbol.upper()] = source
    return found


def _stored(symbol: str, source: str) -> None:
    try:
        timeframe = Timeframe.parse(source)
        path = BarStore.default().path(symbol, timeframe)
    except PineryError:
        raise ValueError(f"names {source!r} for {symbol}: neither a file of bars nor a timeframe") from None
    if not path.exists():
        raise ValueError(f"names {source!r} for {symbol}, but no such bars are stored; see pinery data list")


def _speed(value: Any, folder: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e9:
        raise ValueError(f"is a number of 0 (without waiting) or more, not {value!r}")
    return float(value)


def _loop(value: Any, folder: Path) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"is true or false, not {value!r}")
    return value


def _start(value: Any, folder: Path) -> int:
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"is a date (2026-01-05), a time with it, or Unix ms, not {value!r}") from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _seed(value: Any, folder: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"is a whole number, not {value!r}")
    return value


_OPTIONS: dict[str, Callable[[Any, Path], Any]] = {
    "bars": _bars,
    "speed": _speed,
    "loop": _loop,
    "start": _start,
    "seed": _seed,
}
