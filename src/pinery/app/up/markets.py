"""From the description of a market in ``pinery.toml`` to the market. A feed of another kind is a row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pinery.adapters.binance.feed_settings import BinanceFeedSettings
from pinery.adapters.feeds.settings import KINDS
from pinery.charts.feed import ChartFeed
from pinery.charts.markets import Anchor, Clock, Kind, Surroundings
from pinery.charts.settings import FeedSettings
from pinery.core.instrument import Instrument
from pinery.market.symbols import lookup
from pinery.trading.errors import ConfigError


def _binance(name: str, settings: BinanceFeedSettings, around: Surroundings) -> ChartFeed:
    from pinery.adapters.binance.feed import BinanceMarket

    return BinanceMarket(name, settings, around.clock, instruments=around.instruments)


def _tradovate_settings(name: str, options: Mapping[str, Any], folder: Path) -> Any:
    from pinery.adapters.tradovate.feed import TradovateFeedSettings

    return TradovateFeedSettings.from_options(name, options, folder)


def _tradovate(name: str, settings: Any, around: Surroundings) -> ChartFeed:
    from pinery.adapters.tradovate.feed import open_market

    return open_market(name, settings, around)


MARKETS: dict[str, Kind] = {
    **KINDS,
    "binance": Kind(BinanceFeedSettings.from_options, _binance),
    "tradovate": Kind(_tradovate_settings, _tradovate),
}


#: Exchanges: their time is everybody's, and they have any of their symbols.
LIVE = tuple(kind for kind in MARKETS if kind not in KINDS)


def check_market(settings: FeedSettings, folder: Path) -> None:
    """Raises ConfigError with every finding; ``folder`` is where relative paths begin."""
    _kind(settings).read(settings.name, settings.options, folder)


def open_market(
    settings: FeedSettings,
    clock: Clock,
    folder: Path,
    anchor: Anchor,
    instruments: Callable[[str], Instrument] = lookup,
    secret: Callable[[str], str] | None = None,
) -> ChartFeed:
    """Raises ConfigError. Nothing is read or asked for yet; what goes wrong then is a DataError."""
    kind = _kind(settings)
    options = kind.read(settings.name, settings.options, folder)
    return kind.opened(settings.name, options, Surroundings(clock, anchor, instruments, folder, secret or _no_secret))


def _no_secret(name: str) -> str:
    raise ConfigError(f"the secret {name!r} is not at hand here")


def _kind(settings: FeedSettings) -> Kind:
    kind = MARKETS.get(settings.kind)
    if kind is None:
        text = f"{settings.kind!r} is no kind of feed; known are " + ", ".join(repr(name) for name in MARKETS)
        raise ConfigError(f"the feed {settings.name}: {text}", (text,))
    return kind
