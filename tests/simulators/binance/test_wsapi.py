"""The WebSocket API by plain messages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
import websockets
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pinery.simulators.binance.records import Access
from pinery.simulators.common.faults import Armed
from tests.simulators.binance.harness import KEY, SECRET, Events, Venue, run

PATH = "/ws-fapi/v1"


async def ask(events: Events, method: str, **params: Any) -> Any:
    await events.socket.send(json.dumps({"id": "a", "method": method, "params": params}))
    return await events.next()


async def signed(v: Venue, events: Events, method: str, **params: Any) -> Any:
    params |= {"apiKey": KEY, "timestamp": v.clock.now()}
    text = "&".join(f"{name}={params[name]}" for name in sorted(params))
    signature = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    return await ask(events, method, **params, signature=signature)


def test_an_order_is_placed_changed_asked_for_and_cancelled() -> None:
    async def scenario(v: Venue) -> None:
        async with v.events(PATH) as events:
            order = {"symbol": "ETHUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.1"}
            placed = await signed(v, events, "order.place", **order, price="1990", newClientOrderId="x1")
            assert (placed["id"], placed["status"], placed["result"]["status"]) == ("a", 200, "NEW")
            assert {it["rateLimitType"]: it["count"] for it in placed["rateLimits"]} == {
                "REQUEST_WEIGHT": 0,
                "ORDERS": 1,
            }
            one = {"symbol": "ETHUSDT", "origClientOrderId": "x1"}
            changed = await signed(v, events, "order.modify", **one, side="BUY", quantity="0.2", price="1985")
            assert changed["result"]["price"] == "1985"
            assert (await signed(v, events, "order.status", **one))["result"]["origQty"] == "0.2"
            assert (await signed(v, events, "order.cancel", **one))["result"]["status"] == "CANCELED"
            again = await signed(v, events, "order.cancel", **one)
            assert (again["status"], again["error"]["code"]) == (400, -2011)

    run(scenario)


def test_conditional_orders_and_the_account() -> None:
    async def scenario(v: Venue) -> None:
        async with v.events(PATH) as events:
            stop = {"algoType": "CONDITIONAL", "symbol": "ETHUSDT", "side": "SELL", "type": "STOP_MARKET"}
            placed = await signed(v, events, "algoOrder.place", **stop, quantity="0.1", triggerPrice="1990")
            id = placed["result"]["algoId"]
            assert (await signed(v, events, "algoOrder.cancel", algoId=id))["result"]["msg"] == "success"
            balance = await signed(v, events, "v2/account.balance")
            assert balance["result"][0]["balance"] == "10000.00000000"
            assert (await signed(v, events, "v2/account.position"))["result"] == []
            assert (await signed(v, events, "v2/account.status"))["result"]["positions"] == []
            key = (await ask(events, "userDataStream.start", apiKey=KEY))["result"]["listenKey"]
            assert key == (await v.http.post("/fapi/v1/listenKey")).json()["listenKey"]

    run(scenario)


def test_what_is_refused() -> None:
    async def scenario(v: Venue) -> None:
        async with v.events(PATH) as events:
            assert (await ask(events, "order.dance"))["error"]["code"] == -1130
            wrong = await ask(events, "v2/account.balance", apiKey=KEY, timestamp=v.clock.now(), signature="no")
            assert (wrong["status"], wrong["error"]["code"]) == (400, -1022)
            await events.socket.send("{")
            assert (await events.next())["status"] == 400
            assert (await signed(v, events, "session.logon"))["error"]["code"] == -4056

    run(scenario)


def test_a_session_is_logged_on_with_an_ed25519_key() -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    async def scenario(v: Venue) -> None:
        async with v.events(PATH) as events:
            params = {"apiKey": "publickey", "timestamp": v.clock.now()}
            text = "&".join(f"{name}={params[name]}" for name in sorted(params))
            signature = base64.b64encode(private.sign(text.encode())).decode()
            told = await ask(events, "session.logon", **params, signature=signature)
            assert told["result"]["apiKey"] == "publickey"
            balance = await ask(events, "v2/account.balance", timestamp=v.clock.now())
            assert balance["status"] == 200
            assert (await ask(events, "session.logout"))["result"]["apiKey"] is None
            assert (await ask(events, "v2/account.balance", timestamp=v.clock.now()))["error"]["code"] == -1102

    run(scenario, accesses=(Access("other", "publickey", public_key=pem),))


def test_faults_reach_it_too() -> None:
    async def scenario(v: Venue) -> None:
        async with v.events(PATH) as events:
            v.simulator.faults.arm(Armed("unanswered", "POST /fapi/v1/order"))
            with pytest.raises(websockets.ConnectionClosed):
                await signed(v, events, "order.place", symbol="ETHUSDT", side="BUY", type="MARKET", quantity="0.1")
        assert await v.position() != 0

    run(scenario)
