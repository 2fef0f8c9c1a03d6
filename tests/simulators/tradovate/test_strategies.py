"""Order strategies: an entry with brackets at distances, over the socket alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulators.tradovate.client import Rest, Socket
from tests.simulators.tradovate.venue import ACCOUNT, Venue

pytestmark = pytest.mark.anyio

START = "orderStrategy/startorderstrategy"


def multibracket(action: str = "Buy", entry: dict[str, Any] | None = None, *brackets: dict[str, Any]) -> dict[str, Any]:
    params = {
        "entryVersion": entry or {"orderQty": 1, "orderType": "Market"},
        "brackets": list(brackets) or [{"qty": 1, "profitTarget": 20, "stopLoss": -10, "trailingStop": False}],
    }
    return {
        "accountId": ACCOUNT,
        "accountSpec": "DEMO1",
        "symbol": "ESZ6",
        "orderStrategyTypeId": 2,
        "action": action,
        "uuid": "u-1",
        "isAutomated": True,
        "params": json.dumps(params),
    }


async def start(socket: Socket, asked: dict[str, Any]) -> int:
    found = (await socket.result(START, asked))["orderStrategy"]
    assert found["uuid"] == asked["uuid"]
    return int(found["id"])


async def orders(rest: Rest, strategy: int) -> dict[str, dict[str, Any]]:
    """By label: the order with its newest version."""
    found = {}
    for link in await rest.get("orderStrategyLink/deps", masterid=strategy):
        order = await rest.get("order/item", id=link["orderId"])
        version = (await rest.get("orderVersion/deps", masterid=link["orderId"]))[-1]
        found[link["label"]] = {**version, **order}
    return found


async def state(rest: Rest, strategy: int) -> str:
    return str((await rest.get("orderStrategy/item", id=strategy))["status"])


async def test_brackets_stand_at_their_distances(venue: Venue) -> None:
    rest, socket = await venue.both()
    strategy = await start(socket, multibracket())
    found = await orders(rest, strategy)
    assert (found["target1"]["price"], found["stop1"]["stopPrice"]) == (6020, 5990)
    assert {found[label]["ordStatus"] for label in ("target1", "stop1")} == {"Working"}
    assert await state(rest, strategy) == "ActiveStrategy"
    venue.walk("6020")
    found = await orders(rest, strategy)
    assert (found["target1"]["ordStatus"], found["stop1"]["ordStatus"]) == ("Filled", "Canceled")
    assert await state(rest, strategy) == "ExecutionFinished"
    assert socket.latest("orderStrategy", strategy)["status"] == "ExecutionFinished"


async def test_a_short_one_has_its_signs_the_other_way(venue: Venue) -> None:
    rest, socket = await venue.both()
    bracket = {"qty": 1, "profitTarget": -20, "stopLoss": 10, "trailingStop": False}
    strategy = await start(socket, multibracket("Sell", None, bracket))
    found = await orders(rest, strategy)
    assert (found["target1"]["price"], found["stop1"]["stopPrice"]) == (5980, 6010)
    venue.walk("6010")
    assert [p["netPos"] for p in await rest.get("position/list")] == [0]


async def test_several_brackets_cover_an_entry_in_parts(venue: Venue) -> None:
    rest, socket = await venue.both()
    entry = {"orderQty": 3, "orderType": "Limit", "price": 5990}
    brackets = ({"qty": 2, "profitTarget": 10, "stopLoss": -10}, {"qty": 1, "profitTarget": 20, "stopLoss": -10})
    strategy = await start(socket, multibracket("Buy", entry, *brackets))
    venue.simulator.set_parts(3)
    venue.walk("5990")
    assert {label: o["orderQty"] for label, o in (await orders(rest, strategy)).items()} == {
        "entry": 3,
        "target1": 1,
        "stop1": 1,
    }
    venue.walk("5990", "5990")
    venue.simulator.set_parts(1)
    found = await orders(rest, strategy)
    assert [found[label]["orderQty"] for label in ("stop1", "stop2", "target1", "target2")] == [2, 1, 2, 1]
    venue.walk("6000", "5980")
    assert [p["netPos"] for p in await rest.get("position/list")] == [0]
    assert await state(rest, strategy) == "ExecutionFinished"


async def test_a_trailing_bracket(venue: Venue) -> None:
    rest, socket = await venue.both()
    strategy = await start(socket, multibracket("Buy", None, {"qty": 1, "stopLoss": -10, "trailingStop": True}))
    venue.walk("6030", "6015")
    found = await orders(rest, strategy)
    assert (found["stop1"]["orderType"], found["stop1"]["ordStatus"]) == ("TrailingStop", "Filled")
    assert [f["price"] for f in await rest.get("fill/list")] == [6000, 6020]


async def test_interrupting_cancels_what_rests(venue: Venue) -> None:
    rest, socket = await venue.both()
    strategy = await start(socket, multibracket())
    await socket.result("orderStrategy/interruptorderstrategy", {"orderStrategyId": strategy})
    found = await orders(rest, strategy)
    assert {found[label]["ordStatus"] for label in ("target1", "stop1")} == {"Canceled"}
    assert await state(rest, strategy) == "ExecutionInterrupted"
    unknown = await socket.result("orderStrategy/interruptorderstrategy", {"orderStrategyId": 1})
    assert "failureReason" in unknown


async def test_an_entry_that_risk_rejects_fails_the_strategy(venue: Venue) -> None:
    rest, socket = await venue.both()
    venue.fault("risk_rejected", "risk Market")
    strategy = await start(socket, multibracket())
    assert await state(rest, strategy) == "ExecutionFailed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"params": {"entryVersion": {"orderQty": 1, "orderType": "Market"}, "brackets": []}},
        {"params": "{"},
        {"params": "{}"},
        {"params": json.dumps({"entryVersion": {"orderQty": 1}, "brackets": [{"qty": 0}]})},
        {"params": " " * 9000},
        {
            "params": json.dumps(
                {
                    "entryVersion": {"orderQty": 1, "orderType": "Market"},
                    "brackets": [{"qty": 1, "profitTarget": "NaN"}],
                }
            )
        },
        {"orderStrategyTypeId": 1},
    ],
)
async def test_what_makes_no_strategy(venue: Venue, wrong: dict[str, Any]) -> None:
    rest, socket = await venue.both()
    assert "errorText" in await socket.result(START, multibracket() | wrong)
    assert await rest.get("order/list") == []


async def test_not_by_http(venue: Venue) -> None:
    rest = await venue.rest()
    assert (await rest.answer("POST", START, multibracket())).status_code == 404
    assert await rest.get("orderStrategy/list") == []
