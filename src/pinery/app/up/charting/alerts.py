"""From an alert that fired to the inbox: each once, in order, whatever is killed in between.

The row in ``chart_alerts`` is the record. Straight to the inbox, both are one transaction. Over HTTP the row is there
first, as due, and is settled by the answer; what is sent twice because a process died in between has the same
``Idempotency-Key``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pinery.adapters.store.charts import last_alert_at, record_alert, save_chart
from pinery.app.up.charting.missed import Overdue
from pinery.charts.bars import Firing
from pinery.charts.records import AlertOutcome, ChartAlert, ChartRow
from pinery.charts.settings import ChartSettings, Missed, Send
from pinery.trading.channels import Route, channels_for
from pinery.trading.clock import Clock
from pinery.trading.deployments import Deployment
from pinery.trading.errors import StoreError
from pinery.trading.events import Event
from pinery.trading.messages import template_for
from pinery.trading.messages.fields import field_of, plain_name
from pinery.trading.signals import Source
from pinery.trading.store import Lease, Message, Store, Tx

_TIMENOW = re.compile(r"\{\{\s*timenow\s*\}\}")
_SENT = "{{pinery.sent}}"  # no placeholder of the script's: it stays in the text until the alert leaves
# A name of JSON, and the text or number that it stands for.
_NAMED = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:\s*)("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*)')
_AGAIN = 0.5  # seconds until the store is tried again
_LISTED = 20  # keys of missed alerts in an event


def fill_template(settings: ChartSettings, deployment: Deployment) -> str:
    """The message of order fills. Its time of sending is filled in here, by the clock: a market that is played back has
    a time of its own, by which every alert would be too old."""
    return _TIMENOW.sub(_SENT, settings.message or template_for(deployment, strategy=True))


def body_of(firing: Firing, sent: int) -> str:
    """What is sent. ``sent``: Unix ms of the clock.

    Where the script's own JSON says when it fired, that is the market's time, and is put to the clock's, too.
    """
    at = f"{datetime.fromtimestamp(sent // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
    body = firing.message.replace(_SENT, at)
    return _NAMED.sub(lambda match: _dated(match, at), body) if body.lstrip().startswith("{") else body


def _dated(match: re.Match[str], at: str) -> str:
    known = field_of((plain_name(match[1]),))
    return f'"{match[1]}"{match[2]}"{at}"' if known is not None and known[0] == "sent" else match[0]


@dataclass(slots=True)
class Alerts:
    """Of one chart. ``lease`` is the one that the chart is held by now; ``posted`` wakes who sends over HTTP."""

    store: Store
    settings: ChartSettings
    clock: Clock
    lease: Callable[[], Lease]
    routes: Callable[[], tuple[Route, ...]]
    log: Any
    posted: Callable[[], None]
    _last: int = field(default=-1)  # times of alerts rise, so that they tell the order

    async def fire(self, firings: Sequence[Firing], row: ChartRow) -> int:
        """Records and sends what fired just now; ``row`` is stored with it. Returns how many were new.

        Raises LeaseLost. While the store fails, it is tried again.
        """
        due = [(firing, self.clock.now(), self._outcome(AlertOutcome.SENT)) for firing in firings]
        return await self._store(due, row, [])

    async def catch_up(self, missed: Sequence[Overdue], row: ChartRow) -> int:
        """Records what was missed, and sends what the deployment wants sent after all; raises LeaseLost."""
        due, left = [], []
        for one in missed:
            acted = self.settings.missed is Missed.ACT and one.age <= self.settings.missed_within
            if not acted:
                left.append(one)
            outcome = self._outcome(AlertOutcome.CAUGHT_UP) if acted else AlertOutcome.MISSED
            due.append((one.firing, self.clock.now() - int(one.age * 1000), outcome))
        return await self._store(due, row, [self._event(left)] if left else [])

    def _outcome(self, outcome: AlertOutcome) -> AlertOutcome:
        """As it is recorded: what goes over HTTP has not gone yet."""
        if self.settings.send is Send.INBOX:
            return outcome
        return AlertOutcome.DUE if outcome is AlertOutcome.SENT else AlertOutcome.CATCHING_UP

    def _event(self, left: Sequence[Overdue]) -> Event:
        many = f"{len(left)} alerts" if len(left) > 1 else "an alert"
        last = datetime.fromtimestamp(left[-1].firing.now / 1000, UTC)
        text = f"{self.settings.deployment}: {many} should have fired while the chart was down, the last at "
        text += f"{last:%Y-%m-%d %H:%M} UTC of its market, and {'were' if len(left) > 1 else 'was'} not sent"
        data = {"count": len(left), "keys": [one.firing.key for one in left[-_LISTED:]]}
        return Event("signal.missed", self.clock.now(), text, self.settings.deployment, data=data)

    async def _store(
        self, due: Sequence[tuple[Firing, int, AlertOutcome]], row: ChartRow, events: Sequence[Event]
    ) -> int:
        if not due:
            return 0
        while True:
            try:
                count = await _finished(
                    asyncio.to_thread(self.store.write, lambda tx: self._record(tx, due, row, events))
                )
                break
            except StoreError as error:
                self.log.error("alerts_not_stored", error=error.message, hint=error.hint, again_in=_AGAIN)
                await asyncio.sleep(_AGAIN)
        if self.settings.send is Send.WEBHOOK:
            self.posted()
        return count

    def _record(
        self, tx: Tx, due: Sequence[tuple[Firing, int, AlertOutcome]], row: ChartRow, events: Sequence[Event]
    ) -> int:
        tx.leases.check(self.lease())
        if self._last < 0:
            self._last = last_alert_at(tx, self.settings.deployment)
        # No alert fired before one that is on record: a chart that lagged dated that one when it got to it.
        count, since = 0, self._last
        for firing, sent, outcome in due:
            body = body_of(firing, max(sent, since))
            at = max(self.clock.now(), self._last + 1)
            alert = ChartAlert(
                self.settings.deployment, firing.key, firing.kind, firing.bar_time, at, firing.title, body, outcome
            )
            if not record_alert(tx, alert):
                continue
            self._last = at
            count += 1
            if outcome in (AlertOutcome.SENT, AlertOutcome.CAUGHT_UP):
                tx.inbox.add([self._message(firing, body, at)])
        if count and events:
            routes = self.routes()
            tx.outbox.add(events, lambda event: channels_for(event, routes))
        save_chart(tx, row)
        return count

    def _message(self, firing: Firing, body: str, at: int) -> Message:
        name = self.settings.deployment
        return Message(
            name,
            Source.CHART,
            body,
            max(self.clock.now_us(), at * 1000),
            by=self.settings.script.name,
            key=message_key(name, firing.key),
        )


async def _finished(work: Coroutine[Any, Any, int]) -> int:
    """Also where the chart is stopped meanwhile: its lease is given back after that, and what fired is not missed."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # has been told of, or is found as missed by the next
        raise


def message_key(deployment: str, key: str) -> str:
    """The message's own key, beside its body: the same alert again is the same message."""
    return f"{deployment}:{key}"
