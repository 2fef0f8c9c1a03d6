"""A folder configured as ``pinery init`` does it, a real ``pinery up`` in it, and what its processes use."""

from __future__ import annotations

import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

#: Where a database can be made on a PostgreSQL server.
SERVER = os.environ.get("PINERY_TEST_POSTGRESQL", "postgresql://root@127.0.0.1:5432/test")

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Place:
    folder: Path
    store_url: str
    port: int
    tokens: dict[str, str]  # of deployments

    @property
    def log(self) -> Path:
        return self.folder / "up.log"


@contextmanager
def store_url(kind: str, folder: Path) -> Iterator[str]:
    """A new store's URL; a database on the server is dropped at the end. Raises psycopg.OperationalError."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'pinery.db'}"
        return
    name = f"pinery_bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(SERVER, autocommit=True, connect_timeout=3) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{SERVER.rpartition('/')[0]}/{name}"
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def make_place(folder: Path, url: str, deployments: int, accounts: int, workers: int) -> Place:
    port, control = free_port(), free_port()
    lines = [
        f'[store]\nurl = "{url}"',
        f"[webhook]\nport = {port}\nallow_loopback = true",
        f"[control]\nport = {control}",
        f"[up]\nworkers = {workers}",
        "[backup]\nweekly = false",  # the first one comes at once, in the middle of the run
    ]
    lines += [f'[accounts.a{i}]\nbroker = "paper"\nbalance = 1_000_000_000' for i in range(accounts)]
    tokens, hashes = {}, ["[webhook_tokens]"]
    for number in range(deployments):
        name = f"d{number}"
        tokens[name] = secrets.token_urlsafe(32)
        hashes.append(f'{name} = ["sha256:{hashlib.sha256(tokens[name].encode()).hexdigest()}"]')
        lines.append(f'[deployments.{name}]\naccount = "a{number % accounts}"\nsymbol = "BINANCE:ETHUSDT.P"')
        lines.append(f"[deployments.{name}.limits]\nmax_position = 100_000")
    (folder / "pinery.toml").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    secret = folder / "pinery.secrets.toml"
    secret.write_text("\n".join(hashes) + "\n", encoding="utf-8")
    secret.chmod(0o600)
    return Place(folder, url, port, tokens)


@contextmanager
def pinery_up(place: Place) -> Iterator[int]:
    """The supervisor's process id, once the webhook is ready. Raises RuntimeError where it does not get ready."""
    with place.log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pinery.app", "up"],
            cwd=place.folder, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait_until_ready(place, process)
            yield process.pid
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _wait_until_ready(place: Place, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{place.port}/readyz", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"pinery up did not get ready:\n{place.log.read_text(encoding='utf-8')[-4000:]}")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one process."""

    resident: float  # MB
    cpu: float  # seconds since it started


def usage(supervisor: int) -> dict[str, Usage]:
    """By component; several processes of one are ``worker-1``, ``worker-2``."""
    found: dict[str, list[tuple[int, Usage]]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(stat[1]) == supervisor and b"pinery.app.up.component" in command:
            name = command[command.index(b"pinery.app.up.component") + 1].decode()
            used = Usage(int(stat[21]) * _PAGE / 1e6, (int(stat[11]) + int(stat[12])) / _TICKS)
            found.setdefault(name, []).append((int(entry.name), used))
    named = {}
    for name, processes in sorted(found.items()):
        for number, (_, used) in enumerate(sorted(processes)):
            named[name if len(processes) == 1 else f"{name}-{number + 1}"] = used
    return named


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
