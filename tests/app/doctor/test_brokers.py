"""``pinery doctor`` asks real venues: the simulated ones, over HTTP."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pinery.app.up.clock import SystemClock
from pinery.simulators.binance.records import Access
from pinery.simulators.binance.venue import BinanceSimulator
from pinery.simulators.common.market import Market
from pinery.simulators.common.serving import Server
from pinery.simulators.tradovate.settings import SimAccount, SimUser
from pinery.simulators.tradovate.venue import TradovateSimulator
from pinery.trading.mapping import contract_of
from tests.app.conftest import Ended

Pinery = Callable[..., Ended]
ETH = "BINANCE:ETHUSDT.P"

BINANCE = """\
[accounts.main]
broker = "binance"
environment = "demo"
api_key_secret = "key"
api_secret_secret = "secret"
leverage = 20
rest_url = "{url}"
stream_url = "{ws}"
[deployments.eth]
account = "main"
symbol = "BINANCE:ETHUSDT.P"
{more}
"""
CCXT = """\
[accounts.main]
broker = "ccxt"
exchange = "binanceusdm"
environment = "demo"
api_key_secret = "key"
api_secret_secret = "secret"
rest_url = "{url}"
[deployments.eth]
account = "main"
symbol = "BINANCE:ETHUSDT.P"
{more}
"""
TRADOVATE = """\
[accounts.main]
broker = "tradovate"
environment = "demo"
account = "{account}"
username = "ann"
password_secret = "secret"
cid = 1
sec_secret = "key"
rest_url = "{url}/v1"
stream_url = "{ws}/v1/websocket"
md_url = "{ws}/md/v1/websocket"
[deployments.es]
account = "main"
symbol = "CME_MINI:ES1!"
"""


@contextmanager
def served(app: Any) -> Iterator[Server]:
    """In a loop and a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = Server(app)
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(60)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


@pytest.fixture(scope="module")
def binance() -> Iterator[tuple[BinanceSimulator, Server]]:
    market = Market()
    market.move(ETH, Decimal(2000), SystemClock().now())
    access = Access("one", "theKey", "theSecret", balance=Decimal(10_000))
    made = BinanceSimulator(market, [contract_of(ETH)], accounts=[access], clock=SystemClock())
    with served(made.app) as server:
        yield made, server


def configure(home: Path, text: str, key: str = "theKey", secret: str = "theSecret") -> None:
    (home / "pinery.toml").write_text(text, encoding="utf-8")
    path = home / "pinery.secrets.toml"
    path.write_text(f'[secrets]\nkey = "{key}"\nsecret = "{secret}"\n', encoding="utf-8")
    path.chmod(0o600)


def findings(pinery: Pinery) -> list[tuple[str, str, str]]:
    said = json.loads(pinery("doctor", "--json").out)
    checks = [check for of in said["lists"] for check in of["checks"] if check["name"] == "broker"]
    return [(each["level"], each["found"], each["do"]) for each in checks[0]["findings"]]


def level(found: list[tuple[str, str, str]], words: str) -> str:
    return next((level for level, text, _ in found if words in text), f"nothing says {words!r}: {found}")


def test_binance_as_it_should_be(home: Path, pinery: Pinery, binance: tuple[BinanceSimulator, Server]) -> None:
    server = binance[1]
    configure(home, BINANCE.format(url=server.url, ws=server.ws_url, more="size = 1"))
    found = findings(pinery)
    assert level(found, f"main: demo, no real money, at {server.url}") == "ok"
    assert level(found, "Binance answers, the clocks agree") == "ok"
    assert level(found, "the key is valid and may trade") == "ok"
    assert level(found, "position mode is one-way") == "ok"
    assert level(found, "eth: 1 ETHUSDT fit what Binance takes") == "ok"
    assert level(found, "eth: leverage 20") in ("ok", "warning")
    assert "theSecret" not in str(found)


def test_binance_and_a_wrong_key(home: Path, pinery: Pinery, binance: tuple[BinanceSimulator, Server]) -> None:
    server = binance[1]
    configure(home, BINANCE.format(url=server.url, ws=server.ws_url, more=""), secret="another")
    found = findings(pinery)
    assert level(found, "Binance does not take the key") == "problem"
    assert any("IP whitelist" in do for _, _, do in found)


def test_binance_and_what_does_not_fit(home: Path, pinery: Pinery, binance: tuple[BinanceSimulator, Server]) -> None:
    venue, server = binance
    text = BINANCE.format(url=server.url, ws=server.ws_url, more="size = 0.00001").replace(
        "leverage = 20", "leverage = 7"
    )
    configure(home, text)
    venue.exchange.shift = 3_000
    begun = time.monotonic()
    try:
        found = findings(pinery)
    finally:
        venue.exchange.shift = 0
    doubt = (time.monotonic() - begun) / 2 + 0.05  # an answer is taken for one of the middle of its way
    (off,) = (
        float(said[1]) for _, text, _ in found if (said := re.search(r"this clock is (\S+) s off Binance's", text))
    )
    assert level(found, "off Binance's") == "warning" and abs(off + 3) <= doubt
    assert level(found, "the quantity 0.00001 is no multiple") == "problem"
    assert level(found, "configured is 7") == "warning"


def test_binance_has_a_leverage_that_is_not_configured(
    home: Path, pinery: Pinery, binance: tuple[BinanceSimulator, Server]
) -> None:
    server = binance[1]
    text = BINANCE.format(url=server.url, ws=server.ws_url, more="")
    configure(home, text.replace("leverage = 20\n", ""))
    found = findings(pinery)
    assert level(found, "none is configured, and margin is checked as if it were 1") == "warning"
    assert any("write leverage = 20 in the account" in do for _, _, do in found)


def test_binance_with_several_assets(home: Path, pinery: Pinery, binance: tuple[BinanceSimulator, Server]) -> None:
    venue, server = binance
    configure(home, BINANCE.format(url=server.url, ws=server.ws_url, more=""))
    account = venue.exchange.account("one")
    account.multi_assets = True
    try:
        assert level(findings(pinery), "main: the account is in multi-assets mode") == "warning"
    finally:
        account.multi_assets = False


def test_nobody_answers(home: Path, pinery: Pinery) -> None:
    configure(home, BINANCE.format(url="http://127.0.0.1:9", ws="ws://127.0.0.1:9", more=""))
    assert level(findings(pinery), "http://127.0.0.1:9 cannot be reached") == "problem"


@pytest.mark.parametrize("text", [BINANCE, CCXT])
def test_what_an_alert_would_do_is_sized_as_the_venue_takes_it(
    home: Path, pinery: Pinery, binance: tuple[BinanceSimulator, Server], text: str
) -> None:
    server = binance[1]
    configure(home, text.format(url=server.url, ws=server.ws_url, more='size = "1001 USDT"'))
    alert = ("alert", "test", '{"signal":"IN","price":2000}', "-d", "eth", "--json")
    said = json.loads(pinery(*alert).out)["steps"]
    orders = [step["facts"] for step in said if step["step"] == "order"]
    assert [facts.partition(" at ")[0] for facts in orders] == ["buy 0.5 ETHUSDT.P"], "0.5005 in steps of charts"
    configure(home, text.format(url="http://127.0.0.1:9", ws="ws://127.0.0.1:9", more='size = "1001 USDT"'))
    said = json.loads(pinery(*alert).out)["steps"]
    assert "not rounded to the venue's steps" in next(step["facts"] for step in said if step["step"] == "terms")
    assert any("buy 0.5005 ETHUSDT.P" in step["facts"] for step in said)


def test_an_exchange_through_ccxt(home: Path, pinery: Pinery, binance: tuple[BinanceSimulator, Server]) -> None:
    configure(home, CCXT.format(url=binance[1].url, more=""))
    found = findings(pinery)
    assert level(found, "the key is valid") == "ok"
    assert level(found, f"eth: {ETH} is ETH/USDT:USDT, in steps of 0.001 at ticks of 0.01") == "ok"


@pytest.mark.parametrize(
    ("account", "password", "words", "wanted"),
    [
        ("DEMO1", "right", "the login is valid, and the account DEMO1 is there", "ok"),
        ("DEMO2", "right", "ann has no account DEMO2 there", "problem"),
        ("DEMO1", "wrong", "ann cannot log in at Tradovate", "problem"),
    ],
)
def test_tradovate(home: Path, pinery: Pinery, account: str, password: str, words: str, wanted: str) -> None:
    market = Market()
    market.move("CME_MINI:ES1!", Decimal(6000), SystemClock().now())
    user = SimUser("ann", "right", (SimAccount("DEMO1"),), cid="1", sec="theSec")
    venue = TradovateSimulator(market, [user], SystemClock())
    with served(venue.app) as server:
        configure(home, TRADOVATE.format(url=server.url, ws=server.ws_url, account=account), "theSec", password)
        found = findings(pinery)
        assert level(found, words) == wanted
        if wanted == "ok":
            assert level(found, "es: CME_MINI:ES") == "ok" and any("rolls on" in text for _, text, _ in found)
            token = next(home.glob("tradovate-demo-*.json")).read_text(encoding="utf-8")
            assert findings(pinery) == found  # with the login that was kept: another would throw a session out
            assert next(home.glob("tradovate-demo-*.json")).read_text(encoding="utf-8") == token
    venue.close()
