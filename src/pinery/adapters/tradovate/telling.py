"""From what the stream told to reports: each piece of news once, in the order's own words.

Reports are made from the whole of what is known of an order, not from single events: so it does not matter in which
order events came, or how often, or whether the answer to the request came before them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import structlog

from pinery.adapters.tradovate import mapping
from pinery.adapters.tradovate.cache import (
    ACCOUNT,
    COMMAND,
    ENDED,
    EXECUTION,
    FILL,
    REFUSED_COMMANDS,
    RISK,
    Cache,
    Entity,
)
from pinery.adapters.tradovate.contracts import Contracts
from pinery.adapters.tradovate.errors import MALFORMED, Failure, code_of
from pinery.adapters.tradovate.looking import Looking
from pinery.adapters.tradovate.settings import Waits
from pinery.trading.broker import Report, ReportKind
from pinery.trading.clock import Clock
from pinery.trading.orders.model import is_ours

_ENDINGS = {
    "Canceled": ReportKind.CANCELED,
    "Rejected": ReportKind.REJECTED,
    "Expired": ReportKind.EXPIRED,
}
_REFUSALS = {"Modify": ReportKind.AMEND_REFUSED, "Cancel": ReportKind.CANCEL_REFUSED}
_TAKEN_BACK = {"TradeCancel": "took a trade back", "TradeCorrect": "corrected a trade"}


@dataclass(slots=True)
class _Told:
    accepted: bool = False
    ended: bool = False
    fills: set[int] = field(default_factory=set)
    commands: set[int] = field(default_factory=set)
    taken_back: set[int] = field(default_factory=set)  # execution reports
    foreign_since: float | None = None  # monotonic: a fill of an order that nothing says to be ours


class Telling:
    """One account's. ``put`` takes reports."""

    def __init__(
        self,
        cache: Cache,
        looking: Looking,
        contracts: Contracts,
        clock: Clock,
        waits: Waits,
        put: Callable[[list[Report]], None],
    ) -> None:
        self._cache = cache
        self._looking = looking
        self._contracts = contracts
        self._clock = clock
        self._waits = waits
        self._put = put
        self._told: dict[int, _Told] = {}
        self._waiting: dict[int, None] = {}  # orders with news
        self._news = asyncio.Event()
        self._fees_until: dict[int, float] = {}  # fills whose fee is waited for
        self._timers: set[asyncio.TimerHandle] = set()
        self._standing = ""  # what the venue does not let the account do, as it was told

    def begin(self, account_id: int) -> None:
        """What was before is known: the desk asks for it when it compares."""
        for order in self._cache.orders(account_id):
            order_id, state = order["id"], order.get("ordStatus")
            told = self._told[order_id] = _Told(state != "PendingNew", state in ENDED)
            told.fills.update(fill["id"] for fill in self._cache.of_order(FILL, order_id))
            told.taken_back.update(each["id"] for each in self._cache.of_order(EXECUTION, order_id))
            if state not in mapping.UNSETTLED:
                told.commands.update(command["id"] for command in self._cache.of_order(COMMAND, order_id))

    def look(self, orders: set[int]) -> None:
        """There may be news of these."""
        self._waiting.update(dict.fromkeys(sorted(orders)))
        self._news.set()

    async def run(self) -> None:
        """Until canceled."""
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                while self._waiting:
                    order_id = next(iter(self._waiting))
                    del self._waiting[order_id]
                    await self._tell(order_id)
        finally:
            for timer in self._timers:
                timer.cancel()

    async def _tell(self, order_id: int) -> None:
        try:
            self._put(await self._reports(order_id))
        except Failure as failure:
            structlog.get_logger().warning("tradovate_news", order=order_id, problem=failure.reason)
            self._again(order_id, self._waits.backoff)
        except MALFORMED as error:  # the desk's comparison finds what is not told
            problem = f"{type(error).__name__}: {error}"
            structlog.get_logger().error("tradovate_news", order=order_id, problem=problem)

    def _again(self, order_id: int, seconds: float) -> None:
        def due() -> None:
            self._timers.discard(timer)
            self.look({order_id})

        timer = asyncio.get_running_loop().call_later(seconds, due)
        self._timers.add(timer)

    async def _reports(self, order_id: int) -> list[Report]:
        order, client_id = self._cache.order(order_id), self._looking.client_of(order_id)
        if order is None:
            return []
        symbol = await self._contracts.symbol(order["contractId"])
        told = self._told.setdefault(order_id, _Told())
        if not is_ours(client_id):
            return [*self._foreign(order, client_id, symbol, told), *self._taken_back(order, symbol, told)]
        state = str(order.get("ordStatus"))
        make = _Maker(client_id, str(order_id), self._clock.now())
        reports = []
        if not told.accepted and state not in ("PendingNew", "Rejected"):
            told.accepted = True
            reports.append(make.report(ReportKind.ACCEPTED, "order", order))
        new = [fill for fill in self._cache.of_order(FILL, order_id) if fill["id"] not in told.fills]
        for entity in new:
            if await self._has_fee(entity["id"], order_id):
                told.fills.add(entity["id"])
                fill = self._looking.fill(entity, client_id, symbol)
                reports.append(make.report(ReportKind.FILL, "fill", entity, fill=fill))
        reports += self._commands(order_id, told, make)
        reports += self._taken_back(order, symbol, told)
        if state in _ENDINGS and not told.ended and all(fill["id"] in told.fills for fill in new):
            told.ended = True
            kind, text = mapping.reason_of(self._cache, order_id)
            code = code_of(kind, text) if state == "Rejected" else ""
            reason = f"{kind}: {text}".strip(": ") or (
                "Tradovate rejected it without a reason" if state == "Rejected" else ""
            )
            filled = max(
                (Decimal(str(e.get("cumQty") or 0)) for e in self._cache.of_order(EXECUTION, order_id)), default=None
            )
            reports.append(make.report(_ENDINGS[state], "order", order, code=code, reason=reason, filled=filled))
        return reports

    # --- what was not asked for -------------------------------------------------------

    def _foreign(self, order: Entity, client_id: str, symbol: str, told: _Told) -> list[Report]:
        """Fills of an order that is not ours, in what we trade or by the venue itself, as when it liquidates."""
        order_id, by_venue = order["id"], order.get("admin") is True
        new = [fill for fill in self._cache.of_order(FILL, order_id) if fill["id"] not in told.fills]
        if not new or not (by_venue or self._contracts.is_traded(symbol)):
            return []
        now = self._clock.monotonic()
        if told.foreign_since is None:
            told.foreign_since = now
        left = told.foreign_since + self._waits.patience - now
        if not (by_venue or client_id) and left > 0:
            self._again(order_id, left + 0.001)  # the command that names it may come later
            return []
        told.fills.update(fill["id"] for fill in new)
        whose = "Tradovate's own" if by_venue else "not Pinery's"
        trades = ", ".join(f"{fill['action']} {fill['qty']} at {fill['price']}" for fill in new)
        return [self._alarm(f"order {order_id} in {symbol}, which is {whose}, was filled: {trades}", order)]

    def _taken_back(self, order: Entity, symbol: str, told: _Told) -> list[Report]:
        """Trades that were told and do not hold: what is held, and for what price, is not what Pinery counts."""
        reports = []
        for report in self._cache.of_order(EXECUTION, order["id"]):
            did = _TAKEN_BACK.get(str(report.get("execType")))
            if did is None or report["id"] in told.taken_back:
                continue
            told.taken_back.add(report["id"])
            what = f"{report.get('action', '')} {report.get('lastQty', '')} at {report.get('lastPx', '')}".strip()
            reports.append(self._alarm(f"Tradovate {did} of order {order['id']} in {symbol}: {what}", report))
        return reports

    def _alarm(self, reason: str, entity: Entity) -> Report:
        return Report(ReportKind.ALARM, self._clock.now(), reason=reason, raw=plain(entity))

    def standing(self, account_id: int) -> None:
        """What the venue lets the account do, where that has changed."""
        account, risk = self._cache.get(ACCOUNT, account_id) or {}, self._cache.get(RISK, account_id) or {}
        found = []
        action = str(risk.get("adminAction") or "Normal")
        if action != "Normal":
            found.append(f"Tradovate has set the account to {action}")
        if account.get("active") is False or account.get("closed") is True:
            found.append("Tradovate has closed the account")
        if account.get("restricted") is True:
            found.append("Tradovate has restricted the account")
        text = "; ".join(found)
        if text != self._standing:
            self._standing = text
            self._put([self._alarm(text or "Tradovate lets the account trade again", {**risk, "account": account_id})])

    # --- our own orders ---------------------------------------------------------------

    async def _has_fee(self, fill_id: int, order_id: int) -> bool:
        """The fee comes with the fill or right after it; a fill is told once, so it waits for that a moment."""
        if self._looking.is_decided(fill_id):
            return True
        now = self._clock.monotonic()
        until = self._fees_until.get(fill_id)
        if until is None:
            self._fees_until[fill_id] = now + self._waits.fee
            self._again(order_id, self._waits.fee)
            return False
        if now < until - 0.001:
            return False
        try:
            await self._looking.fee(fill_id)
        except Failure as failure:
            structlog.get_logger().warning("tradovate_fee", fill=fill_id, problem=failure.reason)
        return True

    def _commands(self, order_id: int, told: _Told, make: _Maker) -> list[Report]:
        """What became of amendments, and cancels that were refused."""
        reports = []
        replaced = {
            each.get("commandId")
            for each in self._cache.of_order(EXECUTION, order_id)
            if each.get("execType") == "Replaced"
        }
        for command in self._cache.of_order(COMMAND, order_id):
            kind, number = str(command.get("commandType")), command["id"]
            if number in told.commands or kind not in _REFUSALS or not command.get("clOrdId"):
                continue
            if command.get("commandStatus") in REFUSED_COMMANDS:
                told.commands.add(number)
                last = next(iter(reversed(self._cache.reports_of(number))), {})
                why, text = str(last.get("rejectReason") or ""), str(last.get("text") or "")
                reason = f"{why}: {text}".strip(": ")
                reports.append(make.report(_REFUSALS[kind], "command", command, code=code_of(why, text), reason=reason))
            elif kind == "Modify" and number in replaced:
                told.commands.add(number)
                reports.append(make.report(ReportKind.AMENDED, "command", command))
        return reports


@dataclass(frozen=True, slots=True)
class _Maker:
    client_id: str
    venue_id: str
    now: int

    def report(self, kind: ReportKind, what: str, entity: Entity, **more: Any) -> Report:
        raw = {"entity": what, **plain(entity)}
        return Report(kind, self.now, self.client_id, self.venue_id, raw=raw, **more)


def plain(entity: Mapping[str, Any]) -> dict[str, Any]:
    """For the journal: numbers as texts."""
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in entity.items()}
