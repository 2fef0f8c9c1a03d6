"""From what somebody wants to see to a compiled script and its market."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pinery.app.config.charts import compile_chart
from pinery.app.config.configuration import Configuration
from pinery.app.libraries import LibraryFolders
from pinery.app.scripts import read_script
from pinery.app.views.scripts import script_path
from pinery.charts.settings import FeedSettings
from pinery.core.errors import PineRuntimeError, UsageError
from pinery.core.instrument import Instrument
from pinery.engine.compile import CompiledScript, compile_script
from pinery.lang.source import Source
from pinery.market.symbols import SymbolTable, lookup
from pinery.runtime.context import Limits
from pinery.runtime.timeframes import Timeframe
from pinery.trading.errors import NotFound

_BARS = 5_000
_SILENCE = 120  # seconds
#: Without a script there are the bars alone.
_PLAIN = '//@version=6\nindicator("Price", overlay = true)\n'


@dataclass(frozen=True, slots=True)
class Plan:
    """``silence`` in seconds of the clock; None: never. ``plain``: there is no script."""

    script: CompiledScript
    feed: FeedSettings
    symbol: str
    instrument: Instrument
    timeframe: Timeframe
    bars: int
    name: str
    deployment: str
    silence: int | None
    plain: bool
    own_timeframe: bool  # the deployment's own, not another one that was asked for
    first: int | None  # opening time (Unix ms) of the bar with which the deployment's chart began
    table: SymbolTable
    limits: Limits | None


def plain_script() -> CompiledScript:
    return compile_script(Source(_PLAIN, "Price"))


def plan(configuration: Configuration, wanted: Mapping[str, Any], began: Callable[[str], int | None]) -> Plan:
    """``wanted`` as in POST /views; ``bars`` None: as many as the deployment has, or 5,000. ``began`` tells with which
    bar a deployment's chart began.

    Raises NotFound, UsageError and CompileError.
    """
    deployment = str(wanted.get("deployment") or "")
    if deployment:
        return _of_deployment(configuration, deployment, wanted, began)
    feed = _feed(configuration, str(wanted["feed"]))
    if wanted.get("text"):
        source, folder = Source(str(wanted["text"]), "script"), None
    elif wanted.get("script"):
        path = script_path(configuration, str(wanted["script"]))
        source, folder = read_script(path), path
    else:
        source, folder = Source(_PLAIN, "Price"), None
    symbol = str(wanted["symbol"]).upper()
    libraries = LibraryFolders.beside(folder, configuration.libraries)
    script = compile_script(source, inputs=dict(wanted.get("inputs") or {}), libraries=libraries)
    return Plan(
        script,
        feed,
        symbol,
        lookup(symbol, configuration.symbol_table),
        _timeframe(str(wanted["timeframe"])),
        int(wanted.get("bars") or _BARS),
        _name(folder, source),
        "",
        _SILENCE,
        folder is None and not wanted.get("text"),
        True,
        None,
        configuration.symbol_table,
        configuration.limits,
    )


def _of_deployment(
    configuration: Configuration, name: str, wanted: Mapping[str, Any], began: Callable[[str], int | None]
) -> Plan:
    if name not in configuration.deployments:
        raise NotFound(f"there is no deployment named {name!r}")
    chart = configuration.charts.get(name)
    if chart is None:
        raise UsageError(
            f"the deployment {name} has no chart: its signals come from elsewhere",
            "look at its market instead, or give it a [deployments.NAME.chart]",
        )
    script = compile_chart(configuration, chart)
    own = _timeframe(chart.timeframe)
    timeframe = _timeframe(str(wanted["timeframe"])) if wanted.get("timeframe") else own
    return Plan(
        script,
        _feed(configuration, chart.feed),
        chart.symbol,
        lookup(chart.symbol, configuration.symbol_table),
        timeframe,
        int(wanted.get("bars") or chart.history),
        chart.script.stem,
        name,
        chart.silence,
        False,
        timeframe == own,
        began(name) if timeframe == own and not wanted.get("bars") else None,
        configuration.symbol_table,
        configuration.limits,
    )


def _feed(configuration: Configuration, name: str) -> FeedSettings:
    feed = configuration.feeds.get(name)
    if feed is None:
        known = ", ".join(sorted(configuration.feeds))
        raise NotFound(f"there is no market named {name!r}", f"there are {known}" if known else "add one to [feeds]")
    return feed


def _timeframe(text: str) -> Timeframe:
    try:
        return Timeframe.parse(text)
    except PineRuntimeError as error:
        raise UsageError(error.message, error.hint) from None


def _name(path: Path | None, source: Source) -> str:
    return path.stem if path is not None else source.name
