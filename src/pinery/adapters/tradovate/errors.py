"""What Tradovate's refusals mean, and the ways in which a request can fail.

Failure
├── Refused       the venue said no, nothing will happen: ``reason`` in its own words
├── Unsent        definitely not executed: no connection, a limit, a time penalty, no valid token
│   ├── Captcha   the venue wants a person: nothing is asked for an hour
│   └── Expired   the token is not taken (any more)
└── Lost          sent, and nobody knows: timeout, reset, 408, 5xx, an answer that cannot be read

Business failures come with HTTP 200. An explicit failureReason means refused, except RiskCheckTimeout, and
UnknownReason without a text: then nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pinery.trading.errors import BrokerError, NotSent, OutcomeUnknown, QueryFailed, Rejected

#: failureReason or rejectReason -> code of DENIALS. What is not here is BROKER_REJECTED.
CODES: dict[str, str] = {
    "BackMonthProhibited": "SYMBOL_UNKNOWN",
    "InvalidContract": "SYMBOL_UNKNOWN",
    "LiquidationOnly": "REDUCING",
    "LiquidationOnlyBeforeExpiration": "CONTRACT_EXPIRED",
    "MaxOrderQtyLimitReached": "MAX_ORDER_SIZE",
    "MaxPosLimitReached": "MAX_POSITION",
    "MaxTotalPosLimitReached": "MAX_POSITION",
    "NoQuote": "NO_PRICE",
    "SessionClosed": "SESSION",
}

PENDING = "AnotherCommandPending"

#: What reading an entity raises that lacks a field, or has something else in it.
MALFORMED = (KeyError, TypeError, ValueError, ArithmeticError)

_NOTHING_WRONG = ("", "Success")
_UNKNOWN = "UnknownReason"
_MARGIN = re.compile(r"margin|buying power|insufficient|not enough (?:funds|money|cash)", re.IGNORECASE)
_LONGEST = 300  # characters of the venue's words


class Failure(Exception):
    """``reason`` is for people; no secrets in it. ``status`` of HTTP, 0 where there was none."""

    def __init__(self, reason: str, *, status: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class Refused(Failure):
    """``kind``: the failureReason, where there is one."""

    def __init__(self, reason: str, kind: str = "", *, status: int = 200) -> None:
        super().__init__(reason, status=status)
        self.kind = kind

    @property
    def code(self) -> str:
        return code_of(self.kind, self.reason)


class Unsent(Failure):
    """``retry_after`` in seconds, where known."""

    def __init__(self, reason: str, retry_after: float | None = None, *, status: int = 0) -> None:
        super().__init__(reason, status=status)
        self.retry_after = retry_after


class Captcha(Unsent):
    pass


class Expired(Unsent):
    pass


class Lost(Failure):
    pass


def code_of(kind: str, text: str = "") -> str:
    code = CODES.get(kind)
    if code is None:
        code = "MARGIN" if _MARGIN.search(text) else "BROKER_REJECTED"
    return code


def failure_of(answer: Any) -> Failure | None:
    """What an answer with HTTP 200 says went wrong; None: nothing."""
    if not isinstance(answer, Mapping):
        return None
    kind, text = _words(answer.get("failureReason")), _words(answer.get("failureText"))
    if kind not in _NOTHING_WRONG:
        if isinstance(answer.get("orderId"), int):
            return Lost(f"Tradovate answered {kind} and an order id, which does not say whether it was done")
        if kind == "RiskCheckTimeout" or (kind == _UNKNOWN and not text):
            return Lost(f"Tradovate answered {kind}, which does not say whether it was done")
        return Refused(f"{kind}: {text}" if text else kind, kind)
    error = _words(answer.get("errorText"))
    if error:
        return Refused(error)
    violations = answer.get("violations")
    if isinstance(violations, list) and violations:
        found = [_words(each.get("description")) for each in violations if isinstance(each, Mapping)]
        return Refused("; ".join(filter(None, found))[:_LONGEST] or "the request was not valid")
    if answer.get("ok") is False:
        return Refused("Tradovate answered that it was not done")
    return None


def _words(value: Any) -> str:
    return value.strip()[:_LONGEST] if isinstance(value, str) else ""


def as_request(failure: Failure) -> BrokerError:
    """What a failure means for a request that trades, by the outcome policy."""
    if isinstance(failure, Refused):
        return Rejected(failure.code, failure.reason)
    if isinstance(failure, Unsent):
        return NotSent(failure.reason, failure.retry_after)
    return OutcomeUnknown(failure.reason)


def as_query(failure: Failure) -> QueryFailed:
    return QueryFailed(failure.reason)
