"""Rates between the currency of a symbol's prices and that of the account."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pinery.app.options import name_and_value
from pinery.core.errors import UsageError
from pinery.market.rates import Rates, read_rates

EXAMPLE = "--rates USDTUSD=usdtusd.csv"


def parse_rates(text: str) -> tuple[str, Rates]:
    """``USDTUSD=FILE`` or ``USDT/USD=FILE``: what one of the first is worth in the second."""
    name, path = name_and_value(text, "--rates", EXAMPLE)
    pair = name.upper()
    if not pair.replace("/", "").isalnum() or len(pair) < 4:
        raise UsageError(f"--rates {text!r} names no pair of currencies", hint=f"write it as {EXAMPLE}")
    return pair, read_rates(Path(path))


def by_currencies(given: Mapping[str, Rates], *known: str) -> dict[tuple[str, str], Rates]:
    """Rates by (from, to). A pair without a slash is cut where a ``known`` currency ends or begins, else after
    three letters."""
    found = {}
    for pair, rates in given.items():
        source, slash, target = pair.partition("/")
        if not slash:
            source, target = pair[:3], pair[3:]
            for currency in known:
                if pair.startswith(currency) and pair != currency:
                    source, target = currency, pair[len(currency) :]
                    break
                if pair.endswith(currency) and pair != currency:
                    source, target = pair[: -len(currency)], currency
                    break
        found[source, target] = rates
    return found
