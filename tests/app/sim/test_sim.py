"""``pinery sim`` as a process, driven by plain HTTP as somebody else's client would."""

from __future__ import annotations

import hashlib
import hmac
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from pinery.app.config.reading import load_configuration
from pinery.app.sim.options import read_bars, read_fault, read_start
from pinery.core.errors import UsageError
from pinery.simulators.binance.faults import FAULTS
from pinery.simulators.tradovate.faults import KINDS
from tests.app.conftest import Ended

Pinery = Callable[..., Ended]


class Running:
    """A simulator that was started, with what it said in its panel."""

    def __init__(self, process: subprocess.Popen[str], said: str) -> None:
        self.process = process
        self.said = said
        found = re.search(r"control +(http://127\.0\.0\.1:\d+)/sim", said)
        assert found, said
        self.http = httpx.Client(base_url=found[1], trust_env=False, timeout=60)

    def fact(self, name: str) -> str:
        found = re.search(rf"│ {name}  +(\S+)", self.said)
        assert found, self.said
        return found[1]

    def signed(self, method: str, path: str, **values: Any) -> httpx.Response:
        form = urlencode({**values, "timestamp": time.time_ns() // 1_000_000, "recvWindow": 60_000})
        signature = hmac.new(self.fact("API secret").encode(), form.encode(), hashlib.sha256).hexdigest()
        headers = {"X-MBX-APIKEY": self.fact("API key")}
        return self.http.request(method, f"{path}?{form}&signature={signature}", headers=headers)

    def stop(self) -> str:
        """What it logged."""
        self.process.send_signal(signal.SIGINT)
        log, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, log
        return log


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "pinery.app", "sim", *arguments]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    client: httpx.Client | None = None
    try:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("╰"):
                break
        sim = Running(process, said)
        client = sim.http
        yield sim
    finally:
        process.kill()
        process.communicate()
        if client is not None:
            client.close()


def test_binance_trades_keeps_its_state_and_tells_what_happens(tmp_path: Path) -> None:
    with running(tmp_path, "binance", "--port", "0", "--state", "sim.db", "--fault", "too_many:1") as sim:
        assert "[accounts.binance-sim]" in sim.said and "binance_sim_secret" in sim.said
        assert sim.http.get("/fapi/v1/time").status_code == 429  # the fault that was armed, once
        server = sim.http.get("/fapi/v1/time").json()["serverTime"]
        assert abs(server - time.time() * 1000) < 60_000
        price = Decimal(sim.http.get("/sim/price").json()["ETHUSDT"]["last"])
        candles = sim.http.get("/fapi/v1/klines", params={"symbol": "ETHUSDT", "interval": "5m", "limit": 3}).json()
        assert len(candles) == 3 and abs(candles[-1][0] - server) < 600_000  # bars are of now
        # The bar of the price is the one that is open, or the one that ended between the two requests.
        assert any(Decimal(bar[3]) <= price <= Decimal(bar[2]) for bar in candles[-2:])
        made = sim.signed("POST", "/fapi/v1/order", symbol="ETHUSDT", side="BUY", type="MARKET", quantity="0.5").json()
        assert made["symbol"] == "ETHUSDT"
        key = sim.fact("API key")
        log = sim.stop()
    for said in ("fault    too_many at GET /fapi/v1/time", "fill     buy 0.5 ETHUSDT", "POST /fapi/v1/order  200"):
        assert said in log
    assert "signature" not in log and "sim.db goes on where it was" in log
    with running(tmp_path, "binance", "--port", "0", "--state", "sim.db") as sim:
        assert sim.fact("API key") == key
        (held,) = sim.signed("GET", "/fapi/v3/positionRisk").json()
        assert held["positionAmt"] == "0.5"
        sim.stop()


_WAITING = """\
[deployments.es]
account = "tradovate-sim"
symbol = "CME_MINI:ES1!"
timeframe = "1"
chart = { script = "trend.pine", feed = "tradovate-sim" }
"""


def test_tradovate_and_a_folder_that_it_writes_into(tmp_path: Path) -> None:
    """The deployment that will trade there may be in its settings already."""
    (tmp_path / "trend.pine").write_text('//@version=6\nindicator("Trend")\nplot(close)\n', encoding="utf-8")
    (tmp_path / "pinery.toml").write_text(_WAITING, encoding="utf-8")
    with running(tmp_path, "tradovate", "--port", "0", "--write", "--balance", "1234") as sim:
        login = {"name": sim.fact("user"), "password": sim.fact("password"), "cid": "1", "sec": "simulator"}
        answer = sim.http.post("/v1/auth/accesstokenrequest", json=login).json()
        assert "accessToken" in answer, answer
        headers = {"Authorization": f"Bearer {answer['accessToken']}"}
        (account,) = sim.http.get("/v1/account/list", headers=headers).json()
        cash = sim.http.post(
            "/v1/cashBalance/getcashbalancesnapshot", json={"accountId": account["id"]}, headers=headers
        ).json()
        assert cash["totalCashValue"] == 1234
        configuration = load_configuration(tmp_path, {})
        made = configuration.account("tradovate-sim")
        assert made.options["account"] == account["name"]
        assert configuration.secret("tradovate_sim_password") == login["password"]
        assert configuration.feeds["tradovate-sim"].options["speed"] == 1
        sim.stop()
    assert (tmp_path / "pinery.secrets.toml").stat().st_mode & 0o077 == 0


def test_a_port_that_is_taken(home: Path, pinery: Pinery) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ended = pinery("sim", "binance", "--port", other.getsockname()[1])
    assert ended.code == 2 and "--port" in ended.err and "cannot listen" in ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sim", "binanc"), "did you mean 'binance'?"),
        (("sim", "binance", "--fault", "clok"), "there is no fault 'clok'"),
        (("sim", "binance", "--fault", "clock:0.5.5"), "0.5.5 is no number"),
        (("sim", "binance", "--fault", "clock:1.5"), "neither a share nor a number of times"),
        (("sim", "binance", "--bars", "ETHUSDT"), "names no symbol"),
        (("sim", "binance", "--bars", "BINANCE:ETHUSDT.P=nothing.csv"), "nothing.csv"),
        (("sim", "binance", "--bars", "CME_MINI:ES1!"), "no perpetual of Binance"),
        (("sim", "tradovate", "--port", "0", "--bars", "BINANCE:ETHUSDT.P"), "no future that the simulated Tradovate"),
        (("sim", "tradovate", "--port", "0", "--bars", "CME_MINI:ESH2024"), "no future that the simulated Tradovate"),
        (("sim", "binance", "--start", "soon"), "write 2025-10-15"),
        (("sim", "binance", "--fault", "clock:500%"), "--fault 'clock:500%': a share is above 0% and at most 100%"),
        (("sim", "binance", "--account", "my account"), "--account 'my account': names are up to 40 letters"),
        (("sim", "binance", "--account", "all"), "choose another name"),
        (("sim", "binance", "--write"), "there is no pinery.toml"),
    ],
)
def test_mistakes(home: Path, pinery: Pinery, arguments: tuple[str, ...], words: str) -> None:
    ended = pinery(*arguments, *(("--port", "0") if len(arguments) > 2 else ()))
    assert ended.code == 2 and words in ended.err, ended


_LIVE = """\
[accounts.mine]
broker = "binance"
environment = "live"
api_key_secret = "mine_key"
api_secret_secret = "mine_secret"

[accounts.paper]
broker = "paper"
"""
_KEYS = '[secrets]\nmine_key = "k"\nmine_secret = "s"\n'


@pytest.mark.parametrize(
    ("settings", "name", "words"),
    [
        (_LIVE, "mine", "[accounts.mine] is there already, and is no simulated binance"),
        (_LIVE, "paper", "[accounts.paper] is there already, and is no simulated binance"),
        (_LIVE + "[[broken", "new", "pinery.toml cannot be changed, it is not valid TOML"),
        (_LIVE + '[deployments.x]\naccount = "nobody"\n', "new", "[deployments.x]"),
    ],
)
def test_what_cannot_be_written_changes_nothing(
    home: Path, pinery: Pinery, settings: str, name: str, words: str
) -> None:
    """A real account least of all: its deployments would trade at the simulator, or its keys be lost."""
    texts = {"pinery.toml": settings, "pinery.secrets.toml": _KEYS}
    for file, text in texts.items():
        (home / file).write_text(text, encoding="utf-8")
    ended = pinery("sim", "binance", "--port", "0", "--write", "--account", name)
    assert ended.code == 2 and words in ended.err, ended
    assert {file: (home / file).read_text(encoding="utf-8") for file in texts} == texts


def test_a_state_is_one_venues(home: Path, pinery: Pinery) -> None:
    with running(home, "binance", "--port", "0", "--state", "sim.db") as sim:
        key = sim.fact("API key")
        sim.stop()
    ended = pinery("sim", "tradovate", "--port", "0", "--state", "sim.db")
    assert ended.code == 2 and "sim.db keeps the state of a simulated binance" in ended.err
    with running(home, "binance", "--port", "0", "--state", "sim.db") as sim:
        assert sim.fact("API key") == key
        sim.stop()


def test_a_state_that_is_none(home: Path, pinery: Pinery) -> None:
    (home / "sim.db").write_text("something else, long enough to be looked at" * 9, encoding="utf-8")
    ended = pinery("sim", "binance", "--port", "0", "--state", "sim.db")
    assert (
        ended.code == 3 and "cannot be kept in sim.db" in ended.err and "name a state's file, or a new one" in ended.err
    )


@pytest.mark.parametrize(("venue", "kinds"), [("binance", FAULTS), ("tradovate", KINDS)])
def test_every_fault_is_listed(home: Path, pinery: Pinery, venue: str, kinds: dict[str, Any]) -> None:
    out = pinery("sim", venue, "--list-faults").out
    assert all(name in out and kind.text in out for name, kind in kinds.items())


def test_how_faults_bars_and_moments_are_written() -> None:
    once, thrice, share, part = (read_fault(f"lost{more}") for more in ("", ":3", ":5%", ":0.05"))
    assert (once.times, thrice.times, share.times, share.share, part.share) == (1, 3, None, 0.05, 0.05)
    assert read_bars(["binance:ethusdt.p=a.csv", "A:B"], ()) == {"BINANCE:ETHUSDT.P": "a.csv", "A:B": "synthetic"}
    assert read_start("2025-10-15") == 1_760_486_400_000 and read_start(None) is None
    with pytest.raises(UsageError):
        read_fault("lost:0")
