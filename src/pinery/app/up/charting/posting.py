"""Alerts of a chart over HTTP to the deployment's own webhook: in order, until they are taken."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from pinery.adapters.store.charts import due_alerts, settle_alert
from pinery.app.up.charting.alerts import message_key
from pinery.charts.records import AlertOutcome, ChartAlert
from pinery.charts.settings import ChartSettings
from pinery.trading.channels import Route, channels_for
from pinery.trading.clock import Clock
from pinery.trading.errors import StoreError
from pinery.trading.events import Event
from pinery.trading.store import Lease, Store, Tx

_FIRST, _LONGEST = 0.1, 5.0  # seconds between tries
_LOOK = 30.0  # seconds between looks at the store without being woken
_NEVER = frozenset({400, 413})  # the message itself is refused, and would be again
_DONE = {AlertOutcome.DUE: AlertOutcome.SENT, AlertOutcome.CATCHING_UP: AlertOutcome.CAUGHT_UP}
_LONGEST_KEY = 255


@dataclass(slots=True)
class Poster:
    """``url`` holds the secret token: it is in no message. ``trouble``: why the alert that is first does not get
    through; empty while all do."""

    store: Store
    settings: ChartSettings
    url: str
    client: httpx.AsyncClient
    clock: Clock
    lease: Callable[[], Lease]
    routes: Callable[[], tuple[Route, ...]]
    observe: Callable[[str, float, str], None]
    log: Any
    show: Callable[[str], None]  # tells the trouble, or that it is over, at once
    trouble: str = ""
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Until it is canceled, or, with LeaseLost, until another process has the chart."""
        await self._settle_old()
        delay = 0.0
        while True:
            self._woken.clear()
            for alert in await self._due():
                while not await self._sent(alert):
                    delay = min(max(delay * 2, _FIRST), _LONGEST)
                    await asyncio.sleep(delay)
                delay = 0.0
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK):
                    await self._woken.wait()

    async def _due(self) -> Sequence[ChartAlert]:
        while True:
            try:
                return await asyncio.to_thread(self.store.read, lambda tx: due_alerts(tx, self.settings.deployment))
            except StoreError as error:
                self.log.error("alerts_not_read", error=error.message)
                await asyncio.sleep(_LONGEST)

    async def _settle_old(self) -> None:
        """What was due when the process before died: sent, unless that was too long ago."""
        now = self.clock.now()
        old = [alert for alert in await self._due() if now - alert.at > self.settings.missed_within * 1000]
        for alert in old:
            text = f"{self.settings.deployment}: an alert did not reach the webhook before the chart went down"
            await self._settle(alert, AlertOutcome.MISSED, text)

    async def _sent(self, alert: ChartAlert) -> bool:
        """Whether there is no more to do about it."""
        headers = {"Idempotency-Key": header_key(message_key(alert.deployment, alert.key))}
        headers["Content-Type"] = "application/json" if alert.message.lstrip().startswith("{") else "text/plain"
        try:
            answer = await self.client.post(self.url, content=alert.message.encode(), headers=headers)
        except httpx.HTTPError as error:
            return self._not_sent(alert, f"the webhook does not answer ({type(error).__name__})")
        if answer.status_code in _NEVER:
            text = f"{self.settings.deployment}: the webhook refuses an alert for good, with status "
            await self._settle(alert, AlertOutcome.REFUSED, f"{text}{answer.status_code}")
            return True
        if not answer.is_success:
            return self._not_sent(alert, f"the webhook answers {answer.status_code}")
        await self._settle(alert, _DONE[alert.outcome])
        self._is_in(trouble="")
        if alert.outcome is AlertOutcome.DUE:
            self.observe("bar_to_alert", max(0, self.clock.now() - alert.at) / 1000, self.settings.deployment)
        self.log.info("alert_sent", key=alert.key, kind=alert.kind)
        return True

    def _not_sent(self, alert: ChartAlert, why: str) -> bool:
        if why != self.trouble:
            self.log.warning("alert_not_sent", key=alert.key, reason=why)
        self._is_in(why)
        return False

    def _is_in(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            self.show(trouble)

    async def _settle(self, alert: ChartAlert, outcome: AlertOutcome, told: str = "") -> None:
        def work(tx: Tx) -> None:
            tx.leases.check(self.lease())
            settle_alert(tx, alert.deployment, alert.key, outcome)
            if told:
                event = Event("signal.missed", self.clock.now(), told, alert.deployment, data={"keys": [alert.key]})
                routes = self.routes()
                tx.outbox.add([event], lambda event: channels_for(event, routes))

        while True:
            try:
                await asyncio.to_thread(self.store.write, work)
                return
            except StoreError as error:
                self.log.error("alert_not_settled", error=error.message)
                await asyncio.sleep(_LONGEST)


def header_key(key: str) -> str:
    """As an HTTP header takes it: orders have names in any script, and of any length."""
    if len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable() and key == key.strip():
        return key
    return f"sha256:{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"
