"""A Pinery whose account is at a simulated venue, which runs as a process of its own and lives on."""

from __future__ import annotations

import hashlib
import json
import random
import secrets
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from pinery.adapters.store import tables as t
from pinery.adapters.store.database import SqlStore
from pinery.market.rolls import front
from tests.crash.ledger import expect
from tests.crash.storm import WORDS, Place, Storm, free_port

_KEY, _SECRET = "k" * 32, "s" * 64
_USER, _PASSWORD = "trader", "Passw0rd-of-tests"


@dataclass(frozen=True)
class Kind:
    """``symbols`` are what its deployments trade, one each: a venue does not know whose a position is. ``gap``: seconds
    between the alerts of one. ``account``: settings of the account, the venue's port put in."""

    name: str
    symbols: tuple[str, ...]
    gap: float
    arguments: tuple[str, ...]
    account: str
    secrets: dict[str, str]


KINDS = {
    "binance": Kind(
        "binance",
        ("BINANCE:ETHUSDT.P", "BINANCE:BTCUSDT.P"),
        0.6,
        ("--key", _KEY, "--secret", _SECRET, "--balance", "100000000"),
        """environment = "demo"
api_key_secret = "sim_key"
api_secret_secret = "sim_secret"
leverage = 20
recv_window = "1s"
patience = "1s"
rest_url = "http://127.0.0.1:{port}"
stream_url = "ws://127.0.0.1:{port}"
""",
        {"sim_key": _KEY, "sim_secret": _SECRET},
    ),
    # A turn is up to four requests, of which ten a second are sent.
    "tradovate": Kind(
        "tradovate",
        tuple(f"CME_MINI:{front(root, datetime.now(UTC).date()).ticker}" for root in ("ES", "NQ")),
        2.0,
        ("--user", _USER, "--password", _PASSWORD, "--balance", "100000000"),
        """environment = "demo"
account = "SIM1"
username = "trader"
password_secret = "sim_password"
cid = 1
sec_secret = "sim_sec"
patience = "1s"
rest_url = "http://127.0.0.1:{port}/v1"
stream_url = "ws://127.0.0.1:{port}/v1/websocket"
md_url = "ws://127.0.0.1:{port}/md/v1/websocket"
actions_per_second = 10
""",
        {"sim_password": _PASSWORD, "sim_sec": "simulator"},
    ),
}


@dataclass(frozen=True)
class Holding:
    """What the venue holds in a symbol, which stops and targets rest for it (what they would close), and how much was
    bought and sold in all."""

    position: Decimal
    stops: Decimal
    targets: Decimal
    bought: Decimal
    sold: Decimal


def _at_binance(state: Any, name: str) -> Holding:
    sign = {"BUY": 1, "SELL": -1}
    trades = [row for row in state["trades"] if row["symbol"] == name]
    stops = [row for row in state["algos"] if row["symbol"] == name and row["status"] in ("NEW", "TRIGGERING")]
    resting = [row for row in state["orders"] if row["symbol"] == name]
    resting = [row for row in resting if row["status"] in ("NEW", "PARTIALLY_FILLED")]
    return Holding(
        sum((Decimal(row["amount"]) for row in state["positions"] if row["symbol"] == name), Decimal(0)),
        sum((sign[row["side"]] * Decimal(row["quantity"]) for row in stops), Decimal(0)),
        sum((sign[row["side"]] * (Decimal(row["quantity"]) - Decimal(row["executed"])) for row in resting), Decimal(0)),
        sum((Decimal(row["quantity"]) for row in trades if row["side"] == "BUY"), Decimal(0)),
        sum((Decimal(row["quantity"]) for row in trades if row["side"] == "SELL"), Decimal(0)),
    )


def _at_tradovate(state: Any, name: str) -> Holding:
    orders = [row for row in state["orders"] if row["symbol"] == name]
    names = {row["id"]: row["buy"] for row in orders}
    alive = [row for row in orders if row["status"] in ("PendingNew", "Working", "PendingReplace", "PendingCancel")]
    fills = [fill for fill in state["fills"] if fill["orderId"] in names]
    left = [((1 if row["buy"] else -1) * (row["terms"]["quantity"] - row["filled"]), row) for row in alive]
    return Holding(
        sum((Decimal(row["net"]) for row in state["positions"] if row["symbol"] == name), Decimal(0)),
        sum((Decimal(much) for much, row in left if row["terms"]["type"] == "Stop"), Decimal(0)),
        sum((Decimal(much) for much, row in left if row["terms"]["type"] == "Limit"), Decimal(0)),
        sum((Decimal(fill["qty"]) for fill in fills if fill["action"] == "Buy"), Decimal(0)),
        sum((Decimal(fill["qty"]) for fill in fills if fill["action"] == "Sell"), Decimal(0)),
    )


@dataclass
class Simulated:
    """The venue, by its control endpoint."""

    kind: Kind
    port: int

    def state(self) -> Any:
        answer = httpx.get(f"http://127.0.0.1:{self.port}/sim/state", timeout=10, verify=False)
        answer.raise_for_status()
        return answer.json()

    def price(self, symbol: str) -> float:
        return float(self.state()["prices"][self._name(symbol)])

    def _name(self, symbol: str) -> str:
        return symbol.rpartition(":")[2].removesuffix(".P") if self.kind.name == "binance" else symbol

    def holding(self, symbol: str) -> Holding:
        state, name = self.state(), self._name(symbol)
        if self.kind.name == "binance":
            return _at_binance(state, name)
        return _at_tradovate(state, name)


@contextmanager
def simulator(kind: Kind, folder: Path) -> Iterator[Simulated]:
    """``pinery sim`` in ``folder``: answers when this yields, gone when it ends."""
    venue = Simulated(kind, free_port())
    folder.mkdir(parents=True, exist_ok=True)
    bars = [part for symbol in kind.symbols for part in ("--bars", f"{symbol}=synthetic")]
    with (folder / "sim.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pinery.app", "sim", kind.name, "--port", str(venue.port), *bars, *kind.arguments],
            cwd=folder, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait_until_up(venue, process, folder / "sim.log")
            yield venue
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _wait_until_up(venue: Simulated, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 180
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            venue.state()
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError(f"the simulator did not come up:\n{log.read_text()[-3000:]}")


def make_place(folder: Path, venue: Simulated) -> Place:
    """A deployment for each of the venue's symbols, with a stop and a target that are far away."""
    kind = venue.kind
    place = Place(folder, f"sqlite:///{folder}/pinery.db", free_port(), free_port(), {})
    lines = [
        f'[store]\nurl = "{place.store_url}"',
        f"[webhook]\nport = {place.port}\nallow_loopback = true",
        f"[control]\nport = {place.control}",
        "[up]\nworkers = 1",
        f'[accounts.sim]\nbroker = "{kind.name}"\n{kind.account.format(port=venue.port)}',
    ]
    hashes = ["[webhook_tokens]"]
    for number, symbol in enumerate(kind.symbols):
        name = f"d{number}"
        place.tokens[name] = secrets.token_urlsafe(32)
        hashes.append(f'{name} = ["sha256:{hashlib.sha256(place.tokens[name].encode()).hexdigest()}"]')
        lines.append(f'[deployments.{name}]\naccount = "sim"\nsymbol = "{symbol}"')
        lines.append(f'[deployments.{name}.bracket]\nstop = "50%"\ntarget = "90%"')
        lines.append(f'[deployments.{name}.limits]\nmax_signal_age = "off"\ntrading_hours = "always"')
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pinery.toml").write_text("\n\n".join(lines) + "\n")
    secret = folder / "pinery.secrets.toml"
    named = ["[secrets]", *(f'{name} = "{value}"' for name, value in kind.secrets.items())]
    secret.write_text("\n".join([*hashes, "", *named]) + "\n")
    secret.chmod(0o600)
    return place


@dataclass
class VenueStorm(Storm):
    """``prices``: about where each deployment's symbol is."""

    prices: dict[str, float] = field(default_factory=dict)

    def body(self, rng: random.Random, name: str, number: int) -> str:
        price, kind = round(self.prices[name] * (1 + rng.uniform(-0.001, 0.001)), 2), rng.random()
        fields: dict[str, object] = {"price": price, self.id_name: f"{name}-{number}"}
        if kind < 0.5:
            fields["signal"] = rng.choice(WORDS)
        elif kind < 0.8:
            side = rng.choice(("long", "short", "flat"))
            fields |= {"market_position": side, "market_position_size": 0 if side == "flat" else rng.choice((1, 2, 3))}
        else:
            fields |= {"action": rng.choice(("buy", "sell")), "qty": rng.choice((1, 2))}
        return json.dumps(fields)


def check(store: SqlStore, storm: VenueStorm, venue: Simulated) -> dict[str, int]:
    """Raises AssertionError for an alert that was lost or doubled, and for a position that is not protected."""
    counts: dict[str, int] = defaultdict(int)
    assert not storm.refused, f"answers that no sender should get: {storm.refused[:3]}"
    for name, symbol in zip(storm.place.tokens, venue.kind.symbols, strict=True):
        rows = store.read(
            lambda tx, name=name: tx.connection.execute(
                sa.select(t.inbox).where(t.inbox.c.deployment == name).order_by(t.inbox.c.received_us, t.inbox.c.id)
            ).all()
        )
        bodies = [row.body for row in rows]
        assert not storm.acknowledged[name] - set(bodies), f"{name}: acknowledged alerts are not there"
        assert {row.status for row in rows} <= {"done", "duplicate"}
        expected = expect(bodies)
        moves, bought, sold = store.read(lambda tx, name=name: _moves(tx.connection, name))
        assert moves == expected.moves, f"{name}: {moves} was executed, {expected.moves} was asked for"
        there = venue.holding(symbol)
        assert (there.bought, there.sold) == (bought, sold), f"{name}: the venue's fills are not ours: {there}"
        assert there.position == expected.position, f"{name}: {there}, expected {expected.position}"
        assert there.stops == -expected.position, f"{name}: the stop is not of the position's size: {there}"
        assert there.targets == -expected.position, f"{name}: the target is not of the position's size: {there}"
        counts["alerts"] += len(set(bodies))
        counts["acknowledged"] += len(storm.acknowledged[name])
        counts["orders"] += expected.orders
    return dict(counts)


def _moves(connection: sa.Connection, name: str) -> tuple[list[Decimal], Decimal, Decimal]:
    """The signed quantity that each signal came to, in their order, and what was bought and sold in all."""
    f, o = t.fills, t.orders
    found = connection.execute(
        sa.select(o.c.signal_id, f.c.side, f.c.quantity)
        .join(o, o.c.client_id == f.c.client_id)
        .where(f.c.deployment == name)
        .order_by(f.c.id)
    ).all()
    moves: dict[str, Decimal] = defaultdict(Decimal)
    total: dict[str, Decimal] = defaultdict(Decimal)
    for signal_id, side, quantity in found:
        moves[signal_id] += quantity if side == "buy" else -quantity
        total[side] += quantity
    return list(moves.values()), total["buy"], total["sell"]
