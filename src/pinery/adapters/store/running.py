"""What the nouns of a transaction share: its connection, and inserts that know what to do with a row that is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


@dataclass(slots=True)
class Running:
    """A transaction under way. ``woken``: it leaves work for another process, which should hear of the commit."""

    connection: sa.Connection
    woken: bool = False


@dataclass(frozen=True, slots=True)
class Insert:
    """One insert in the words of both databases."""

    sqlite: sa.Insert
    postgresql: sa.Insert

    def into(self, connection: sa.Connection) -> sa.Insert:
        return self.postgresql if connection.dialect.name == "postgresql" else self.sqlite


def insert_or_replace(table: sa.Table) -> Insert:
    """A row with the same primary key gets the new values."""
    keys = [column.name for column in table.primary_key]
    both: list[Any] = [sqlite.insert(table), postgresql.insert(table)]
    return Insert(
        *(
            insert.on_conflict_do_update(
                index_elements=keys,
                set_={column.name: insert.excluded[column.name] for column in table.c if column.name not in keys},
            )
            for insert in both
        )
    )


def insert_if_new(table: sa.Table, *keys: str) -> Insert:
    """A row with the same ``keys`` stays as it is."""
    return Insert(
        sqlite.insert(table).on_conflict_do_nothing(index_elements=keys),
        postgresql.insert(table).on_conflict_do_nothing(index_elements=keys),
    )
