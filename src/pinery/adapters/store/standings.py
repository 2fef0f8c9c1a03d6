"""Figures that risk checks need: days, standings, balances, prices."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store.running import Running, insert_or_replace
from pinery.adapters.store.tables import balances, days, equity, quotes, standings
from pinery.trading.broker import Balance, Quote
from pinery.trading.store import Day, Standing

_MINUTE = 60_000


def _columns(table: sa.Table, record: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(record) if field.name in table.c)


_DAY, _STANDING = _columns(days, Day), _columns(standings, Standing)
_BALANCE, _QUOTE = _columns(balances, Balance), _columns(quotes, Quote)

_GET_DAY = sa.select(*(days.c[name] for name in _DAY)).where(
    days.c.scope == sa.bindparam("of"), days.c.day == sa.bindparam("date")
)
_GET_STANDING = sa.select(*(standings.c[name] for name in _STANDING)).where(standings.c.scope == sa.bindparam("of"))
_GET_BALANCE = sa.select(*(balances.c[name] for name in _BALANCE)).where(balances.c.account == sa.bindparam("of"))
_QUOTES = sa.select(*(quotes.c[name] for name in _QUOTE))
_PUT_DAY, _PUT_STANDING = insert_or_replace(days), insert_or_replace(standings)
_PUT_BALANCE, _PUT_EQUITY = insert_or_replace(balances), insert_or_replace(equity)
_PUT_QUOTE = insert_or_replace(quotes)


class Standings:
    def __init__(self, running: Running) -> None:
        self._running = running

    def day(self, scope: str, day: str) -> Day:
        self._running.settle(days)
        row = self._running.connection.execute(_GET_DAY, {"of": scope, "date": day}).first()
        return Day(scope, day) if row is None else Day(*row)

    def put_day(self, day: Day) -> None:
        self._running.later(_PUT_DAY, days, [_values(day, _DAY)])

    def standing(self, scope: str) -> Standing:
        self._running.settle(standings)
        row = self._running.connection.execute(_GET_STANDING, {"of": scope}).first()
        return Standing(scope) if row is None else Standing(*row)

    def put_standing(self, standing: Standing) -> None:
        self._running.later(_PUT_STANDING, standings, [_values(standing, _STANDING)])

    def balance(self, account: str) -> Balance | None:
        self._running.settle(balances)
        row = self._running.connection.execute(_GET_BALANCE, {"of": account}).first()
        return None if row is None else Balance(*row)

    def put_balance(self, account: str, balance: Balance) -> None:
        """Also the minute's point of the equity curve."""
        self._running.later(_PUT_BALANCE, balances, [{"account": account, **_values(balance, _BALANCE)}])
        point = {
            "account": account,
            "minute": balance.time // _MINUTE * _MINUTE,
            "equity": balance.equity,
            "balance": balance.balance,
        }
        self._running.later(_PUT_EQUITY, equity, [point])

    def quotes(self) -> dict[str, Quote]:
        self._running.settle(quotes)
        return {row.symbol: Quote(*row) for row in self._running.connection.execute(_QUOTES)}

    def put_quote(self, quote: Quote) -> None:
        self._running.later(_PUT_QUOTE, quotes, [_values(quote, _QUOTE)])


def _values(record: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}
