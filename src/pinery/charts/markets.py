"""Kinds of markets: how the options of one are read, and how it is opened. Who puts them together has the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pinery.charts.feed import ChartFeed
from pinery.core.instrument import Instrument

Anchor = Callable[[str, int], int]  # (feed, moment proposed) -> the moment that was kept for it, Unix ms of the clock


class Clock(Protocol):
    """What markets need to know of time: as ``trading.clock.Clock``."""

    def now(self) -> int: ...
    def now_us(self) -> int: ...
    def monotonic(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What markets are opened with.

    ``instruments`` gives the facts of a symbol, ``secret`` the value of a secret by its name (it raises where there is
    none), ``folder`` is where files of a market lie.
    """

    clock: Clock
    anchor: Anchor
    instruments: Callable[[str], Instrument]
    folder: Path
    secret: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Kind:
    """``read`` (name, options, folder of relative paths) raises ConfigError with every finding. ``opened`` asks nobody
    yet: a market is reached once something is wanted of it."""

    read: Callable[[str, Mapping[str, Any], Path], Any]
    opened: Callable[[str, Any, Surroundings], ChartFeed]
