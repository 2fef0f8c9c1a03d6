"""A deployment's chart: which script runs on which market, and where its alerts go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Send(StrEnum):
    """How alerts get into the inbox."""

    INBOX = "inbox"  # straight
    WEBHOOK = "webhook"  # over HTTP to the deployment's own address


class Missed(StrEnum):
    """What is done about an alert that should have fired while the chart was down."""

    RECORD = "record"
    ACT = "act"  # if it is younger than ``missed_within``


@dataclass(frozen=True, slots=True)
class ChartSettings:
    """Times in seconds."""

    deployment: str
    script: Path
    feed: str  # a key of the configuration's ``feeds``
    symbol: str  # EXCHANGE:TICKER; the deployment's by default
    timeframe: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    history: int = 5_000  # bars that the script has seen before it is live
    send: Send = Send.INBOX
    token_secret: str = ""  # name of the secret with the webhook's token; empty: one that Pinery makes for itself
    kinds: frozenset[str] = frozenset({"alert", "alertcondition", "order"})
    message: str = ""  # of order fills, with TradingView's placeholders; empty: as `pinery alert template` prints it
    missed: Missed = Missed.RECORD
    missed_within: int = 300
    silence: int | None = 120  # without a price for so long while the market is open: an alarm


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """A market by name; ``options`` are the adapter's own."""

    name: str
    kind: str  # "replay", "tail"
    options: Mapping[str, Any] = field(default_factory=dict)
