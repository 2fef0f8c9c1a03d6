"""A venue that keeps its book goes on where it was."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pinery.simulators.common.book import VenueBook
from tests.simulators.binance.harness import venue


def test_everything_is_there_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        book = VenueBook(tmp_path / "venue.sqlite")
        async with venue(book=book) as v:
            await v.call("POST", "/fapi/v1/leverage", symbol="ETHUSDT", leverage=7)
            await v.order("BUY", "0.3", newClientOrderId="entry")
            limit = await v.order("SELL", "0.1", "2050", newClientOrderId="target")
            stop = {"quantity": "0.3", "triggerPrice": "1950", "reduceOnly": "true", "clientAlgoId": "stop"}
            await v.algo("SELL", "STOP_MARKET", **stop)
            trailing = await v.algo("SELL", "TRAILING_STOP_MARKET", quantity="0.1", callbackRate="5")
            v.move("2040")
            key = (await v.http.post("/fapi/v1/listenKey")).json()["listenKey"]
            before = v.simulator.state()
        book.close()
        book = VenueBook(tmp_path / "venue.sqlite")
        async with venue(book=book, price=None) as v:
            after = v.simulator.state()
            for kind in ("accounts", "settings", "positions", "orders", "algos", "trades"):
                assert after[kind] == before[kind], kind
            assert (await v.http.post("/fapi/v1/listenKey")).json()["listenKey"] == key
            assert await v.code(v.order("BUY", "0.1")) == -2020  # no trade yet
            v.move("2000")
            again = await v.order("BUY", "0.1", "1990")
            assert again["orderId"] > limit["orderId"]
            v.move("1938")  # five percent below 2040, which was before
            assert (await v.find_algo(trailing["algoId"]))["algoStatus"] == "FINISHED"
            found = await v.call("GET", "/fapi/v1/algoOrder", clientAlgoId="stop")
            assert found["algoStatus"] == "FINISHED"
        book.close()

    asyncio.run(scenario())
