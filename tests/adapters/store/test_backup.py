from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from pinery.adapters.store import backup as saving
from pinery.adapters.store import tables as t
from pinery.adapters.store.database import SqlStore, open_store
from pinery.adapters.store.owner import owner_name
from pinery.core.errors import DataError
from pinery.trading.errors import Refused, StoreError
from pinery.trading.events import Event
from pinery.trading.orders.model import Status
from pinery.trading.store import Decision, Outcome
from tests.adapters.store.samples import DAY, fill, message, order, position, signal, trade
from tests.stores import KINDS, sqlite_store, store_url

NOW = 1_763_900_000_000  # 2025-11-23


def fill_store(store: SqlStore, count: int = 3) -> None:
    def work(tx) -> None:
        tx.inbox.add([message(n, body=f"Ä {n} \U0001f600\n\"'") for n in range(1, count + 1)])
        for n in range(count):
            # Names that databases sort differently by language.
            name = ["a-b", "aB", "Ab", "_a", "ä"][n % 5] + str(n)
            tx.signals.add(signal(name, n, name), Decision(Outcome.ACCEPTED), "paper", n)
            tx.orders.put([order(f"pn-{name}-e0", status=Status.FILLED if n % 2 else Status.WORKING)])
        tx.fills.add(fill(), order())
        tx.trades.add([trade()])
        tx.positions.put(position())
        tx.outbox.add([Event("test", 1, "x", data={"b": 1, "a": [1.5, None]})], lambda event: ("log",))
        tx.leases.acquire("account:paper", "elsewhere/b/1/1", 0, 10)
        tx.connection.execute(sa.insert(t.measurements).values(name="m", label="", le="+Inf", count=3.0))
        tx.connection.execute(
            sa.insert(t.users).values(name="ann", password="x", role="admin", created=1, disabled=True, failures=0)
        )

    store.write(work)


def content(store: SqlStore) -> dict[str, list[tuple[object, ...]]]:
    return store.read(
        lambda tx: {
            table.name: sorted(map(tuple, tx.connection.execute(sa.select(table)).all()), key=repr)
            for table in t.metadata.sorted_tables
            if table.name != "leases"
        }
    )


def url_of(store: SqlStore) -> str:
    return store.engine.url.render_as_string(hide_password=False)


@pytest.fixture
def saved(store: SqlStore, tmp_path: Path) -> Path:
    fill_store(store)
    config = tmp_path / "pinery.toml"
    config.write_text("# ours\n", encoding="utf-8")
    return saving.backup(url_of(store), tmp_path / "backups", NOW, {"pinery.toml": config})


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_restores_to_either_database(store: SqlStore, saved: Path, tmp_path: Path, kind: str) -> None:
    assert saved.name == "pinery-backup-20251123T121320Z.tar.gz"
    assert saved.stat().st_mode & 0o077 == 0
    (tmp_path / "target").mkdir()
    with store_url(kind, tmp_path / "target") as url:
        manifest = saving.restore(saved, url)
        restored = open_store(url, create=False)
        assert content(restored) == content(store)
        assert manifest.tables["inbox"].rows == 3
        # Numbers go on where they stood; leases are nobody's.
        highest = sa.select(sa.func.max(t.inbox.c.id))
        stood = store.read(lambda tx: tx.connection.execute(highest).scalar_one())
        assert restored.write(lambda tx: tx.inbox.add([message()])) == [stood + 1]
        assert restored.write(lambda tx: tx.leases.acquire("account:paper", "x", 0, 10)) is not None
        # The other way round gives the same file content.
        again = saving.backup(url, tmp_path / "again", NOW, {})
        assert saving.read_manifest(again).tables["signals"] == manifest.tables["signals"]
        restored.close()
    assert saving.saved_files(saved) == {"pinery.toml": b"# ours\n"}
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_a_backup_is_verified_by_restoring_it(saved: Path) -> None:
    assert saving.verify(saved).rows == saving.read_manifest(saved).rows


def test_a_backup_made_while_others_write_is_of_one_moment(store: SqlStore, tmp_path: Path) -> None:
    fill_store(store, 1500)
    calls: list[int] = []

    def write_meanwhile(done: int, total: int) -> None:
        if not calls:
            store.write(lambda tx: (tx.inbox.add([message()]), tx.trades.add([trade("late", 1)])))
        calls.append(done)

    file = saving.backup(url_of(store), tmp_path / "backups", NOW, {}, write_meanwhile)
    manifest = saving.verify(file)
    assert calls
    assert (manifest.tables["inbox"].rows, manifest.tables["trades"].rows) == (1500, 1)


def test_a_store_with_content_is_replaced_only_by_force(store: SqlStore, saved: Path) -> None:
    before = content(store)
    with pytest.raises(Refused, match="not empty"):
        saving.restore(saved, url_of(store))
    store.write(lambda tx: tx.inbox.add([message(9)]))
    saving.restore(saved, url_of(store), force=True)
    assert content(store) == before


def test_a_store_at_work_is_not_replaced(store: SqlStore, saved: Path) -> None:
    store.write(lambda tx: tx.leases.acquire("account:other", owner_name(), NOW, 10**12))
    before = content(store)
    with pytest.raises(Refused, match="running"):
        saving.restore(saved, url_of(store), force=True)
    assert content(store) == before


def changed(file: Path, name: str, new: bytes) -> Path:
    """A copy of a backup in which one member is another."""
    target = file.with_name("changed.tar.gz")
    with tarfile.open(file) as old, tarfile.open(target, "w:gz") as tar:
        for member in old.getmembers():
            data = new if member.name == name else old.extractfile(member).read()
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return target


def test_damaged_backups_are_refused_and_nothing_is_changed(store: SqlStore, saved: Path, tmp_path: Path) -> None:
    before = content(store)
    whole = saved.read_bytes()
    with tarfile.open(saved) as tar:
        manifest = json.loads(tar.extractfile("manifest.json").read())
    empty = tmp_path / "empty.tar.gz"
    empty.write_bytes(b"")
    text = tmp_path / "text.tar.gz"
    text.write_text("hello")
    short = tmp_path / "short.tar.gz"
    short.write_bytes(whole[: len(whole) // 2])
    flipped = tmp_path / "flipped.tar.gz"
    flipped.write_bytes(whole[:400] + bytes([whole[400] ^ 255]) + whole[401:])
    manifest["tables"]["../evil"] = manifest["tables"].pop("inbox")
    strange = changed(saved, "manifest.json", json.dumps(manifest).encode())
    strange = strange.rename(tmp_path / "strange.tar.gz")
    rows = changed(saved, "tables/trades.jsonl", b"")
    for file in (empty, text, short, flipped, strange, rows, tmp_path / "absent.tar.gz", tmp_path):
        with pytest.raises(DataError) as caught:
            saving.restore(file, url_of(store), force=True)
        assert str(file) in caught.value.message
        with pytest.raises(DataError):
            saving.verify(file)
    assert content(store) == before


def test_a_backup_of_a_newer_version_is_refused(saved: Path, tmp_path: Path) -> None:
    with tarfile.open(saved) as tar:
        manifest = json.loads(tar.extractfile("manifest.json").read())
    manifest["schema"], manifest["pinery"] = "v9999", "9.0"
    file = changed(saved, "manifest.json", json.dumps(manifest).encode())
    with pytest.raises(DataError, match=r"Pinery 9\.0"):
        saving.restore(file, f"sqlite:///{tmp_path / 'new.db'}")


def test_a_folder_that_takes_no_file_is_told(store: SqlStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be written"):
        saving.backup(url_of(store), tmp_path / "file" / "backups", NOW, {})


def test_a_full_disk_leaves_no_half_backup(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True)
    if os.geteuid() != 0 or mounted.returncode:
        pytest.skip("a small disk can be mounted by root only")
    try:
        with sqlite_store(tmp_path) as store:
            store.write(lambda tx: tx.inbox.add([message(n, body="x" * 1000) for n in range(1000)]))
            with pytest.raises(StoreError, match=f"cannot be written in {folder}: No space left"):
                saving.backup(url_of(store), folder, NOW, {})
        assert list(folder.iterdir()) == []
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_store_that_is_not_there_has_no_backup(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store"):
        saving.backup(f"sqlite:///{tmp_path / 'absent.db'}", tmp_path / "backups", NOW, {})
    assert not (tmp_path / "backups").exists()


def test_weekly_backups_and_how_many_stay(tmp_path: Path) -> None:
    url, folder = f"sqlite:///{tmp_path / 'pinery.db'}", tmp_path / "backups"
    open_store(url).close()
    assert saving.due(folder, NOW)
    for week in range(4):
        saving.backup(url, folder, NOW + week * 7 * DAY, {})
    last = NOW + 21 * DAY
    assert not saving.due(folder, last + 6 * DAY)
    assert saving.due(folder, last + 7 * DAY)
    (folder / "notes.txt").write_text("mine")
    everything = saving.backups(folder)
    assert saving.prune(folder, 2) == everything[:2]
    assert saving.backups(folder) == everything[2:]
    assert (folder / "notes.txt").exists()
