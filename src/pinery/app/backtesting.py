"""One backtest from a script's source to its result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pinery.app.currencies import by_currencies
from pinery.app.properties import with_properties
from pinery.app.session import Finished, Job, data_port, memory_in_use
from pinery.engine import compile_script
from pinery.market.rates import Rates
from pinery.runtime.orders import StrategySettings
from pinery.tester.backtest import backtest
from pinery.tester.result import BacktestResult


@dataclass(frozen=True, slots=True)
class Tested:
    """A backtest with the run it came from."""

    finished: Finished
    result: BacktestResult

    @property
    def warnings(self) -> list[str]:
        return [*self.finished.market.warnings, *self.result.run.warnings, *self.result.warnings]


def execute_backtest(
    job: Job,
    rates: Mapping[str, Rates] | None = None,
    progress: Callable[[int, int], None] | None = None,
    properties: Mapping[str, Any] | None = None,
) -> Tested:
    """Compiles and tests. ``rates`` by pair of currencies, ``USDTUSD`` or ``USDT/USD``; ``properties`` are arguments of
    ``strategy()`` to be others than the script's.

    Raises CompileError, UsageError (inputs, or no strategy), DataError and PineRuntimeError.
    """
    started = time.perf_counter()
    script = compile_script(job.source, inputs=dict(job.inputs), libraries=job.libraries)
    script = with_properties(script, properties or {})
    compiled = time.perf_counter()
    market = job.market
    quote = market.instrument.currency
    account = StrategySettings.from_declaration(script.program.declaration).currency or quote
    job = replace(job, rates={**job.rates, **by_currencies(rates or {}, quote, account)})
    result = backtest(
        script,
        market.bars,
        market.instrument,
        market.timeframe,
        data=data_port(job),
        limits=job.limits,
        progress=progress,
        clock=time.monotonic,
        memory=memory_in_use,
        strict_data=job.strict_data,
        synthetic=market.synthetic,
    )
    return Tested(Finished(result.run, script, market, (compiled - started, time.perf_counter() - compiled)), result)
