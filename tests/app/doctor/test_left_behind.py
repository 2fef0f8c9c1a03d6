"""``pinery doctor`` on a position that a deployment has left in another account."""

from __future__ import annotations

import pytest

from pinery.adapters.store.database import SqlStore
from pinery.trading.positions.model import Lot, Position
from tests.app.doctor.test_doctor import ETH, D, Pinery, examined, now, store

__all__ = ["store"]  # a fixture


@pytest.mark.parametrize("only", [(), ("-d", "demo"), ("-d", "es")])
def test_what_a_deployment_left_in_another_account(pinery: Pinery, store: SqlStore, only: tuple[str, ...]) -> None:
    lots = (Lot(D(1), D(3500), now(), D(0), "pn-sig1-e0", "sig1"),)
    store.write(lambda tx: tx.positions.put(Position("demo", "before", ETH, -1, lots, opened=now())))
    found = examined(pinery, *only)["orders"]["positions"][0]
    if only == ("-d", "es"):
        assert found["level"] == "ok"
        return
    assert found["level"] == "problem"
    assert "demo holds -1 BINANCE:ETHUSDT.P in before, and pinery.toml has it in paper" in found["found"]
    assert "pinery flatten demo" in found["do"] and 'account = "before"' in found["do"]
