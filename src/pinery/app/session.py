"""One run from a script's source to its result: the place where language, engine and market meet."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pinery.app.bars import MarketData
from pinery.emulator.broker import Broker
from pinery.engine import CompiledScript, RunResult, compile_script, run
from pinery.lang.check import LibraryFinder
from pinery.lang.source import Source
from pinery.market.providers import Feed, FileData
from pinery.market.rates import Rates
from pinery.market.store import BarStore
from pinery.market.symbols import SymbolTable, built_in
from pinery.runtime.context import Limits
from pinery.runtime.no_broker import NoBroker
from pinery.runtime.orders import StrategyPort, StrategySettings


@dataclass(frozen=True, slots=True)
class Job:
    """Everything a run needs. ``inputs`` by title, values as the settings dialog would take them.

    Requests are answered from ``feeds``, the chart's own bars and the ``store``; ``rates`` by (from, to) currency.
    """

    source: Source
    market: MarketData
    inputs: Mapping[str, Any] = field(default_factory=dict)
    feeds: Sequence[Feed] = ()
    store: BarStore | None = None
    rates: Mapping[tuple[str, str], Rates] = field(default_factory=dict)
    table: SymbolTable | None = None
    libraries: LibraryFinder | None = None
    strict_data: bool = False
    timezone: str = "UTC"  # of feeds' times without an offset
    limits: Limits | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """A result with the code it came from. ``seconds``: compiling, running."""

    result: RunResult
    script: CompiledScript
    market: MarketData
    seconds: tuple[float, float]


_STATM = Path("/proc/self/statm")  # Linux
PAGE = 4096


def memory_in_use() -> int:
    """Bytes of this process that lie in memory; 0 where the system does not say."""
    try:
        return int(_STATM.read_bytes().split()[1]) * PAGE
    except (OSError, ValueError, IndexError):
        return 0


def execute(job: Job, progress: Callable[[int, int], None] | None = None) -> Finished:
    """Compiles and runs. Raises CompileError, UsageError (inputs), DataError and PineRuntimeError."""
    started = time.perf_counter()
    script = compile_script(job.source, inputs=dict(job.inputs), libraries=job.libraries)
    compiled = time.perf_counter()
    market = job.market
    result = run(
        script,
        market.bars,
        market.instrument,
        market.timeframe,
        strategy=_broker(script, market),
        data=data_port(job),
        limits=job.limits,
        progress=progress,
        clock=time.monotonic,
        memory=memory_in_use,
        strict_data=job.strict_data,
    )
    return Finished(result, script, market, (compiled - started, time.perf_counter() - compiled))


def _broker(script: CompiledScript, market: MarketData) -> StrategyPort:
    """A strategy's plots depend on its fills; an indicator has none."""
    settings = StrategySettings.from_declaration(script.program.declaration)
    if script.program.kind == "strategy":
        return Broker(settings, market.instrument)
    return NoBroker(settings, market.instrument)


def data_port(job: Job) -> FileData:
    """What answers the run's requests."""
    return FileData(
        job.market.bars,
        job.market.instrument,
        job.market.timeframe,
        job.feeds,
        job.store,
        job.table or built_in(),
        job.rates,
        lenient=not job.strict_data,
        timezone=job.timezone,
    )
