"""``pinery data fetch``: bars from exchanges into the store."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinery.app.bars import parse_timeframe
from pinery.core.errors import DataError, UsageError
from pinery.market.symbols import SymbolTable
from pinery.runtime.timeframes import Timeframe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinery.app.fetching import Fetched, Source, Told, Wanted

fetch_app = typer.Typer(
    name="fetch",
    help="Download bars from an exchange into the store. A download that was stopped goes on where it was.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
)

_SHOWN_GAPS = 10

Words = Annotated[
    list[str], typer.Argument(metavar="SYMBOL… TIMEFRAME", help='Symbols, then the timeframe: "1m" or "1", "1h", "1D".')
]
First = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="2024-01-01, or with a time (UTC). Default: on from what is stored."),
]
Last = Annotated[
    str | None, typer.Option("--to", metavar="TIME", help="Up to but not with it. Default: the last complete bar.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@fetch_app.command("binance")
def fetch_binance(
    words: Words,
    first: First = None,
    last: Last = None,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Another address: a simulator's on this machine.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Bars of Binance USDⓈ-M Futures, without a key. Prices are those of trades.

    Gaps are told in the end: Binance has a bar for every minute since a perpetual was listed, but for its own outages.

    **Examples**

    `pinery data fetch binance BTCUSDT.P 1m --from 2024-01-01`

    `pinery data fetch binance BTCUSDT.P ETHUSDT.P 1h --from 2023-01-01 --to 2024-01-01`

    `pinery data fetch binance BTCUSDT.P 1m` goes on from what is stored.
    """
    from pinery.adapters.binance.feed_settings import BinanceFeedSettings
    from pinery.adapters.binance.history import INTERVALS
    from pinery.app.fetching_binance import BinanceSource
    from pinery.app.up.clock import SystemClock

    symbols, timeframe = _parsed(words)
    if timeframe not in INTERVALS:
        have = ", ".join(str(frame) for frame in INTERVALS)
        raise UsageError(f"Binance has no bars of {timeframe}", f"it has {have}; Pinery makes others of shorter ones")
    options = {} if url is None else {"rest_url": url, "stream_url": url.replace("http", "ws", 1)}
    settings = BinanceFeedSettings.from_options("of --url", options, Path())

    async def work(fetching: _Fetching) -> None:
        source = BinanceSource(settings.rest_url, SystemClock())
        try:
            names = [await source.name_of(symbol) for symbol in symbols]
            await fetching.all(source, names, source.settled())
        finally:
            await source.close()

    _run(work, timeframe, first, last, as_json)


@fetch_app.command("tradovate")
def fetch_tradovate(
    words: Words,
    first: First = None,
    last: Last = None,
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="NAME", help="Whose log-in; default: the one account at Tradovate."),
    ] = None,
    folder: Annotated[Path, typer.Option("--folder", "--dir", metavar="DIR", help="Folder with pinery.toml.")] = Path(),
    as_json: JsonOption = False,
) -> None:
    """Bars of CME futures by Tradovate, with the log-in of an account in pinery.toml.

    Needs Tradovate's subscription for API market data. A continuous symbol has each day's bars of the month that the
    roll rule means on it, as they were traded: nothing is adjusted.

    **Examples**

    `pinery data fetch tradovate CME_MINI:ES1! 1m --from 2026-10-01`

    `pinery data fetch tradovate ESZ2026 NQZ2026 1h --from 2026-09-15 --account futures`
    """
    from pinery.adapters.tradovate.feed import TradovateFeedSettings, open_market
    from pinery.app.config.reading import load_configuration
    from pinery.app.fetching_tradovate import TradovateSource
    from pinery.app.up.clock import SystemClock
    from pinery.charts.markets import Surroundings
    from pinery.market.symbols import lookup

    symbols, timeframe = _parsed(words)
    configuration = load_configuration(folder)
    accounts = [each for each in configuration.accounts.values() if each.broker == "tradovate"]
    chosen = [each for each in accounts if account in (None, each.name)]
    if len(chosen) != 1:
        known = ", ".join(each.name for each in accounts) or "none yet"
        wrong = "say with --account whose log-in at Tradovate to use"
        if account is not None:
            wrong = f"--account {account!r} is no account at Tradovate in pinery.toml"
        raise UsageError(wrong, f"accounts at Tradovate: {known}")
    clock, table = SystemClock(), configuration.symbol_table
    around = Surroundings(
        clock, lambda name, at: at, lambda name: lookup(name, table), configuration.folder, configuration.secrets.value
    )
    settings = TradovateFeedSettings(chosen[0].environment, chosen[0].options, configuration.rolls)

    async def work(fetching: _Fetching) -> None:
        source = TradovateSource(
            open_market("fetch", settings, around), clock, lambda root: configuration.rolls.get(root, "")
        )
        try:
            names = [lookup(symbol, table).tickerid for symbol in symbols]
            for name in names:
                source.check(name, timeframe)
            await fetching.all(source, names, source.settled())
        finally:
            await source.close()

    _run(work, timeframe, first, last, as_json)


# --- what the exchanges share ---------------------------------------------------------


class _Fetching:
    """One command's downloads, one after the other."""

    def __init__(self, timeframe: Timeframe, first: int | None, last: int | None, table: SymbolTable) -> None:
        self.results: list[Fetched] = []
        self.seconds: list[float] = []
        self._timeframe = timeframe
        self._first = first
        self._last = last
        self._table = table
        self._as_json = False

    def quiet(self) -> None:
        self._as_json = True

    async def all(self, source: Source, names: Sequence[str], settled: int) -> None:
        """``settled``: bars that end later are not complete (Unix ms). Raises DataError and UsageError."""
        from pinery.app.fetching import Fetched, fetch
        from pinery.market.store import BarStore
        from pinery.market.symbols import lookup

        store = BarStore.default()
        for name in names:
            instrument = lookup(name, self._table)
            wanted = self._wanted(store, instrument, settled)
            found = Fetched(wanted)
            self.results.append(found)
            began = time.monotonic()
            try:
                with _progress(f"{name} {self._timeframe}", enabled=not self._as_json) as tell:
                    await fetch(source, store, wanted, tell, found)
            finally:
                self.seconds.append(time.monotonic() - began)

    def _wanted(self, store: Any, instrument: Any, settled: int) -> Wanted:
        from pinery.app.fetching import Wanted

        first = self._first
        if first is None:
            have = store.get(instrument.tickerid, self._timeframe)
            if have is None or not len(have):
                text = f"nothing of {instrument.tickerid} {self._timeframe} is stored yet: say from when on"
                raise UsageError(text, "as in --from 2024-01-01")
            first = int(have.time[-1])
        if first >= settled:
            raise UsageError(f"--from {_when(first)} lies in the future: there are no bars yet")
        last = settled if self._last is None else min(self._last, settled)
        if last <= first:
            raise UsageError(f"--to {_when(last)} is not after --from {_when(first)}")
        return Wanted(instrument, self._timeframe, first, last - 1)


def _run(
    work: Callable[[_Fetching], Awaitable[None]], timeframe: Timeframe, first: str | None, last: str | None, quiet: bool
) -> None:
    """Raises what went wrong, after what had come by then was told of."""
    from pinery.app.settings import load_settings
    from pinery.market.symbols import load

    own = load_settings(Path.cwd()).symbols
    table = load(*([own] if own else []))
    fetching = _Fetching(timeframe, _moment(first, "--from"), _moment(last, "--to"), table)
    if quiet:
        fetching.quiet()
    error: BaseException | None = None
    try:
        with _quiet_log():
            asyncio.run(work(fetching))  # type: ignore[arg-type]
    except (DataError, KeyboardInterrupt) as raised:
        error = raised
    _tell(fetching, error, as_json=quiet)
    if isinstance(error, DataError) and fetching.results and any(found.downloaded for found in fetching.results):
        raise DataError(error.message, f"what came is stored; the same command goes on. {error.hint or ''}".strip())
    if error is not None:
        raise error


def _parsed(words: Sequence[str]) -> tuple[list[str], Timeframe]:
    if len(words) < 2:
        raise UsageError("say what to fetch: symbols, then the timeframe", "as in BTCUSDT.P 1m")
    try:
        timeframe = parse_timeframe(words[-1], "the timeframe")
    except UsageError as error:
        raise UsageError(f"{words[-1]!r} is no timeframe, which comes last", error.hint) from None
    return list(dict.fromkeys(word.strip().upper() for word in words[:-1])), timeframe


def _moment(text: str | None, option: str) -> int | None:
    """Unix ms."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        hint = 'write it as 2024-01-31 or "2024-01-31 09:30", in UTC'
        raise UsageError(f"{option} {text!r} is no date", hint) from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


@contextmanager
def _quiet_log() -> Iterator[None]:
    """What is tried again is not for the screen: standard output may be JSON. What it leads to is told in the end."""
    import structlog

    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def _progress(label: str, *, enabled: bool) -> Iterator[Told]:
    """A bar with rate and time left, on terminals."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f} bars/s" if task.speed else "", style="progress.data.speed")

    screen = Console(stderr=True)
    if not enabled or not screen.is_terminal:
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as shown:
        task = shown.add_task(label, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


# --- telling --------------------------------------------------------------------------


def _tell(fetching: _Fetching, error: BaseException | None, *, as_json: bool) -> None:
    if as_json:
        rows = [_facts(found, seconds) for found, seconds in zip(fetching.results, fetching.seconds, strict=True)]
        message = None if error is None else str(error) or "stopped"
        print(json.dumps({"fetched": rows, "error": message}, indent=2))
        return
    from rich.text import Text

    from pinery.app.terminal import console

    screen = console()
    for found, seconds in zip(fetching.results, fetching.seconds, strict=True):
        name = f"{found.wanted.instrument.tickerid} {found.wanted.timeframe}"
        if found.recovered:
            screen.print(f"{name}: {found.recovered:,} bars of a download that was stopped were put into the store")
        if not found.stored:
            if error is None or found is not fetching.results[-1]:  # where it ended, the error says why there are none
                screen.print(f"{name}: there are no bars in that time")
            continue
        rate = f", {found.downloaded / seconds:,.0f} a second" if found.downloaded and seconds > 1 else ""
        screen.print(f"{name}: {found.downloaded:,} bars downloaded in {seconds:.1f} s{rate}")
        span = f"{_when(found.first)} to {_when(found.last)} UTC"
        screen.print(f"{name}: {found.stored:,} bars stored, {span}")
        if found.gaps:
            missing = sum(gap.missing for gap in found.gaps)
            text = f"  {len(found.gaps):,} gaps that the exchange has itself, {missing:,} bars"
            screen.print(Text(text, style="yellow"))
            for gap in sorted(found.gaps, key=lambda gap: -gap.missing)[:_SHOWN_GAPS]:
                screen.print(f"    {_when(gap.after)} to {_when(gap.before)}: {gap.missing:,} bars")
        for first, last in found.left[:_SHOWN_GAPS]:
            text = f"  not downloaded: {_when(first)} to {_when(last)} UTC"
            screen.print(Text(text, style="red"))


def _facts(found: Fetched, seconds: float) -> dict[str, Any]:
    wanted = found.wanted
    return {
        "symbol": wanted.instrument.tickerid,
        "timeframe": str(wanted.timeframe),
        "from": wanted.first,
        "to": wanted.last + 1,
        "downloaded": found.downloaded,
        "recovered": found.recovered,
        "stored_bars": found.stored,
        "first": found.first or None,
        "last": found.last or None,
        "seconds": round(seconds, 3),
        "exchange_gaps": [{"after": g.after, "before": g.before, "missing": g.missing} for g in found.gaps],
        "not_downloaded": [{"first": first, "last": last} for first, last in found.left],
    }


def _when(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M}"
