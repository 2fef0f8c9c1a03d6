"""TradingView's "List of trades" as its export writes it.

UTF-8 with a byte-order mark, lines end in LF, none after the last. Two rows per trade, the exit first. Money has at
most two decimals, percentages have exactly two, the value of the position ten significant digits.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from pinery.core.instrument import Instrument
from pinery.emulator.trades import TradeRecord
from pinery.tester.statistics.periods import zone_of

BOM = "\ufeff"
NOT_KNOWN = "NaN"


def header(quote: str, account: str) -> list[str]:
    """The columns' names. ``quote`` is the currency of prices, ``account`` that of profits."""
    return [
        "Trade #",
        "Type",
        "Date and time",
        "Signal",
        f"Price {quote}",
        "Size (qty)",
        "Size (value)",
        f"Net P&L {account}",
        "Net P&L %",
        f"Favorable excursion {account}",
        "Favorable excursion %",
        f"Adverse excursion {account}",
        "Adverse excursion %",
        f"Cumulative P&L {account}",
        "Cumulative P&L %",
    ]


def trade_list_csv(
    trades: Iterable[TradeRecord], instrument: Instrument, account: str, timezone: str | None = None
) -> str:
    """The whole file's text, byte-order mark included. ``timezone`` (IANA) is that of the times; the exchange's by
    default. ``account`` is the account's currency."""
    zone = zone_of(timezone or instrument.timezone)
    places = _places(instrument.mintick)
    out = io.StringIO()
    out.write(BOM)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header(instrument.currency, account))
    for trade in trades:
        side = "long" if trade.direction > 0 else "short"
        shared = [
            fixed(trade.qty, 10),
            significant(trade.entry_price * trade.qty * instrument.pointvalue),
            fixed(trade.profit, 2),
            percent(trade.profit_percent),
            fixed(trade.max_runup, 2),
            percent(trade.max_runup_percent),
            fixed(-trade.max_drawdown, 2),
            percent(-trade.max_drawdown_percent),
            fixed(trade.cumulative_profit, 2),
            percent(trade.cumulative_profit_percent),
        ]
        for kind, time, signal, price in (
            ("Exit", trade.exit_time, trade.exit_signal, trade.exit_price),
            ("Entry", trade.entry_time, trade.entry_signal, trade.entry_price),
        ):
            when = f"{datetime.fromtimestamp(time / 1000, zone):%Y-%m-%d %H:%M}"
            writer.writerow([trade.number, f"{kind} {side}", when, signal, fixed(price, places), *shared])
    return out.getvalue().removesuffix("\n")


def fixed(value: float, places: int) -> str:
    """Rounded half up to at most ``places`` decimals; no zeros at the end, no minus before a zero."""
    rounded = _rounded(value, places)
    if rounded is None:
        return NOT_KNOWN
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(value: float) -> str:
    """Exactly two decimals."""
    rounded = _rounded(value, 2)
    return NOT_KNOWN if rounded is None else f"{rounded:f}"


def significant(value: float) -> str:
    """At ten significant digits, without an exponent."""
    if not math.isfinite(value):
        return NOT_KNOWN
    return fixed(float(f"{value:.10g}"), 10)


def _rounded(value: float, places: int) -> Decimal | None:
    if not math.isfinite(value):
        return None
    # The shortest decimal that reads back as the value is what a person would round.
    exact = Decimal(repr(float(value)))
    rounded = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP) if abs(exact) < 10**15 else exact
    return rounded if rounded else abs(rounded)


def _places(mintick: float) -> int:
    """Decimals that a price of this step needs: 0.25 → 2."""
    return next((n for n in range(11) if abs(round(mintick, n) - mintick) < 1e-12), 10)
