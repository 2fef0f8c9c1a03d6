"""A real Pinery in a folder, a storm of alerts against it, and somebody who kills its processes at random."""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

WORDS = ("IN", "OUT", "CALL", "PUT", "LONG", "SHORT")

_ports: list[socket.socket] = []  # held, so that the system gives them to nobody else


def free_port() -> int:
    """A port that stays free for the server that is to have it: held without listening, on Linux it is open to whoever
    binds it with SO_REUSEADDR, as servers do, and nobody is given it who asks for any."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    _ports.append(held)
    return int(held.getsockname()[1])


@atexit.register
def _let_go() -> None:
    while _ports:
        _ports.pop().close()


@contextmanager
def taken(port: int) -> Iterator[None]:
    """Another program listens there."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        yield


@dataclass
class Place:
    """A folder with a configuration: ``deployments`` spread over two paper accounts."""

    folder: Path
    store_url: str
    port: int
    control: int
    tokens: dict[str, str]

    def hook(self, deployment: str) -> str:
        return f"http://127.0.0.1:{self.port}/hook/{self.tokens[deployment]}"


def make_place(folder: Path, store_url: str, deployments: int, workers: int, bracket: bool = True) -> Place:
    place = Place(folder, store_url, free_port(), free_port(), {})
    lines = [
        f'[store]\nurl = "{store_url}"',
        f"[webhook]\nport = {place.port}\nallow_loopback = true",
        f"[control]\nport = {place.control}",
        f"[up]\nworkers = {workers}",
        '[accounts.one]\nbroker = "paper"\nbalance = 100_000_000',
        '[accounts.two]\nbroker = "paper"\nbalance = 100_000_000',
    ]
    hashes = ["[webhook_tokens]"]
    for number in range(deployments):
        name = f"d{number}"
        place.tokens[name] = secrets.token_urlsafe(32)
        digest = hashlib.sha256(place.tokens[name].encode()).hexdigest()
        hashes.append(f'{name} = ["sha256:{digest}"]')
        account = "one" if number % 2 else "two"
        lines.append(f'[deployments.{name}]\naccount = "{account}"\nsymbol = "BINANCE:ETHUSDT.P"')
        if bracket and number % 3 == 0:
            lines.append(f'[deployments.{name}.bracket]\nstop = "50%"\ntarget = "90%"')
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pinery.toml").write_text("\n\n".join(lines) + "\n")
    secret = folder / "pinery.secrets.toml"
    secret.write_text("\n".join(hashes) + "\n")
    secret.chmod(0o600)
    return place


@contextmanager
def pinery_up(place: Place, log: Path, *before: str) -> Iterator[subprocess.Popen[bytes]]:
    """The supervisor and its children; answers when this yields, gone when it ends. ``before``: a command to run it."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*before, sys.executable, "-m", "pinery.app", "up"],
            cwd=place.folder, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_until_ready(place, process, log)
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def wait_until_ready(place: Place, process: subprocess.Popen[bytes], log: Path, seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(f"pinery up ended with {process.returncode}:\n{log.read_text()[-4000:]}")
        try:
            if httpx.get(f"http://127.0.0.1:{place.port}/readyz", timeout=1, verify=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"not ready after {seconds} s:\n{log.read_text()[-4000:]}")


def children(parent: int) -> dict[int, str]:
    """Process id -> component of the supervisor's children."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
                command = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == parent and b"pinery.app.up.component" in command:
                found[int(entry.name)] = command[command.index(b"pinery.app.up.component") + 1].decode()
    return found


@dataclass
class Storm:
    """``acknowledged``: bodies that were answered with a 2xx, by deployment."""

    place: Place
    seed: int
    gap: float = 0.02  # seconds between alerts of one deployment
    id_name: str = "id"  # the field that makes each body different
    acknowledged: dict[str, set[str]] = field(default_factory=dict)
    sent: dict[str, list[str]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)  # answers that no sender should ever get
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    patience: float = 3.0  # seconds that a sender waits for an answer, as TradingView does

    def body(self, rng: random.Random, name: str, number: int) -> str:
        """An alert that no other is like."""
        return _body(rng, name, number, self.id_name)

    def total(self) -> int:
        """Alerts acknowledged so far."""
        return sum(map(len, list(self.acknowledged.values())))

    async def run(self) -> None:
        limits = httpx.Limits(max_connections=60)
        async with httpx.AsyncClient(timeout=self.patience, verify=False, limits=limits) as client:
            await asyncio.gather(*(self._sender(name, client) for name in self.place.tokens))

    async def _sender(self, name: str, client: httpx.AsyncClient) -> None:
        rng = random.Random(f"{self.seed}-{name}")
        self.acknowledged[name], self.sent[name] = set(), []
        number, late = 0, set[asyncio.Task[None]]()
        while not self.stop.is_set():
            number += 1
            body = self.body(rng, name, number)
            self.sent[name].append(body)
            await self._send(client, name, body, rng)
            for _ in range(rng.choice((0, 0, 1, 2, 3))):  # repetitions overlap what comes next
                task = asyncio.create_task(self._again(client, name, body, rng))
                late.add(task)
                task.add_done_callback(late.discard)
            await asyncio.sleep(self.gap * rng.random() * 2)
        await asyncio.gather(*late)

    async def _again(self, client: httpx.AsyncClient, name: str, body: str, rng: random.Random) -> None:
        await asyncio.sleep(rng.random() * 1.5)
        await self._post(client, name, body)

    async def _send(self, client: httpx.AsyncClient, name: str, body: str, rng: random.Random) -> None:
        """As TradingView sends: again after a 5xx, up to three times. Its five seconds are shortened."""
        for _ in range(4):
            if await self._post(client, name, body) < 500:
                return
            await asyncio.sleep(0.3 * rng.random())

    async def _post(self, client: httpx.AsyncClient, name: str, body: str) -> int:
        try:
            answer = await client.post(self.place.hook(name), content=body)
        except httpx.HTTPError:
            return 599
        if answer.is_success:
            self.acknowledged[name].add(body)
        elif answer.status_code < 500:
            self.refused.append(f"{answer.status_code} {answer.text}")
        return answer.status_code


def _body(rng: random.Random, name: str, number: int, id_name: str) -> str:
    """Unique, by its id or by what it says of time and number."""
    price = round(2000 + rng.random() * 100, 2)
    kind = rng.random()
    if kind < 0.5:
        fields: dict[str, object] = {"signal": rng.choice(WORDS), "price": price, id_name: f"{name}-{number}"}
    elif kind < 0.8:
        side = rng.choice(("long", "short", "flat"))
        size = 0 if side == "flat" else rng.choice((1, 1, 2, 3))
        fields = {"market_position": side, "market_position_size": size, "price": price, id_name: f"{name}-{number}"}
    else:
        fields = {"action": rng.choice(("buy", "sell")), "qty": rng.choice((1, 2)), "price": price}
        fields |= {"symbol": "ETHUSDT.P", id_name: f"{name}-{number}"}
    return json.dumps(fields)


async def killer(parent: subprocess.Popen[bytes], kills: int, rng: random.Random, storm: Storm) -> dict[str, int]:
    """SIGKILL to random children; returns how many of each.

    Mostly in the middle of work, a few alerts after the last kill, however slow the machine is; at times at once, so
    that processes die while they start.
    """
    killed: dict[str, int] = {}
    while sum(killed.values()) < kills:
        await _some_work(storm, rng)
        running = {pid: name for pid, name in children(parent.pid).items() if name in ("gateway", "worker")}
        if not running:
            await asyncio.sleep(0.05)
            continue
        pid = rng.choice(sorted(running))
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        killed[running[pid]] = killed.get(running[pid], 0) + 1
    return killed


async def _some_work(storm: Storm, rng: random.Random) -> None:
    await asyncio.sleep(rng.random() * 0.4)
    if rng.random() < 0.25:
        return
    few, many = storm.total() + 2, storm.total() + rng.randrange(2, 25)
    if not await acknowledged(storm, many, 10):
        await acknowledged(storm, few)


async def acknowledged(storm: Storm, count: int, seconds: float = 180) -> bool:
    """Waits for so many alerts in all; False where they did not get through in time."""
    end = time.monotonic() + seconds
    while storm.total() < count:
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.02)
    return True
