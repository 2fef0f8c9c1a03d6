"""Who trades at the simulated venue, and its switches where the protocol leaves something open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class SimAccount:
    """``name`` is the account's name at the venue, ``cash`` in USD."""

    name: str
    cash: Decimal = Decimal(50_000)


@dataclass(frozen=True, slots=True)
class SimUser:
    """``cid`` and ``sec`` are checked where given."""

    name: str
    password: str = field(repr=False)
    accounts: tuple[SimAccount, ...]
    cid: str = ""
    sec: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SimSettings:
    """Times in seconds, money in USD per contract and side, limits in requests."""

    token_life: float = 80 * 60
    sessions: int = 2  # of one user; one more ends the oldest
    evicted_status: int = 401  # what the token of an ended session gets: 401, 408, 429 or 5xx
    renewal_changes_token: bool = True
    device_check: bool = False  # orders need a login that gave a deviceId, as at live accounts
    automation_check: bool = False  # orders without isAutomated: true are refused
    limit_second: int = 1000
    limit_minute: int = 5000
    limit_hour: int = 5000
    logins_minute: int = 10  # more of them meet a time penalty
    penalty: float = 15.0
    sockets: int = 2  # of one user and kind; one more ends the oldest
    heartbeat: float = 2.5
    patience: float = 10.0  # with a client that is silent
    props_as: str = "object"  # "object", "array" or "mixed": how an event carries its entity
    split_only: bool = False  # syncrequest is refused in its older form, as for business customers
    split_size: int = 1  # kinds of entities in one part of a split answer to syncrequest
    oso_ids: bool = True  # the answer to placeoso names the brackets
    command_delay: float = 0.0  # between the answer to a request and its execution
    stops_beyond_market: str = "trigger"  # or "reject": a stop that the market has already passed
    hours: bool = False  # outside trading hours nothing is executed
    maintenance: bool = False  # the venue is down in its maintenance hours
    day_orders_expire: bool = True
    tags: tuple[str, ...] = ()  # values of customTag50 that are registered: others are rejected by the exchange
    max_quantity: int = 500  # of one order
    day_margin: bool = True
    day_margin_share: Decimal = Decimal("0.1")  # of the initial margin, until 15:45 in Chicago
    margins: Mapping[str, Decimal] = field(default_factory=dict)  # initial margin by root, over the table's
    commission: Decimal = Decimal(0)
    exchange_fee: Decimal = Decimal(0)
