"""Every trade list that TradingView exported: same trades, bars, prices, sizes, profits and labels."""

from __future__ import annotations

import pytest

from tests.conformance.trades import ROOT, cases, grade, run_case

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="no conformance data beside this checkout")


@pytest.mark.slow
@pytest.mark.parametrize("name", cases())
def test_trades_equal_those_of_tradingview(name: str) -> None:
    _, trades = run_case(name)
    faults = grade(name, trades)
    assert not faults, f"{len(faults)} faults, the first:\n" + "\n".join(faults[:5])
