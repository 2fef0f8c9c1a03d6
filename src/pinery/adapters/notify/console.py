"""Notifications as lines of the log."""

from __future__ import annotations

import structlog

from pinery.adapters.notify.options import Options
from pinery.adapters.notify.texts import Texts
from pinery.trading.events import Event, Severity


class Console:
    def __init__(self, name: str, texts: Texts) -> None:
        self._name = name
        self._texts = texts

    @classmethod
    def from_options(cls, name: str, options: Options, texts: Texts) -> Console:
        return cls(name, texts)

    async def send(self, event: Event, delivery_id: int) -> None:
        log = structlog.get_logger()
        tell = log.info if event.severity is Severity.INFO else log.warning
        about = {"signal_id": event.signal_id, "deployment": event.deployment, "account": event.account}
        tell(
            "notification",
            channel=self._name,
            kind=event.kind,
            severity=event.severity.value,
            text=self._texts.render(event).short,
            **{name: value for name, value in about.items() if value},
        )

    async def close(self) -> None:
        """Nothing is open."""
