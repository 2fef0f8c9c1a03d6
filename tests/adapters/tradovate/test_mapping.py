"""What the venue's entities say of an order: states that have to be concluded from several of them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pinery.adapters.tradovate import mapping
from pinery.adapters.tradovate.cache import ORDER, VERSION, Cache
from pinery.trading.orders.model import Fill, Side, Status

SYMBOL = "CME_MINI:ESZ2026"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [("Working", Status.PARTIALLY_FILLED), ("PendingReplace", Status.PARTIALLY_FILLED), ("Filled", Status.FILLED)],
)
def test_a_bracket_is_not_filled_while_its_entry_may_add_to_it(entry: str, expected: Status) -> None:
    """One of three contracts was bought and its stop, which covers one by now, was hit: two more may come."""
    cache = Cache()
    cache.learn(ORDER, [{"id": 1, "ordStatus": entry}, {"id": 2, "ordStatus": "Working", "parentId": 1}])
    cache.learn(VERSION, [{"id": 3, "orderId": 2, "orderQty": 1, "orderType": "Stop", "stopPrice": Decimal(5990)}])
    fill = Fill("pn-a-s0", "7", SYMBOL, Side.SELL, Decimal(1), Decimal(5990), 0)

    view = mapping.view(cache, 2, "pn-a-s0", SYMBOL, [fill])

    assert view is not None and (view.status, view.filled) == (expected, 1)
