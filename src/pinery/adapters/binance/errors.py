"""What Binance's answers mean, by the outcome policy of ``trading.broker``.

Three kinds. *Unknown*: it may have been executed, so it is asked for and never sent again blindly. *Later*: it was
definitely not executed and may be sent again. *Refused*: nothing happens, and sending it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from pinery.trading.errors import BrokerError, NotSent, OutcomeUnknown, QueryFailed, Rejected


class Kind(StrEnum):
    UNKNOWN = "unknown"
    LATER = "later"
    REFUSED = "refused"


CLOCK = -1021
DUPLICATE = -4116
CANCEL_UNKNOWN = -2011
NO_SUCH_ORDER = -2013
NO_SUCH_SYMBOL = -1121
LISTEN_KEY = -1125
SAME_MARGIN_TYPE = -4046
SAME_POSITION_MODE = -4059
MODE_BLOCKED = frozenset({-4067, -4068})
MARGIN_TYPE_BLOCKED = frozenset({-4047, -4048})
MODIFY_WITHOUT_CHANGE = -5027
ORDER_RATE = -1015

#: Of all others the HTTP status decides: 4xx is a refusal.
KINDS: Mapping[int, Kind] = MappingProxyType(
    {
        -1006: Kind.UNKNOWN,
        -1007: Kind.UNKNOWN,
        -1001: Kind.LATER,
        -1003: Kind.LATER,
        -1008: Kind.LATER,
        ORDER_RATE: Kind.LATER,
        CLOCK: Kind.LATER,
    }
)

#: Code -> code of DENIALS, where one says more than that the broker refused.
DENIAL_OF: Mapping[int, str] = MappingProxyType(
    {
        NO_SUCH_SYMBOL: "SYMBOL_UNKNOWN",
        -2018: "MARGIN",
        -2019: "MARGIN",
        -2027: "MARGIN",
        -2028: "MARGIN",
    }
)

#: What reading an answer or an event raises that lacks a field, or has something else in it.
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)

#: Seconds until a request that was refused for overload may be tried again.
_OVERLOAD_RETRY = 0.2

#: 503 with these words was not executed; any other 503 is unknown.
_NOT_EXECUTED = "service unavailable"

_LONGEST = 300


class Failure(Exception):
    """An answer that is no success. ``code`` 0 where Binance named none. No secrets, and no address, are in it."""

    def __init__(self, kind: Kind, code: int, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.kind = kind
        self.code = code
        self.reason = reason
        self.retry_after = retry_after

    def as_outcome(self) -> BrokerError:
        """For a request that would have changed something."""
        match self.kind:
            case Kind.UNKNOWN:
                return OutcomeUnknown(self.reason)
            case Kind.LATER:
                return NotSent(self.reason, self.retry_after)
            case Kind.REFUSED:
                return Rejected(DENIAL_OF.get(self.code, "BROKER_REJECTED"), self.reason)

    def as_query(self) -> QueryFailed:
        return QueryFailed(self.reason)


def failure_of(status: int, body: Any, text: str, retry_after: float | None) -> Failure:
    """``body``: the answer's JSON, if it is any; ``text``: the answer as it came."""
    code, message = _said(body, text)
    words = f"Binance: {message} ({code})" if code else f"Binance: HTTP {status} {message}".rstrip()
    if status in (418, 429):
        return Failure(Kind.LATER, code, words, retry_after)
    if status == 503 and code not in KINDS:
        kind = Kind.LATER if message.lower().startswith(_NOT_EXECUTED) else Kind.UNKNOWN
        return Failure(kind, code, words, retry_after)
    if status == 403 and not code:  # the firewall before Binance: not executed, and over sooner or later
        return Failure(Kind.LATER, code, words, retry_after)
    kind = KINDS.get(code, Kind.REFUSED if 400 <= status < 500 and status != 408 else Kind.UNKNOWN)
    if code == -1008 and retry_after is None:
        retry_after = _OVERLOAD_RETRY
    return Failure(kind, code, words, retry_after)


def _said(body: Any, text: str) -> tuple[int, str]:
    if isinstance(body, dict) and "code" in body:
        try:
            return int(body["code"]), str(body.get("msg", ""))[:_LONGEST]
        except (TypeError, ValueError):
            pass
    if isinstance(body, dict) and "msg" in body:
        return 0, str(body["msg"])[:_LONGEST]
    plain = "" if text.lstrip().startswith("<") else text  # a page of some proxy
    return 0, " ".join(plain.split())[:_LONGEST]
