"""What happened that somebody may want to be told: the kinds, each with its severity and text.

Events are stored with the change that they report, in one transaction, and leave through the outbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"  # somebody should look now


#: kind -> (severity, title). The details are in the event's data.
EVENTS: dict[str, tuple[Severity, str]] = {
    "signal.received": (Severity.INFO, "Signal"),
    "signal.unparsed": (Severity.WARNING, "Message not understood"),
    "signal.denied": (Severity.WARNING, "Signal denied"),
    "signal.unclaimed": (Severity.WARNING, "Message of a deployment that is gone"),
    "signal.missed": (Severity.WARNING, "An earlier alert was missed"),
    "order.submitted": (Severity.INFO, "Order sent"),
    "order.filled": (Severity.INFO, "Order filled"),
    "order.canceled": (Severity.INFO, "Order canceled"),
    "order.rejected": (Severity.CRITICAL, "Order rejected"),
    "order.unknown": (Severity.CRITICAL, "Outcome of an order unknown"),
    "order.resolved": (Severity.INFO, "Outcome of an order found out"),
    "position.opened": (Severity.INFO, "Position opened"),
    "position.closed": (Severity.INFO, "Position closed"),
    "position.unprotected": (Severity.CRITICAL, "Position without a stop"),
    "position.mismatch": (Severity.CRITICAL, "Position differs from the broker's"),
    "order.foreign": (Severity.WARNING, "Order at the broker that is not Pinery's"),
    "state.changed": (Severity.WARNING, "Trading state changed"),
    "flatten.requested": (Severity.WARNING, "Closing of positions asked for"),
    "command.given": (Severity.INFO, "Given by hand"),
    "stage.changed": (Severity.WARNING, "Stage of a deployment changed"),
    "stage.refused": (Severity.WARNING, "Promotion refused"),
    "deployment.changed": (Severity.INFO, "Deployment changed"),
    "account.disconnected": (Severity.CRITICAL, "No connection to the broker"),
    "account.alarm": (Severity.CRITICAL, "The broker acts on the account"),
    "account.connected": (Severity.INFO, "Connected to the broker"),
    "config.reloaded": (Severity.INFO, "Configuration reloaded"),
    "config.invalid": (Severity.WARNING, "Configuration not reloaded"),
    "chart.failed": (Severity.CRITICAL, "Chart failed"),
    "chart.recovered": (Severity.INFO, "Chart runs again"),
    "feed.silent": (Severity.WARNING, "No prices though the market is open"),
    "feed.back": (Severity.INFO, "Prices again"),
    "contract.rolled": (Severity.INFO, "Front contract changed"),
    "backup.done": (Severity.INFO, "Backup made"),
    "backup.failed": (Severity.CRITICAL, "Backup failed"),
    "digest": (Severity.WARNING, "Several notifications in one"),  # made by the dispatcher of a burst
    "test": (Severity.INFO, "Test message"),
}


#: Tells events of accounts with real money from all others.
LIVE = "LIVE"


@dataclass(frozen=True, slots=True)
class Event:
    """``data`` is JSON: strings, numbers, bools, None, and lists and dicts of them; never a secret."""

    kind: str
    at: int  # Unix ms
    text: str  # one sentence for people
    deployment: str = ""
    account: str = ""
    signal_id: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in EVENTS:
            raise ValueError(f"{self.kind} is not in EVENTS")

    def with_real_money(self) -> Event:
        """The same of an account with real money: ``LIVE`` begins its text, and its data say so."""
        return replace(self, text=f"{LIVE} {self.text}", data={**self.data, "money": LIVE})

    @property
    def severity(self) -> Severity:
        return EVENTS[self.kind][0]

    @property
    def title(self) -> str:
        return EVENTS[self.kind][1]
