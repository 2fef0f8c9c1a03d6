"""From the description of a market of bars in ``pinery.toml`` to the market.

::

    [feeds.market]
    kind = "replay"
    bars = { "CME_MINI:ES1!" = "es.csv", "BINANCE:ETHUSDT.P" = "synthetic" }
    speed = 60

    [accounts.paper]
    feed = "market"    # or one of its own: { kind = "replay", bars = { "BINANCE:ETHUSDT.P" = "eth.csv" } }
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pinery.adapters.feeds.inline import ReplayFeed
from pinery.adapters.feeds.prices import MarketPrices
from pinery.adapters.feeds.replay import ReplayMarket
from pinery.adapters.feeds.sources import SYNTHETIC
from pinery.adapters.feeds.tail import TailMarket
from pinery.charts.feed import ChartFeed
from pinery.charts.markets import Kind, Surroundings
from pinery.core.errors import PineryError
from pinery.market.store import BarStore
from pinery.runtime.timeframes import Timeframe
from pinery.trading.clock import Clock
from pinery.trading.errors import ConfigError
from pinery.trading.prices import PriceFeed

_FILES = (".csv", ".txt", ".parquet", ".pq")
_FASTEST_MARKET = 100_000

Read = Callable[[Any, Path], Any]  # (value, folder of relative paths) -> its meaning; ValueError says what it must be


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """``bars``: EXCHANGE:TICKER -> a file of bars, the timeframe of bars in Pinery's own store, or "synthetic"."""

    bars: Mapping[str, str | Path] = field(default_factory=dict)
    speed: float = 1.0  # bar time over clock time; 0: without waiting
    loop: bool = True
    start: int | None = None  # Unix ms
    seed: int = 1  # at which moments of a bar its prices are met

    @classmethod
    def from_options(cls, options: Mapping[str, Any], folder: Path) -> ReplaySettings:
        """``folder`` is where relative paths begin. Raises ConfigError with every finding."""
        found, findings = _read(options, _INLINE, folder, "a replay feed")
        _needs_bars(options, findings)
        _raise("the price feed", findings)
        return cls(**found)


@dataclass(frozen=True, slots=True)
class MarketSettings:
    """As ``ReplaySettings``, of a market by name."""

    bars: Mapping[str, str | Path] = field(default_factory=dict)
    speed: float = 1.0
    loop: bool = True
    start: int | None = None  # market time at ``began``
    began: int | None = None  # Unix ms of the clock; None: when it was first opened
    seed: int = 1
    skip_closed: bool = False  # jump over hours in which nothing has bars

    @classmethod
    def from_options(cls, name: str, options: Mapping[str, Any], folder: Path) -> MarketSettings:
        """Raises ConfigError with every finding."""
        found, findings = _read(options, _MARKET, folder, "a replay feed")
        _needs_bars(options, findings)
        if found.get("speed", 0) > _FASTEST_MARKET:
            findings.append(f"speed of a replay feed is at most {_FASTEST_MARKET}")
        _raise(f"the feed {name}", findings)
        return cls(**found)


@dataclass(frozen=True, slots=True)
class TailSettings:
    """``bars``: EXCHANGE:TICKER -> the file that grows, or a pattern of file names (``es-*.csv``)."""

    bars: Mapping[str, Path] = field(default_factory=dict)
    timeframe: Timeframe | None = None  # of bars; None: read off the first of them
    every: float = 0.5  # seconds between two looks at the files
    live: bool = True  # False: the files' times are the market's, not the clock's

    @classmethod
    def from_options(cls, name: str, options: Mapping[str, Any], folder: Path) -> TailSettings:
        """Raises ConfigError with every finding."""
        found, findings = _read(options, _TAIL, folder, "a feed of files that grow")
        if not options.get("bars"):
            findings.append('a feed of files that grow needs bars: bars = { "EXCHANGE:TICKER" = "file.csv" }')
        _raise(f"the feed {name}", findings)
        return cls(**found)


def _replay(name: str, settings: MarketSettings, around: Surroundings) -> ChartFeed:
    return ReplayMarket(
        name,
        settings.bars,
        around.clock,
        around.anchor,
        speed=settings.speed,
        loop=settings.loop,
        start=settings.start,
        began=settings.began,
        seed=settings.seed,
        skip_closed=settings.skip_closed,
        instruments=around.instruments,
    )


def _tail(name: str, settings: TailSettings, around: Surroundings) -> ChartFeed:
    return TailMarket(
        name,
        settings.bars,
        around.clock,
        timeframe=settings.timeframe,
        every=settings.every,
        live=settings.live,
        instruments=around.instruments,
    )


KINDS = {
    "replay": Kind(MarketSettings.from_options, _replay),
    "tail": Kind(TailSettings.from_options, _tail),
}


def open_feed(description: Mapping[str, Any] | ChartFeed, clock: Clock, folder: Path) -> PriceFeed:
    """The prices of one account: of an opened market, or by their own description.

    Raises ConfigError. Bars are read once the feed is, in a thread; what is wrong with them is a DataError then.
    """
    if not isinstance(description, Mapping):
        return MarketPrices(description, clock)
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


def _read(
    options: Mapping[str, Any], known: Mapping[str, Read], folder: Path, what: str
) -> tuple[dict[str, Any], list[str]]:
    """What the options mean, and what is wrong with the others."""
    findings: list[str] = []
    found: dict[str, Any] = {}
    for name, value in options.items():
        if name == "kind":
            continue
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(sorted(known))
            findings.append(f"{name!r} is no option of {what}; {hint}")
            continue
        try:
            found[name] = known[name](value, folder)
        except ValueError as error:
            findings.append(f"{name} of {what.replace('a ', 'the ', 1)} {error}")
    return found, findings


def _needs_bars(options: Mapping[str, Any], findings: list[str]) -> None:
    if not options.get("bars"):
        findings.append('a replay feed needs bars: bars = { "EXCHANGE:TICKER" = "file.csv" }')


def _raise(what: str, findings: list[str]) -> None:
    if findings:
        raise ConfigError(f"{what}: " + "; ".join(findings), tuple(findings))


def _bars(value: Any, folder: Path) -> Mapping[str, str | Path]:
    if not isinstance(value, Mapping) or not all(isinstance(v, str) and ":" in k for k, v in value.items()):
        raise ValueError('is a table of "EXCHANGE:TICKER" = "file.csv", = a timeframe of stored bars, or = "synthetic"')
    found: dict[str, str | Path] = {}
    for symbol, source in value.items():
        if Path(source).suffix.lower() in _FILES:
            path = folder / Path(source).expanduser()
            if not path.is_file():
                raise ValueError(f"names {path}, which is not there")
            found[symbol.upper()] = path
        elif source.strip().lower() == SYNTHETIC:
            found[symbol.upper()] = SYNTHETIC
        else:
            _stored(symbol, source)
            found[symbol.upper()] = source
    return found


def _growing(value: Any, folder: Path) -> Mapping[str, Path]:
    if not isinstance(value, Mapping) or not all(isinstance(v, str) and v and ":" in k for k, v in value.items()):
        raise ValueError('is a table of "EXCHANGE:TICKER" = "file.csv", or = "es-*.csv"')
    found: dict[str, Path] = {}
    for symbol, source in value.items():
        path = folder / Path(source).expanduser()
        if not path.parent.is_dir():
            raise ValueError(f"names {path}, but there is no folder {path.parent}")
        if path.is_dir():
            raise ValueError(f"names the folder {path}: name its files, as {source.rstrip('/')}/*.csv")
        found[symbol.upper()] = path
    return found


def _timeframe(value: Any, folder: Path) -> Timeframe:
    try:
        found = Timeframe.parse(str(value))
    except PineryError:
        found = None
    if found is None or found.unit == "T":
        raise ValueError(f'is a timeframe such as "1", "30S" or "1D", not {value!r}')
    return found


def _every(value: Any, folder: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.01 <= value <= 3600:
        raise ValueError(f"is a number of seconds from 0.01 to 3600, not {value!r}")
    return float(value)


def _stored(symbol: str, source: str) -> None:
    try:
        timeframe = Timeframe.parse(source)
        path = BarStore.default().path(symbol, timeframe)
    except PineryError:
        text = f"names {source!r} for {symbol}: neither a file of bars, nor a timeframe, nor {SYNTHETIC!r}"
        raise ValueError(text) from None
    if not path.exists():
        raise ValueError(f"names {source!r} for {symbol}, but no such bars are stored; see pinery data list")


def _speed(value: Any, folder: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e9:
        raise ValueError(f"is a number of 0 (without waiting) or more, not {value!r}")
    return float(value)


def _flag(value: Any, folder: Path) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"is true or false, not {value!r}")
    return value


def _moment(value: Any, folder: Path) -> int:
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


_INLINE: dict[str, Read] = {"bars": _bars, "speed": _speed, "loop": _flag, "start": _moment, "seed": _seed}
_MARKET: dict[str, Read] = {**_INLINE, "began": _moment, "skip_closed": _flag}
_TAIL: dict[str, Read] = {"bars": _growing, "timeframe": _timeframe, "every": _every, "live": _flag}
