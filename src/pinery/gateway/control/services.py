"""What the control API can do only with the help of the rows above it, or of the machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from pinery.charts.settings import FeedSettings
from pinery.gateway.control.problems import ProblemError
from pinery.gateway.control.staging import Staging
from pinery.gateway.control.studio import Backtests, Checker, Language, Scripts
from pinery.gateway.control.viewing import Views
from pinery.trading.errors import NotFound
from pinery.trading.figures import SystemFigures

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BackupFile:
    """``verified``: it was restored and compared with what was saved. ``at`` is ISO 8601."""

    name: str
    bytes: int
    at: str
    verified: bool


class Backups(Protocol):
    def all(self) -> Sequence[BackupFile]:
        """Newest first."""
        ...

    def make(self, by: str) -> BackupFile:
        """One now, verified. Raises Refused while another is being made, and StoreError."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What is None, this server has not. ``store_url`` is without a password."""

    pages: Path | None = None  # the dashboard as it was built
    folder: Path | None = None  # of the installation
    store_url: str = ""
    figures: Callable[[int], SystemFigures] | None = None  # at a moment in Unix ms
    backups: Backups | None = None
    views: Views | None = None  # of charts
    staging: Staging | None = None
    scripts: Scripts | None = None
    checker: Checker | None = None
    language: Callable[[], Language] | None = None
    backtests: Backtests | None = None
    market_now: Callable[[FeedSettings], int | None] | None = None  # Unix ms; None before the market has begun


class Busy(ProblemError):
    """Ends a request: the server could do it, but has too much to do now."""

    def __init__(self, message: str) -> None:
        super().__init__(503, "busy", message, "try again in a moment", {"Retry-After": "5"})


def provided(service: T | None, what: str) -> T:
    """Raises NotFound."""
    if service is None:
        raise NotFound(f"this server has no {what}")
    return service
