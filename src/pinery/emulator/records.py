"""The list of trades, and the texts that go with orders."""

from __future__ import annotations

from pinery.emulator.figures import deal_value, lot_excursions, lot_profit, percent
from pinery.emulator.state import Book, Terms
from pinery.emulator.trades import TradeRecord
from pinery.emulator.units import units_of

MARGIN_CALL = "Margin call"
# In the order of the TEXT_ numbers; the first rule's text is as exports have it.
TEXTS = (
    "",
    MARGIN_CALL,
    "Close Position (Max number of filled orders in one day)",
    "Close Position (Max drawdown)",
    "Close Position (Max intraday loss)",
    "Close Position (Max consecutive loss days)",
)


def close_name(id: str) -> str:
    """What a ``strategy.close`` is called in lists and alerts."""
    return f"Close entry(s) order {id}"


CLOSE_ALL_NAME = "Close position order"


def trade_records(book: Book, terms: Terms, texts: list[str], bar: int, time: int, price: float) -> list[TradeRecord]:
    """Closed trades in order of exit, then those still open, valued at the last bar and price."""
    found: list[TradeRecord] = []
    total = 0.0
    for number, deal in enumerate(book.deals, 1):
        units = units_of(deal.qty, terms)
        value = deal_value(deal, terms)
        total += deal.profit
        found.append(
            TradeRecord(
                number=number,
                direction=deal.direction,
                qty=units,
                entry_id=texts[deal.id],
                entry_signal=texts[deal.comment] or texts[deal.id],
                entry_price=deal.price,
                entry_bar=deal.bar,
                entry_time=deal.time,
                exit_id=texts[deal.exit_id],
                exit_signal=texts[deal.exit_comment] or texts[deal.exit_id],
                exit_price=deal.exit_price,
                exit_bar=deal.exit_bar,
                exit_time=deal.exit_time,
                commission=deal.commission,
                profit=deal.profit,
                profit_percent=percent(deal.profit, value),
                max_runup=deal.best * units,
                max_runup_percent=percent(deal.best * units, value),
                max_drawdown=-deal.worst * units,
                max_drawdown_percent=percent(-deal.worst * units, value),
                cumulative_profit=total,
                cumulative_profit_percent=percent(total, terms.initial_capital),
                slippage_cost=deal.slippage,
            )
        )
    for lot in book.lots:
        units = units_of(lot.qty, terms)
        value = units * lot.price * terms.pointvalue * book.rate
        profit = lot_profit(lot, book, terms)
        best, worst = lot_excursions(lot, terms)
        total += profit
        found.append(
            TradeRecord(
                number=len(found) + 1,
                direction=lot.direction,
                qty=units,
                entry_id=texts[lot.id],
                entry_signal=texts[lot.comment] or texts[lot.id],
                entry_price=lot.price,
                entry_bar=lot.bar,
                entry_time=lot.time,
                exit_id="",
                exit_signal="Open",
                exit_price=price,
                exit_bar=bar,
                exit_time=time,
                commission=lot.commission,
                profit=profit,
                profit_percent=percent(profit, value),
                max_runup=best,
                max_runup_percent=percent(best, value),
                max_drawdown=worst,
                max_drawdown_percent=percent(worst, value),
                cumulative_profit=total,
                cumulative_profit_percent=percent(total, terms.initial_capital),
                slippage_cost=lot.slipped * units * terms.pointvalue * book.rate,
                is_open=True,
            )
        )
    return found
