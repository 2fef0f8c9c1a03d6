"""Lists, newest first, a page at a time. A cursor names the last row shown, so that rows that come in move nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from pinery.adapters.store.views.connection import connection
from pinery.core.errors import UsageError
from pinery.trading.store import Tx

T = TypeVar("T")

LARGEST_PAGE = 500
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """``next`` is the cursor of the page after this one; None on the last."""

    items: tuple[T, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which rows. Empty or None: all. ``since`` is Unix ms; ``search`` looks into names, words and reasons."""

    deployment: str = ""
    account: str = ""
    symbol: str = ""
    since: int | None = None
    search: str = ""
    limit: int = 50
    cursor: str = ""


def page(
    tx: Tx,
    query: sa.Select[Any],
    when: sa.Column[int],
    key: sa.Column[Any],
    filters: Filters,
    make: Callable[[Any], T],
    searched: tuple[sa.Column[str], ...] = (),
) -> Page[T]:
    """Rows of ``query`` from the newest ``when`` back, of one time by ``key``. Raises UsageError for a bad cursor."""
    table = when.table
    for name in ("deployment", "account", "symbol"):
        wanted = getattr(filters, name)
        if wanted:
            query = query.where(table.c[name] == wanted)
    if filters.since is not None:
        query = query.where(when >= filters.since)
    if filters.search:
        query = query.where(sa.or_(*(column.icontains(filters.search, autoescape=True) for column in searched)))
    if filters.cursor:
        at, last = _read_cursor(filters.cursor, key)
        query = query.where(sa.or_(when < at, sa.and_(when == at, key < last)))
    limit = max(1, min(filters.limit, LARGEST_PAGE))
    rows = connection(tx).execute(query.order_by(when.desc(), key.desc()).limit(limit + 1)).all()
    more = len(rows) > limit
    shown = rows[:limit]
    following = f"{getattr(shown[-1], when.name)}.{getattr(shown[-1], key.name)}" if more else None
    return Page(tuple(make(row) for row in shown), following)


def _read_cursor(cursor: str, key: sa.Column[Any]) -> tuple[int, int | str]:
    at, _, last = cursor.partition(".")
    numeric = isinstance(key.type, sa.Integer)  # BigInteger is one too
    try:
        place = int(at), int(last) if numeric else last
        if not last or any(isinstance(part, int) and not 0 <= part <= _LARGEST for part in place):
            raise ValueError
    except ValueError:
        raise UsageError(f"{cursor!r} is no cursor of this list", 'take it from "next" of the page before') from None
    return place
