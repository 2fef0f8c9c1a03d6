"""Faults on demand: each does what its text says, and nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import websockets

from pinery.core.errors import UsageError
from pinery.simulators.binance.faults import FAULTS
from pinery.simulators.common.faults import Armed
from tests.simulators.binance.harness import Refused, Venue, run

ORDER = "POST /fapi/v1/order"


def arm(v: Venue, fault: str, **more: Any) -> None:
    v.simulator.faults.arm(Armed(fault, **more))


@pytest.mark.parametrize(
    ("fault", "status", "code", "executed"),
    [
        ("unavailable", 503, 0, False),
        ("unknown_unexecuted", 503, -1000, False),
        ("unknown_executed", 503, -1000, True),
        ("timeout_executed", 408, -1007, True),
        ("internal", 503, -1001, False),
        ("overloaded", 503, -1008, False),
        ("clock", 400, -1021, False),
        ("too_many", 429, -1003, False),
        ("banned", 418, -1003, False),
        ("firewall", 403, 0, False),
        ("would_trigger", 400, -2021, False),
        ("reduce_only", 400, -2022, False),
        ("wrong_endpoint", 400, -4120, False),
        ("min_notional", 400, -4164, False),
        ("margin", 400, -2019, False),
        ("cooling_off", 400, -4192, False),
        ("refused", 400, -2010, False),
        ("duplicate_executed", 400, -4116, True),
    ],
)
def test_answers(fault: str, status: int, code: int, executed: bool) -> None:
    async def scenario(v: Venue) -> None:
        arm(v, fault, where=ORDER)
        refused = await v.refused(v.order("BUY", "0.1"))
        assert (refused.status, refused.code) == (status, code)
        assert (await v.position() != 0) is executed
        await v.order("BUY", "0.1")  # it was once

    run(scenario)


def test_texts_of_the_two_kinds_of_503() -> None:
    async def scenario(v: Venue) -> None:
        arm(v, "unknown_executed", where=ORDER)
        assert (await v.refused(v.order("BUY", "0.1"))).text.startswith("Unknown error, please check your request")
        arm(v, "unavailable", where=ORDER)
        assert (await v.refused(v.order("BUY", "0.1"))).text == "Service Unavailable."

    run(scenario)


@pytest.mark.parametrize(("fault", "executed"), [("lost", False), ("unanswered", True)])
def test_connections_that_are_cut(fault: str, executed: bool) -> None:
    async def scenario(v: Venue) -> None:
        arm(v, fault, where=ORDER)
        with pytest.raises(httpx.TransportError):
            await v.order("BUY", "0.1")
        assert (await v.position() != 0) is executed

    run(scenario)


def test_late_answers() -> None:
    async def scenario(v: Venue) -> None:
        arm(v, "answered_late", where=ORDER, options={"seconds": 0.2})
        waiting = asyncio.create_task(v.order("BUY", "0.1"))
        async with asyncio.timeout(30):
            while not await v.position():
                await asyncio.sleep(0.005)
        assert not waiting.done()
        await waiting
        arm(v, "delayed", where=ORDER, options={"seconds": 0.2})
        waiting = asyncio.create_task(v.order("SELL", "0.1"))
        assert await v.position() != 0
        await waiting
        assert await v.position() == 0

    run(scenario)


def test_overload_spares_reduce_only_orders() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.1")
        arm(v, "overloaded", times=None, where=ORDER)
        assert await v.code(v.order("BUY", "0.1")) == -1008
        await v.order("SELL", "0.1", reduceOnly="true")

    run(scenario)


def test_an_order_that_is_not_found_yet() -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.order("BUY", "0.1")
        arm(v, "not_found", times=2)
        assert [await v.code(v.find(placed["orderId"])) for _ in range(2)] == [-2013, -2013]
        assert (await v.find(placed["orderId"]))["status"] == "FILLED"

    run(scenario)


def test_an_order_that_fills_in_part_and_expires() -> None:
    async def scenario(v: Venue) -> None:
        arm(v, "expired_in_part")
        placed = await v.order("BUY", "0.3", newOrderRespType="RESULT")
        assert (placed["status"], placed["executedQty"]) == ("EXPIRED", "0.15")
        assert str(await v.position()) == "0.15"

    run(scenario)


async def trigger(v: Venue) -> tuple[Any, list[str]]:
    """A stop that triggers, and what is told of it."""
    placed = await v.algo("SELL", "STOP_MARKET", quantity="0.1", triggerPrice="1990")
    async with v.events() as events:
        v.move("1990")
        told = await events.rest()
    kinds = [it["o"]["X"] if it["e"] == "ALGO_UPDATE" else it["o"]["x"] for it in told if "o" in it]
    return await v.find_algo(placed["algoId"]), kinds


def test_the_fill_is_told_before_the_trigger() -> None:
    async def scenario(v: Venue) -> None:
        arm(v, "fill_first")
        found, kinds = await trigger(v)
        assert kinds == ["TRIGGERING", "NEW", "TRADE", "TRIGGERED", "FINISHED"]
        assert found["algoStatus"] == "FINISHED"

    run(scenario)


def test_stuck_in_triggering() -> None:
    async def scenario(v: Venue) -> None:
        arm(v, "stuck_triggering")
        found, kinds = await trigger(v)
        assert (kinds, found["algoStatus"], await v.position()) == (["TRIGGERING"], "TRIGGERING", 0)
        assert [it["algoId"] for it in await v.call("GET", "/fapi/v1/openAlgoOrders")] == [found["algoId"]]
        await v.call("DELETE", "/fapi/v1/algoOrder", algoId=found["algoId"])

    run(scenario)


def test_rejected_at_the_trigger() -> None:
    async def scenario(v: Venue) -> None:
        arm(v, "rejected_at_trigger")
        found, kinds = await trigger(v)
        assert (kinds, found["algoStatus"], await v.position()) == (["TRIGGERING", "REJECTED"], "REJECTED", 0)

    run(scenario)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("dropped", ["TRADE_LITE", "ACCOUNT_UPDATE", "TRADE"]),
        ("repeated", ["NEW", "NEW", "TRADE_LITE", "ACCOUNT_UPDATE", "TRADE"]),
        ("shuffled", ["TRADE_LITE", "ACCOUNT_UPDATE", "TRADE", "NEW"]),
        ("silent", []),
    ],
)
def test_events_that_go_astray(fault: str, told: list[str]) -> None:
    async def scenario(v: Venue) -> None:
        async with v.events() as events:
            arm(v, fault)
            await v.order("BUY", "0.1")
            found = [it["o"]["x"] if "o" in it else it["e"] for it in await events.rest()]
            assert found == told

    run(scenario)


def test_an_event_that_comes_late() -> None:
    async def scenario(v: Venue) -> None:
        async with v.events() as events:
            arm(v, "late", where="stream ACCOUNT_UPDATE", options={"seconds": 0.2})
            await v.order("BUY", "0.1")
            assert "ACCOUNT_UPDATE" not in [it["e"] for it in await events.rest()]
            assert (await events.next())["e"] == "ACCOUNT_UPDATE"

    run(scenario)


@pytest.mark.parametrize("fault", ["cut", "closed"])
def test_streams_that_end(fault: str) -> None:
    async def scenario(v: Venue) -> None:
        async with v.events() as events:
            arm(v, fault)
            await v.order("BUY", "0.1", "1990")
            with pytest.raises(websockets.ConnectionClosed):
                await events.until(lambda _: False)
        async with v.events() as events:
            await v.order("BUY", "0.1")
            assert await events.rest()

    run(scenario)


@pytest.mark.parametrize("silent", [True, False])
def test_a_listen_key_that_expires_early(silent: bool) -> None:
    async def scenario(v: Venue) -> None:
        async with v.events() as events:
            arm(v, "listen_key_expired", options={"silent": silent})
            await v.order("BUY", "0.1")
            kinds = [it["e"] for it in await events.rest()]
            assert ("listenKeyExpired" in kinds) is not silent
            assert "ACCOUNT_UPDATE" not in kinds
            assert (await v.http.put("/fapi/v1/listenKey")).json()["code"] == -1125

    run(scenario)


def test_faults_by_chance_are_the_same_with_the_same_seed() -> None:
    seen = []
    for _ in range(2):

        async def scenario(v: Venue) -> None:
            arm(v, "refused", where=ORDER, times=None, share=0.3)
            outcomes = []
            for _ in range(20):
                try:
                    await v.order("BUY", "0.1")
                    outcomes.append(True)
                except Refused:
                    outcomes.append(False)
            seen.append(outcomes)

        run(scenario)
    assert seen[0] == seen[1] and len(set(seen[0])) == 2


def test_every_fault_has_a_text_and_unknown_ones_are_named() -> None:
    async def scenario(v: Venue) -> None:
        assert all(kind.text and kind.points for kind in FAULTS.values())
        with pytest.raises(UsageError, match="no fault 'nothing'"):
            arm(v, "nothing")

    run(scenario)


def test_a_client_that_leaves_in_the_middle_of_a_request_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(v: Venue) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", v.server.port)
        writer.write(b"POST /fapi/v1/order HTTP/1.1\r\nHost: venue\r\nContent-Length: 100\r\n\r\nsymbol=")
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.1)
        await v.order("BUY", "0.1")
        assert not [line for line in caplog.records if line.exc_info]

    run(scenario)
