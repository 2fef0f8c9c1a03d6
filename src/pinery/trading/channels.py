"""The port of notifications: channels carry events to people; routes say which events go where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

from pinery.trading.events import Event, Severity

_RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


class ChannelFailed(Exception):
    """A delivery did not work. ``permanent``: trying again will not help. The text holds no secret."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class Channel(Protocol):
    """Deliveries come at least once: ``delivery_id`` is the same for repetitions, for channels that can tell."""

    async def send(self, event: Event, delivery_id: int) -> None:
        """Raises ChannelFailed."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Route:
    """Events of ``kinds`` (patterns as "order.*") from ``severity`` on, of ``deployments`` (empty: all)."""

    channel: str
    kinds: tuple[str, ...] = ("*",)
    severity: Severity = Severity.INFO
    deployments: frozenset[str] = frozenset()

    def takes(self, event: Event) -> bool:
        return (
            _RANK[event.severity] >= _RANK[self.severity]
            and (not self.deployments or not event.deployment or event.deployment in self.deployments)
            and any(fnmatchcase(event.kind, kind) for kind in self.kinds)
        )


def channels_for(event: Event, routes: Iterable[Route]) -> tuple[str, ...]:
    """Names of the channels that want ``event``, each once."""
    return tuple(dict.fromkeys(route.channel for route in routes if route.takes(event)))
