from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from pinery.adapters.store import migrations, tables
from pinery.adapters.store.database import SqlStore, open_store
from pinery.trading.errors import StoreError


def migrated(tx: Any) -> Any:
    """How the tables differ from those that the code uses."""
    options = {
        "version_table": migrations.VERSION_TABLE,
        "compare_type": True,
        # Alembic takes SQLite's DEFAULT '' for none.
        "compare_server_default": tx.connection.dialect.name == "postgresql",
    }
    context = MigrationContext.configure(tx.connection, opts=options)
    return compare_metadata(context, tables.metadata)


def test_migrations_make_the_tables_that_the_code_uses(store: SqlStore) -> None:
    assert store.read(migrated) == []


def test_partial_indexes_are_made(store: SqlStore) -> None:
    source = "sqlite_master" if store.engine.dialect.name == "sqlite" else "pg_indexes"
    column = "sql" if source == "sqlite_master" else "indexdef"
    texts = store.read(lambda tx: tx.connection.exec_driver_sql(f"SELECT {column} FROM {source}").scalars().all())
    partial = {text.split()[2] for text in texts if text and " WHERE " in text.replace("\n", " ")}
    assert partial == {
        "ix_inbox_new", "ix_orders_unfinished", "ix_orders_unfilled", "ix_outbox_due", "ix_commands_waiting",
        "ix_paper_orders_open",
    }  # fmt: skip


def test_all_revisions_are_named() -> None:
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert tuple(found.revision for found in reversed(list(script.walk_revisions()))) == migrations.REVISIONS


@pytest.mark.parametrize("revision", migrations.REVISIONS[:-1])
def test_a_store_of_an_older_version_is_taken_over(url: str, revision: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        migrations.upgrade(connection, revision)
        connection.execute(
            sa.text("INSERT INTO events (kind, severity, at, text, data) VALUES ('x', 'info', 1, 'kept', '{}')")
        )
    engine.dispose()
    store = open_store(url)
    try:
        assert store.read(lambda tx: tx.connection.exec_driver_sql("SELECT text FROM events").scalars().all()) == [
            "kept"
        ]
        assert store.read(migrated) == []
    finally:
        store.close()


def test_a_store_of_a_newer_version_is_refused(url: str) -> None:
    open_store(url).close()
    store = open_store(url)
    store.write(lambda tx: tx.connection.execute(sa.text("UPDATE pinery_schema SET version_num = 'v9999'")))
    store.close()
    for create in (True, False):
        with pytest.raises(StoreError, match="newer version"):
            open_store(url, create=create)


def test_an_empty_store_is_not_made_unasked(url: str) -> None:
    with pytest.raises(StoreError):
        open_store(url, create=False)


def test_several_processes_may_make_it_at_once(url: str) -> None:
    script = (
        "import sys; from pinery.adapters.store.database import open_store; s = open_store(sys.argv[1]);"
        "print(s.read(lambda tx: tx.inbox.pending(['x'], 1, 1)))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", script, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [process.communicate() for process in started] == [("[]\n", "")] * 3
