"""What time alone does to the venue's records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinery.simulators.binance import conditional, events, filling

if TYPE_CHECKING:
    from pinery.simulators.binance.exchange import Exchange


def look(exchange: Exchange) -> None:
    now, ledger = exchange.now(), exchange.ledger
    for account in ledger.accounts.values():
        if account.listen_key and now >= account.listen_until:
            end_listen_key(exchange, account.name)
    for order in list(ledger.open_orders.values()):
        if order.good_till and now >= order.good_till:
            filling.expire(exchange, order, "0")
    for algo in list(ledger.open_algos.values()):
        if algo.good_till and now >= algo.good_till:
            conditional.expire(exchange, algo)
    for (name, symbol), at in list(ledger.deadlines.items()):
        if now >= at:
            ledger.deadline(name, symbol, None)
            for order in ledger.orders_of(name, symbol):
                filling.end(exchange, order, "CANCELED")


def end_listen_key(exchange: Exchange, name: str, *, silent: bool = False) -> None:
    """Told of while it still counts; streams of it are silent afterwards."""
    account = exchange.account(name)
    if not account.listen_key:
        return
    if not silent:
        exchange.tell(name, events.listen_key_expired(exchange, account.listen_key))
    account.listen_key = ""
    exchange.ledger.keep(account)
