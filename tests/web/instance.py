"""A Pinery of its own for the pages: real processes in a temporary folder, alerts over HTTP."""

from __future__ import annotations

import json
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from pinery.adapters.store import people
from pinery.adapters.store.database import open_store
from pinery.adapters.store.one_time import make_code
from pinery.app.config.tokens import rotate_token

ETH = "BINANCE:ETHUSDT.P"
VIEWER_PASSWORD = "only looking around"
PATIENCE_S = 120  # on a machine with much other work

#: One that holds a position behind a bracket, one that is left to the tests that trade, one with a rule to break.
MORE = """
[accounts.second]
broker = "paper"
balance = 250_000

[deployments.swing]
account = "second"
symbol = "BINANCE:ETHUSDT.P"
timeframe = "15"
size = 2
bracket = { stop = "10%", target = "20%" }

[deployments.fast]
account = "second"
symbol = "BINANCE:ETHUSDT.P"
size = 3
bracket = { stop = "10%", target = "20%" }

[deployments.careful]
account = "paper"
symbol = "BINANCE:ETHUSDT.P"
direction = "long"
"""


@dataclass(frozen=True, slots=True)
class Instance:
    folder: Path
    url: str
    user: str
    password: str
    hooks: dict[str, str]  # deployment -> webhook address

    def alert(self, deployment: str, word: str, price: float = 4000) -> None:
        """``word`` as JSON, or the text itself if it has spaces."""
        body = {"signal": word, "instrument": "ETHUSDT.P", "price": price, "id": time.time_ns()}
        content = word if " " in word else json.dumps(body)

        def send() -> httpx.Response:
            return httpx.post(self.hooks[deployment], content=content, timeout=PATIENCE_S, verify=False)

        answer = send()
        if answer.status_code == 503:  # not stored in time on a busy machine: as TradingView does, once more
            answer = send()
        assert answer.status_code == 200, answer.text

    @contextmanager
    def client(self, user: str = "", password: str = "") -> Iterator[httpx.Client]:
        """Logged in as the admin, or somebody else, with the CSRF token."""
        with httpx.Client(base_url=f"{self.url}/api/v1", timeout=PATIENCE_S, verify=False) as client:
            login = {"name": user or self.user, "password": password or self.password}
            answer = client.post("/login", json=login)
            client.headers["X-CSRF-Token"] = answer.json()["csrf"]
            yield client

    def link(self, user: str = "") -> str:
        """An address that logs the admin, or somebody else, in once."""
        store = open_store(f"sqlite:///{self.folder / 'pinery.db'}")
        try:
            return f"{self.url}/#login={make_code(store, user or self.user, time.time_ns() // 1_000_000)}"
        finally:
            store.close()


@contextmanager
def running(folder: Path, more: str = MORE, hooked: Sequence[str] = ("swing", "fast", "careful")) -> Iterator[Instance]:
    """``more`` settings; ``hooked``: the deployments among them that get a webhook address."""
    with free_ports() as port, _running(folder, port, more, hooked) as made:
        yield made


@contextmanager
def _running(folder: Path, port: int, more: str, hooked: Sequence[str]) -> Iterator[Instance]:
    made = json.loads(_pinery("init", str(folder), "--json", "--port", str(port)))
    with (folder / "pinery.toml").open("a") as file:
        file.write(more)
    hooks = {"demo": made["webhook_url"]}
    hooks |= {name: rotate_token(folder, name) for name in hooked}
    store = open_store(f"sqlite:///{folder / 'pinery.db'}")
    people.create_user(store, "viewer", VIEWER_PASSWORD, people.Role.VIEWER, time.time_ns() // 1_000_000)
    store.close()
    log = folder / "up.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            [sys.executable, "-m", "pinery.app", "up", "--dir", str(folder)], stdout=output, stderr=output
        ) as up,
    ):
        try:
            instance = Instance(folder, made["control_url"], made["user"], made["password"], hooks)
            until(lambda: httpx.get(f"{instance.url}/readyz", verify=False).status_code == 200)
            until(lambda: httpx.get(made["webhook_url"].split("/hook/")[0] + "/healthz", verify=False).is_success)
            yield instance
        finally:
            up.send_signal(signal.SIGTERM)
            ended(up)


def ended(process: subprocess.Popen[Any]) -> None:
    """It ends by itself; one that does not fails the test, and is not waited for without end."""
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def fill(instance: Instance) -> None:
    """A win and a loss of demo, an open position of swing, a denial, and a message that nobody understands."""
    for word, price in (("LONG", 4000.0), ("OUT", 4010.25), ("SHORT", 4010.25), ("OUT", 4012.5)):
        instance.alert("demo", word, price)
    instance.alert("swing", "LONG", 4012.5)
    instance.alert("careful", "SHORT", 4012.5)
    instance.alert("demo", "what is this")
    with instance.client() as client:
        until(lambda: len(client.get("/signals").json()["items"]) == 6)
        until(lambda: len(client.get("/trades").json()["items"]) == 2 and held(client, "swing"))
        until(lambda: client.get("/orders", params={"unfinished": True, "deployment": "swing"}).json()["items"])


def held(client: httpx.Client, deployment: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get("/positions", params={"deployment": deployment}).json()
    return rows


def until(done: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if done():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError("it did not happen")


@contextmanager
def free_ports() -> Iterator[int]:
    """Of two ports in a row that stay free for the servers that are to have them, the first.

    They are bound without listening, so that nobody else who looks for some finds them, and then opened to whoever
    binds them with SO_REUSEADDR, as servers do. None of them is one that the system gives to whoever connects.
    """
    while True:
        port = random.SystemRandom().randrange(16_000, 32_000)
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            for held in (first, second):
                held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            yield port
            return


def _pinery(*arguments: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "pinery.app", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
