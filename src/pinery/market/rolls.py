"""Our own roll calendar: when futures expire, and which month a continuous symbol means on a day.

Expiries follow the exchanges' published rules. TradingView does not publish the day on which ``ES1!`` changes month,
so ours is a stated rule, chosen per symbol:

- ``"monday"``: Monday of the week of the last entry day (CME's convention for stock indices since June 2022);
- ``"thursday"``: Thursday of the week before (the older convention: eight days before the expiry);
- ``"N days"``: N business days before the last entry day.

The last entry day is the first day on which no position should be opened any more: of contracts settled in cash the
expiry; of deliverable ones that give notice first (metals, Treasuries, grains) the day before first notice; of others
the last trading day. Days are trading days of the exchange: Sunday evening belongs to Monday.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from pinery.market.calendar import is_nyse_day, nth_weekday

MONTH_CODES = "FGHJKMNQUVXZ"
_DAY = timedelta(days=1)
_WED, _FRI = 2, 4
_QUARTERS, _ALL = "HMUZ", MONTH_CODES
_DATED = re.compile(rf"(?P<root>[A-Z0-9]{{1,5}}?)(?P<month>[{MONTH_CODES}])(?P<year>\d{{4}}|\d{{1,2}})", re.ASCII)
_CONTINUOUS = re.compile(r"(?P<root>[A-Z0-9]{1,5}?)(?P<number>[1-9])!", re.ASCII)
_DAYS_RULE = re.compile(r"(\d{1,2})\s*days?", re.ASCII)


class UnknownRoot(ValueError):
    """No rule is known for a future: its contracts are to be named by hand."""


@dataclass(frozen=True, slots=True, order=True)
class ContractMonth:
    """A delivery month of a future; ``month`` is 1 .. 12."""

    year: int
    month: int
    root: str

    @property
    def code(self) -> str:
        return MONTH_CODES[self.month - 1]

    @property
    def ticker(self) -> str:
        """``ESZ2026``."""
        return f"{self.root}{self.code}{self.year}"


@dataclass(frozen=True, slots=True)
class Family:
    """Roots that share their rules. ``cycle`` are the months that are traded much, ``listed`` all that exist."""

    roots: tuple[str, ...]
    cycle: str
    expiry: Callable[[int, int], date]  # of a contract's year and month: the last trading day
    rule: str
    listed: str = ""  # empty: as ``cycle``
    notice: bool = False  # notice of delivery is given from the last business day of the month before


# --- expiries -------------------------------------------------------------------------


def _business(day: date, steps: int = 0) -> date:
    """``steps`` business days after ``day`` (before it, if negative); 0: the day itself, or the last one before it."""
    while not is_nyse_day(day):
        day -= _DAY
    for _ in range(abs(steps)):
        day += _DAY if steps > 0 else -_DAY
        while not is_nyse_day(day):
            day += _DAY if steps > 0 else -_DAY
    return day


def _before(year: int, month: int) -> tuple[int, int]:
    return (year, month - 1) if month > 1 else (year - 1, 12)


def _last_business(year: int, month: int) -> date:
    return _business(date(year + month // 12, month % 12 + 1, 1) - _DAY)


def _third_friday(year: int, month: int) -> date:
    return _business(nth_weekday(year, month, _FRI, 3))


def _last_friday(year: int, month: int) -> date:
    return _business(nth_weekday(year, month, _FRI, -1))


def _before_third_wednesday(days: int) -> Callable[[int, int], date]:
    return lambda year, month: _business(nth_weekday(year, month, _WED, 3) - _DAY, 1 - days)


def _before_the_25th(days: int) -> Callable[[int, int], date]:
    """``days`` business days before the 25th of the month before, one more if that is no business day."""

    def expiry(year: int, month: int) -> date:
        day = date(*_before(year, month), 25)
        return _business(day, -days)

    return expiry


def _before_the_first(days: int) -> Callable[[int, int], date]:
    return lambda year, month: _business(date(year, month, 1) - _DAY, 1 - days)


def _before_last_business(days: int) -> Callable[[int, int], date]:
    return lambda year, month: _business(_last_business(year, month), -days)


def _before_the_15th(year: int, month: int) -> date:
    return _business(date(year, month, 14))


_FAMILIES = (
    Family(("ES", "MES", "NQ", "MNQ", "RTY", "M2K", "EMD", "YM", "MYM"), _QUARTERS, _third_friday, "monday"),
    Family(("ZB", "UB", "TN", "ZN"), _QUARTERS, _before_last_business(7), "3 days", notice=True),
    Family(("ZF", "ZT"), _QUARTERS, _before_last_business(0), "3 days", notice=True),
    Family(("6E", "6J", "6B", "6A", "6S"), _QUARTERS, _before_third_wednesday(2), "5 days", _ALL),
    Family(("6C",), _QUARTERS, _before_third_wednesday(1), "5 days", _ALL),
    Family(("CL",), _ALL, _before_the_25th(3), "5 days"),
    Family(("MCL", "QM"), _ALL, _before_the_25th(4), "4 days"),  # a day before CL, rolled on the same day
    Family(("NG",), _ALL, _before_the_first(3), "5 days"),
    Family(("RB", "HO"), _ALL, _before_the_first(1), "5 days"),
    Family(("GC", "MGC"), "GJMQZ", _before_last_business(2), "3 days", _ALL, notice=True),
    Family(("SI", "SIL", "HG"), "HKNUZ", _before_last_business(2), "3 days", _ALL, notice=True),
    Family(("PL",), "FJNV", _before_last_business(2), "3 days", _ALL, notice=True),
    Family(("ZC", "ZW"), "HKNUZ", _before_the_15th, "5 days", notice=True),
    Family(("ZS",), "FHKNQUX", _before_the_15th, "5 days", notice=True),
    Family(("BTC", "MBT", "ETH", "MET"), _ALL, _last_friday, "monday"),
)
_BY_ROOT = {root: family for family in _FAMILIES for root in family.roots}


def known_roots() -> tuple[str, ...]:
    return tuple(_BY_ROOT)


def _family(root: str) -> Family:
    family = _BY_ROOT.get(root)
    if family is None:
        raise UnknownRoot(f"no expiry rule is known for the future {root}")
    return family


def _listed(contract: ContractMonth) -> Family:
    family = _family(contract.root)
    if contract.code not in (family.listed or family.cycle):
        months = ", ".join(family.listed or family.cycle)
        raise ValueError(f"{contract.ticker} does not exist: {contract.root} has the months {months}")
    return family


def expiry(root: str, year: int, month: int) -> date:
    """The last trading day. Raises UnknownRoot, or ValueError for a month that is not listed."""
    return _listed(ContractMonth(year, month, root)).expiry(year, month)


@cache
def last_entry(root: str, year: int, month: int) -> date:
    """The first day on which no position should be opened any more. Raises as ``expiry`` does."""
    family = _listed(ContractMonth(year, month, root))
    if family.notice:
        return _business(_last_business(*_before(year, month)), -1)
    return family.expiry(year, month)


# --- rolling --------------------------------------------------------------------------


def check_rule(rule: str) -> None:
    """Raises ValueError unless ``rule`` is "monday", "thursday" or "N days"."""
    plain = rule.strip().casefold()
    if plain not in ("monday", "thursday") and not _DAYS_RULE.fullmatch(plain):
        raise ValueError(
            f'{rule!r} is no roll rule: write "monday", "thursday" or "5 days" (before the last entry day)'
        )


def default_rule(root: str) -> str:
    """Raises UnknownRoot."""
    return _family(root).rule


@cache
def roll_day(root: str, year: int, month: int, rule: str = "") -> date:
    """The first trading day on which the next month is the front one. Empty ``rule``: the root's own."""
    last = last_entry(root, year, month)
    plain = (rule or _family(root).rule).strip().casefold()
    check_rule(plain)
    if plain == "monday":
        return last - last.weekday() * _DAY
    if plain == "thursday":
        return last - (last.weekday() + 4) * _DAY
    match = _DAYS_RULE.fullmatch(plain)
    assert match is not None
    return _business(last, -int(match[1]))


def _cycle(root: str, year: int) -> Iterator[ContractMonth]:
    """The months of the cycle from January of ``year`` on, for ever."""
    months = [MONTH_CODES.index(code) + 1 for code in _family(root).cycle]
    while True:
        yield from (ContractMonth(year, month, root) for month in months)
        year += 1


def front(root: str, day: date, rule: str = "") -> ContractMonth:
    """What ``ES1!`` means on a trading day. Raises UnknownRoot, or ValueError for a rule that is none."""
    return nth(root, 1, day, rule)


def nth(root: str, n: int, day: date, rule: str = "") -> ContractMonth:
    """What ``ES<n>!`` means on a trading day: 1 is the front month, 2 the one after it."""
    ahead = n
    for contract in _cycle(root, day.year):
        if day < roll_day(root, contract.year, contract.month, rule):
            ahead -= 1
            if ahead == 0:
                return contract
    raise AssertionError("the cycle does not end")


# --- names ----------------------------------------------------------------------------


def contract_ticker(root: str, year: int, month: int) -> str:
    """``ESZ2026``."""
    return ContractMonth(year, month, root).ticker


def parse_contract(ticker: str, day: date | None = None) -> ContractMonth | None:
    """The month that ``ESM2025``, ``ESM25`` or ``ESZ6`` names, None for other tickers.

    One digit means the year with that last digit from the one before ``day`` to eight after it; it needs ``day``.
    """
    match = _DATED.fullmatch(ticker.upper())
    if match is None:
        return None
    digits = match["year"]
    if len(digits) == 1:
        if day is None:
            return None
        first = day.year - 1
        year = first + (int(digits) - first) % 10
    else:
        year = int(digits) + (2000 if len(digits) == 2 else 0)
    if not 1980 <= year <= 2200:
        return None
    return ContractMonth(year, MONTH_CODES.index(match["month"]) + 1, match["root"])


def parse_continuous(ticker: str) -> tuple[str, int] | None:
    """``("ES", 2)`` of ``ES2!``, None for other tickers."""
    match = _CONTINUOUS.fullmatch(ticker.upper())
    return (match["root"], int(match["number"])) if match else None
