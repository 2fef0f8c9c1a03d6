"""Claim: the interpreter is faster than other engines that run the same scripts, measured in the same run.

Rivals are installed by name into a throw-away folder, so this needs pip, npm and a network, and is not part of
``make bench``. Each engine runs as a black box in a process of its own on the same synthetic bars, read from one
CSV file. PineTS takes the Pine scripts as they are; PyneCore takes translations by hand. The newest values of
all plots must agree with Pinery's to 1e-6 relative; the table says where they do not. Timed is the bar loop:
start-up, compiling and reading are left out, except that PineTS translates the script within its one call.

    python -m benchmarks.rivals [SMALL [LARGE]]     # 50000 300000
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import machine, table
from pinery import __version__
from pinery.app.bars import load
from pinery.app.session import Job, execute
from pinery.core.bars import BarSeries
from pinery.lang.source import Source

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE / "scripts"
DRIVERS = HERE / "rival_drivers"
NAMES = {"averages": "EMA, RSI, volume", "five_indicators": "supertrend, MACD, BB, ATR, stochastic"}
COLUMNS = ("time", "open", "high", "low", "close", "volume")
TOLERANCE = 1e-6
RUNS = 3  # of which the fastest counts
BUDGET = 60.0  # seconds after which no further run begins
LIMIT = 300.0  # seconds that one engine may take for one script


class Unavailable(Exception):
    """A rival cannot be had or cannot run a script; the text is the reason."""


@dataclass(frozen=True)
class Measured:
    """``last``: each plot's value on the newest bar, by title."""

    version: str
    seconds: float
    last: dict[str, float]


@dataclass(frozen=True)
class Engine:
    """``command`` gives, for a script's name and a file with bars, what to run in ``folder``."""

    name: str
    folder: Path
    command: Callable[[str, Path], list[str]]


def write_bars(path: Path, bars: BarSeries) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerows(zip(*(getattr(bars, name).tolist() for name in COLUMNS), strict=True))


def output_of(command: list[str], folder: Path) -> str:
    """What a command printed. Raises Unavailable with its last words."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"took longer than {LIMIT:.0f} s") from None
    except OSError as error:
        raise Unavailable(str(error)) from None
    if done.returncode:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise Unavailable(said[-1].strip()[:160] if said else f"ended with {done.returncode}")
    return done.stdout


def pinery(folder: Path) -> Engine:
    def command(script: str, bars: Path) -> list[str]:
        return [sys.executable, "-m", "benchmarks.rivals", "--measure", str(SCRIPTS / f"{script}.pine"), str(bars)]

    return Engine("Pinery", HERE.parent, command)


def pynecore(folder: Path) -> Engine:
    home = folder / "pynecore"
    output_of([sys.executable, "-m", "venv", str(home)], folder)
    python = str(home / ("Scripts" if os.name == "nt" else "bin") / "python")
    output_of([python, "-m", "pip", "install", "--quiet", "pynesys-pynecore"], folder)
    for file in DRIVERS.glob("*.py"):
        shutil.copy(file, home)  # it writes beside the scripts

    def command(script: str, bars: Path) -> list[str]:
        return [python, "run_pynecore.py", f"{script}.py", str(bars), str(RUNS), str(BUDGET)]

    return Engine("PyneCore", home, command)


def pinets(folder: Path) -> Engine:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Unavailable("needs node and npm")
    home = folder / "pinets"
    home.mkdir()
    output_of([npm, "install", "--prefix", str(home), "--no-audit", "--no-fund", "--ignore-scripts", "pinets"], home)
    driver = str(DRIVERS / "run_pinets.mjs")

    def command(script: str, bars: Path) -> list[str]:
        return [node, driver, str(home), str(SCRIPTS / f"{script}.pine"), str(bars), str(RUNS), str(BUDGET)]

    return Engine("PineTS", home, command)


def measure_pinery(script: Path, bars: Path) -> None:
    """In a process of its own: prints what the rivals' drivers print."""
    market = load(str(bars), timeframe="5")
    source = Source(script.read_text(encoding="utf-8"), script.stem)
    seconds: list[float] = []
    last: dict[str, float] = {}
    while len(seconds) < RUNS and sum(seconds) < BUDGET:
        finished = execute(Job(source, market))
        seconds.append(finished.seconds[1])
        outputs = finished.result.outputs
        plots = [spec for spec in outputs.specs if spec.kind == "plot"]
        last = {outputs.title(spec): outputs.values[spec.index]["series"][-1] for spec in plots}
    print(json.dumps({"version": __version__, "seconds": seconds, "last": last}))


def measured(engine: Engine, script: str, bars: Path) -> Measured:
    lines = output_of(engine.command(script, bars), engine.folder).splitlines()
    try:
        found: dict[str, Any] = json.loads(lines[-1])
        return Measured(found["version"], min(found["seconds"]), found["last"])
    except (IndexError, KeyError, ValueError) as error:
        raise Unavailable(f"printed no measurement ({error})") from None


def agreement(own: dict[str, float], other: dict[str, float]) -> str:
    """Whether the plots' newest values are the same numbers."""
    missing = [title for title in own if title not in other]
    apart = [
        f"{title}: {other[title]:g}, not {value:g}"
        for title, value in own.items()
        if title in other and not abs(other[title] - value) <= TOLERANCE * max(abs(value), 1e-3)
    ]
    if not missing and not apart:
        return f"all {len(own)} plots"
    return "; ".join(apart + [f"no {title}" for title in missing])


def main() -> None:
    if "--measure" in sys.argv:
        measure_pinery(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    sizes = [int(argument) for argument in sys.argv[1:]] or [50_000, 300_000]
    market = load(f"synthetic:{max(sizes)}", timeframe="5").bars
    rows: list[list[str]] = []
    print(machine())
    with tempfile.TemporaryDirectory(prefix="pinery-rivals-") as name:
        folder = Path(name)
        engines: list[Engine] = []
        for install in (pinery, pinets, pynecore):
            try:
                engines.append(install(folder))
            except Unavailable as reason:
                print(f"skipped: {install.__name__} cannot be had: {reason}")
        for script, title in NAMES.items():
            for size in sizes:
                bars = folder / f"bars_{size}.csv"
                if not bars.exists():
                    write_bars(bars, market.slice(0, size))
                own = measured(engines[0], script, bars)
                rows.append([title, f"{size:,}", f"Pinery {own.version}", f"{size / own.seconds:,.0f}", "1.0", ""])
                for engine in engines[1:]:
                    try:
                        found = measured(engine, script, bars)
                    except Unavailable as reason:
                        rows.append([title, f"{size:,}", engine.name, "", "", f"skipped: {reason}"])
                        continue
                    rows.append(
                        [
                            title,
                            f"{size:,}",
                            f"{engine.name} {found.version}",
                            f"{size / found.seconds:,.0f}",
                            f"{found.seconds / own.seconds:.1f}",
                            agreement(own.last, found.last),
                        ]
                    )
    print(table(["script", "bars", "engine", "bars/s", "time, × Pinery's", "values agree to 1e-6"], rows))


if __name__ == "__main__":
    main()
