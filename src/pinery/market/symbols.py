"""What is known of symbols: a table in the package, the user's own files, and stated defaults for the rest."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from pinery.core.bars import FloatArray
from pinery.core.errors import DataError
from pinery.core.instrument import Instrument

SYNTHETIC = "SYNTH"  # the exchange of generated bars

_MONTHS = "FGHJKMNQUVXZ"
_CONTINUOUS = re.compile(r"(?P<root>[A-Z0-9]{1,5}?)(?P<number>\d)?!")
_DATED = re.compile(rf"(?P<root>[A-Z0-9]{{1,5}}?)(?P<month>[{_MONTHS}])(?P<year>\d{{4}}|\d{{1,2}})")
_TEXT_KEYS = frozenset(
    {"prefix", "type", "currency", "basecurrency", "timezone", "session", "session_extended", "description", "country"}
    | {"volumetype", "root"}
)
_NUMBER_KEYS = frozenset({"pricescale", "minmove", "mintick", "pointvalue", "mincontract", "qty_step"})
_KEYS = _TEXT_KEYS | _NUMBER_KEYS | {"also"}
_TYPES = ("stock", "futures", "index", "forex", "crypto", "fund", "cfd", "dr", "bond", "commodity", "economic", "swap")

# What an exchange's name says of symbols that no table lists.
_CRYPTO: tuple[str, ...] = (
    "BINANCE",
    "BINANCEUS",
    "COINBASE",
    "BITSTAMP",
    "KRAKEN",
    "BYBIT",
    "OKX",
    "BITFINEX",
    "KUCOIN",
    "BITGET",
)
_CRYPTO += ("MEXC", "GATEIO", "HUOBI", "HTX", "GEMINI", "BITMEX", "DERIBIT", "CRYPTO", "CRYPTOCAP", "PHEMEX", "UPBIT")
_STOCKS = ("NASDAQ", "NYSE", "AMEX", "BATS", "ARCA", "OTC")
_FOREX = ("OANDA", "FX", "FX_IDC", "FOREXCOM", "CAPITALCOM", "PEPPERSTONE", "SAXO", "ICMARKETS", "EIGHTCAP")
_CHICAGO = ("CME", "CME_MINI", "CBOT", "CBOT_MINI")
_NEW_YORK = ("NYMEX", "NYMEX_MINI", "COMEX", "COMEX_MINI")
_QUOTES = (
    "USDT",
    "USDC",
    "BUSD",
    "FDUSD",
    "TUSD",
    "USD",
    "EUR",
    "GBP",
    "JPY",
    "TRY",
    "BTC",
    "ETH",
    "BNB",
    "AUD",
    "CAD",
    "CHF",
)


@dataclass(frozen=True, slots=True)
class Listing:
    """One line of a table: an instrument and the exchanges that carry it. ``root`` marks a futures root."""

    instrument: Instrument
    also: tuple[str, ...] = ()

    @property
    def is_root(self) -> bool:
        return bool(self.instrument.root)


@dataclass(slots=True)
class SymbolTable:
    """Listings by ticker (or futures root); the first that fits wins."""

    listings: dict[str, list[Listing]] = field(default_factory=dict)

    def put_on_top(self, listings: list[Listing]) -> None:
        """Add listings, in their order, before those already there."""
        for listing in reversed(listings):
            name = listing.instrument.root or listing.instrument.ticker
            self.listings.setdefault(name, []).insert(0, listing)

    def __iter__(self) -> Iterator[Listing]:
        for group in self.listings.values():
            yield from group

    def find(self, prefix: str, ticker: str) -> Instrument | None:
        """The instrument as ``prefix`` carries it, or, without a prefix, the first of that name."""
        found = self._match(prefix, ticker, roots=False)
        if found is not None:
            return found
        for root in _roots(ticker):
            future = self._match(prefix, root, roots=True)
            if future is not None:
                synthetic = "Synthetic " if prefix == SYNTHETIC else ""
                return replace(future, ticker=ticker, description=synthetic + future.description)
        return None

    def _match(self, prefix: str, name: str, *, roots: bool) -> Instrument | None:
        for listing in self.listings.get(name, ()):
            if listing.is_root != roots:
                continue
            if not prefix or listing.instrument.prefix == prefix:
                return listing.instrument
            if prefix in listing.also:
                return replace(listing.instrument, prefix=prefix)
        return None

    def search(self, words: str) -> list[Instrument]:
        """Instruments whose ticker, exchange, type or description holds every one of the words."""
        wanted = words.casefold().split()
        found = []
        for listing in self:
            i = listing.instrument
            text = f"{i.tickerid} {i.root} {i.type} {i.description} {i.currency}".casefold()
            if all(word in text for word in wanted):
                found.append(i)
        return sorted(found, key=lambda i: (i.type, i.prefix, i.ticker))


def _roots(ticker: str) -> Iterator[str]:
    """The roots that a futures ticker may have: ``ES`` of ``ES1!``, ``ESM2025``, ``ESM25`` and ``ES`` itself."""
    match = _CONTINUOUS.fullmatch(ticker)
    if match:
        yield match["root"]
        yield ticker.rstrip("!")  # a root may end in a digit
        return
    match = _DATED.fullmatch(ticker)
    if match:
        yield match["root"]
    yield ticker


# --- reading tables -------------------------------------------------------------------


@cache
def _package_text() -> str:
    return files("pinery.market").joinpath("symbols.toml").read_text(encoding="utf-8")


@cache
def built_in() -> SymbolTable:
    """The package's table. Shared: do not add to it."""
    table = SymbolTable()
    _read_into(table, _package_text(), "symbols.toml")
    return table


def load(*extra: str | Path) -> SymbolTable:
    """The package's table with the user's files on top, the last one strongest."""
    if not extra:
        return built_in()
    table = SymbolTable({name: list(group) for name, group in built_in().listings.items()})
    for path in extra:
        try:
            text = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise DataError(f"the symbol file {path} cannot be read: {error.strerror or error}") from None
        except UnicodeDecodeError:
            raise DataError(f"the symbol file {path} is not UTF-8 text") from None
        _read_into(table, text, str(path))
    return table


def _read_into(table: SymbolTable, text: str, source: str) -> None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{source}: {error}", "symbol files are TOML, as pinery/market/symbols.toml") from None
    for key in document:
        if key not in ("group", "symbols"):
            raise DataError(f"{source}: unknown key {key!r}", "a file holds [[group]] entries or a [symbols] table")
    groups = document.get("group", [])
    if not isinstance(groups, list):
        raise DataError(f"{source}: write groups as [[group]]")
    loose = document.get("symbols")
    found = []
    for group in [*groups, *([{"symbols": loose}] if loose is not None else [])]:
        shared = {k: v for k, v in group.items() if k != "symbols"}
        symbols = group.get("symbols", {})
        if not isinstance(symbols, Mapping):
            raise DataError(f"{source}: symbols must be a table")
        for name, facts in symbols.items():
            if not isinstance(facts, Mapping):
                raise DataError(f"{source}: {name}: facts must be a table, as {{ pricescale = 100 }}")
            found.append(_listing(name, {**shared, **facts}, f"{source}: {name}"))
    table.put_on_top(found)


def _listing(name: str, facts: dict[str, Any], where: str) -> Listing:
    for key, value in facts.items():
        if key not in _KEYS:
            near = difflib.get_close_matches(key, sorted(_KEYS), 1)
            raise DataError(f"{where}: unknown key {key!r}", f"did you mean {near[0]!r}?" if near else None)
        if key in _TEXT_KEYS and not isinstance(value, str):
            raise DataError(f"{where}: {key} must be text")
        if key in _NUMBER_KEYS and (isinstance(value, bool) or not isinstance(value, int | float) or not value > 0):
            raise DataError(f"{where}: {key} must be a number above zero")
    also = facts.pop("also", [])
    if not isinstance(also, list) or not all(isinstance(a, str) for a in also):
        raise DataError(f"{where}: also must be a list of exchanges")
    prefix, _, ticker = name.rpartition(":")
    prefix = (prefix or facts.pop("prefix", "")).upper()
    facts.pop("prefix", None)
    ticker = ticker.upper()
    mintick = facts.pop("mintick", None)
    if mintick is not None:
        facts["minmove"], facts["pricescale"] = step_parts(mintick)
    for key in ("pricescale", "minmove"):
        if key in facts:
            if facts[key] != int(facts[key]):
                raise DataError(f"{where}: {key} must be a whole number", "or give mintick instead of both")
            facts[key] = int(facts[key])
    kind = facts.get("type", Instrument("", "").type)
    if kind not in _TYPES:
        raise DataError(f"{where}: unknown type {kind!r}", f"one of: {', '.join(_TYPES)}")
    _check_zone(facts.get("timezone", "Etc/UTC"), where)
    if "qty_step" in facts:
        facts.setdefault("mincontract", facts["qty_step"])
    elif "mincontract" in facts:
        facts["qty_step"] = facts["mincontract"]
    for key in ("pointvalue", "mincontract", "qty_step"):
        if key in facts:
            facts[key] = float(facts[key])
    known = {f.name for f in fields(Instrument)}
    if kind == "futures" and not ticker.endswith("!") and "root" not in facts and not _DATED.fullmatch(ticker):
        facts["root"] = ticker
        ticker += "1!"
    instrument = Instrument(prefix, ticker, **{k: v for k, v in facts.items() if k in known})
    return Listing(instrument, tuple(a.upper() for a in also))


def _check_zone(name: str, where: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise DataError(f"{where}: unknown time zone {name!r}", "give an IANA name such as America/New_York") from None


def step_parts(mintick: float) -> tuple[int, int]:
    """``(minmove, pricescale)`` of a price step: 0.25 → (25, 100), 0.03125 → (1, 32)."""
    exact = Fraction(mintick).limit_denominator(10**9)
    for digits in range(10):
        scaled = exact * 10**digits
        if scaled.denominator == 1 and digits <= 4:
            return scaled.numerator, 10**digits
    if exact.denominator & (exact.denominator - 1) == 0:
        return exact.numerator, exact.denominator
    for digits in range(10):
        scaled = exact * 10**digits
        if scaled.denominator == 1:
            return scaled.numerator, 10**digits
    return exact.numerator, exact.denominator


# --- looking up -----------------------------------------------------------------------


def lookup(tickerid: str, extra: SymbolTable | None = None, prices: FloatArray | None = None) -> Instrument:
    """The instrument of ``EXCHANGE:TICKER`` or ``TICKER``.

    ``extra`` replaces the package's table (see ``load``). A symbol that no table lists gets defaults from its
    exchange's name and, where ``prices`` (any prices of it) are given, a price step read off them; such an
    instrument has ``assumed`` set, and ``assumptions`` puts in words what was assumed.
    """
    prefix, _, ticker = tickerid.strip().upper().rpartition(":")
    if not ticker:
        raise DataError(f"{tickerid!r} names no symbol", "write it as EXCHANGE:TICKER, for example BINANCE:BTCUSDT")
    table = built_in() if extra is None else extra
    found = table.find(prefix, ticker)
    return found if found is not None else _assume(prefix, ticker, prices)


def assumptions(instrument: Instrument) -> str:
    """One sentence on an assumed instrument, for a warning."""
    i = instrument
    return (
        f"{i.tickerid} is in no symbol table; assumed: {i.type}, price step {plain(i.mintick)}, point value "
        f"{i.pointvalue:g}, quantity step {plain(i.qty_step)}, currency {i.currency}, zone {i.timezone}, "
        f"session {i.session}"
    )


def plain(value: float) -> str:
    """``0.00001`` rather than ``1e-05``."""
    return f"{value:.10f}".rstrip("0").rstrip(".") or "0"


def _assume(prefix: str, ticker: str, prices: FloatArray | None) -> Instrument:
    facts: dict[str, Any] = {"type": "crypto", "qty_step": 1e-6}
    if prefix in _STOCKS:
        facts = {"type": "stock", "timezone": "America/New_York", "session": "0930-1600", "country": "US"}
        facts["session_extended"] = "0400-2000"
    elif prefix in _CHICAGO or prefix in _NEW_YORK or _CONTINUOUS.fullmatch(ticker):
        east = prefix in _NEW_YORK
        facts = {"type": "futures", "timezone": "America/New_York" if east else "America/Chicago"}
        facts["session"] = "1800-1700" if east else "1700-1600"
        facts["root"] = next(_roots(ticker))
    elif prefix in _FOREX and len(ticker) == 6:
        scale = 1000 if ticker.endswith("JPY") else 100_000
        facts = {"type": "forex", "timezone": "America/New_York", "session": "1700-1700", "pricescale": scale}
        facts |= {"basecurrency": ticker[:3], "currency": ticker[3:]}
    elif prefix not in _CRYPTO and _quote(ticker) is None:
        facts = {"type": "stock", "timezone": "Etc/UTC", "session": "24x7"}
    if facts["type"] == "crypto":
        quote = _quote(ticker)
        if quote is not None:
            facts |= {"currency": quote, "basecurrency": ticker.partition(".")[0].removesuffix(quote)}
    facts.setdefault("mincontract", facts.get("qty_step", 1.0))
    if prices is not None:
        step = price_step(prices)
        if step is not None:
            facts["minmove"], facts["pricescale"] = step
    return Instrument(prefix, ticker, assumed=True, **facts)


def _quote(ticker: str) -> str | None:
    plain = ticker.partition(".")[0]
    return next((q for q in _QUOTES if plain.endswith(q) and len(plain) > len(q) + 1), None)


def price_step(prices: FloatArray) -> tuple[int, int] | None:
    """``(minmove, pricescale)`` read off prices, or None where they show none (too few, or too many digits).

    The scale is the fewest decimals that all prices have; the step is their greatest common divisor if there are
    prices enough for that to be no accident.
    """
    sample = prices[np.isfinite(prices)][:20_000]
    if len(sample) < 4:
        return None
    for digits in range(9):
        scaled = sample * 10.0**digits
        if np.max(np.abs(scaled)) >= 2**53:  # beyond whole numbers that doubles tell apart
            return None
        whole = np.rint(scaled)
        if np.all(np.abs(scaled - whole) <= 1e-6 + 1e-12 * np.abs(scaled)):
            distinct = np.unique(whole.astype(np.int64))
            divisor = int(np.gcd.reduce(distinct))
            accepted = divisor if len(distinct) >= 50 and divisor in (1, 2, 5, 25, 50) else 1
            return accepted, 10**digits
    return None
