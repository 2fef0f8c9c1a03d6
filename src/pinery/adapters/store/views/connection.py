"""The way from the port's transaction to SQL, for lists and people, which the port has no methods for."""

from __future__ import annotations

from typing import Protocol, cast

import sqlalchemy as sa

from pinery.trading.store import Tx


class _Sql(Protocol):
    @property
    def connection(self) -> sa.Connection: ...


def connection(tx: Tx) -> sa.Connection:
    return cast(_Sql, tx).connection
