"""What ``pinery sim`` was asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from pinery.adapters.feeds.sources import SYNTHETIC
from pinery.app.config.building import name_fault
from pinery.core.errors import UsageError
from pinery.simulators.common.faults import Armed

_FAULT = re.compile(r"(?P<name>[a-z_]+)(?::(?P<much>[0-9.]+)(?P<percent>%?))?")
_FAULT_FORMS = "write NAME (once), NAME:3 (three times), NAME:5% or NAME:0.05 (that share of all)"


@dataclass(frozen=True, slots=True)
class SimOptions:
    """``bars``: EXCHANGE:TICKER -> a file, a timeframe of stored bars, or "synthetic". ``start``: market time, Unix ms.

    ``state`` is the file that a restart goes on from. ``key`` and ``secret`` are the account's: API key and secret, or
    user and password; empty ones are made.
    """

    venue: str
    port: int
    bars: dict[str, str]
    speed: float
    start: int | None
    seed: int
    balance: Decimal
    state: Path | None
    faults: tuple[Armed, ...]
    key: str
    secret: str
    account: str  # name in pinery.toml
    write: Path | None  # folder of the pinery.toml that the account is written into
    verbose: bool


def read_bars(texts: Sequence[str], default: Sequence[str]) -> dict[str, str]:
    """``SYMBOL=SOURCE`` or just ``SYMBOL``, which is made up. Raises UsageError."""
    if not texts:
        return dict.fromkeys(default, SYNTHETIC)
    found: dict[str, str] = {}
    for text in texts:
        symbol, _, source = text.partition("=")
        symbol = symbol.strip().upper()
        if ":" not in symbol:
            raise UsageError(f"--bars {text!r} names no symbol", 'write --bars "BINANCE:ETHUSDT.P=eth.csv"')
        found[symbol] = source.strip() or SYNTHETIC
    return found


def read_fault(text: str) -> Armed:
    """Raises UsageError."""
    match = _FAULT.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"--fault {text!r} is none", _FAULT_FORMS)
    much = match["much"]
    if much is None:
        return Armed(match["name"])
    try:
        number = Decimal(much) / 100 if match["percent"] else Decimal(much)
    except ArithmeticError:
        raise UsageError(f"--fault {text!r}: {much} is no number", _FAULT_FORMS) from None
    if match["percent"] and not 0 < number <= 1:
        raise UsageError(f"--fault {text!r}: a share is above 0% and at most 100%", _FAULT_FORMS)
    if 0 < number < 1 or match["percent"]:
        return Armed(match["name"], times=None, share=float(number))
    if number < 1 or number != number.to_integral_value():
        raise UsageError(f"--fault {text!r}: {much} is neither a share nor a number of times", _FAULT_FORMS)
    return Armed(match["name"], times=int(number))


def read_account(text: str) -> str:
    """A name that ``pinery.toml`` takes. Raises UsageError."""
    fault = name_fault("accounts", text)
    if fault:
        raise UsageError(f"--account {text!r}: {fault}")
    return text


def read_start(text: str | None) -> int | None:
    """Unix ms of a date or time, UTC where it names no zone. Raises UsageError."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--start {text!r} is no time", "write 2025-10-15 or 2025-10-15T13:30:00Z") from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
