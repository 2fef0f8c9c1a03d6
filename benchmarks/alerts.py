"""Claim: alerts are on disk, acknowledged and at the broker's port within small multiples of a bare durable insert.

Starts a real ``pinery up``, sends alerts at a constant rate from a process of its own, and prints what they took next
to the floor: bare single-row inserts into the same kind of database, before and after the run (at the same rate, on the
then idle machine) and beside it (a tenth of the rate, under the same load). Where Pinery keeps no backlog, the rate is
one that it sustains.

    python -m benchmarks.alerts [--store sqlite,postgresql] [--rate 200] [--seconds 60] [--deployments 1,20]
    python -m benchmarks.alerts --alerts 100000       # memory
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import psycopg
import sqlalchemy as sa
import typer
from rich.table import Table

from benchmarks.alerts_place import Usage, make_place, pinery_up, store_url, usage
from benchmarks.measuring import machine
from pinery.adapters.store.database import SqlStore, open_store
from pinery.app.terminal import console

WARM_UP = 2.0  # seconds
_DRAIN = 60.0  # seconds that a backlog gets at the end
_BESIDE = 0.1  # of the rate: the floor under the same load must not be the load


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds."""

    count: int
    p50: float
    p99: float
    most: float

    @classmethod
    def of(cls, milliseconds: list[float]) -> Spread:
        if not milliseconds:
            return cls(0, *[float("nan")] * 3)
        found = sorted(milliseconds)
        return cls(len(found), found[len(found) // 2], found[min(len(found) - 1, len(found) * 99 // 100)], found[-1])


@dataclass(slots=True)
class Run:
    """One store and number of deployments. Latencies count from the complete receipt of an alert by the gateway,
    ``answer`` from its sending; ``resident`` is a sample a second by process."""

    store: str
    deployments: int
    accounts: int
    workers: int
    rate: float
    alerts: int
    seconds: float
    statuses: dict[str, int] = field(default_factory=dict)
    orders: int = 0
    backlog: int = 0
    drained: float | None = None  # seconds from the last alert until all were decided; None: never
    late_ms: float = 0.0  # of the sender itself, p99
    spreads: dict[str, Spread] = field(default_factory=dict)
    cpu_ms: dict[str, float] = field(default_factory=dict)  # per alert, by process
    resident: list[dict[str, float]] = field(default_factory=list)  # MB


def measure(
    kind: str, deployments: int, accounts: int, workers: int, rate: float, seconds: float, seed: int = 1
) -> Run:
    count = int(rate * seconds)
    run = Run(kind, deployments, accounts, workers, rate, count, seconds)
    with tempfile.TemporaryDirectory(prefix="pinery-bench-") as name, store_url(kind, Path(name)) as url:
        place = make_place(Path(name), url, deployments, accounts, workers)
        floor_seconds = min(seconds, 10.0)
        quiet = _floor(url, rate, floor_seconds).result()
        with pinery_up(place) as supervisor:
            time.sleep(1.0)  # accounts are taken, their first comparison is done
            job = {"port": place.port, "tokens": place.tokens, "rate": rate, "count": count, "seed": seed}
            sender = _Process("benchmarks.alerts_sender", stdin=json.dumps(job | {"warm_up": int(rate * WARM_UP)}))
            before = usage(supervisor)
            beside = _floor(url, max(rate * _BESIDE, 5.0), seconds + WARM_UP)
            while sender.runs():
                run.resident.append({name: used.resident for name, used in usage(supervisor).items()})
                time.sleep(1.0)
            seen, ended = sender.result(), time.monotonic()
            loaded = beside.result()
            store = open_store(url, create=False)
            try:
                _wait_until_decided(store, run, ended)
                run.cpu_ms = _per_alert(before, usage(supervisor), count + int(rate * WARM_UP))
                _read(store, run, seen)
            finally:
                store.close()
        quiet += _floor(url, rate, floor_seconds).result()
    run.spreads["floor"] = Spread.of([1000 * took for took in quiet])
    run.spreads["floor beside"] = Spread.of([1000 * took for took in loaded])
    return run


# --- processes ------------------------------------------------------------------------


class _Process:
    """A measuring process, whose answer is JSON on its standard output."""

    def __init__(self, module: str, *arguments: str, stdin: str = "") -> None:
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process's result
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, stdout=self._output, text=True
        )
        assert self._process.stdin is not None
        self._process.stdin.write(stdin)
        self._process.stdin.close()

    def runs(self) -> bool:
        return self._process.poll() is None

    def result(self) -> Any:
        """Raises RuntimeError where it failed."""
        code = self._process.wait()
        with self._output:
            if code:
                raise RuntimeError(f"a measuring process ended with {code}")
            self._output.seek(0)
            return json.load(self._output)


def _floor(url: str, rate: float, seconds: float) -> _Process:
    return _Process("benchmarks.alerts_floor", url, str(rate), str(seconds))


def _per_alert(before: dict[str, Usage], after: dict[str, Usage], alerts: int) -> dict[str, float]:
    return {name: 1000 * (used.cpu - before[name].cpu) / alerts for name, used in after.items() if name in before}


# --- what the store says --------------------------------------------------------------


def _wait_until_decided(store: SqlStore, run: Run, ended: float) -> None:
    new = sa.text("SELECT count(*) FROM inbox WHERE status = 'new'")
    run.backlog = waiting = store.read(lambda tx: int(tx.connection.execute(new).scalar_one()))
    while waiting and time.monotonic() - ended < _DRAIN:
        time.sleep(0.1)
        waiting = store.read(lambda tx: int(tx.connection.execute(new).scalar_one()))
    if not waiting:
        run.drained = time.monotonic() - ended
    time.sleep(0.5)  # the last orders' reports


def _read(store: SqlStore, run: Run, seen: dict[str, Any]) -> None:
    answers = seen["answers"]
    for answer in answers:
        status = str(answer[0]) if answer is not None else "none"
        run.statuses[status] = run.statuses.get(status, 0) + 1
    run.late_ms = 1000 * seen["late"]
    good = [answer for answer in answers if answer is not None and answer[0] == 200]
    found = sa.text(
        "SELECT i.received_us, s.decided_us, s.sent_us FROM inbox i JOIN signals s ON s.message_id = i.id "
        "WHERE i.received_us >= :since"
    )
    rows = store.read(lambda tx: tx.connection.execute(found, {"since": seen["counted_from_us"]}).all())
    sent = [(row.sent_us - row.received_us) / 1000 for row in rows if row.sent_us is not None]
    run.orders = len(sent)
    run.spreads |= {
        "answer": Spread.of([1000 * took for _, took, _ in good]),
        "stored": Spread.of([stored for _, _, stored in good if stored is not None]),
        "decided": Spread.of([(row.decided_us - row.received_us) / 1000 for row in rows]),
        "order": Spread.of(sent),
    }


# --- printing -------------------------------------------------------------------------

_ROWS = (
    ("floor", "floor: bare durable insert, idle machine"),
    ("floor beside", "floor: the same beside the run"),
    ("stored", "receipt → durable, acknowledged"),
    ("answer", "sent → answered (client)"),
    ("decided", "receipt → decided"),
    ("order", "receipt → order at the broker's port"),
)


def show(run: Run) -> None:
    out = console()
    floor, beside = run.spreads["floor"], run.spreads["floor beside"]
    title = f"{run.store}: {run.rate:g} alerts/s for {run.seconds:g} s, {run.deployments} deployment(s)"
    table = Table(title=title, title_justify="left")
    for name in ("", "count", "p50 ms", "p99 ms", "max ms", "p99 × floor", "p99 × floor beside"):
        table.add_column(name, justify="left" if not name else "right")
    for key, words in _ROWS:
        spread = run.spreads[key]
        figures = [f"{value:,.2f}" for value in (spread.p50, spread.p99, spread.most)]
        ratios = [f"{spread.p99 / floor.p99:.1f}", f"{spread.p99 / beside.p99:.1f}"]
        table.add_row(words, f"{spread.count:,}", *figures, *ratios)
    out.print(table)
    drained = "never drained" if run.drained is None else f"drained {run.drained:.1f} s after the last alert"
    answers = ", ".join(f"{count:,} × {status}" for status, count in sorted(run.statuses.items()))
    out.print(f"answers: {answers}; {run.orders:,} orders; backlog at the end {run.backlog:,}, {drained}")
    cpu = ", ".join(f"{name} {spent:.2f}" for name, spent in run.cpu_ms.items())
    out.print(f"processor ms per alert: {cpu}; the sender was late by {run.late_ms:.2f} ms (p99)")
    out.print(f"resident MB at a quarter, half, the end: {', '.join(_memory(run.resident))}\n")


def _memory(samples: list[dict[str, float]]) -> list[str]:
    names = sorted({name for sample in samples for name in sample})
    moments = [samples[(len(samples) - 1) * part // 4] for part in (1, 2, 4)] if samples else []
    return [f"{name} {', '.join(f'{sample.get(name, 0):.0f}' for sample in moments)}" for name in names]


def main(
    store: Annotated[str, typer.Option(help="sqlite, postgresql, or both with a comma.")] = "sqlite,postgresql",
    rate: Annotated[float, typer.Option(help="Alerts a second.")] = 200.0,
    seconds: Annotated[float, typer.Option(help="How long, after two seconds that do not count.")] = 60.0,
    alerts: Annotated[int, typer.Option(help="How many, in place of how long.")] = 0,
    deployments: Annotated[str, typer.Option(help="A number, or several with commas.")] = "1,20",
    accounts: Annotated[int, typer.Option(help="Paper accounts that the deployments are spread over.")] = 1,
    workers: Annotated[int, typer.Option(help="Worker processes.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure latencies and memory of a real pinery up under a constant rate of alerts."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started ends with it
    if not as_json:
        print(machine())
    runs = []
    for kind in store.split(","):
        for number in [int(text) for text in deployments.split(",")]:
            try:
                run = measure(kind, number, min(accounts, number), workers, rate, alerts / rate if alerts else seconds)
            except psycopg.OperationalError as error:
                print(f"{kind}: not measured, no server: {str(error).splitlines()[0]}", file=sys.stderr)
                break
            runs.append(run)
            if not as_json:
                show(run)
    if as_json:
        print(json.dumps([asdict(run) for run in runs], indent=2))


if __name__ == "__main__":
    typer.run(main)
