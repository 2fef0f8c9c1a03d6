"""Takes what is due from the outbox to the channels: at least once, whatever dies on the way.

A delivery is claimed with a lease, sent, and only then marked as sent. If the process dies in between, the lease ends
and somebody sends it again, with the same delivery id. Every channel has a task of its own, so that a slow one delays
nobody else. Many ordinary events at once go out as one digest; critical ones always go singly, and first.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import structlog

from pinery.adapters.notify.pace import Pace, Policy
from pinery.trading.channels import Channel, ChannelFailed
from pinery.trading.clock import Clock
from pinery.trading.errors import StoreError
from pinery.trading.events import EVENTS, Event, Severity
from pinery.trading.store import Delivery, Store, Tx

#: name, seconds, label: a histogram of the process.
Observe = Callable[[str, float, str], None]

_CLAIMED_AT_ONCE = 500
_MOST_HELD = 5_000  # of one channel, in memory
_LINES = 100  # of a digest
_LONGEST_ERROR = 500


class Dispatcher:
    """One of any number of processes that share the outbox. ``owner`` names this one."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        clock: Clock,
        owner: str,
        policy: Policy | None = None,
        observe: Observe = lambda name, seconds, label: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._owner = owner
        self._policy = policy or Policy()
        self._lines = {
            name: _Line(name, channel, store, clock, self._policy, observe) for name, channel in channels.items()
        }
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something was put into the outbox by this process: look now."""
        self._woken.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Until ``stopping`` is set; what is being sent then is given ``grace``, the rest stays in the outbox."""
        tasks = [asyncio.create_task(line.run(stopping), name=f"notify-{name}") for name, line in self._lines.items()]
        try:
            while not stopping.is_set():
                pause = await self._claim()
                await _first(pause, stopping, self._woken)
                self._woken.clear()
            await asyncio.wait(tasks, timeout=self._policy.grace) if tasks else None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for line in self._lines.values():
                await line.channel.close()

    async def _claim(self) -> float:
        """Hands due deliveries to their channels; returns for how many seconds to wait before looking again."""
        free = [name for name, line in self._lines.items() if len(line) < _MOST_HELD]
        now, lease = self._clock.now(), int(self._policy.lease * 1000)

        def claim(tx: Tx) -> list[Delivery]:
            return tx.outbox.claim(self._owner, now, lease, _CLAIMED_AT_ONCE, free)

        try:
            claimed = await asyncio.to_thread(self._store.write, claim) if free else []
        except StoreError as error:
            structlog.get_logger().warning("outbox cannot be read", error=str(error))
            return max(self._policy.poll, 5.0)
        for delivery in claimed:
            self._lines[delivery.channel].take(delivery, now + lease)
        return 0.0 if len(claimed) == _CLAIMED_AT_ONCE else self._policy.poll


class _Line:
    """What waits for one channel, and the task that sends it."""

    def __init__(
        self, name: str, channel: Channel, store: Store, clock: Clock, policy: Policy, observe: Observe
    ) -> None:
        self.channel = channel
        self._name = name
        self._store = store
        self._clock = clock
        self._policy = policy
        self._observe = observe
        self._pace = Pace(policy)
        self._critical: dict[int, Delivery] = {}
        self._ordinary: dict[int, Delivery] = {}
        self._ours_until: dict[int, int] = {}  # when the lease of a delivery ends, Unix ms
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._critical) + len(self._ordinary)

    def take(self, delivery: Delivery, ours_until: int) -> None:
        queue = self._critical if delivery.event.severity is Severity.CRITICAL else self._ordinary
        queue[delivery.id] = delivery
        self._ours_until[delivery.id] = ours_until
        self._filled.set()

    async def run(self, stopping: asyncio.Event) -> None:
        while True:
            self._filled.clear()
            if not len(self):
                if stopping.is_set():
                    return
                await _first(None, stopping, self._filled)
                continue
            now = self._clock.monotonic()
            if pause := self._pace.wait(now):
                if stopping.is_set():
                    return
                await _first(pause, stopping)
            elif self._critical:
                await self._deliver([self._critical.pop(next(iter(self._critical)))])
            elif len(self._ordinary) <= self._pace.room(now):
                await self._deliver([self._ordinary.pop(next(iter(self._ordinary)))])
            elif (pause := self._pace.until_digest(now)) and not stopping.is_set():
                await _first(pause, stopping, self._filled)
            else:
                together = list(self._ordinary.values())
                self._ordinary.clear()
                await self._deliver(together)

    async def _deliver(self, claimed: Sequence[Delivery]) -> None:
        """Whatever goes wrong, the channel goes on; the lease ends, and it is sent again."""
        try:
            await self._send(claimed)
        except Exception:
            structlog.get_logger().exception("delivery failed unexpectedly", channel=self._name)

    async def _send(self, claimed: Sequence[Delivery]) -> None:
        """One message: of one event, or a digest of several."""
        # Others may have what we held for too long.
        last_call = self._clock.now() + int(self._policy.timeout * 1000)
        deliveries = [delivery for delivery in claimed if self._ours_until.pop(delivery.id) > last_call]
        if not deliveries:
            return
        first = deliveries[0]
        event, number = first.event, first.id
        if len(deliveries) > 1:
            event, number = digest([d.event for d in deliveries], self._clock.now()), _number(deliveries)
        begun = self._clock.monotonic()
        self._pace.begin(begun, ordinary=event.severity is not Severity.CRITICAL, digest=event.kind == "digest")
        error, permanent = "", False
        try:
            async with asyncio.timeout(self._policy.timeout):
                await self.channel.send(event, number)
        except TimeoutError:
            error = f"no answer within {self._policy.timeout:g} s"
        except ChannelFailed as failure:
            error, permanent = str(failure), failure.permanent
        except Exception as failure:  # a fault in one channel must not end the others; its text may hold a secret
            structlog.get_logger().exception("channel failed unexpectedly", channel=self._name)
            error = f"unexpected {type(failure).__name__}"
        ended = self._clock.monotonic()
        self._observe("notification_send", ended - begun, f"{self._name}:{'failed' if error else 'sent'}")
        if error and not permanent:
            self._pace.failed(ended)
        elif not error:
            self._pace.worked()
        await self._mark(deliveries, error, permanent)

    async def _mark(self, deliveries: Sequence[Delivery], error: str, permanent: bool) -> None:
        now, error = self._clock.now(), error[:_LONGEST_ERROR]
        lost = [d for d in deliveries if error and (permanent or self._is_over(d, now))]
        again = {} if permanent else {d.id: now + self._wait(d) for d in deliveries if error and d not in lost}

        def mark(tx: Tx) -> None:
            for delivery in deliveries:
                if not error:
                    tx.outbox.sent(delivery.id, now)
                elif delivery.id in again:
                    tx.outbox.retry(delivery.id, again[delivery.id], error)
                else:
                    tx.outbox.give_up(delivery.id, now, error)

        try:
            await asyncio.to_thread(self._store.write, mark)
        except StoreError as failure:
            # The lease ends, and it is sent again.
            structlog.get_logger().warning("delivery not marked", channel=self._name, error=str(failure))
            return
        log = structlog.get_logger().bind(channel=self._name, deliveries=len(deliveries))
        if lost:
            log.error("notification given up", error=error, kinds=sorted({d.event.kind for d in lost}))
            self._observe("notification_given_up", 0.0, self._name)
        elif error:
            log.warning("notification not sent", error=error, attempts=deliveries[0].attempts)

    def _is_over(self, delivery: Delivery, now: int) -> bool:
        too_old = now - delivery.event.at > self._policy.max_age * 1000
        return too_old or delivery.attempts >= self._policy.max_attempts

    def _wait(self, delivery: Delivery) -> int:
        return int(self._policy.retry_after(max(1, delivery.attempts)) * 1000)


def digest(events: Sequence[Event], now: int) -> Event:
    """One event that tells of several: how many of each kind, and the first of them line by line."""
    counts = Counter(event.kind for event in events)
    kinds = ", ".join(f"{count} × {EVENTS[kind][1]}" for kind, count in counts.most_common())
    deployments = {event.deployment for event in events}
    lines: list[dict[str, Any]] = [{"at": event.at, "text": event.text} for event in events[:_LINES]]
    return Event(
        "digest",
        now,
        f"{len(events)} notifications: {kinds}",
        deployment=deployments.pop() if len(deployments) == 1 else "",
        data={"lines": lines, "left_out": len(events) - len(lines), "counts": dict(counts)},
    )


def _number(deliveries: Iterable[Delivery]) -> int:
    """Of a digest: the same for the same deliveries only, so that no other message is taken for a repetition."""
    ids = ",".join(str(delivery.id) for delivery in deliveries)
    return int.from_bytes(hashlib.sha256(ids.encode()).digest()[:7])


async def _first(seconds: float | None, *events: asyncio.Event) -> None:
    """Returns when one of the events is set, or after that time."""
    if seconds == 0.0:
        await asyncio.sleep(0)
        return
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
