#!/usr/bin/env python3
"""Storms by the hundred, in one plain process: .venv/bin/python scripts/storms.py VENUE --first 1000 --count 100

The tests run a few seeds of each kind; this runs as many as wanted and lists those that fail, with what they said, in
one file each. A seed that failed fails again with ``--first SEED --count 1``, where time has no part in it.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pinery.app.progress import progress_bar  # noqa: E402 - only with the root on the path are the tests there

KINDS = ("desk", "rough", "two", "sessions")
FAILURES = ROOT / "build" / "storms"

#: Seconds that one storm may take; it takes one or two.
_LONGEST = 180.0

Storm = Callable[[Path, int], Awaitable[None]]


def storm(venue: str, kind: str) -> Storm:
    """A desk on a real store at the simulated venue, or a careful client without one (sessions)."""
    if kind == "two":
        module: Any = import_module("tests.venues.test_two")
        return lambda folder, seed: module.two(folder, venue, seed, module.DIRECTIONS[seed % 2])
    if kind != "sessions":
        one: Any = import_module("tests.venues.test_storm").one
        return lambda folder, seed: one(folder, venue, seed, rough=kind == "rough")
    run_session: Any = import_module("tests.adapters.conformance.sessions").run_session
    harness: Any = import_module(f"tests.adapters.{venue}.harness")
    if venue == "binance":
        return lambda folder, seed: run_session(harness.BinanceHarness(seed), seed)
    return lambda folder, seed: run_session(harness.TradovateHarness(folder, seed=seed), seed)


def failure(one: Storm, seed: int, folder: Path) -> str:
    """What went wrong, or was left open; "" where all is well."""
    left: list[str] = []
    sys.unraisablehook = lambda what: left.append(f"{what.exc_value!r} in {what.object!r}")
    try:
        asyncio.run(asyncio.wait_for(one(folder, seed), _LONGEST))
    except (Exception, asyncio.CancelledError):
        return traceback.format_exc()
    gc.collect()
    return "\n".join(left)


def main(
    venue: Annotated[str, typer.Argument(help="binance or tradovate")],
    first: Annotated[int, typer.Option(help="The first seed.")] = 1000,
    count: Annotated[int, typer.Option(help="How many.")] = 100,
    kind: Annotated[
        str, typer.Option(help="desk, rough (more and rarer faults, in bursts), two (deployments), or sessions.")
    ] = "desk",
    failures: Annotated[Path, typer.Option(help="Where what failed is written, a file per seed.")] = FAILURES,
) -> None:
    """Run storms and say which seeds failed; the exit status is 1 if any did."""
    if venue not in ("binance", "tradovate") or kind not in KINDS or count < 1:
        raise typer.BadParameter(f"VENUE is binance or tradovate, --kind one of {', '.join(KINDS)}, --count at least 1")
    warnings.simplefilter("error", ResourceWarning)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    one, began, failed = storm(venue, kind), time.monotonic(), []
    with progress_bar(f"{venue}, {kind}") as report:
        for done, seed in enumerate(range(first, first + count), 1):
            folder = Path(tempfile.mkdtemp(prefix="pinery-storm-"))
            try:
                said = failure(one, seed, folder)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            if said:
                failed.append(seed)
                failures.mkdir(parents=True, exist_ok=True)
                written = failures / f"{venue}-{kind}-{seed}.txt"
                written.write_text(said, encoding="utf-8")
                print(f"seed {seed} failed: {written}", flush=True)
            if report is not None:
                report(done, count)
    took = time.monotonic() - began
    which = f"; failed: {' '.join(map(str, failed))}" if failed else ""
    print(f"{venue}, {kind}: {count - len(failed)} of {count} seeds from {first} on passed in {took:.0f} s{which}")
    raise typer.Exit(1 if failed else 0)


if __name__ == "__main__":
    typer.run(main)
