"""What a sender wants: one immutable ``Signal``, whatever message, script or person it came from."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Action(StrEnum):
    """What a signal asks for. Senders' words (IN, CALL, buy, a custom name …) are mapped to these."""

    ENTER_LONG = "enter_long"  # IN, LONG, CALL ("directional buy")
    ENTER_SHORT = "enter_short"  # SHORT, PUT ("directional sell")
    EXIT = "exit"  # OUT, FLAT, CLOSE: close what this deployment holds
    EXIT_LONG = "exit_long"  # close it only if it is long
    EXIT_SHORT = "exit_short"
    REVERSE = "reverse"  # to the other side, in one step
    BUY = "buy"  # an order: with a quantity it moves the position by that much
    SELL = "sell"
    TARGET = "target"  # bring the position to ``target`` (signed)


class Source(StrEnum):
    WEBHOOK = "webhook"
    CHART = "chart"  # a Pine script that Pinery runs
    MANUAL = "manual"  # given by hand
    PINERY = "pinery"  # a rule of the deployment: holding time, end of session, flatten


class EntryType(StrEnum):
    MARKET = "market"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Signal:
    """Times are Unix ms, prices in quote currency, quantities in contracts (or units of the base currency)."""

    id: str  # signal_id() of the message it came from
    deployment: str
    key: str  # idempotency key: two signals of a deployment with one key are one signal
    action: Action
    word: str  # as the sender said it: "IN", "buy", "long"
    source: Source
    received: int
    symbol: str = ""  # as the sender named it; empty: the deployment's own
    timeframe: str = ""
    message_id: int | None = None  # inbox row
    quantity: Decimal | None = None
    target: Decimal | None = None  # signed position; with Action.TARGET. None there: side known, size not
    target_side: int | None = None  # 1 long, -1 short, 0 flat; with Action.TARGET
    previous: Decimal | None = None  # signed position that the sender held before (heals missed alerts)
    price: Decimal | None = None  # the price that the sender saw
    entry: EntryType | None = None  # None: as the deployment says
    limit_price: Decimal | None = None
    stop: str = ""  # a Distance in text ("1%", "20 ticks", "5 points") or a price; empty: as the deployment says
    take_profit: str = ""
    bar_time: int | None = None  # opening time of the bar
    sent: int | None = None  # when it fired
    order_id: str = ""  # {{strategy.order.id}}
    comment: str = ""
    note: str = ""  # why, when given by hand
    by: str = ""  # who, when given by hand


def signal_id(deployment: str, key: str, received: int) -> str:
    """13 characters that depend on nothing else, so that the same message gives the same id after a crash."""
    digest = hashlib.sha256(f"{deployment}\0{key}\0{received}".encode()).digest()
    return b32encode(digest)[:13].decode().lower()
