"""The backtest before paper: of the script that is deployed, with its inputs, on bars."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pinery.adapters.common.hosts import is_this_machine
from pinery.adapters.feeds.sources import SYNTHETIC
from pinery.app import bars as market
from pinery.app.backtesting import execute_backtest
from pinery.app.config.configuration import Configuration
from pinery.app.libraries import LibraryFolders
from pinery.app.scripts import read_script
from pinery.app.session import Job
from pinery.charts.settings import ChartSettings
from pinery.core.version import VERSION
from pinery.market.providers import Feed
from pinery.market.store import BarStore
from pinery.market.symbols import SYNTHETIC as EXCHANGE_OF_SYNTHETIC
from pinery.tester.gate import TITLES, UNITS, Gate
from pinery.trading.stages.backtests import Limit, read_verdict


@dataclass(frozen=True, slots=True)
class Tested:
    """``verdict`` as evidence; ``seconds`` that the backtest took."""

    verdict: dict[str, Any]
    warnings: tuple[str, ...]
    seconds: float


def limits_of(gate: Gate) -> tuple[Limit, ...]:
    return tuple(
        Limit(name, TITLES[name], UNITS[name], comparison, limit)
        for comparison, limits in ((">=", gate.at_least), ("<=", gate.at_most))
        for name, limit in limits.items()
    )


def backtest(
    configuration: Configuration,
    chart: ChartSettings,
    data: str | None,
    progress: Callable[[int, int], None] | None = None,
) -> Tested:
    """``data``: a file of bars, or None for stored ones. Raises CompileError, UsageError (also for a script that is no
    strategy), DataError, PineRuntimeError."""
    started = time.perf_counter()
    table = configuration.symbol_table
    job = Job(
        read_script(chart.script),
        market.load(data, symbol=chart.symbol, timeframe=chart.timeframe, table=table),
        chart.inputs,
        store=BarStore.default(),
        feeds=list[Feed](),
        table=table,
        libraries=LibraryFolders.beside(chart.script, configuration.libraries),
        limits=configuration.limits,
    )
    tested = execute_backtest(job, None, progress)
    warnings = [f"{market.SYNTHETIC_NOTICE} {market.NO_EVIDENCE}"] if tested.result.synthetic else []
    verdict = tested.result.judge(configuration.backtest_gate).as_data()
    made = datetime.now(UTC).isoformat(timespec="seconds")
    plain = read_verdict(verdict | {"pinery": VERSION, "made": made}, "the backtest")
    return Tested(plain, (*warnings, *tested.warnings), time.perf_counter() - started)


def on_made_up_prices(configuration: Configuration, chart: ChartSettings) -> bool:
    """Whether the chart's feed takes the symbol's bars from a generator, or from a simulated venue."""
    feed = configuration.feeds.get(chart.feed)
    options = feed.options if feed is not None else {}
    login = configuration.accounts.get(str(options.get("account", "")))
    if simulated_at(options) or (login is not None and simulated_at(login.options)):
        return True
    named = {symbol.upper(): str(bars).strip().lower() for symbol, bars in (options.get("bars") or {}).items()}
    return named.get(chart.symbol) == SYNTHETIC or chart.symbol.startswith(f"{EXCHANGE_OF_SYNTHETIC}:")


def simulated_at(options: Mapping[str, Any]) -> str:
    """The address on this machine that an account or a feed asks: a simulator's. Empty: it asks none here."""
    for option in ("rest_url", "stream_url", "md_url"):
        address = str(options.get(option, ""))
        if address and is_this_machine(urlsplit(address).hostname or ""):
            return address
    return ""


def bars_of_feed(configuration: Configuration, chart: ChartSettings) -> str | None:
    """The file of bars that the chart's feed plays, where it is one."""
    feed = configuration.feeds.get(chart.feed)
    files = feed.options.get("bars") or {} if feed is not None else {}
    named = {symbol.upper(): bars for symbol, bars in files.items()}.get(chart.symbol)
    if not isinstance(named, str):
        return None
    path = configuration.folder / Path(named).expanduser()
    return str(path) if path.is_file() else None  # else stored bars by their timeframe, or made-up ones
