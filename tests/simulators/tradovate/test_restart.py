"""A venue that was stopped, or killed, goes on where it was."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from tests.simulators.tradovate.client import Rest
from tests.simulators.tradovate.venue import ACCOUNT, TRADER, Venue, order

pytestmark = pytest.mark.anyio

LISTS = ("account", "order", "orderVersion", "command", "commandReport", "executionReport", "fill", "fillFee")
LISTS += ("position", "cashBalance", "fillPair", "orderStrategy", "orderStrategyLink")


async def everything(rest: Rest) -> dict[str, object]:
    found: dict[str, object] = {name: await rest.get(f"{name}/list") for name in LISTS}
    found["money"] = await rest.post("cashBalance/getcashbalancesnapshot", {"accountId": ACCOUNT})
    return found


async def test_nothing_is_forgotten(tmp_path: Path) -> None:
    book = tmp_path / "venue.sqlite"
    bracket = {"action": "Sell", "orderType": "Stop", "stopPrice": 5980, "timeInForce": "GTC"}
    trail = {"action": "Sell", "orderType": "TrailingStop", "stopPrice": 5990.25, "pegDifference": 9.75}
    async with Venue(book=book) as venue:
        rest, socket = await venue.both()
        token = rest.token
        await rest.post("order/placeoso", order(quantity=2) | {"bracket1": bracket, "bracket2": trail})
        await rest.post("order/placeoso", order("Buy", "Limit", price=5985) | {"bracket1": bracket})
        params = {
            "entryVersion": {"orderQty": 1, "orderType": "Limit", "price": 5984.75},
            "brackets": [{"qty": 1, "profitTarget": 10, "stopLoss": -10.25}],
        }
        asked = order() | {"orderStrategyTypeId": 2, "params": json.dumps(params)}
        await socket.result("orderStrategy/startorderstrategy", asked)
        venue.walk("6005.25")
        before = await everything(rest)
    async with Venue(book=book, price="") as venue:
        rest = venue.visitor()
        rest.login = {"accessToken": token}
        assert await everything(rest) == before
        venue.walk("5984.75", "6005", "5995")
        prices = [Decimal(f["price"]) for f in await rest.get("fill/list")]
        assert prices == [Decimal(text) for text in ("6000", "5995.5", "5985", "5984.75", "5994.75")]
        (strategy,) = await rest.get("orderStrategy/list")
        assert strategy["status"] == "ExecutionFinished"
        new = (await rest.post("order/placeorder", order()))["orderId"]
        assert new > max(o["id"] for o in before["order"])  # type: ignore[attr-defined]


async def test_a_killed_venue_has_what_it_answered(tmp_path: Path) -> None:
    book = tmp_path / "venue.sqlite"
    first = Venue(book=book, command_delay=30)
    await first.start()
    rest = await first.rest()
    placed = await rest.post("order/placeorder", order("Buy", "Limit", price=5990, timeInForce="GTC"))
    # no word to the venue that it ends: another one goes on with what lies on disk at this moment
    for name in ("venue.sqlite", "venue.sqlite-wal"):
        shutil.copy(tmp_path / name, tmp_path / f"killed-{name}")
    async with Venue(book=tmp_path / "killed-venue.sqlite") as second:
        other = second.visitor()
        other.login = {"accessToken": rest.token}
        assert (await other.get("order/item", id=placed["orderId"]))["ordStatus"] == "Working"
        second.walk("5990")
        assert (await other.get("order/item", id=placed["orderId"]))["ordStatus"] == "Filled"
        assert (await other.get("auth/me"))["userId"] == TRADER
    await first.stop()


async def test_ended_sessions_stay_ended(tmp_path: Path) -> None:
    book = tmp_path / "venue.sqlite"
    async with Venue(book=book) as venue:
        first, second, _ = [await venue.rest() for _ in range(3)]
    async with Venue(book=book) as venue:
        rest = venue.visitor()
        rest.login = {"accessToken": first.token}
        assert (await rest.answer("GET", "auth/me")).status_code == 401
        rest.login = {"accessToken": second.token}
        assert (await rest.answer("GET", "auth/me")).status_code == 200
