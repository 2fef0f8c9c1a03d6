"""Claim: from a webhook's receipt to the order accepted at the venue, Pinery's own share is small: p99 under 20 ms.

Starts a simulated venue and a real ``pinery up`` with its account there, each in processes of their own, and sends
alerts at a constant rate, each of which is one order. The venue notes when an order's request came and when it had
answered; the gateway when an alert was completely received. A process beside them posts to the venue's port what asks
for nothing: the loopback round trip. And the floor of ``benchmarks.alerts``: one durable insert, beside the run.

    python -m benchmarks.orders [--venue binance,tradovate] [--rate 5] [--seconds 30]
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer
from rich.table import Table

from benchmarks.alerts import Spread
from benchmarks.alerts_place import Place, free_port, pinery_up
from benchmarks.measuring import machine
from benchmarks.orders_venue import KEY, SECRET, SYMBOLS
from pinery.adapters.store.database import open_store
from pinery.app.terminal import console

_ACCOUNTS = {
    "binance": """broker = "binance"
environment = "demo"
api_key_secret = "key"
api_secret_secret = "secret"
rest_url = "http://127.0.0.1:{port}"
stream_url = "ws://127.0.0.1:{port}"
""",
    "tradovate": """broker = "tradovate"
environment = "demo"
account = "SIM1"
username = "trader"
password_secret = "secret"
cid = 1
sec_secret = "sec"
rest_url = "http://127.0.0.1:{port}/v1"
stream_url = "ws://127.0.0.1:{port}/v1/websocket"
md_url = "ws://127.0.0.1:{port}/md/v1/websocket"
actions_per_second = 10
""",
}

#: Alerts a second.
_RATES = {"binance": 5.0, "tradovate": 5.0}


@contextmanager
def venue_up(venue: str) -> Iterator[int]:
    """The port of the simulated venue."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.orders_venue", venue, str(port)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    try:
        if process.stdout.readline().strip() != "up":
            raise RuntimeError("the venue did not start")
        yield port
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


def make_place(folder: Path, venue: str, port: int) -> Place:
    webhook, control = free_port(), free_port()
    url = f"sqlite:///{folder / 'pinery.db'}"
    lines = [
        f'[store]\nurl = "{url}"',
        f"[webhook]\nport = {webhook}\nallow_loopback = true",
        f"[control]\nport = {control}",
        "[backup]\nweekly = false",
        f"[accounts.venue]\n{_ACCOUNTS[venue].format(port=port)}",
    ]
    tokens, hashes = {}, ["[webhook_tokens]"]
    for number, symbol in enumerate(SYMBOLS[venue]):
        name = f"d{number}"
        tokens[name] = secrets.token_urlsafe(32)
        hashes.append(f'{name} = ["sha256:{hashlib.sha256(tokens[name].encode()).hexdigest()}"]')
        lines.append(f'[deployments.{name}]\naccount = "venue"\nsymbol = "{symbol}"')
    (folder / "pinery.toml").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    secret = folder / "pinery.secrets.toml"
    named = ["[secrets]", f'key = "{KEY}"', f'secret = "{SECRET}"', 'sec = "sec"']
    secret.write_text("\n".join([*hashes, "", *named]) + "\n", encoding="utf-8")
    secret.chmod(0o600)
    return Place(folder, url, webhook, tokens)


def send_alerts(place: Place, venue: str, rate: float, count: int) -> None:
    """In and out in turn, so that each alert is one order."""
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=10)
    prices, names = list(SYMBOLS[venue].values()), sorted(place.tokens)
    started = time.perf_counter()
    for number in range(count):
        time.sleep(max(0.0, started + number / rate - time.perf_counter()))
        which = number % len(names)
        word = "IN" if number // len(names) % 2 == 0 else "OUT"
        body = json.dumps({"signal": word, "price": prices[which], "id": f"a{number}"})
        connection.request("POST", f"/hook/{place.tokens[names[which]]}", body)
        connection.getresponse().read()
    connection.close()


_ECHO = """
import json, socket, sys, time
port, rate, seconds = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
one = socket.create_connection(("127.0.0.1", port))
one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
request = b"POST /bench/echo HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 200\\r\\n\\r\\n" + b"x" * 200
took, end = [], time.monotonic() + seconds
while time.monotonic() < end:
    before = time.perf_counter()
    one.sendall(request)
    answer = b""
    while not answer.endswith(b"{}"):
        answer += one.recv(4096)
    took.append(1000 * (time.perf_counter() - before))
    time.sleep(1 / rate)
json.dump(took, sys.stdout)
"""


def measure(venue: str, rate: float, seconds: float) -> dict[str, Spread]:
    warm_up = 10
    count = int(rate * seconds) + warm_up
    with tempfile.TemporaryDirectory(prefix="pinery-bench-") as name, venue_up(venue) as port:
        place = make_place(Path(name), venue, port)
        with pinery_up(place):
            _wait_until_compared(place)
            beside = [str(rate), str(count / rate)]
            echo = subprocess.Popen([sys.executable, "-c", _ECHO, str(port), *beside], stdout=subprocess.PIPE)
            floor = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.alerts_floor", place.store_url, *beside], stdout=subprocess.PIPE
            )
            send_alerts(place, venue, rate, count)
            round_trips = json.loads(echo.communicate()[0])
            inserts = [1000 * took for took in json.loads(floor.communicate()[0])]
            time.sleep(2.0)
            orders = _orders(port)
            received = _received(place)
            both = sorted((received[client_id], *orders[client_id]) for client_id in orders if client_id in received)
            if len(both) < count * 0.9:
                raise RuntimeError(f"{len(both)} orders of {count} alerts came to the venue.\n{why(place)}")
    trip = Spread.of(round_trips).p50
    both = both[warm_up:]
    return {
        "total": Spread.of([(answered - got) / 1000 for got, _, answered in both]),
        "venue": Spread.of([(answered - came) / 1000 for _, came, answered in both]),
        "round trip": Spread.of(round_trips),
        "share": Spread.of([(came - got) / 1000 - trip for got, came, _ in both]),
        "floor": Spread.of(inserts),
    }


def _orders(port: int) -> dict[str, tuple[int, int]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/bench/orders")
    found: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return {name: (came, answered) for name, (came, answered) in found.items()}


def _received(place: Place) -> dict[str, int]:
    """Client id -> when the alert that it came of was completely received."""
    query = (
        "SELECT o.client_id, i.received_us FROM orders o JOIN signals s ON s.id = o.signal_id "
        "JOIN inbox i ON s.message_id = i.id"
    )
    return {row.client_id: row.received_us for row in _rows(place, query)}


def _wait_until_compared(place: Place, seconds: float = 60) -> None:
    """Until the account is taken and compared with the venue. Raises RuntimeError, with why, where it is not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if _rows(place, "SELECT 1 FROM balances WHERE account = 'venue'"):
            time.sleep(1.0)
            return
        time.sleep(0.1)
    raise RuntimeError(f"the account was not compared with the venue within {seconds:g} s.\n{why(place)}")


#: What became of the alerts, from where an alert first comes to where an order ends.
_STORIES = {
    "alerts": "SELECT status, note FROM inbox",
    "signals": "SELECT outcome, code, reason FROM signals",
    "orders": "SELECT status, code, reason FROM orders",
    "events": "SELECT kind, text FROM events",
}


def why(place: Place) -> str:
    """Why orders are missing: what the store says, counted, and the end of the log."""
    lines = []
    for name, query in _STORIES.items():
        counted = Counter(" ".join(str(word) for word in row if word) for row in _rows(place, query))
        lines += [f"{name}: {number} x {words}" for words, number in counted.most_common(8)] or [f"{name}: none"]
    return "\n".join([*lines, "the end of the log:", place.log.read_text(encoding="utf-8")[-4000:]])


def _rows(place: Place, query: str) -> list[Any]:
    store = open_store(place.store_url, create=False)
    try:
        return store.read(lambda tx: list(tx.connection.execute(sa.text(query)).all()))
    finally:
        store.close()


_ROWS = (
    ("total", "receipt → order accepted at the venue"),
    ("venue", "of it, the venue's own handling"),
    ("round trip", "loopback round trip, beside the run"),
    ("share", "Pinery's share"),
    ("floor", "floor: bare durable insert, beside the run"),
)


def show(venue: str, rate: float, found: dict[str, Spread]) -> None:
    table = Table(title=f"{venue}, SQLite: {rate:g} alerts/s", title_justify="left")
    for name in ("", "count", "p50 ms", "p99 ms", "max ms"):
        table.add_column(name, justify="left" if not name else "right")
    for key, words in _ROWS:
        spread = found[key]
        table.add_row(words, f"{spread.count:,}", *(f"{value:,.2f}" for value in (spread.p50, spread.p99, spread.most)))
    console().print(table)


def main(
    venue: Annotated[str, typer.Option(help="binance, tradovate, or both with a comma.")] = "binance,tradovate",
    rate: Annotated[float, typer.Option(help="Alerts a second; 0: 5.")] = 0.0,
    seconds: Annotated[float, typer.Option(help="How long, after ten alerts that do not count.")] = 30.0,
) -> None:
    """Measure what passes between an alert and its order at a simulated venue."""
    print(f"{machine()}, load {os.getloadavg()[0]:.1f}")
    for name in venue.split(","):
        one = rate or _RATES[name]
        show(name, one, measure(name, one, seconds))
        print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    typer.run(main)
