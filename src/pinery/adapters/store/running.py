"""What the nouns of a transaction share: its connection, rows not yet written, inserts for rows that may be there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


@dataclass(frozen=True, slots=True)
class Insert:
    """One insert in the words of both databases."""

    sqlite: sa.Insert
    postgresql: sa.Insert

    def into(self, connection: sa.Connection) -> sa.Insert:
        return self.postgresql if connection.dialect.name == "postgresql" else self.sqlite


@dataclass(slots=True)
class _Rows:
    statement: Insert | sa.Insert | sa.Update
    table: sa.Table
    rows: list[dict[str, Any]]


@dataclass(slots=True)
class Running:
    """A transaction under way. ``woken``: it leaves work for another process, which should hear of the commit.

    Statements that return nothing wait, so that those of one kind are executed together: a transaction has many of
    them, and each execution costs more than a row. Whoever reads a table says so by ``settle``.
    """

    connection: sa.Connection
    woken: bool = False
    _waiting: list[_Rows] = field(default_factory=list)

    def later(self, statement: Insert | sa.Insert | sa.Update, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        """Execute ``statement`` for each of ``rows``, at the latest with the commit. Within a table, in this order."""
        for waiting in reversed(self._waiting):
            if waiting.table is table:
                if waiting.statement is statement:
                    waiting.rows += rows
                    return
                break
        if rows:
            self._waiting.append(_Rows(statement, table, list(rows)))

    def settle(self, table: sa.Table) -> None:
        """Rows of ``table`` that wait are written now."""
        if any(waiting.table is table for waiting in self._waiting):
            self.settle_all()

    def settle_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        driver: Any = self.connection.connection.driver_connection
        if len(waiting) > 1 and self.connection.dialect.name == "postgresql":
            import psycopg

            # Sent one after the other without waiting for each answer.
            try:
                with driver.pipeline():
                    self._execute(waiting)
            except psycopg.Error as error:
                raise sa.exc.DBAPIError.instance(None, None, error, psycopg.Error) from error
        else:
            self._execute(waiting)

    def _execute(self, waiting: list[_Rows]) -> None:
        for each in waiting:
            statement = each.statement
            if isinstance(statement, Insert):
                statement = statement.into(self.connection)
            self.connection.execute(statement, each.rows if len(each.rows) > 1 else each.rows[0])


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
