"""Alerts of a script as they come, each with a key that says which one it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from pinery.charts.bars import Firing
from pinery.emulator.broker import Broker
from pinery.runtime.outputs import AlertEvent, Outputs

LONGEST_PLACE = 80  # characters of an order's id that a key shows as they are


class Firings:
    """Reads a chart's outputs on. An alert's place is the line of its call, a fill's the order it filled."""

    def __init__(self, outputs: Outputs, broker: Broker | None) -> None:
        self._outputs = outputs
        self._broker = broker
        self._alerts = 0
        self._fills = 0
        self._bar = -1  # opening time of the bar whose alerts are counted
        self._counts: dict[str, int] = {}
        self._recorded: dict[str, int] = {}  # how many there were before the chart was started again
        self._resumed = 0

    def resume(self, keys: Iterable[str], now: int) -> None:
        """``keys`` fired when this chart ran before, which then came as far as ``now`` in the open bar.

        A call that fires with every update is counted on from there: what comes later is another firing, what comes
        until then is none. The rest is counted anew, as it fires again.
        """
        self._resumed = now
        for key in keys:
            place, _, number = key.rpartition(":")
            self._recorded[place] = max(self._recorded.get(place, 0), int(number) + 1)

    def new(self, now: int) -> list[Firing]:
        """What fired since the last time, in order."""
        events = self._outputs.alerts
        if len(events) == self._alerts:
            return []
        found = [self._firing(event, now) for event in events[self._alerts :]]
        self._alerts = len(events)
        return found

    def _firing(self, event: AlertEvent, now: int) -> Firing:
        if event.time != self._bar:
            self._bar = event.time
            self._counts.clear()
        place = f"{event.kind}:{self._order() if event.kind == 'order' else event.line}"
        number = self._counts.get(place, 0)
        before = self._recorded.get(f"{event.time}:{place}", 0)
        if before and event.kind == "alert" and event.frequency == "all":
            number = max(number, before) if now > self._resumed else min(number, before - 1)
        self._counts[place] = number + 1
        return Firing(f"{event.time}:{place}:{number}", event.kind, event.time, now, event.title, event.message)

    def _order(self) -> str:
        """Fills have their alerts in the same order; silent ones have none."""
        broker = self._broker
        assert broker is not None, "only a broker fills orders"
        while broker.fills[self._fills].silent:
            self._fills += 1
        fill = broker.fills[self._fills]
        self._fills += 1
        return f"{'buy' if fill.direction > 0 else 'sell'}:{_short(broker.texts[fill.id])}"


def _short(text: str) -> str:
    if len(text) <= LONGEST_PLACE:
        return text
    return f"{text[:LONGEST_PLACE]}~{hashlib.sha256(text.encode()).hexdigest()[:16]}"
