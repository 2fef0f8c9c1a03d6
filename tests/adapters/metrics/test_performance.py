"""What a deployment's trades brought, exact."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pinery.adapters.store import tables as t
from pinery.adapters.store.figures import Figures
from tests.adapters.metrics.rows import NOW, insert, trade
from tests.stores import KINDS, store_of

DAY = 86_400_000


@pytest.mark.parametrize("kind", KINDS)
def test_the_figures_of_a_strategy(kind: str, tmp_path: Path) -> None:
    with store_of(kind, tmp_path) as store:
        figures = Figures(store)
        assert list(figures.performance()) == []
        profits = ["350.1", "-250.2", "350.1", "0", "-100"]
        insert(store, t.trades, [trade(n, profit, NOW - (4 - n) * DAY // 2) for n, profit in enumerate(profits)])
        insert(store, t.trades, [trade(9, "1", deployment="other")])
        demo, other = figures.performance()
        assert figures.performance("other") == [other]
        [late] = figures.performance("demo", since=NOW)
        assert figures.performance("demo", until=NOW - 2 * DAY) == []
    assert (demo.deployment, demo.trades, demo.wins, demo.losses) == ("demo", 5, 2, 2)
    assert (demo.profit, demo.fees) == (Decimal("350.0"), Decimal("7.5"))
    assert (demo.gross_profit, demo.gross_loss) == (Decimal("700.2"), Decimal("-350.2"))
    assert (demo.largest_win, demo.largest_loss) == (Decimal("350.1"), Decimal("-250.2"))
    assert (demo.win_rate, demo.profit_factor) == (Decimal("0.4000"), Decimal("1.9994"))
    assert demo.win_loss_ratio == Decimal("1.9994")
    assert demo.max_drawdown == Decimal("250.2")
    assert demo.hold_ms == 60_000
    assert demo.days == (
        (date(2026, 11, 21), Decimal("99.9")),
        (date(2026, 11, 22), Decimal("350.1")),
        (date(2026, 11, 23), Decimal("-100")),
    )
    assert late.profit == Decimal("-100") and late.win_rate == 0
    assert late.profit_factor == 0 and late.win_loss_ratio is None
    assert other.profit_factor is None
