"""Totals over long tables that only grow, without reading them again for every look.

Rows are read in the order of a position (an id, or a time). Those that were there a while ago are counted once for
all; the newest are read again each time, because transactions end in another order than they take their positions.
Rows that something will still be noted in (an order's signal without its fill) are looked up again by id.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

T = TypeVar("T")

SETTLED_MS = 30_000  # no transaction lasts that long
MOST_INCOMPLETE = 500
_AT_ONCE = 5_000


class Running(Generic[T]):
    """Totals ``T`` of a table. ``select`` yields columns ``id``, ``position`` and ``at`` (Unix ms) and what
    ``count`` needs; ``complete`` says whether a row is as it will stay."""

    def __init__(
        self,
        select: sa.Select[Any],
        id: sa.ColumnElement[Any],
        position: sa.ColumnElement[Any],
        empty: Callable[[], T],
        count: Callable[[T, Any], None],
        complete: Callable[[Any], bool] = lambda row: True,
    ) -> None:
        self._newer = select.where(position > sa.bindparam("after")).order_by(position)
        self._these = select.where(id.in_(sa.bindparam("ids", expanding=True)))
        self._count = count
        self._complete = complete
        self._settled = -1  # position up to which rows are in ``_total``
        self._total = empty()
        self._incomplete: dict[Any, Any] = {}  # id -> row, oldest first
        self._seen: deque[tuple[int, int]] = deque()  # (Unix ms, highest position then)
        self._first = True

    def total(self, connection: sa.Connection, now: int) -> T:
        settle = self._settle(now)
        fresh: list[Any] = []
        highest = self._settled
        options = {"yield_per": _AT_ONCE}
        for row in connection.execute(self._newer, {"after": self._settled}, execution_options=options):
            highest = row.position
            # What is there at the first look is as old as it says. What is behind a new row counts as new.
            old = row.position <= settle or (self._first and row.at <= now - SETTLED_MS)
            if old and not fresh:
                self._settled = row.position
                self._keep(row)
            else:
                fresh.append(row)
        self._first = False
        self._seen.append((now, highest))
        self._look_again(connection)
        result = deepcopy(self._total)
        for row in (*self._incomplete.values(), *fresh):
            self._count(result, row)
        return result

    def _settle(self, now: int) -> int:
        settle = self._settled
        while self._seen and self._seen[0][0] <= now - SETTLED_MS:
            settle = self._seen.popleft()[1]
        return settle

    def _keep(self, row: Any) -> None:
        if self._complete(row):
            self._count(self._total, row)
            return
        self._incomplete[row.id] = row
        if len(self._incomplete) > MOST_INCOMPLETE:  # the oldest one will hardly change any more
            self._count(self._total, self._incomplete.pop(next(iter(self._incomplete))))

    def _look_again(self, connection: sa.Connection) -> None:
        if not self._incomplete:
            return
        for row in connection.execute(self._these, {"ids": list(self._incomplete)}):
            if self._complete(row):
                del self._incomplete[row.id]
                self._count(self._total, row)
            else:
                self._incomplete[row.id] = row
