"""Checks of charts: whether feed, symbol and timeframe fit, and, where it is asked for, the scripts themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pinery.adapters.feeds.naming import source_of
from pinery.app.config.configuration import Configuration
from pinery.app.config.findings import Finding, did_you_mean
from pinery.app.config.secrets import how_to_give
from pinery.app.libraries import LibraryFolders
from pinery.app.scripts import read_script
from pinery.charts.settings import ChartSettings, FeedSettings, Send
from pinery.core.errors import CompileError, DataError, PineryError, UsageError
from pinery.lang.diagnostics import Severity
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe
from pinery.trading.deployments import Deployment
from pinery.trading.messages import template_for

if TYPE_CHECKING:
    from pinery.engine import CompiledScript

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,200}")
_SHOWN = 3  # diagnostics of a script


def chart_findings(configuration: Configuration) -> Iterator[Finding]:
    """What the file alone says."""
    for name, account in configuration.accounts.items():
        feed = account.options.get("feed")
        if isinstance(feed, FeedSettings) and feed.name not in configuration.feeds:
            yield Finding(("accounts", name, "feed"), _no_feed(feed.name, configuration))
    for name, chart in configuration.charts.items():
        path = ("deployments", name, "chart")
        yield from _market(configuration, chart, path)
        yield from _timeframe(chart, path)
        yield from _message(configuration, chart, path)
        if chart.send is Send.WEBHOOK:
            yield from _webhook(configuration, chart, path)


def _no_feed(name: str, configuration: Configuration) -> str:
    if not configuration.feeds:
        return f'there is no feed "{name}"; add [feeds.{name}] kind = "replay", bars = {{ "EXCHANGE:TICKER" = "FILE" }}'
    return f'there is no feed "{name}"; {did_you_mean(name, configuration.feeds)}'


def _market(configuration: Configuration, chart: ChartSettings, path: tuple[str, ...]) -> Iterator[Finding]:
    feed = configuration.feeds.get(chart.feed)
    if feed is None:
        yield Finding((*path, "feed"), _no_feed(chart.feed, configuration))
        return
    has = sorted(symbol.upper() for symbol in feed.options.get("bars", {}))
    if has and source_of(chart.symbol, has) is None:
        message = f"the feed {feed.name} has no bars of {chart.symbol}; {did_you_mean(chart.symbol, has)}"
        yield Finding((*path, "symbol"), message)
        return
    try:
        lookup(chart.symbol, configuration.symbol_table)
    except DataError as error:
        yield Finding((*path, "symbol"), f"{error.message}; {error.hint}")


def _timeframe(chart: ChartSettings, path: tuple[str, ...]) -> Iterator[Finding]:
    if not chart.timeframe:
        yield Finding((*path, "timeframe"), 'is missing, here and in the deployment; write it as "5", "60", "1D"')
        return
    try:
        Timeframe.parse(chart.timeframe)
    except PineryError:
        message = f'"{chart.timeframe}" is no timeframe; write it as TradingView does: "5", "60", "1D"'
        yield Finding((*path, "timeframe"), message)


def _message(configuration: Configuration, chart: ChartSettings, path: tuple[str, ...]) -> Iterator[Finding]:
    """Messages of order fills that the deployment itself could not read."""
    deployment = configuration.deployments[chart.deployment]
    if "order" not in chart.kinds or chart.message:
        return
    if deployment.preset is not None:
        message = f"the deployment reads messages of {deployment.preset} only: write the one of order fills, or leave "
        yield Finding((*path, "message"), message + "out preset", is_error=False)
    elif deployment.template is not None and "{{" not in deployment.template:
        message = "the deployment's template has no placeholders of TradingView that order fills could fill in; "
        yield Finding((*path, "message"), message + "write the message of order fills", is_error=False)


def _webhook(configuration: Configuration, chart: ChartSettings, path: tuple[str, ...]) -> Iterator[Finding]:
    if not configuration.webhook.allow_loopback:
        message = '"webhook" sends from this machine, which [webhook] refuses: add allow_loopback = true there'
        yield Finding((*path, "send"), message)
    if not chart.token_secret:
        return
    secrets = configuration.secrets
    if not secrets.has(chart.token_secret):
        message = f'there is no secret "{chart.token_secret}"; {how_to_give(chart.token_secret)}'
        yield Finding((*path, "token_secret"), message)
    elif not _TOKEN.fullmatch(secrets.value(chart.token_secret)):
        yield Finding((*path, "token_secret"), "the secret must be 32 or more letters, digits, - and _")


_STRATEGY = re.compile(r"^strategy\s*\(", re.MULTILINE)
_QUANTITY = re.compile(r"\{\{\s*strategy\.(order\.contracts|market_position_size|position_size)\s*\}\}")


def fills_state_quantity(chart: ChartSettings, deployment: Deployment) -> bool:
    """Whether the chart's script is a strategy whose order fills carry its own quantity. Nothing is compiled."""
    if "order" not in chart.kinds or not _QUANTITY.search(chart.message or template_for(deployment, strategy=True)):
        return False
    try:
        return bool(_STRATEGY.search(read_script(chart.script).text))
    except UsageError:  # told of with the chart
        return False


# --- scripts --------------------------------------------------------------------------


def compile_chart(configuration: Configuration, chart: ChartSettings) -> CompiledScript:
    """Raises UsageError (no such file, an input that does not fit) and CompileError."""
    from pinery.engine import compile_script  # not at the top: most who read settings compile nothing

    source = read_script(chart.script)
    libraries = LibraryFolders.beside(chart.script, configuration.libraries)
    return compile_script(source, inputs=dict(chart.inputs), libraries=libraries)


def first_errors(error: CompileError) -> str:
    """The first diagnostics of a script, each with its line."""
    errors = [found for found in error.diagnostics if found.severity is Severity.ERROR]
    texts = []
    for found in errors[:_SHOWN]:
        line, column = error.sources[found.span.file].position(found.span.start)
        texts.append(f"line {line}, column {column}: {found.message} [{found.code}]")
    more = len(errors) - _SHOWN
    return "; ".join(texts) + (f"; and {more} more" if more > 0 else "")


def script_findings(configuration: Configuration) -> list[Finding]:
    """What is wrong with the scripts and their inputs: all of them are compiled."""
    found: list[Finding] = []
    for name, chart in configuration.charts.items():
        path = ("deployments", name, "chart")
        try:
            script = compile_chart(configuration, chart)
        except CompileError as error:
            found.append(Finding((*path, "script"), f"{chart.script.name}: {first_errors(error)}"))
        except UsageError as error:
            title = next((title for title in chart.inputs if title in error.message), None)
            place = (*path, "inputs", title) if title is not None else (*path, "script")
            found.append(Finding(place, f"{error.message}; {error.hint}" if error.hint else error.message))
        else:
            if script.program.kind == "library":
                found.append(Finding((*path, "script"), f"{chart.script.name} is a library: no chart can run it"))
    return found
