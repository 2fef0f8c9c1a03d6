"""Brackets and pairs: who sleeps, who wakes, how much they cover, and who dies with whom."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.tradovate.client import Rest
from tests.simulators.tradovate.venue import ACCOUNT, Venue, order

pytestmark = pytest.mark.anyio

STOP, TARGET = "oso1Id", "oso2Id"


def oso(kind: str = "Limit", quantity: int = 1, **more: Any) -> dict[str, Any]:
    entry = order("Buy", kind, quantity, **({"price": 5990} if kind == "Limit" else {}))
    return entry | {
        "bracket1": {"action": "Sell", "orderType": "Stop", "stopPrice": 5980, "clOrdId": "stop", "timeInForce": "GTC"},
        "bracket2": {"action": "Sell", "orderType": "Limit", "price": 6010, "clOrdId": "target", "text": "t"},
        **more,
    }


async def states(rest: Rest) -> list[str]:
    return [o["ordStatus"] for o in await rest.get("order/list")]


async def quantity(rest: Rest, id: int) -> int:
    return int((await rest.get("orderVersion/deps", masterid=id))[-1]["orderQty"])


async def net(rest: Rest) -> int:
    return sum(p["netPos"] for p in await rest.get("position/list"))


async def test_brackets_sleep_until_the_entry_fills(venue: Venue) -> None:
    rest, socket = await venue.both()
    placed = await rest.post("order/placeoso", oso(quantity=2))
    assert await states(rest) == ["Working", "Suspended", "Suspended"]
    for id in (placed[STOP], placed[TARGET]):
        child = await rest.get("order/item", id=id)
        assert child["parentId"] == placed["orderId"]
        assert child["ocoId"] in (placed[STOP], placed[TARGET]) and child["ocoId"] != id
        assert await quantity(rest, id) == 2
    (sent,) = await rest.get("command/deps", masterid=placed[TARGET])
    assert (sent["clOrdId"], sent["isAutomated"]) == ("target", True)
    venue.walk("6020", "5991")  # past the target: there is nothing to close yet
    assert await states(rest) == ["Working", "Suspended", "Suspended"]
    venue.walk("5990")
    assert await states(rest) == ["Filled", "Working", "Working"]
    venue.walk("6010")
    assert await states(rest) == ["Filled", "Canceled", "Filled"] and await net(rest) == 0
    await socket.status(placed[STOP], "Canceled")


async def test_one_move_may_fill_entry_and_stop(venue: Venue) -> None:
    rest = await venue.rest()
    placed = await rest.post("order/placeoso", oso())
    venue.walk("5970")
    assert await states(rest) == ["Filled", "Filled", "Canceled"]
    prices = [f["price"] for f in await rest.get("fill/list")]
    assert prices == [5990, 5980]
    other = await rest.post("order/placeoso", oso())  # a limit above the market fills at once
    assert other["orderId"] > placed["orderId"]
    assert [f["price"] for f in await rest.get("fill/list")][2:] == [5970, 5970]


async def test_a_market_entry_wakes_its_brackets_at_once(venue: Venue) -> None:
    rest = await venue.rest()
    await rest.post("order/placeoso", oso("Market"))
    assert await states(rest) == ["Filled", "Working", "Working"]


async def test_one_bracket_alone(venue: Venue) -> None:
    rest = await venue.rest()
    asked = oso("Market")
    del asked["bracket2"]
    placed = await rest.post("order/placeoso", asked)
    assert TARGET not in placed and await states(rest) == ["Filled", "Working"]
    del asked["bracket1"]
    assert "violations" in await rest.post("order/placeoso", asked)


async def test_a_wrong_bracket_refuses_everything(venue: Venue) -> None:
    rest = await venue.rest()
    asked = oso(bracket2={"action": "Sell", "orderType": "Limit", "price": 6010.1})
    assert (await rest.post("order/placeoso", asked))["failureReason"] == "InvalidPrice"
    assert await rest.get("order/list") == []


async def test_brackets_cover_what_the_entry_has_filled(venue: Venue) -> None:
    rest, socket = await venue.both()
    venue.simulator.set_parts(3)
    placed = await rest.post("order/placeoso", oso(quantity=3))
    venue.walk("5990")
    assert await states(rest) == ["Working", "Working", "Working"]
    assert [await quantity(rest, placed[name]) for name in (STOP, TARGET)] == [1, 1]
    venue.walk("5990")
    assert [await quantity(rest, placed[name]) for name in (STOP, TARGET)] == [2, 2]
    await rest.post("order/cancelorder", {"orderId": placed["orderId"]})
    assert await states(rest) == ["Canceled", "Working", "Working"]
    venue.simulator.set_parts(1)
    venue.walk("5980")
    assert await states(rest) == ["Canceled", "Filled", "Canceled"] and await net(rest) == 0
    await socket.status(placed[TARGET], "Canceled")


async def test_a_bracket_that_closed_early_wakes_for_the_rest(venue: Venue) -> None:
    rest = await venue.rest()
    venue.fault("partial_fill", "fill Limit", quantity=1)
    placed = await rest.post("order/placeoso", oso(quantity=2))
    venue.walk("5990")  # a half
    venue.jump("6011")  # and out of it
    assert await states(rest) == ["Working", "Suspended", "Suspended"] and await net(rest) == 0
    venue.walk("5990")  # the other half
    assert await net(rest) == 1 and await states(rest) == ["Filled", "Working", "Working"]
    venue.walk("5980")
    assert await net(rest) == 0 and not {"Working", "Suspended"} & set(await states(rest))
    assert placed[STOP] in [f["orderId"] for f in await rest.get("fill/list")]


async def test_a_target_in_parts_leaves_the_stop_the_rest(venue: Venue) -> None:
    rest = await venue.rest()
    placed = await rest.post("order/placeoso", oso("Market", quantity=3))
    venue.fault("partial_fill", "fill Limit", quantity=1)
    venue.walk("6010")
    assert await quantity(rest, placed[STOP]) == 2 and await net(rest) == 2
    venue.walk("5980")
    assert await net(rest) == 0 and not {"Working", "Suspended"} & set(await states(rest))


async def test_brackets_die_with_an_entry_that_never_filled(venue: Venue) -> None:
    rest, socket = await venue.both()
    placed = await rest.post("order/placeoso", oso())
    await rest.post("order/cancelorder", {"orderId": placed["orderId"]})
    for id in placed.values():
        await socket.status(id, "Canceled")
    rejected = await rest.post("order/placeoso", oso(quantity=300))
    for id in rejected.values():
        await socket.status(id, "Rejected")
    (command,) = await rest.get("command/deps", masterid=rejected[STOP])
    report = (await rest.get("commandReport/deps", masterid=command["id"]))[-1]
    assert report["rejectReason"] == "ParentRejected"


async def test_a_stop_that_is_rejected_when_it_wakes_leaves_the_target(venue: Venue) -> None:
    rest, socket = await venue.both()
    venue.fault("exchange_rejected", "risk Stop", text="planned")
    placed = await rest.post("order/placeoso", oso())
    assert await states(rest) == ["Working", "Suspended", "Suspended"]
    venue.walk("5990")
    await socket.status(placed[STOP], "Rejected")
    assert await states(rest) == ["Filled", "Rejected", "Working"] and await net(rest) == 1


async def test_a_bracket_that_wakes_while_a_change_of_it_is_under_way() -> None:
    async with Venue(command_delay=2) as venue:
        rest, socket = await venue.both()
        placed = await rest.post("order/placeoso", oso())
        await socket.status(placed["orderId"], "Working")
        change = {"orderId": placed[STOP], "orderQty": 1, "orderType": "Stop", "stopPrice": 5985}
        command = (await rest.post("order/modifyorder", change))["commandId"]
        venue.walk("5990")
        assert await states(rest) == ["Filled", "Working", "Working"]
        await socket.until(lambda: socket.latest("command", command)["commandStatus"] == "AtExecution", "change")
        venue.walk("5984")
        assert await states(rest) == ["Filled", "Filled", "Canceled"]
        assert (await rest.get("fill/list"))[-1]["price"] == 5985


async def test_sleeping_brackets_can_be_moved_and_cancelled(venue: Venue) -> None:
    rest = await venue.rest()
    placed = await rest.post("order/placeoso", oso())
    change = {"orderId": placed[STOP], "orderQty": 1, "orderType": "Stop", "stopPrice": 5985}
    assert "commandId" in await rest.post("order/modifyorder", change)
    await rest.post("order/cancelorder", {"orderId": placed[TARGET]})
    assert await states(rest) == ["Working", "Suspended", "Canceled"]
    venue.walk("5980")
    assert [f["price"] for f in await rest.get("fill/list")] == [5990, 5985]


async def test_a_working_stop_is_moved_and_keeps_its_pair(venue: Venue) -> None:
    rest = await venue.rest()
    placed = await rest.post("order/placeoso", oso("Market", quantity=2))
    change = {"orderId": placed[STOP], "orderQty": 2, "orderType": "Stop", "stopPrice": 5995}
    await rest.post("order/modifyorder", change)
    venue.walk("5995")
    assert await states(rest) == ["Filled", "Filled", "Canceled"] and await net(rest) == 0


async def test_ids_of_brackets_may_be_missing(venue: Venue) -> None:
    rest = await venue.rest()
    venue.fault("missing_oso_ids")
    placed = await rest.post("order/placeoso", oso())
    assert set(placed) == {"orderId"}
    children = [o for o in await rest.get("order/list") if o.get("parentId") == placed["orderId"]]
    assert len(children) == 2
    async with Venue(oso_ids=False) as other:
        assert set(await (await other.rest()).post("order/placeoso", oso())) == {"orderId"}


async def test_a_pair_of_exits(venue: Venue) -> None:
    rest = await venue.rest()
    await rest.post("order/placeorder", order(quantity=2))
    pair = order("Sell", "Limit", 2, price=6010) | {"other": {"action": "Sell", "orderType": "Stop", "stopPrice": 5990}}
    placed = await rest.post("order/placeoco", pair)
    assert set(placed) == {"orderId", "ocoId"} and await states(rest) == ["Filled", "Working", "Working"]
    venue.walk("5990")
    assert await states(rest) == ["Filled", "Canceled", "Filled"] and await net(rest) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": 5990},
        {"other": {"action": "Sell", "orderType": "Stop", "stopPrice": 6005}},
    ],
)
async def test_a_pair_on_the_wrong_side_of_the_market(venue: Venue, wrong: dict[str, Any]) -> None:
    rest = await venue.rest()
    pair = order("Sell", "Limit", price=6010) | {"other": {"action": "Sell", "orderType": "Stop", "stopPrice": 5990}}
    refusal = await rest.post("order/placeoco", pair | wrong)
    assert (refusal["failureReason"], refusal["failureText"]) == ("InvalidPrice", "Wrong OCO combination")


async def test_an_order_that_was_changed_to_be_for_more_than_its_other_one_ends_with_it(venue: Venue) -> None:
    rest = await venue.rest()
    placed = await rest.post("order/placeoso", oso(quantity=2))
    venue.walk("5990")
    changed = {"orderId": placed[STOP], "orderQty": 5, "orderType": "Stop", "stopPrice": 5985, "timeInForce": "GTC"}
    assert "commandId" in await rest.post("order/modifyorder", changed)
    venue.walk("6010")
    assert await states(rest) == ["Filled", "Canceled", "Filled"]
    venue.walk("5980")
    assert await net(rest) == 0


async def test_a_pair_in_parts_never_trades_more_than_its_quantity(venue: Venue) -> None:
    rest = await venue.rest()
    pair = order("Sell", "Limit", 3, price=6010) | {"other": {"action": "Sell", "orderType": "Stop", "stopPrice": 5990}}
    await rest.post("order/placeoco", pair)
    venue.fault("partial_fill", "fill Limit", quantity=2)
    venue.walk("6010", "5990")
    assert await net(rest) == -3 and not {"Working"} & set(await states(rest))


async def test_liquidation_takes_brackets_along(venue: Venue) -> None:
    rest = await venue.rest()
    await rest.post("order/placeoso", oso("Market"))
    await rest.post("order/liquidateposition", {"accountId": ACCOUNT, "contractId": 11202612, "admin": False})
    assert await states(rest) == ["Filled", "Canceled", "Canceled", "Filled"] and await net(rest) == 0
