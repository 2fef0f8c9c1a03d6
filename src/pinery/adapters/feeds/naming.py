"""Which market's prices a symbol has: its own, or those of the continuous future of its root."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from pinery.market.rolls import parse_continuous, parse_contract

_ANY_DAY = date(2020, 1, 1)  # which decade a one-digit year means does not matter here


def source_of(symbol: str, known: Collection[str]) -> str | None:
    """``CME_MINI:ES1!`` of ``CME_MINI:ESZ2026`` where only that is known; None where there is nothing."""
    wanted = symbol.strip().upper()
    if wanted in known:
        return wanted
    exchange, _, ticker = wanted.rpartition(":")
    month = parse_contract(ticker, _ANY_DAY)
    if month is None:
        return None
    found = []
    for name in known:
        prefix, _, other = name.rpartition(":")
        continuous = parse_continuous(other)
        if (
            continuous is not None
            and continuous[0] == month.root
            and (prefix == exchange or not prefix or not exchange)
        ):
            found.append((continuous[1], name))
    return min(found)[1] if found else None
