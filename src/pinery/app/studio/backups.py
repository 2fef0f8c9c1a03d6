"""Backups of the running installation: when somebody asks for one, and for the weekly turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from pinery.adapters.store import backup
from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.views.records import verified_backups
from pinery.adapters.store.views.values import iso
from pinery.app.config.configuration import Configuration
from pinery.app.operate.backup_command import configuration_files
from pinery.core.errors import PineryError
from pinery.gateway.control.services import BackupFile
from pinery.trading.channels import channels_for
from pinery.trading.clock import Clock
from pinery.trading.errors import Refused
from pinery.trading.events import Event


def save(configuration: Configuration, store: SqlStore, now: int, why: str) -> Path:
    """Makes a backup, restores it to see that it is good, deletes the oldest beyond those to keep.

    Told of as an event, a failure too. ``why`` begins its sentence: "the weekly backup".
    """
    settings = configuration.backup

    def tell(event: Event) -> None:
        store.write(lambda tx: tx.outbox.add([event], lambda event: channels_for(event, configuration.routes)))

    try:
        files = configuration_files(configuration, include_secrets=False)
        made = backup.backup(configuration.store_url, settings.folder, now, files)
        backup.verify(made)
        backup.prune(settings.folder, settings.keep)
    except PineryError as error:
        tell(Event("backup.failed", now, f"{why} failed: {error.message}"))
        raise
    tell(
        Event("backup.done", now, f"{why} was made and verified by restoring it: {made.name}", data={"file": made.name})
    )
    return made


class InstalledBackups:
    """Implements ``gateway.control.services.Backups``."""

    def __init__(self, configuration: Callable[[], Configuration], store: SqlStore, clock: Clock) -> None:
        self._configuration = configuration
        self._store = store
        self._clock = clock
        self._making = threading.Lock()

    def all(self) -> Sequence[BackupFile]:
        verified = self._store.read(verified_backups)
        files = backup.backups(self._configuration().backup.folder)
        return [_row(path, path.name in verified) for path in reversed(files) if path.is_file()]

    def make(self, by: str) -> BackupFile:
        if not self._making.acquire(blocking=False):
            raise Refused("a backup is being made", "wait until it is there")
        try:
            now = self._clock.now()
            self._store.write(lambda tx: tx.audit.add(now, by, "backup", "", "", {"via": "api"}))
            return _row(save(self._configuration(), self._store, now, f"a backup for {by}"), True)
        finally:
            self._making.release()


def _row(path: Path, verified: bool) -> BackupFile:
    return BackupFile(path.name, path.stat().st_size, iso(backup.made_at(path)), verified)
