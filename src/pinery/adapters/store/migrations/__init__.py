"""How the tables came to be as they are: one revision per change, applied when a store is opened."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from pinery.trading.errors import StoreError

#: All revisions, oldest first; files of these names are in ``versions/``. A test holds them against Alembic's view.
REVISIONS = ("v0001", "v0002", "v0003")

VERSION_TABLE = "pinery_schema"
_LOCK = 0x70696E6572790001  # a number of ours among PostgreSQL's advisory locks


class Database(Protocol):
    def writing(self) -> AbstractContextManager[sa.Connection]: ...
    def reading(self) -> AbstractContextManager[sa.Connection]: ...


def revision_of(connection: sa.Connection) -> str | None:
    """None: there are no tables yet."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()
    return version


def bring_up_to_date(database: Database, shown: str) -> None:
    """In one transaction, by one process at a time. Raises StoreError if a newer version made the tables."""
    with database.reading() as connection:
        if _is_current(connection, shown):
            return
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        if not _is_current(connection, shown):
            upgrade(connection)


def require_current(database: Database, shown: str) -> None:
    with database.reading() as connection:
        if not _is_current(connection, shown):
            raise StoreError(
                f"the store {shown} has no tables yet, or those of an older version",
                "start Pinery once with this version: pinery up",
            )


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    # Not at the top: an up-to-date store, which is every one but the first time, does without.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _is_current(connection: sa.Connection, shown: str) -> bool:
    revision = revision_of(connection)
    if revision is not None and revision not in REVISIONS:
        raise StoreError(
            f"the store {shown} was made by a newer version of Pinery: its tables are {revision}, this one knows "
            f"{REVISIONS[-1]}",
            "use that version, or restore a backup that this one made",
        )
    return revision == REVISIONS[-1]
