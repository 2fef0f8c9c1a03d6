"""The user stream's messages as reports.

Order events name the order that came of a conditional one by its own id, often before the conditional order is said to
have triggered: the client id tells whose it is, and where Binance gives the child another one, its events are kept
until the conditional order names it. A trade is passed on once, by symbol and trade id.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pinery.adapters.binance.conditionals import Conditionals
from pinery.adapters.binance.mapping import CONDITIONAL_TYPES, EXCHANGE_ORDERS, base_of, fill_of_event, number
from pinery.trading.broker import Report, ReportKind
from pinery.trading.orders.model import is_ours

_REMEMBERED = 5_000
_STRANGERS = 200

_ENDS = {
    "CANCELED": ReportKind.CANCELED,
    "EXPIRED": ReportKind.EXPIRED,
    "EXPIRED_IN_MATCH": ReportKind.EXPIRED,
    "REJECTED": ReportKind.REJECTED,
}

#: ``er`` of an order that expired, where it says something to people.
_EXPIRY = {
    "1": "self-trade prevention",
    "2": "immediate-or-cancel: the rest was not filled",
    "3": "immediate-or-cancel: the rest was not filled",
    "4": "reduce-only, and nothing was left to reduce",
    "5": "the account was liquidated",
    "9": "the market had nothing more at a fair price",
}


@dataclass(slots=True)
class Heard:
    """What a message comes to. ``unfinished``: it is an order at the market, of which more has to come at once;
    ``superfluous``: orders of which one revision has triggered and others live on;
    ``triggering``: a revision that is about to become an order, by its id at Binance; ``alarm``: the exchange itself
    acts on the account, in words for people; ``compare``: it has traded for the account; ``money``: the balance has
    changed."""

    reports: list[Report] = field(default_factory=list)
    about: str = ""  # our order
    unfinished: bool = False
    superfluous: str = ""
    triggering: str = ""
    alarm: str = ""
    compare: bool = False
    money: bool = False


class Events:
    """``quantities``: what was asked for, by the client id at Binance; kept by the broker."""

    def __init__(self, conditionals: Conditionals, quantities: Mapping[str, Decimal]) -> None:
        self._conditionals = conditionals
        self._quantities = quantities
        self._trades: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._strangers: OrderedDict[str, list[dict[str, Any]]] = OrderedDict()
        self._alarmed: set[str] = set()

    def take(self, message: dict[str, Any]) -> list[Heard]:
        match message.get("e"):
            case "ORDER_TRADE_UPDATE":
                return [self._order(message)]
            case "ALGO_UPDATE":
                return self._algo(message)
            case "ACCOUNT_UPDATE":
                return [Heard(money=True)]
            case "MARGIN_CALL":
                return [Heard(alarm=_margin_call(message))]
        return []

    # --- orders -----------------------------------------------------------------------

    def _order(self, message: dict[str, Any]) -> Heard:
        order = message["o"]
        name = self._conditionals.owner(str(order["i"])) or str(order["c"])
        base, _ = base_of(name)
        heard = Heard(about=base)
        of_conditional = self._conditionals.knows(base) or (is_ours(base) and order.get("ot") in CONDITIONAL_TYPES)
        if not is_ours(base):
            self._keep(message)
            heard.compare = base.startswith(tuple(EXCHANGE_ORDERS))
            if heard.compare and str(order["i"]) not in self._alarmed:
                self._alarmed.add(str(order["i"]))  # of its several events the first
                heard.alarm = _alarm(order)
        if of_conditional:
            self._conditionals.saw(name, "TRIGGERED", str(order["i"]))
            heard.superfluous = base
        time, venue_id = int(order.get("T", message.get("T", 0))), "" if of_conditional else str(order["i"])

        def say(kind: ReportKind, reason: str = "", filled: Decimal | None = None) -> None:
            heard.reports.append(Report(kind, time, base, venue_id, _code(kind), reason, filled=filled, raw=order))

        execution, status = str(order["x"]), str(order["X"])
        heard.unfinished = order.get("o") == "MARKET" and status in ("NEW", "PARTIALLY_FILLED")
        if number(order.get("l")) and execution in ("TRADE", "CALCULATED"):
            if self._is_new(str(order["s"]), int(order["t"])):
                fill = fill_of_event(order, base)
                heard.reports.append(Report(ReportKind.FILL, fill.time, base, venue_id, fill=fill, raw=order))
        elif execution == "NEW" and not of_conditional:
            say(ReportKind.ACCEPTED)
        elif execution == "AMENDMENT":
            say(ReportKind.AMENDED)
        if status in _ENDS or status == "FILLED":
            if of_conditional:
                self._conditionals.saw(name, "FINISHED", str(order["i"]))
            filled = number(order.get("z"))
            if status != "FILLED" and not self._conditionals.goes_on(name, finished=False):
                say(_ENDS[status], _EXPIRY.get(str(order.get("er")), ""), filled)
            elif status == "FILLED" and filled < self._quantities.get(name, Decimal(0)):
                say(ReportKind.EXPIRED, "Binance made it smaller: there was no more to reduce", filled)
        return heard

    def _is_new(self, symbol: str, trade: int) -> bool:
        if (symbol, trade) in self._trades:
            return False
        self._trades[symbol, trade] = None
        if len(self._trades) > _REMEMBERED:
            self._trades.popitem(last=False)
        return True

    def _keep(self, message: dict[str, Any]) -> None:
        self._strangers.setdefault(str(message["o"]["i"]), []).append(message)
        if len(self._strangers) > _STRANGERS:
            self._strangers.popitem(last=False)

    # --- conditional orders -------------------------------------------------------------

    def _algo(self, message: dict[str, Any]) -> list[Heard]:
        algo = message["o"]
        name, status, child = str(algo["caid"]), str(algo["X"]), str(algo.get("ai") or "")
        base, revision = base_of(name)
        self._conditionals.saw(name, status, child)
        heard = Heard(about=base)
        if status in ("TRIGGERING", "TRIGGERED", "FINISHED"):
            heard.superfluous = base
        if status == "TRIGGERING":
            heard.triggering = name
        kind = _ENDS.get(status)
        if status == "NEW":
            kind = ReportKind.AMENDED if revision else ReportKind.ACCEPTED
        elif self._conditionals.goes_on(name, finished=True):
            kind = None  # a revision that makes way for another is no end
        if kind is not None:
            time = int(message.get("T") or message.get("E") or 0)
            reason = str(algo.get("rm") or "")
            heard.reports.append(Report(kind, time, base, str(algo["aid"]), _code(kind), reason, raw=algo))
        found = [heard]
        strangers = self._strangers.pop(child, []) if child else []
        for each in strangers:
            order = each["o"]
            self._trades.pop((str(order["s"]), int(order.get("t") or 0)), None)
            found.append(self._order(each))
        return found


def _alarm(order: Mapping[str, Any]) -> str:
    why = next(words for prefix, words in EXCHANGE_ORDERS.items() if str(order["c"]).startswith(prefix))
    return f"{why} at Binance: {str(order['S']).lower()} {order['q']} {order['s']}"


def _margin_call(message: Mapping[str, Any]) -> str:
    rows = ", ".join(f"{row.get('pa')} {row.get('s')}" for row in message.get("p", ()))
    return f"margin call of Binance: it will liquidate {rows or 'positions'} unless money comes or they get smaller"


def _code(kind: ReportKind) -> str:
    return "BROKER_REJECTED" if kind is ReportKind.REJECTED else ""
