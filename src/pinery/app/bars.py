"""The bars of a run: from a file or the synthetic market, on the timeframe that was asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pinery.app.options import zone_info
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError, PineRuntimeError, UsageError
from pinery.core.instrument import Instrument
from pinery.market import generator, symbols
from pinery.market.files import BarFileError, read_bars
from pinery.market.resample import resample
from pinery.market.store import BarStore
from pinery.runtime.timeframes import Timeframe, infer_timeframe

SYNTHETIC = "synthetic"
SYNTHETIC_BARS = 5_000
LARGEST = 1e100  # sums and squares of prices stay far from overflow
MAX_SYNTHETIC_MINUTES = 12_000_000
SYNTHETIC_NOTICE = "Synthetic bars: made up by a seeded generator, not market data."
NO_EVIDENCE = "A verdict on them is no evidence for real money."

# TradingView names its exports so: "BINANCE_ETHUSDT.P, 15.csv"
_EXPORT_NAME = re.compile(r"(?P<exchange>[A-Z0-9]+)_(?P<ticker>[A-Z0-9!._&-]+), (?P<timeframe>\d*[STDWM]?)(?=\W|_|$)")


@dataclass(frozen=True, slots=True)
class MarketData:
    """Bars with what is known of them. ``warnings`` are sentences for the user; ``synthetic`` bars are made up."""

    bars: BarSeries
    instrument: Instrument
    timeframe: Timeframe
    warnings: list[str] = field(default_factory=list)
    synthetic: bool = False

    @property
    def notice(self) -> str:
        return SYNTHETIC_NOTICE if self.synthetic else ""


def parse_timeframe(text: str, option: str = "--timeframe") -> Timeframe:
    """As TradingView writes it: ``5``, ``60``, ``1D``, ``30S``; also ``5m``, ``4h``, ``1d``."""
    short = re.fullmatch(r"(\d+)([mhd])", text.strip())
    if short:
        number = int(short[1])
        text = {"m": str(number), "h": str(number * 60), "d": f"{number}D"}[short[2]]
    try:
        return Timeframe.parse(text.strip().upper())
    except PineRuntimeError as error:
        raise UsageError(f"{option}: {error.message}", error.hint) from None


def load(
    data: str | None,
    *,
    symbol: str | None = None,
    timeframe: str | None = None,
    table: symbols.SymbolTable | None = None,
    strict: bool = False,
    timezone: str | None = None,
) -> MarketData:
    """Bars of ``data``: a file, or ``synthetic[:BARS]``; None takes the stored bars of ``symbol``.

    Symbol and timeframe are those given, else what the file's name and its bars say. A timeframe longer than
    the bars' own is made from them. Raises UsageError and DataError.
    """
    if data is None:
        return _stored(symbol, timeframe, table)
    if data == SYNTHETIC or data.startswith(SYNTHETIC + ":"):
        return _synthetic(data, symbol, timeframe, table)
    return from_file(Path(data), symbol=symbol, timeframe=timeframe, table=table, strict=strict, timezone=timezone)


def from_file(
    path: Path,
    *,
    symbol: str | None = None,
    timeframe: str | None = None,
    table: symbols.SymbolTable | None = None,
    strict: bool = False,
    timezone: str | None = None,
) -> MarketData:
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a file with bars")
    if not path.exists():
        raise UsageError(f"there is no file {path}", hint='name a file with bars, or use "synthetic" for made-up ones')
    named = _EXPORT_NAME.match(path.name)
    if symbol is None and named:
        symbol = f"{named['exchange']}:{named['ticker']}"
    zone = timezone or "UTC"
    zone_info(zone)
    if timezone is None and symbol is not None:
        zone = symbols.lookup(symbol, table).timezone
    try:
        found = read_bars(path, lenient=not strict, timezone=zone)
    except BarFileError as error:
        raise BarFileError(
            error.message, None if not strict else "correct the file, or run without --strict-data", error.report
        ) from None
    warnings = [f"{path}: {text}" for text in found.report.texts(done=True)]
    warnings += [f"{path}: {note}" for note in found.report.notes]
    return arrange(found.bars, symbol or _plain_symbol(path), timeframe, table, warnings)


def arrange(
    bars: BarSeries,
    symbol: str,
    timeframe: str | None,
    table: symbols.SymbolTable | None,
    warnings: list[str] | None = None,
) -> MarketData:
    """Bars with their instrument, on the timeframe asked for (their own by default)."""
    said = list(warnings or ())
    for name in ("open", "high", "low", "close", "volume"):
        column = getattr(bars, name)
        if not bool(np.all(np.isnan(column) | (np.abs(column) < LARGEST))):
            raise DataError(f"column {name!r} holds numbers that are no prices", "the largest that can be is 1e100")
    instrument = symbols.lookup(symbol, table, bars.close)
    if instrument.assumed:
        said.append(symbols.assumptions(instrument))
    made_up = instrument.prefix == symbols.SYNTHETIC
    own = infer_timeframe([int(time) for time in bars.time])
    if timeframe is None:
        return MarketData(bars, instrument, own, said, made_up)
    target = parse_timeframe(timeframe)
    if len(bars) > 1 and target.seconds > own.seconds:
        bars = resample(bars, instrument, own, target).bars
        said.append(f"{target} bars are made from the {own} bars given")
    elif len(bars) > 1 and target.seconds < own.seconds:
        raise UsageError(
            f"the bars are of timeframe {own}, so there are none of timeframe {target}",
            hint=f"leave --timeframe out, or name {own} or a longer one",
        )
    return MarketData(bars, instrument, target, said, made_up)


def _stored(symbol: str | None, timeframe: str | None, table: symbols.SymbolTable | None) -> MarketData:
    """Bars that ``pinery data import`` has put away: of the timeframe asked for, or made from a shorter one."""
    store = BarStore.default()
    if symbol is None:
        raise UsageError(
            "there are no bars to run on", hint="give a file with --data, or a stored symbol with --symbol"
        )
    name = store.resolve(symbol)
    kept = store.timeframes(name)
    if not kept:
        raise UsageError(
            f"no bars of {name} are stored", hint="give a file with --data, or import one: pinery data import"
        )
    target = parse_timeframe(timeframe) if timeframe is not None else kept[0]
    usable = [frame for frame in kept if frame.seconds <= target.seconds and target.seconds % frame.seconds == 0]
    bars = store.get(name, max(usable or kept[:1], key=lambda frame: frame.seconds))
    if bars is None:
        raise UsageError(f"the stored bars of {name} are gone")
    return arrange(bars, name, timeframe, table)


def _plain_symbol(path: Path) -> str:
    """A symbol for a file that does not say: its name's letters and digits."""
    name = re.sub(r"[^A-Z0-9.!]", "", path.name.split(".")[0].upper())
    return name or "BARS"


def _synthetic(data: str, symbol: str | None, timeframe: str | None, table: symbols.SymbolTable | None) -> MarketData:
    _, _, count_text = data.partition(":")
    if count_text and not (count_text.isdigit() and 0 < int(count_text) < 10**9):
        raise UsageError(f"--data {data}: {count_text!r} is no number of bars", hint="write it as synthetic:20000")
    count = int(count_text) if count_text else SYNTHETIC_BARS
    target = parse_timeframe(timeframe) if timeframe is not None else Timeframe(1, "")
    minutes = max(1, -(-target.seconds // 60))
    if target.seconds < 60:
        raise UsageError("the synthetic market has bars of one minute and longer", hint="use --timeframe 1 or longer")
    needed = count * minutes if target.isintraday else count * _sessions(target) * 1380
    needed = needed * 21 // 20 + 2 * 1380
    if needed > MAX_SYNTHETIC_MINUTES:
        raise UsageError(f"{count} bars of {target} are more than the synthetic market has", hint="ask for fewer")
    name = symbol or generator.SYMBOL
    made = generator.generate(needed, symbol=name)
    instrument = symbols.lookup(name, table, made.close)
    bars = resample(made, instrument, Timeframe(1, ""), target).bars if target != Timeframe(1, "") else made
    return MarketData(bars.slice(0, min(count, len(bars))), instrument, target, [], synthetic=True)


def _sessions(timeframe: Timeframe) -> int:
    """Trading days in one bar, at most."""
    return {"D": 1, "W": 5, "M": 23}[timeframe.unit] * timeframe.multiplier
