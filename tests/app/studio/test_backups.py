from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pinery.adapters.store import backup
from pinery.adapters.store.database import open_store
from pinery.adapters.store.views.paging import Filters
from pinery.adapters.store.views.records import list_events
from pinery.app.config.reading import load_configuration
from pinery.app.studio.backups import InstalledBackups
from pinery.app.up.clock import SystemClock
from pinery.trading.errors import Refused, StoreError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pinery.toml").write_text('[accounts.paper]\nbroker = "paper"\n')
    return tmp_path


def test_one_is_made_verified_and_listed(folder: Path) -> None:
    configuration = load_configuration(folder)
    store = open_store(configuration.store_url)
    try:
        backups = InstalledBackups(lambda: configuration, store, SystemClock())
        assert backups.all() == []
        (folder / "scripts").mkdir()
        (folder / "scripts" / "trend.pine").write_text("//@version=6\nindicator('mine')\n")
        made = backups.make("ada")
        assert set(backup.saved_files(configuration.backup.folder / made.name)) == {"pinery.toml", "scripts/trend.pine"}
        assert made.verified and made.bytes > 100
        assert list(backups.all()) == [made]
        again = InstalledBackups(lambda: configuration, store, SystemClock())
        assert again.all()[0].verified  # told by the store, not by memory
        (configuration.backup.folder / "pinery-backup-20200101T000000Z.tar.gz").write_bytes(b"?")
        assert [row.verified for row in again.all()] == [True, False]
    finally:
        store.close()


def test_two_at_once_are_refused_and_a_failure_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = load_configuration(folder)
    store = open_store(configuration.store_url)
    begun, go_on = threading.Event(), threading.Event()

    def slow(*_: object) -> None:
        begun.set()
        go_on.wait(60)
        raise StoreError("the disk is full")

    monkeypatch.setattr(backup, "verify", slow)
    try:
        backups = InstalledBackups(lambda: configuration, store, SystemClock())
        failed: list[StoreError] = []

        def make() -> None:
            try:
                backups.make("ada")
            except StoreError as error:
                failed.append(error)

        thread = threading.Thread(target=make)
        thread.start()
        assert begun.wait(60)
        with pytest.raises(Refused, match="is being made"):
            backups.make("bob")
        go_on.set()
        thread.join(60)
        assert failed and failed[0].message == "the disk is full"
        events = store.read(lambda tx: list_events(tx, Filters())).items
        assert [(event.kind, event.text) for event in events] == [
            ("backup.failed", "a backup for ada failed: the disk is full")
        ]
    finally:
        store.close()
