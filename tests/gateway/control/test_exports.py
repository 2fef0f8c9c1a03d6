from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO

import pytest

from pinery.trading.positions.model import Trade
from pinery.trading.signals import Action, Signal, Source
from pinery.trading.store import Decision, Outcome
from tests.gateway.control.conftest import Running
from tests.gateway.control.filling import ETH, NOW


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_a_list_longer_than_a_page_comes_whole(api: Running) -> None:
    trades = [
        Trade(f"t{i:04}", "demo", "paper", ETH, 1, Decimal("0.10"), Decimal(1), Decimal(2), NOW, NOW + i,
              Decimal("-1.50"), Decimal(0), "s1", "s2", "exit")
        for i in range(1100)
    ]  # fmt: skip
    api.store.write(lambda tx: tx.trades.add(trades))
    with api.client("viewer") as client:
        answer = client.get("/api/v1/export/trades.csv", params={"since": NOW})
    rows = _rows(answer.text)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="pinery-trades.csv"'
    assert [row["id"] for row in rows] == [f"t{i:04}" for i in range(1099, -1, -1)]
    assert (rows[0]["profit"], rows[0]["quantity"], rows[0]["won"]) == ("-1.50", "0.10", "false")
    assert rows[0]["exit_time"].startswith("2026-11-18T")


def test_every_list_has_its_filters(local_api: Running) -> None:
    with local_api.client("viewer") as client:

        def rows(table: str, **filters: str) -> list[dict[str, str]]:
            return _rows(client.get(f"/api/v1/export/{table}.csv", params=filters).text)

        assert [row["id"] for row in rows("signals")] == ["sig2", "sig1"]
        assert [row["id"] for row in rows("signals", search="moon", deployment="demo")] == []
        assert [row["client_id"] for row in rows("orders", symbol=ETH)] == ["pn-sig1-s0", "pn-sig1-e0"]
        assert [row["price"] for row in rows("fills")] == ["3500.10"]
        assert [row["deployment"] for row in rows("positions", account="paper")] == ["demo", "mini"]
        assert [row["kind"] for row in rows("events", deployment="demo")] == ["signal.denied", "order.filled"]
        assert rows("trades", deployment="none") == []
        assert client.get("/api/v1/export/users.csv").status_code == 422
        assert client.get("/api/v1/export/trades.csv", params={"since": -1}).status_code == 422


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_calculates_nothing_that_senders_wrote(local_api: Running, text: str) -> None:
    signal = Signal("s9", "demo", "k9", Action.ENTER_LONG, text, Source.WEBHOOK, NOW, ETH)
    local_api.store.write(
        lambda tx: tx.signals.add(signal, Decision(Outcome.DENIED, "X", f'{text}, "quoted"\nline'), "paper", NOW * 1000)
    )
    with local_api.client("viewer") as client:
        content = client.get("/api/v1/export/signals.csv", params={"since": NOW}).content.decode()
    row = next(csv.DictReader(StringIO(content, newline="")))
    assert row["word"] == f"'{text}"
    assert row["reason"] == f'\'{text}, "quoted"\nline'
