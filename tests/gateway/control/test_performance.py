from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from pinery.trading.positions.model import Trade
from tests.gateway.control.conftest import Running
from tests.gateway.control.filling import ES, ETH, NOW


def _trade(name: str, deployment: str, profit: str, closed: datetime, symbol: str = ETH) -> Trade:
    at = int(closed.timestamp() * 1000)
    return Trade(
        name, deployment, "spare", symbol, 1, Decimal(1), Decimal(100), Decimal(101), at - 60_000, at, Decimal(profit),
        Decimal("0.1"), "s1", "s2", "exit",
    )  # fmt: skip


def test_figures_per_deployment_and_in_total(api: Running) -> None:
    trades = [
        _trade("x", "other", "10.10", datetime(2026, 11, 16, 23, 30, tzinfo=UTC)),
        _trade("y", "other", "-5", datetime(2026, 11, 17, 2, 0, tzinfo=UTC)),
        _trade("z", "other", "3.3", datetime(2026, 11, 17, 2, 59, tzinfo=UTC)),
    ]
    api.store.write(lambda tx: tx.trades.add(trades))
    with api.client("viewer") as client:
        found = _performance(client)
        [other] = _performance(client, account="spare")["currencies"]
        since = _performance(client, since=NOW - 2_000_000)
        in_chicago = _performance(client, deployment="other", zone="America/Chicago")
    [total] = found["currencies"]
    assert [row["deployment"] for row in total["deployments"]] == ["demo", "other"]
    assert total["currency"] == "USDT"
    assert total["total"]["trades"] == 5 and total["total"]["profit"] == Decimal("20.90")
    row = other["total"]
    assert (row["wins"], row["losses"], row["profit"], row["expectancy"]) == (2, 1, Decimal("8.40"), Decimal("2.8"))
    assert (row["average_win"], row["average_loss"], row["max_drawdown"]) == (Decimal("6.7"), -5, 5)
    assert (row["win_rate"], row["profit_factor"]) == (Decimal("0.6667"), Decimal("2.68"))
    assert [(point["time"], point["profit"], point["drawdown"]) for point in other["curve"]] == [
        ("2026-11-16T23:29:00.000Z", 0, 0),
        ("2026-11-16T23:30:00.000Z", Decimal("10.10"), 0),
        ("2026-11-17T02:00:00.000Z", Decimal("5.10"), -5),
        ("2026-11-17T02:59:00.000Z", Decimal("8.40"), Decimal("-1.70")),
    ]
    assert [(day["day"], day["trades"]) for day in other["by_day"]] == [("2026-11-16", 1), ("2026-11-17", 2)]
    assert [hour["trades"] for hour in other["by_hour"]] == [0, 0, 2, *[0] * 20, 1]
    assert [day["trades"] for day in other["by_weekday"]] == [1, 2, 0, 0, 0, 0, 0]
    assert since["currencies"][0]["total"]["trades"] == 1
    # The same trades were closed on Monday evening in Chicago.
    [chicago] = in_chicago["currencies"]
    assert [(day["day"], day["profit"]) for day in chicago["by_day"]] == [("2026-11-16", Decimal("8.40"))]
    assert chicago["by_hour"][17]["trades"] == 1 and chicago["by_hour"][20]["trades"] == 2
    assert in_chicago["zone"] == "America/Chicago" and ZoneInfo(in_chicago["zone"])


def test_amounts_of_two_currencies_are_never_added(local_api: Running) -> None:
    """Also of one deployment that traded contracts of both."""
    closed = datetime(2026, 11, 17, 2, 0, tzinfo=UTC)
    trades = [_trade("x", "demo", "1000", closed, ES), _trade("y", "other", "-250", closed, ES)]
    local_api.store.write(lambda tx: tx.trades.add(trades))
    with local_api.client("viewer") as client:
        found = _performance(client)["currencies"]
    assert [(one["currency"], one["total"]["profit"]) for one in found] == [("USD", 750), ("USDT", Decimal("12.50"))]
    profits = {one["currency"]: {row["deployment"]: row["profit"] for row in one["deployments"]} for one in found}
    assert profits == {"USD": {"demo": 1000, "other": -250}, "USDT": {"demo": Decimal("12.50")}}
    assert [[day["profit"] for day in one["by_day"]] for one in found] == [[750], [Decimal("12.50")]]


def test_no_trades_give_no_figures(local_api: Running) -> None:
    with local_api.client("viewer") as client:
        found = _performance(client, deployment="none")
        wrong = [client.get("/api/v1/performance", params={"zone": zone}) for zone in ("Mars/Base", "America", "../x")]
    assert found == {"currencies": [], "zone": "UTC"}
    assert {answer.status_code for answer in wrong} == {422}


def _performance(client: httpx.Client, **params: object) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/performance", params=params).json(parse_float=Decimal)  # type: ignore[arg-type]
    return found
