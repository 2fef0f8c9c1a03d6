"""The port of chart views: what the API asks of whoever evaluates charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Moment:
    """The market's time (Unix ms) at a moment of the clock (Unix ms); ``speed``: market time per clock time."""

    market: int
    clock: int
    speed: float

    def market_at(self, clock: int) -> int:
        return self.market - round((self.clock - clock) * self.speed)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``body``: a JSON object. ``ready`` is False while history is loaded; the body then tells how far that is."""

    body: bytes
    ready: bool
    deployment: str
    moment: Moment | None


@dataclass(frozen=True, slots=True)
class Told:
    """``event``: "update" (``data`` is JSON, ``number`` rises by one), "reload" (updates were missed) or "gone"."""

    event: str
    data: bytes = b"{}"
    number: int = 0


class Follower(Protocol):
    """One who follows a view."""

    @property
    def deployment(self) -> str: ...
    @property
    def moment(self) -> Moment | None: ...
    async def next(self, timeout: float) -> Told | None:
        """None when nothing was told in so many seconds; "gone" is the last."""
        ...

    def close(self) -> None: ...


class Views(Protocol):
    """Views belong to whoever opened them. Raises NotFound for others and for views that have ended."""

    async def open(self, wanted: Mapping[str, Any], owner: str) -> str:
        """``wanted``: the fields of the request. Raises ProblemError for what cannot be shown."""
        ...

    async def snapshot(self, view: str, owner: str) -> Snapshot: ...
    def follow(self, view: str, owner: str, after: int | None) -> Follower:
        """Updates after the one with that number, or from now on."""
        ...

    async def close(self, view: str, owner: str) -> None: ...
