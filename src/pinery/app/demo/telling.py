"""Signals, fills and refusals as lines of the terminal, as they happen; and the sums at the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from rich.text import Text

from pinery.adapters.notify.texts import facts, money
from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.views.records import EventRow, events_after, last_event
from pinery.trading.errors import StoreError

_LOOK = 0.2  # seconds
_AT_ONCE = 200
_REMEMBERED = 500
_WIDEST = 90  # characters of a reason
_PROTECTION = {"stop": "STOP", "target": "TARGET"}  # roles of orders that no signal asked for by itself
_ALARMS = frozenset({"order.rejected", "order.unknown", "position.unprotected", "position.mismatch", "chart.failed"})


@dataclass(slots=True)
class Tally:
    """Of the events since the start. ``profit`` by currency, of trades that were closed."""

    signals: int = 0
    by_source: Counter[str] = field(default_factory=Counter)
    denied: Counter[str] = field(default_factory=Counter)
    unparsed: int = 0
    fills: int = 0
    filled: Counter[str] = field(default_factory=Counter)  # by deployment
    trades: int = 0
    won: int = 0
    profit: dict[str, Decimal] = field(default_factory=dict)

    def add(self, event: EventRow) -> None:
        match event.kind:
            case "signal.received" | "signal.denied":
                self.signals += 1
                self.by_source[event.deployment] += 1
                if event.kind == "signal.denied":
                    self.denied[str(event.data.get("code", ""))] += 1
            case "signal.unparsed":
                self.unparsed += 1
            case "order.filled":
                self.fills += 1
                self.filled[event.deployment] += 1
            case "position.closed":
                profit = Decimal(str(event.data["profit"]))
                currency = str(event.data["currency"])
                self.trades += 1
                self.won += profit > 0
                self.profit[currency] = self.profit.get(currency, Decimal(0)) + profit


class Teller:
    """Follows the store's events. ``show`` prints a line, once ``open`` is set; None: only counts.

    ``tick`` is the price step of a symbol.
    """

    def __init__(
        self, store: SqlStore, show: Callable[[Text], None] | None, tick: Callable[[str], Decimal | None]
    ) -> None:
        self._store = store
        self._show = show
        self._tick = tick
        self._held_back: list[Text] = []
        self.open = False
        self._words: dict[str, str] = {}  # signal -> its word
        self._last = store.read(last_event)
        self.tally = Tally()

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            await self.look()
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _LOOK)

    async def look(self) -> None:
        """Tells what is new."""
        try:
            found = await asyncio.to_thread(self._store.read, lambda tx: events_after(tx, self._last, _AT_ONCE))
        except StoreError:
            return  # told of in the log; the next look finds what was missed
        for event in found:
            self.tally.add(event)
        if found:
            self._last = found[-1].id
        if self._show is not None:
            self._held_back += self._lines(found)
            while self.open and self._held_back:
                self._show(self._held_back.pop(0))

    def _lines(self, found: Sequence[EventRow]) -> list[Text]:
        lines = []
        for number, event in enumerate(found):
            word = str(event.data.get("word", ""))
            if event.signal_id and word:
                self._words[event.signal_id] = word
                if len(self._words) > _REMEMBERED:
                    self._words.pop(next(iter(self._words)))
            match event.kind:
                case "order.filled":
                    lines.append(self._fill(event, _closing(event, found[number + 1 :])))
                case "signal.denied":
                    reason = _safe(f"{event.data.get('code')}: {event.data.get('reason')}")
                    lines.append(_line(event, word, Text.assemble(("denied ", "yellow"), (reason, "dim"))))
                case "signal.received" if event.data.get("code"):
                    lines.append(_line(event, word, Text(_safe(event.data.get("reason")), "dim")))
                case "signal.unparsed":
                    reason = _short(_safe(f"not understood: {event.data.get('reason')}"))
                    lines.append(_line(event, "?", Text(reason, "yellow")))
                case "state.changed":
                    lines.append(_line(event, "", Text(_safe(event.text), "bold yellow")))
                case kind if kind in _ALARMS:
                    lines.append(_line(event, "", Text(_safe(event.text), "bold red")))
        return lines

    def _fill(self, event: EventRow, closed: EventRow | None) -> Text:
        known = facts({**event.data, "tick": self._tick(str(event.data.get("symbol", "")))})
        word = _PROTECTION.get(str(event.data.get("role")), self._words.get(event.signal_id, ""))
        did = "bought" if event.data.get("side") == "buy" else "sold"
        told = Text.assemble(
            (did, "green" if did == "bought" else "magenta"),
            f" {known.get('fill_quantity', '')} {known.get('symbol', '')} at {known.get('price', '')}",
        )
        if closed is not None:
            profit = Decimal(str(closed.data["profit"]))
            amount = money(profit, str(closed.data["currency"]), signed=True)
            told.append("  ")
            told.append(amount, "bold green" if profit > 0 else "bold red" if profit < 0 else "bold")
        return _line(event, word, told)


def _closing(fill: EventRow, later: Sequence[EventRow]) -> EventRow | None:
    """The trade that a fill ended: told in the same transaction, right after it."""
    for event in later:
        if event.kind == "order.filled":
            return None
        if event.kind == "position.closed" and event.deployment == fill.deployment:
            return event
    return None


def _line(event: EventRow, word: str, told: Text) -> Text:
    at = datetime.fromisoformat(event.at).astimezone()
    return Text.assemble(
        (f"{at:%H:%M:%S}  ", "dim"), (f"{event.deployment:<14}", "cyan"), f"{_safe(word)[:10]:<11}", told
    )


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _safe(text: object) -> str:
    """What strangers sent must not reach the terminal as it is."""
    return "".join(char if char.isprintable() else " " for char in str(text))
