"""What somebody who looks at a chart has got already, and what changed since then.

A bar that is complete never changes again, so an update carries columns from the bar on that was open when the update
before it was made. Lists that mostly grow at their end (drawings, alerts, logs) travel as ``[drop, keep, rows]``: of
the rows that are there, leave out the first ``drop``, keep the next ``keep``, then put ``rows`` behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pinery.app.chart.columns import Json, zone_changes
from pinery.app.chart.payload import Subject, alert_rows, build, columns_since, log_rows, panes
from pinery.app.views.trading import holdings, settled, trade_columns
from pinery.core.instrument import Instrument
from pinery.emulator.broker import Broker
from pinery.runtime.timeframes import Timeframe, buckets

#: What of an item has a value per bar; everything else is told again when it differs.
_BY_BAR = frozenset({"at", "from"})


def splice(old: Sequence[Any], new: Sequence[Any]) -> list[Any] | None:
    """``[drop, keep, rows]`` from the one to the other; None where they are equal."""
    if old == new:
        return None
    drop = 0
    if old and new and old[0] != new[0]:
        drop = next((i for i, row in enumerate(old) if row == new[0]), len(old))
    most = min(len(old) - drop, len(new))
    keep = most if list(old[drop : drop + most]) == list(new[:most]) else 0
    if not keep:
        while keep < most and old[drop + keep] == new[keep]:
            keep += 1
    return [drop, keep, list(new[keep:])]


@dataclass(slots=True)
class Shown:
    """What the newest update or snapshot of one view told."""

    bars: int = 0
    zone: list[list[int]] = field(default_factory=list)
    sessions: list[int] = field(default_factory=list)
    panes: list[Json] = field(default_factory=list)
    facts: list[Json] = field(default_factory=list)  # of items
    alerts: list[Any] = field(default_factory=list)
    logs: list[Any] = field(default_factory=list)
    holdings: Json = field(default_factory=dict)

    def whole(self, subject: Subject, broker: Broker | None) -> Json:
        """Everything; ``change`` goes on from here."""
        payload = build(subject)
        self.bars = len(subject.bars)
        self.zone = payload["zone"]
        self.sessions = session_starts(subject, 0)
        self.panes = payload["panes"]
        self.facts = [_facts(item) for item in payload["items"]]
        self.alerts, self.logs = payload["alerts"], payload["logs"]
        self.holdings = {} if broker is None else holdings(broker)
        payload["sessions"] = list(self.sessions)
        payload["trading"] = None if broker is None else {"trades": trade_columns(broker), **self.holdings}
        return payload

    def change(self, subject: Subject, broker: Broker | None) -> Json:
        """What differs now. ``subject`` holds all bars, as for ``whole``."""
        since = max(0, self.bars - 1)
        seconds = [int(t) // 1000 for t in subject.bars.time[since:]]
        columns = columns_since(replace(subject, since=since))
        change: Json = {"from": since, "time": seconds, "bars": columns["bars"]}
        zone = _zone(subject.instrument, self.zone, seconds, since)
        if zone != self.zone:
            change["zone"] = self.zone = zone
        sessions = [k for k in self.sessions if k < since] + session_starts(subject, since)
        if sessions != self.sessions:
            change["sessions"] = splice(self.sessions, sessions)
            self.sessions = sessions
        change["items"] = self._items(columns["items"])
        change["panes"] = self._panes(panes(subject))
        for name, rows in (("alerts", alert_rows(subject.outputs)), ("logs", log_rows(subject.outputs))):
            difference = splice(getattr(self, name), rows)
            if difference is not None:
                change[name] = difference
                setattr(self, name, rows)
        if broker is not None:
            change["trading"] = self._trading(broker, since)
        self.bars = len(subject.bars)
        return change

    def _items(self, items: list[Json]) -> list[Json]:
        """Columns and colours always, the rest of an item where it differs."""
        found = []
        for k, item in enumerate(items):
            facts = _facts(item)
            kept = {name: item[name] for name in (*item["columns"], *item["palettes"], "at", "from") if name in item}
            if facts != self.facts[k]:
                kept |= {name: value for name, value in facts.items() if self.facts[k].get(name, ...) != value}
                self.facts[k] = facts
            found.append(kept)
        return found

    def _panes(self, now: list[Json]) -> list[Json]:
        found = []
        for old, new in zip(self.panes, now, strict=True):
            change: Json = {}
            if old["precision"] != new["precision"]:
                change["precision"] = new["precision"]
            drawings = {kind: splice(old["drawings"][kind], rows) for kind, rows in new["drawings"].items()}
            changed = {kind: difference for kind, difference in drawings.items() if difference is not None}
            if changed:
                change["drawings"] = changed
            found.append(change)
        self.panes = now
        return found

    def _trading(self, broker: Broker, since: int) -> Json:
        keep = settled(broker, since)
        change: Json = {"keep": keep, "trades": trade_columns(broker, keep)}
        now = holdings(broker)
        if now != self.holdings:
            change |= now
            self.holdings = now
        return change


def _facts(item: Json) -> Json:
    by_bar = _BY_BAR.union(item["columns"], item["palettes"])
    return {name: value for name, value in item.items() if name not in by_bar}


def _zone(instrument: Instrument, known: list[list[int]], seconds: list[int], since: int) -> list[list[int]]:
    kept = [change for change in known if change[0] < since]
    for bar, offset in zone_changes(seconds, instrument.timezone):
        if not kept or kept[-1][1] != offset:
            kept.append([since + bar, offset])
    return kept


def session_starts(subject: Subject, since: int) -> list[int]:
    """Bars, from ``since`` on, that begin a trading session; none on charts of days and longer."""
    instrument = subject.instrument
    if not Timeframe.parse(subject.timeframe).isintraday or not _known(instrument.timezone):
        return []
    days = buckets(Timeframe(1, "D"), instrument)
    found: list[int] = []
    times = subject.bars.time[max(0, since - 1) :].tolist()
    before = days.start_of(times[0]) if since and times else None
    for i, time in enumerate(times[1:] if since else times):
        start = days.start_of(time)
        if start != before:
            found.append(since + i)
            before = start
    return found


def _known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
