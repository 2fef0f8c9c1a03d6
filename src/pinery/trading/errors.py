"""Errors of trading, as branches of ``PineryError``.

PineryError
├── ConfigError           pinery.toml or its secrets are wrong; carries every finding   (exit 2)
├── StoreError            the database cannot be used now (full, locked, read-only)     (exit 6)
│   └── LeaseLost         another worker owns the account now
├── NotFound              a named deployment, order, signal … is not there              (exit 2)
├── Refused               an operation that the present state forbids                   (exit 5)
└── BrokerError           what a broker answered, or did not                            (exit 7)
    ├── Rejected          definitely refused: ``code`` of DENIALS, the venue's own words in ``reason``
    ├── NotSent           definitely not executed: may be tried again
    ├── OutcomeUnknown    sent, outcome not known: query by client order id, never resend blindly
    └── QueryFailed       a question was not answered; says nothing about the state ("not flat")
"""

from __future__ import annotations

from typing import ClassVar

from pinery.core.errors import PineryError, UsageError


class ConfigError(UsageError):
    """``findings`` are complete sentences, each naming the setting it is about."""

    def __init__(self, message: str, findings: tuple[str, ...] = (), hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.findings = findings


class StoreError(PineryError):
    exit_code: ClassVar[int] = 6


class LeaseLost(StoreError):
    pass


class NotFound(UsageError):
    pass


class Refused(PineryError):
    exit_code: ClassVar[int] = 5


class BrokerError(PineryError):
    exit_code: ClassVar[int] = 7


class Rejected(BrokerError):
    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class NotSent(BrokerError):
    """``retry_after`` in seconds, where the venue says so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OutcomeUnknown(BrokerError):
    pass


class QueryFailed(BrokerError):
    pass
