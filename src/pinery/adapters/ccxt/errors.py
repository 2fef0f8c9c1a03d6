"""What ccxt's exceptions mean by the outcome policy of ``trading.broker``."""

from __future__ import annotations

import re
from socket import gaierror

import aiohttp
import ccxt

from pinery.adapters.common.last_look import TooLate
from pinery.trading.errors import BrokerError, NotSent, OutcomeUnknown, QueryFailed, Rejected

_QUERY = re.compile(r"\?\S+")  # of addresses: signatures and keys
_LONGEST = 300

#: The exchange has said no before it did anything, and asking again may help.
_NOT_EXECUTED = (ccxt.RateLimitExceeded, ccxt.DDoSProtection, ccxt.InvalidNonce, ccxt.OnMaintenance)

#: The exchange has said no to this very order.
_REFUSED = (
    ccxt.InvalidOrder,
    ccxt.BadRequest,
    ccxt.ArgumentsRequired,
    ccxt.NotSupported,
    ccxt.OperationRejected,
    ccxt.AuthenticationError,
)


def of_sending(error: Exception) -> BrokerError:
    """Of an order, a cancel. What is not known to be a refusal is an unknown outcome."""
    text = words(error)
    if isinstance(error, ccxt.InsufficientFunds):
        return Rejected("MARGIN", text)
    if isinstance(error, (*_NOT_EXECUTED, TooLate)) or never_left(error):
        return NotSent(text)
    if isinstance(error, _REFUSED):
        return Rejected("BROKER_REJECTED", text)
    return OutcomeUnknown(text)


def of_asking(error: Exception) -> QueryFailed:
    return QueryFailed(words(error))


def never_left(error: Exception) -> bool:
    """No connection was made."""
    return isinstance(error.__cause__, aiohttp.ClientConnectorError | gaierror)


def is_duplicate(error: Exception) -> bool:
    """The exchange has an order by this client id already."""
    return isinstance(error, ccxt.DuplicateOrderId) or (
        isinstance(error, ccxt.InvalidOrder) and "duplicate" in str(error).lower()
    )


def words(error: Exception) -> str:
    """For people and the log: without what was signed."""
    text = _QUERY.sub("", str(error)) or type(error).__name__
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
