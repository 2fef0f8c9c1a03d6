"""From a sender's name for a symbol to the contract that is traded, and back from an exit to the contract held."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from pinery.core.errors import DataError
from pinery.core.instrument import Instrument
from pinery.market.rolls import (
    ContractMonth,
    UnknownRoot,
    expiry,
    front,
    last_entry,
    nth,
    parse_continuous,
    parse_contract,
)
from pinery.market.symbols import SymbolTable, lookup
from pinery.trading.contracts import Contract
from pinery.trading.denials import Denial
from pinery.trading.deployments import Deployment
from pinery.trading.margins import initial_margin
from pinery.trading.positions.model import Position
from pinery.trading.windows import exchange_day

_DELAYED = re.compile(r"_DLY?(?=:|$)")
_PERPETUAL = re.compile(r"(?:\.P|\.PERP|PERP)$")


def contract_for(
    symbol: str,
    deployment: Deployment,
    now: int,
    *,
    table: SymbolTable | None = None,
    margins: Mapping[str, Decimal] | None = None,
    rolls: Mapping[str, str] | None = None,
) -> Contract | Denial:
    """The contract that a new position of ``deployment`` would be in, for the sender's name ``symbol``.

    Empty, the name means the deployment's own symbol. Else it is a name of ``deployment.symbols``, or names the
    deployment's symbol on any exchange: the ticker, a future's root, its continuous form or one of its months.
    ``margins`` (per contract) and ``rolls`` (rules of ``pinery.market.rolls``) go by futures root, margins of others by
    symbol.
    """
    if _DELAYED.search(symbol.strip().upper()):
        return Denial("SYMBOL_UNKNOWN", f"{symbol.strip()} comes from a delayed feed: its signals are minutes late")
    meant = _meant(symbol, deployment, table)
    return meant if isinstance(meant, Denial) else _contract(meant, deployment, now, table, margins, rolls)


def contract_of(
    symbol: str, *, table: SymbolTable | None = None, margins: Mapping[str, Decimal] | None = None
) -> Contract:
    """Facts of a contract as orders and positions name it ("CME_MINI:ESZ2026"), expired or not. Raises DataError."""
    instrument = lookup(symbol, table)
    if instrument.type != "futures":
        return _undated(instrument, margins)
    month = parse_contract(instrument.ticker)
    if month is None:
        raise DataError(f"{symbol} is no contract of a future", "write it with month and year, as CME_MINI:ESZ2026")
    try:
        return _dated(instrument, month, margins)
    except ValueError as error:
        raise DataError(str(error)) from None


def contract_held(
    symbol: str, *, table: SymbolTable | None = None, margins: Mapping[str, Decimal] | None = None
) -> Contract:
    """As ``contract_of``, also for what is not in our lists, without its dates: an account may hold it."""
    try:
        return contract_of(symbol, table=table, margins=margins)
    except DataError:
        instrument = lookup(symbol, table)
        margin = initial_margin(instrument.root, margins)
        return Contract(instrument.tickerid, instrument, instrument.root, margin=margin)


def held_contracts(
    symbol: str, deployment: Deployment, positions: Iterable[Position], *, table: SymbolTable | None = None
) -> tuple[str, ...] | Denial:
    """The contracts that an exit for ``symbol`` acts on: those that ``deployment`` holds, also after a roll.

    Only a name with a month means that month alone. Nothing held is (); a name that the deployment does not know is
    a Denial, unless it holds just that.
    """
    held = tuple(p.symbol for p in positions if p.deployment == deployment.name and p.quantity)
    name = _DELAYED.sub("", symbol.strip().upper())
    if not name:
        return held
    meant = _meant(name, deployment, table)
    if isinstance(meant, Denial):
        exact = tuple(s for s in held if _ticker(name) in _spellings(_ticker(s)))
        return exact or meant
    root, ticker = _root(meant, table), _ticker(name)
    if root and _is_month_of(ticker, root):
        return tuple(s for s in held if ticker in _spellings(_ticker(s)))
    if not deployment.symbols:
        return held  # whatever the name, it is the only thing that the deployment trades
    if not root:
        return tuple(s for s in held if _ticker(s) == _ticker(meant))
    by_hand = {_root(target, table) for own, target in deployment.contracts.items() if _root(own, table) == root}
    return tuple(s for s in held if _root(s, table) in {root, *by_hand})


def margin_for(contract: Contract, price: Decimal | None, leverage: Decimal) -> Decimal | None:
    """Initial margin of one contract in its currency; None where that needs a price and none is known."""
    if contract.margin is not None:
        return contract.margin
    return abs(price) * contract.point_value / leverage if price is not None else None


# --- names ----------------------------------------------------------------------------


def accepted_names(deployment: Deployment, table: SymbolTable | None = None) -> tuple[str, ...]:
    """Names by which senders may call what ``deployment`` trades, for people."""
    names: dict[str, None] = {}
    for target in (deployment.symbol, *deployment.symbols, *deployment.symbols.values()):
        names[target] = None
        root = _root(target, table) if ":" in target else ""
        names |= {name: None for name in (root and f"{root}1!", root or _ticker(target)) if name}
    return tuple(names)


def _meant(symbol: str, deployment: Deployment, table: SymbolTable | None) -> str | Denial:
    """EXCHANGE:TICKER that the sender's name means, still continuous where it is."""
    name = symbol.strip().upper()
    if not name:
        return deployment.symbol.strip().upper()
    if "/" in name:  # "ETH/USDT:USDT" is how ccxt and freqtrade write a perpetual
        name = name.partition(":")[0]
    own = {key.strip().upper(): target for key, target in deployment.symbols.items()}
    for key in (name, _ticker(name)):
        if key in own:
            return own[key].strip().upper()
    for target in dict.fromkeys((deployment.symbol, *deployment.symbols.values())):
        found = _same(_ticker(name), target.strip().upper(), table)
        if found:
            return found
    names = ", ".join(accepted_names(deployment, table))
    return Denial(
        "SYMBOL_UNKNOWN", f"{deployment.name} does not trade {symbol.strip()[:60]}: the names it knows are {names}"
    )


def _same(ticker: str, target: str, table: SymbolTable | None) -> str:
    """What ``ticker`` means if it is another name for ``target`` (EXCHANGE:TICKER); empty if it is none."""
    own = _ticker(target)
    root = _root(target, table)
    if ticker in (own, root):
        return target
    prefix = target.rpartition(":")[0]
    if root:
        continuous = parse_continuous(ticker)
        if continuous is not None and continuous[0] == root:
            pinned = parse_continuous(own) is None
            return target if pinned and continuous[1] == 1 else f"{prefix}:{ticker}".lstrip(":")
        return f"{prefix}:{ticker}".lstrip(":") if _is_month_of(ticker, root) else ""
    if lookup(target, table).type == "crypto" and _bare(ticker) == _bare(own):
        return target
    return ""


def _ticker(name: str) -> str:
    return name.strip().upper().rpartition(":")[2]


def _bare(ticker: str) -> str:
    """The pair without its separators and the mark of a perpetual: ``ETH/USDT``, ``ETHUSDT.P``, ``ETHUSDTPERP``."""
    return _PERPETUAL.sub("", re.sub(r"[-/_]", "", ticker))


def _root(name: str, table: SymbolTable | None) -> str:
    """The root if ``name`` is a future, else empty."""
    if not _ticker(name):
        return ""
    instrument = lookup(name, table)
    return instrument.root if instrument.type == "futures" else ""


def _is_month_of(ticker: str, root: str) -> bool:
    month = parse_contract(ticker, date(2000, 1, 1))
    return month is not None and month.root == root


def _spellings(ticker: str) -> frozenset[str]:
    """ESZ2026, ESZ26 and ESZ6."""
    month = parse_contract(ticker)
    if month is None:
        return frozenset({ticker})
    return frozenset(f"{month.root}{month.code}{str(month.year)[cut:]}" for cut in (0, 2, 3))


# --- contracts ------------------------------------------------------------------------


def _contract(
    name: str,
    deployment: Deployment,
    now: int,
    table: SymbolTable | None,
    margins: Mapping[str, Decimal] | None,
    rolls: Mapping[str, str] | None,
) -> Contract | Denial:
    if not _ticker(name):
        return Denial("SYMBOL_UNKNOWN", f"{name!r} names no symbol: write it as EXCHANGE:TICKER")
    instrument = lookup(name, table)
    if instrument.type != "futures":
        return _undated(instrument, margins)
    day = exchange_day(instrument, now)
    root, how = instrument.root, ""
    continuous = parse_continuous(instrument.ticker)
    if continuous is None and instrument.ticker == root:
        continuous = (root, 1)
    by_hand = _by_hand(deployment, instrument, root) if continuous is not None else ""
    if by_hand:
        target = by_hand if ":" in by_hand else f"{instrument.prefix}:{by_hand}"
        how = f" (by hand for {name})"
        instrument = lookup(target, table)
        root = instrument.root
    if instrument.assumed:
        return Denial(
            "SYMBOL_UNKNOWN",
            f"{instrument.tickerid} is in no symbol table, so its point value is not known: add it to the symbol file",
        )
    if continuous is not None and not by_hand:
        try:
            month: ContractMonth | None = nth(root, continuous[1], day, (rolls or {}).get(root, ""))
        except UnknownRoot as error:
            return Denial("SYMBOL_UNKNOWN", f'{error}: name its contract by hand, as contracts = {{"{name}" = "…"}}')
    else:
        month = parse_contract(instrument.ticker, day)
    if month is None:
        return Denial("SYMBOL_UNKNOWN", f"{instrument.tickerid}{how} names no contract month, as ESZ2026 does")
    try:
        contract = _dated(instrument, month, margins)
    except ValueError as error:
        return Denial("SYMBOL_UNKNOWN", f"{error}{how}")
    return _expired(contract, month, day, how, (rolls or {}).get(root, "")) or contract


def _undated(instrument: Instrument, margins: Mapping[str, Decimal] | None) -> Contract:
    if instrument.assumed and instrument.type == "crypto":
        # Its price step is not known, and one that is too coarse would move stops.
        instrument = replace(instrument, pricescale=10**8, minmove=1)
    own = margins or {}
    margin = own.get(instrument.tickerid, own.get(instrument.ticker))
    return Contract(instrument.tickerid, instrument, margin=margin)


def _by_hand(deployment: Deployment, instrument: Instrument, root: str) -> str:
    """The contract that the trader named for a continuous symbol, empty if none."""
    own = {key.strip().upper(): target.strip().upper() for key, target in deployment.contracts.items()}
    names = [instrument.tickerid, instrument.ticker]
    if instrument.ticker in (root, f"{root}1!"):
        names += [f"{instrument.prefix}:{root}1!", f"{root}1!", f"{instrument.prefix}:{root}", root]
    return next((own[name] for name in names if name in own), "")


def _dated(instrument: Instrument, month: ContractMonth, margins: Mapping[str, Decimal] | None) -> Contract:
    """Raises ValueError for a month that is not listed."""
    expires: date | None = None
    last: date | None = None
    try:
        expires = expiry(month.root, month.year, month.month)
        last = last_entry(month.root, month.year, month.month)
    except UnknownRoot:
        pass  # its dates are the trader's to watch
    facts = replace(instrument, ticker=month.ticker)
    return Contract(facts.tickerid, facts, month.root, expires, last, initial_margin(month.root, margins))


def _expired(contract: Contract, month: ContractMonth, day: date, how: str, rule: str) -> Denial | None:
    if contract.expiry is None or contract.last_entry is None:
        if (month.year, month.month) < (day.year, day.month):
            return Denial("CONTRACT_EXPIRED", f"{contract.symbol}{how} is of a month that is over: today is {day}")
        return None
    if day < contract.last_entry:
        return None
    now = front(contract.root, day, rule).ticker
    if day > contract.expiry:
        facts = f"expired on {contract.expiry}"
    elif contract.expiry == contract.last_entry:
        facts = f"expires on {contract.expiry}, today"
    else:
        facts = (
            f"may not be opened since {contract.last_entry}: notice of delivery begins; it expires on {contract.expiry}"
        )
    return Denial("CONTRACT_EXPIRED", f"{contract.symbol}{how} {facts}; the front contract is {now}")
