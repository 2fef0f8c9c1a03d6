"""What the checks look at: configuration and store of a folder, as far as they can be had."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pinery.core.errors import PineryError

if TYPE_CHECKING:
    from pinery.adapters.store.database import SqlStore
    from pinery.app.config.configuration import Configuration
    from pinery.trading.deployments import Account, Deployment
    from pinery.trading.figures import SystemFigures
    from pinery.trading.store import Tx

T = TypeVar("T")

LOCK_TIMEOUT = 2.0  # seconds that the store may be held by others
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class NotThere(Exception):
    """A check cannot be made without what is missing; another check says what that is."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class Patient:
    """``only``: the one deployment that is asked about; empty: all. ``now`` is Unix ms."""

    folder: Path
    now: int
    only: str = ""
    offline: bool = False
    found: Configuration | None = None
    config_error: PineryError | None = None
    opened: SqlStore | None = None
    store_error: PineryError | None = None
    _figures: SystemFigures | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, folder: Path, now: int, *, only: str = "", offline: bool = False) -> Patient:
        """Raises NotFound for a deployment that is not configured; other errors are what the checks find."""
        from pinery.app.config.reading import load_configuration

        patient = cls(folder, now, only, offline)
        try:
            patient.found = load_configuration(folder)
        except PineryError as error:
            patient.config_error = error
            return patient
        if only:
            patient.found.deployment(only)
        return patient

    def open(self) -> None:
        """Opens the store, if there is one; errors are kept. The check of the store does that, in its own time."""
        from pinery.adapters.store.database import open_store

        if self.found is None or self.opened is not None:
            return
        try:
            self.opened = open_store(self.found.store_url, create=False, lock_timeout=LOCK_TIMEOUT)
        except PineryError as error:
            self.store_error = error

    def give_up_store(self) -> None:
        """It does not answer: no further check is to wait for it."""
        self.opened = None

    def close(self) -> None:
        if self.opened is not None:
            self.opened.close()

    # --- what checks ask --------------------------------------------------------------

    @property
    def configuration(self) -> Configuration:
        """Raises NotThere."""
        if self.found is None:
            raise NotThere("not looked at: there is no valid configuration")
        return self.found

    @property
    def store(self) -> SqlStore:
        """Raises NotThere."""
        if self.opened is None:
            raise NotThere("not looked at: the store cannot be read")
        return self.opened

    def read(self, work: Callable[[Tx], T]) -> T:
        return self.store.read(work)

    @property
    def figures(self) -> SystemFigures:
        """Counted once."""
        from pinery.adapters.store.figures import Figures

        store = self.store
        with self._lock:
            if self._figures is None:
                self._figures = Figures(store).collect(self.now)
            return self._figures

    @property
    def deployments(self) -> Mapping[str, Deployment]:
        configured = self.configuration.deployments
        return {self.only: configured[self.only]} if self.only else configured

    @property
    def accounts(self) -> Mapping[str, Account]:
        """Those of the deployments asked about."""
        configured = self.configuration.accounts
        if not self.only:
            return configured
        name = self.configuration.deployment(self.only).account
        return {name: configured[name]}

    @property
    def example(self) -> str:
        """A deployment's name for commands to type."""
        return next(iter(self.deployments), "NAME") if self.found is not None else "NAME"

    # --- words ------------------------------------------------------------------------

    def ago(self, at: int) -> str:
        """``3 minutes ago``."""
        return f"{duration(max(0, self.now - at))} ago"

    def signal_by_hand(self, deployment: str = "") -> str:
        """That of the deployment in question: the same signal to another one would be another trade."""
        return f"pinery signal {deployment or self.example} IN (or OUT) gives the signal by hand, once a worker runs"

    def close_by_hand(self, *, account: str = "", deployment: str = "") -> str:
        """What is in question, else all that is looked at."""
        if account and not self.only:
            scope = f"account:{account}"
        else:
            scope = deployment or (self.example if self.found is not None and len(self.deployments) == 1 else "all")
        return (
            f"pinery flatten {scope} closes what is open, once a worker runs; "
            "if not, close it at the broker, in its own platform"
        )


def duration(ms: int) -> str:
    for size, unit in ((DAY_MS, "day"), (HOUR_MS, "hour"), (60_000, "minute"), (1000, "second")):
        if ms >= 2 * size or (ms >= size and unit == "second"):
            count = ms // size
            return f"{count} {unit}{'s' * (count != 1)}"
    return f"{ms} ms"


def moment(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
