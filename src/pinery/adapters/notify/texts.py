"""Events as people read them: one table of headlines, one of labels, for all channels.

A headline is made of pieces; a piece whose facts an event lacks is left out. Facts come from the event's data, where
numbers are text: ``symbol side quantity fill_quantity price average_price tick profit currency word code reason …``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from html import escape
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

from pinery.trading.events import LIVE, Event, Severity

#: kind -> pieces of the headline. What a trader wants to know comes first, short enough for a phone's lock screen.
HEADLINES: dict[str, tuple[str, ...]] = {
    "signal.received": ("{word}", "{symbol}", "{timeframe}", "at {price}", "({code})"),
    "signal.unparsed": ("message {message_id} not understood:", "{reason}"),
    "signal.denied": ("{word}", "{symbol}", "DENIED", "{code}", "at {price}"),
    "signal.unclaimed": ("message {message_id} not acted on:", "{code}"),
    "signal.missed": ("an alert was missed:", "theirs {theirs},", "ours {ours}"),
    "order.submitted": ("sent:", "{side}", "{quantity}", "{symbol}", "{role}", "at {price}"),
    "order.filled": ("{side}", "{fill_quantity}", "{symbol}", "at {price}", "({role})"),
    "order.canceled": ("canceled:", "{side}", "{quantity}", "{symbol}", "({role})"),
    "order.rejected": ("REJECTED:", "{side}", "{quantity}", "{symbol}", "({role})", "{code}"),
    "order.unknown": ("OUTCOME UNKNOWN:", "{side}", "{quantity}", "{symbol}", "({role})"),
    "order.resolved": ("found out:", "{side}", "{quantity}", "{symbol}", "is {status}"),
    "position.opened": ("{side}", "{quantity}", "{symbol}", "at {average_price}"),
    "position.closed": ("{symbol}", "closed", "{profit}", "by {role}"),
    "position.unprotected": ("NO STOP:", "{quantity}", "{symbol}"),
    "position.mismatch": ("MISMATCH:", "{symbol}", "ours {ours},", "broker's {theirs}"),
    "order.foreign": ("foreign order:", "{side}", "{quantity}", "{symbol}"),
    "state.changed": ("{scope}", "is {after}", "({reason})"),
    "stage.changed": ("stage {after}", "was {before},", "by {by}", "({reason})"),
    "stage.refused": ("promotion to {after} REFUSED:", "{reason}"),
    "contract.rolled": ("{symbol}", "rolled to {contract}"),
}

#: fact -> how it is called in the details, in this order. Facts that are not here stay out of messages.
LABELS: dict[str, str] = {
    "word": "Signal",
    "symbol": "Symbol",
    "timeframe": "Timeframe",
    "side": "Side",
    "role": "Role",
    "quantity": "Quantity",
    "fill_quantity": "Filled now",
    "filled": "Filled",
    "price": "Price",
    "price_source": "Price from",
    "average_price": "Average price",
    "profit": "Profit",
    "fee": "Fee",
    "status": "Status",
    "code": "Code",
    "reason": "Reason",
    "theirs": "Theirs",
    "ours": "Ours",
    "scope": "Scope",
    "before": "Before",
    "after": "Now",
    "by": "By",
    "contract": "Contract",
    "client_id": "Order",
    "message_id": "Message",
}

_PRICES = frozenset({"price", "average_price", "limit_price", "stop_price"})
_QUANTITIES = frozenset({"quantity", "fill_quantity", "filled", "ours", "theirs"})
_MONEY = frozenset({"profit", "fee"})
_PHONE = 160  # characters of one SMS

_COLORS = {Severity.INFO: "#3b6ea5", Severity.WARNING: "#b7791f", Severity.CRITICAL: "#c53030"}
_WORDS = {Severity.INFO: "", Severity.WARNING: "", Severity.CRITICAL: "CRITICAL: "}


@dataclass(frozen=True, slots=True)
class Text:
    """One event, rendered. ``subject`` and ``short`` are single lines."""

    subject: str
    short: str  # at most 160 characters
    long: str
    html: str


@dataclass(frozen=True, slots=True)
class Texts:
    """``zone``: IANA name of the time zone that times are told in."""

    zone: str = "UTC"

    def render(self, event: Event) -> Text:
        event = replace(event, text=_whole(event.text))
        if event.kind == "digest":
            return self._digest(event)
        title = f"{_WORDS[event.severity]}{event.title}"
        head = headline(event)
        if event.data.get("money") == LIVE and not head.startswith(LIVE):
            head = f"{LIVE} {head}"
        subject = _line(f"{title}: {head}" + (f" ({event.deployment})" if event.deployment else ""))
        short = _cut(_line(" · ".join(part for part in (_WORDS[event.severity] + head, event.deployment) if part)))
        rows = self._details(event)
        wide = max(len(label) for label, _ in rows)
        details = "\n".join(f"{label + ':':<{wide + 1}} {value}" for label, value in rows)
        return Text(subject, short, f"{title}\n{event.text}\n\n{details}\n", _html(title, event, rows))

    def time(self, at: int) -> str:
        """``2026-11-23 06:22:50 UTC`` of Unix ms."""
        return f"{datetime.fromtimestamp(at / 1000, ZoneInfo(self.zone)):%Y-%m-%d %H:%M:%S %Z}"

    def _details(self, event: Event) -> list[tuple[str, str]]:
        known = facts(event.data)
        rows = [("Time", self.time(event.at))]
        rows += [("Deployment", event.deployment)] if event.deployment else []
        rows += [("Account", event.account)] if event.account else []
        rows += [(label, known[name]) for name, label in LABELS.items() if known.get(name)]
        return rows + ([("Signal id", event.signal_id)] if event.signal_id else [])

    def _digest(self, event: Event) -> Text:
        lines: Sequence[Mapping[str, Any]] = event.data.get("lines", ())
        told = [(self.time(line["at"]), _line(str(line["text"]))) for line in lines]
        left_out = int(event.data.get("left_out", 0))
        more = f"… and {left_out} more: pinery signals, pinery orders" if left_out else ""
        long = "\n".join([event.text, "", *(f"{when}  {text}" for when, text in told), more]).rstrip() + "\n"
        body = _html(event.title, event, told, more)
        return Text(_line(f"{event.title}: {event.text}"), _cut(_line(event.text)), long, body)


def headline(event: Event) -> str:
    """The event in a few words: "OUT ES at 5123.25", "buy 1 ESZ2026 at 5,123.25 (entry)"."""
    known = facts(event.data)
    pieces, found = [], False
    for piece in HEADLINES.get(event.kind, ()):
        names = [name for _, name, _, _ in Formatter().parse(piece) if name]
        if all(known.get(name) for name in names):
            pieces.append(piece.format_map(known))
            found = found or bool(names)
    return " ".join(pieces) if found else event.text


def facts(data: Mapping[str, Any]) -> dict[str, str]:
    """Data as people read it: prices at tick precision, money with sign and currency, tickers without exchange."""
    shown: dict[str, str] = {}
    currency, tick = str(data.get("currency") or ""), _number(data.get("tick"))
    for name, value in data.items():
        if value is None or value == "" or isinstance(value, (dict, list)):
            continue
        number = _number(value)
        if name in ("symbol", "contract"):
            shown[name] = str(value).rpartition(":")[2]
        elif number is None:
            shown[name] = _line(str(value))
        elif name in _PRICES:
            shown[name] = price(number, tick)
        elif name in _MONEY:
            shown[name] = money(number, currency, signed=name == "profit")
        elif name in _QUANTITIES:
            shown[name] = f"{number.normalize():,f}"
        else:
            shown[name] = str(value)
    return shown


def price(value: Decimal, tick: Decimal | None) -> str:
    """With the decimals of the tick: 5123.5 at 0.25 is "5,123.50". Without a tick, as it came."""
    if not tick:
        return f"{value:,f}"
    exponent = tick.normalize().as_tuple().exponent
    decimals = max(0, -exponent) if isinstance(exponent, int) else 0
    return f"{value:,.{decimals}f}"


def money(value: Decimal, currency: str = "", *, signed: bool = False) -> str:
    sign = "+" if signed and value > 0 else ""
    return f"{sign}{value:,.2f} {currency}".rstrip()


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _whole(text: str) -> str:
    """Half surrogate pairs, which JSON lets through and no charset can carry, become "?"."""
    return text.encode("utf-8", "replace").decode()


def _line(text: str) -> str:
    """One line without control characters, as headers and phones need it."""
    return " ".join("".join(char if char.isprintable() else " " for char in _whole(text)).split())


def _cut(text: str) -> str:
    return text if len(text) <= _PHONE else text[: _PHONE - 1] + "…"


def _html(title: str, event: Event, rows: Sequence[tuple[str, str]], after: str = "") -> str:
    """For mail programs: a table with styles in place, nothing loaded from elsewhere."""
    cells = "".join(
        f'<tr><td style="padding:2px 16px 2px 0;color:#666">{escape(label)}</td>'
        f'<td style="padding:2px 0;font-variant-numeric:tabular-nums">{escape(value)}</td></tr>'
        for label, value in rows
    )
    return (
        '<html><body style="font:14px/1.5 system-ui,sans-serif;color:#222">'
        f'<p style="margin:0 0 8px;font-weight:600;color:{_COLORS[event.severity]}">{escape(title)}</p>'
        f'<p style="margin:0 0 16px">{escape(event.text)}</p>'
        f'<table style="border-collapse:collapse">{cells}</table>'
        f'<p style="color:#666">{escape(after)}</p></body></html>'
    )
