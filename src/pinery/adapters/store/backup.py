"""Backups: one file with all tables and the configuration, the same from and for either database.

``pinery-backup-YYYYMMDDTHHMMSSZ.tar.gz`` holds ``manifest.json`` (versions, row counts, SHA-256 of every member),
``tables/NAME.jsonl`` (a JSON array per row) and ``files/…``. All tables are of one moment.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from pinery.adapters.store.database import open_store
from pinery.adapters.store.migrations import REVISIONS, VERSION_TABLE, revision_of, upgrade
from pinery.adapters.store.owner import is_dead
from pinery.adapters.store.tables import Exact, Words, leases, metadata
from pinery.adapters.store.transaction import SqlTx
from pinery.core.errors import DataError
from pinery.core.version import VERSION
from pinery.trading.errors import Refused, StoreError

Progress = Callable[[int, int], None]

_FORMAT = 1
_MANIFEST = "manifest.json"
_NAME = re.compile(r"pinery-backup-(\d{8}T\d{6}Z)\.tar\.gz")
_TIME = "%Y%m%dT%H%M%SZ"
_BATCH = 1000
_WEEK_MS = 7 * 86_400_000

#: Rights of running processes and browsers, which end with them.
_NOT_KEPT = {"leases", "logins", "one_time_logins"}

#: How a manifest names the types of columns.
_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "exact": Exact(),
    "text": Words(),
    "json": sa.JSON(),
    "bool": sa.Boolean(),
    "float": sa.Float(),
    "int": sa.BigInteger(),
}


@dataclass(frozen=True, slots=True)
class TableFacts:
    rows: int
    sha256: str
    columns: dict[str, str]  # name -> one of _TYPES


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. ``created`` in Unix ms; ``files`` are SHA-256 by name."""

    created: int
    pinery: str
    schema: str
    tables: dict[str, TableFacts]
    files: dict[str, str]

    @property
    def rows(self) -> int:
        return sum(facts.rows for facts in self.tables.values())


def backup(
    store_url: str, folder: Path, now: int, extra_files: Mapping[str, Path], progress: Progress | None = None
) -> Path:
    """Writes a backup into ``folder``, whole or not at all; others may go on working meanwhile.

    ``extra_files`` are kept under their names. Raises StoreError.
    """
    store = open_store(store_url, create=False)
    try:
        with _told_of(folder, "written"):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".pinery-backup-", dir=folder) as work:
                schema, facts = store.read(
                    lambda tx: (revision_of(tx.connection), _export(tx.connection, Path(work), progress))
                )
                files = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in extra_files.items()}
                manifest = Manifest(now, VERSION, schema or "", facts, files)
                draft = Path(work) / "draft"
                _pack(draft, manifest, Path(work), extra_files)
                target = folder / f"pinery-backup-{datetime.fromtimestamp(now / 1000, UTC):{_TIME}}.tar.gz"
                os.replace(draft, target)
                _settle(folder)
                return target
    finally:
        store.close()


def restore(file: Path, store_url: str, *, force: bool = False, progress: Progress | None = None) -> Manifest:
    """Fills the store with what ``file`` holds, in one transaction; the configuration files are left to the caller.

    Raises DataError for a file that is damaged or no backup, Refused for a store that holds something (unless
    ``force``) or is in use, StoreError.
    """
    with _unpacked(file) as (manifest, work):
        store = open_store(store_url)
        try:
            store.write(lambda tx: _fill(tx, manifest, work, force, progress))
        finally:
            store.close()
    return manifest


def verify(file: Path, progress: Progress | None = None) -> Manifest:
    """Restores ``file`` to a temporary store and compares every row with what was saved. Raises DataError."""
    with tempfile.TemporaryDirectory(prefix="pinery-verify-") as work:
        url = f"sqlite:///{Path(work) / 'restored.db'}"
        manifest = restore(file, url, progress=progress)
        store = open_store(url)
        try:
            again = store.read(lambda tx: _export(tx.connection, Path(work), None))
        finally:
            store.close()
    if manifest.schema == REVISIONS[-1]:
        wrong = [name for name, facts in manifest.tables.items() if again.get(name) != facts]
    else:  # brought up to date on the way: the rows have changed, their number has not
        wrong = [name for name, facts in manifest.tables.items() if name in again and again[name].rows != facts.rows]
    if wrong:
        raise DataError(f"{file} does not restore to what was saved: {', '.join(wrong)}", "make another backup")
    return manifest


def read_manifest(file: Path) -> Manifest:
    """What ``file`` says that it holds. Raises DataError."""
    with _opened(file) as tar:
        return _manifest(file, _member(tar, _MANIFEST).read())


def saved_files(file: Path) -> dict[str, bytes]:
    """The configuration files in a backup, by name. Raises DataError."""
    with _unpacked(file) as (manifest, work):
        return {name: (work / "files" / str(at)).read_bytes() for at, name in enumerate(manifest.files)}


def backups(folder: Path) -> list[Path]:
    """Oldest first."""
    if not folder.is_dir():
        return []
    return sorted((path for path in folder.iterdir() if _NAME.fullmatch(path.name)), key=lambda path: path.name)


def due(folder: Path, now: int, every_ms: int = _WEEK_MS) -> bool:
    """True if the newest backup in ``folder`` is that old, or there is none."""
    made = [made_at(path) for path in backups(folder)]
    return not made or now - made[-1] >= every_ms


def prune(folder: Path, keep: int) -> list[Path]:
    """Deletes all but the newest ``keep`` backups; returns those deleted. Raises StoreError."""
    gone = backups(folder)[: -max(keep, 1)]
    with _told_of(folder, "pruned"):
        for path in gone:
            path.unlink(missing_ok=True)
    return gone


# --- writing ----------------------------------------------------------------------------


def _export(connection: sa.Connection, folder: Path, progress: Progress | None) -> dict[str, TableFacts]:
    kept = [table for table in metadata.sorted_tables if table.name not in _NOT_KEPT]
    total = sum(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in kept)
    done = 0
    facts = {}
    (folder / "tables").mkdir()
    for table in kept:
        digest = hashlib.sha256()
        rows = 0
        with (folder / "tables" / f"{table.name}.jsonl").open("wb") as out:
            for row in connection.execute(_in_order(connection, table)):
                line = json.dumps(list(row), default=_text_of, separators=(",", ":")).encode() + b"\n"
                digest.update(line)
                out.write(line)
                rows += 1
                if progress and (done + rows) % _BATCH == 0:
                    progress(done + rows, total)
        done += rows
        facts[table.name] = TableFacts(rows, digest.hexdigest(), {c.name: _type_of(c) for c in table.c})
    if progress:
        progress(done, done)
    return facts


def _in_order(connection: sa.Connection, table: sa.Table) -> sa.Select[Any]:
    """By primary key, texts by their bytes: the same order on both databases."""
    by_bytes = connection.dialect.name == "postgresql"
    keys = [
        sa.collate(column, "C") if by_bytes and isinstance(column.type, Words | sa.Text) else column
        for column in table.primary_key
    ]
    return sa.select(table).order_by(*keys).execution_options(yield_per=_BATCH)


def _type_of(column: sa.Column[Any]) -> str:
    if isinstance(column.type, sa.Integer):
        return "int"
    return next(name for name, kind in _TYPES.items() if isinstance(column.type, type(kind)))


def _text_of(value: Any) -> str:
    return format(value, "f")  # the only values that JSON has no form for are Decimals


def _pack(draft: Path, manifest: Manifest, work: Path, extra_files: Mapping[str, Path]) -> None:
    with open(draft, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as raw:
        with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as tar:
            shown = work / _MANIFEST
            shown.write_text(json.dumps({"format": _FORMAT, **asdict(manifest)}, indent=1), encoding="utf-8")
            tar.add(shown, _MANIFEST)
            for name in manifest.tables:
                tar.add(work / "tables" / f"{name}.jsonl", f"tables/{name}.jsonl")
            for at, name in enumerate(manifest.files):
                tar.add(extra_files[name], f"files/{at}")
        raw.flush()
        os.fsync(raw.fileno())


def _settle(folder: Path) -> None:
    """The new name is on disk, too."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


# --- reading ----------------------------------------------------------------------------


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    """Whatever is wrong with the file comes out as DataError."""
    try:
        with tarfile.open(file, "r:gz") as tar:
            yield tar
    except FileNotFoundError:
        raise DataError(f"there is no file {file}", "pinery backup makes one") from None
    except (tarfile.TarError, zlib.error, EOFError, KeyError, ValueError, TypeError) as error:
        raise DataError(f"{file} is damaged, or no backup of Pinery: {error}", "use another backup") from None
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror or error}", "use another backup") from None


@contextmanager
def _unpacked(file: Path) -> Iterator[tuple[Manifest, Path]]:
    """The members of a backup in a temporary folder, their hashes found right."""
    with tempfile.TemporaryDirectory(prefix="pinery-restore-") as name:
        work = Path(name)
        with _opened(file) as tar:
            manifest = _manifest(file, _member(tar, _MANIFEST).read())
            for folder in ("tables", "files"):
                (work / folder).mkdir()
            expected = {f"tables/{table}.jsonl": facts.sha256 for table, facts in manifest.tables.items()}
            expected |= {f"files/{at}": digest for at, digest in enumerate(manifest.files.values())}
            for member, digest in expected.items():
                if _copy(_member(tar, member), work / member) != digest:
                    raise DataError(f"{file} is damaged: {member} has changed", "use another backup")
        yield manifest, work


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    opened = tar.extractfile(name)
    if opened is None:
        raise KeyError(name)
    return opened


def _manifest(file: Path, text: bytes) -> Manifest:
    data = json.loads(text)
    if data["format"] != _FORMAT or data["schema"] not in REVISIONS:
        raise DataError(
            f"{file} was made by Pinery {data['pinery']}, with tables that this version does not know",
            "restore it with that version or a newer one",
        )
    names = {name: TableFacts(**facts) for name, facts in data["tables"].items()}
    if not all(re.fullmatch(r"[a-z_]+", name) for name in names):
        raise ValueError("a table has a strange name")
    return Manifest(data["created"], data["pinery"], data["schema"], names, data["files"])


def _copy(source: IO[bytes], target: Path) -> str:
    digest = hashlib.sha256()
    with target.open("wb") as out:
        while block := source.read(1 << 20):
            digest.update(block)
            out.write(block)
    return digest.hexdigest()


def _fill(tx: SqlTx, manifest: Manifest, work: Path, force: bool, progress: Progress | None) -> None:
    connection = tx.connection
    _require_free(connection, force)
    connection.exec_driver_sql(f"DROP TABLE {VERSION_TABLE}")
    metadata.drop_all(connection)
    upgrade(connection, manifest.schema)
    done = 0
    for name, facts in manifest.tables.items():
        table = sa.table(name, *(sa.column(column, _TYPES[kind]) for column, kind in facts.columns.items()))
        for rows in _batches(work / "tables" / f"{name}.jsonl", facts.columns):
            connection.execute(sa.insert(table), rows)
            done += len(rows)
            if progress:
                progress(done, manifest.rows)
        found = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        if found != facts.rows:
            raise StoreError(f"{facts.rows} rows of {name} were saved, {found} restored: nothing was changed")
    _count_on(connection)
    upgrade(connection)


def _require_free(connection: sa.Connection, force: bool) -> None:
    now = int(datetime.now(UTC).timestamp() * 1000)
    for name, owner, expires in connection.execute(sa.select(leases.c.name, leases.c.owner, leases.c.expires)):
        if owner and expires > now and not is_dead(owner):
            raise Refused(f"the store is in use: a running Pinery works on {name}", "stop it first")
    if force:
        return
    for table in metadata.sorted_tables:
        if table.name not in _NOT_KEPT and connection.execute(sa.select(table).limit(1)).first() is not None:
            raise Refused(f"the store is not empty: it has {table.name}", "--force replaces all that it holds")


def _batches(file: Path, columns: Mapping[str, str]) -> Iterator[list[dict[str, Any]]]:
    readers = [(name, _exact if kind == "exact" else _as_is) for name, kind in columns.items()]
    rows: list[dict[str, Any]] = []
    with file.open("rb") as lines:
        for line in lines:
            values = json.loads(line)
            rows.append({name: read(value) for (name, read), value in zip(readers, values, strict=True)})
            if len(rows) == _BATCH:
                yield rows
                rows = []
    if rows:
        yield rows


def _exact(value: Any) -> Any:
    return None if value is None else Decimal(value)


def _as_is(value: Any) -> Any:
    return value


def _count_on(connection: sa.Connection) -> None:
    """PostgreSQL counts ids by itself only from where it stood; SQLite looks at the table."""
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        if isinstance(table.c[0].type, sa.BigInteger) and table.c[0].name == "id":
            highest = connection.execute(sa.select(sa.func.max(table.c.id))).scalar()
            if highest is not None:
                connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, "id"), highest)))


def made_at(path: Path) -> int:
    """Unix ms, by the file's name."""
    match = _NAME.fullmatch(path.name)
    assert match is not None
    return int(datetime.strptime(match[1], _TIME).replace(tzinfo=UTC).timestamp() * 1000)


@contextmanager
def _told_of(folder: Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the backup cannot be {what} in {folder}: {error.strerror or error}",
            "free some space, or name another folder",
        ) from None
