"""A trade as the Strategy Tester lists it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TradeRecord:
    """One lot from its entry to its exit. Prices in quote currency, money in account currency.

    A fill that closes several entries gives one record per entry; a partial exit splits an entry.
    ``is_open`` marks a lot still held at the end of the run: its exit fields are then the last bar
    and price, ``exit_signal`` is ``"Open"`` and the profit is unrealised.
    """

    number: int  # from 1, in order of exit, as the Strategy Tester numbers them
    direction: int  # 1 long, -1 short
    qty: float
    entry_id: str
    entry_signal: str  # comment, else id: what the list of trades shows
    entry_price: float
    entry_bar: int
    entry_time: int  # opening time of the bar of the fill, Unix ms
    exit_id: str
    exit_signal: str
    exit_price: float
    exit_bar: int
    exit_time: int
    commission: float  # entry and exit together
    profit: float  # net of commission
    profit_percent: float  # of the entry's value
    max_runup: float  # largest unrealised profit while held, at least 0
    max_runup_percent: float
    max_drawdown: float  # largest unrealised loss while held, as a positive amount
    max_drawdown_percent: float
    cumulative_profit: float  # after this trade
    cumulative_profit_percent: float  # of the initial capital
    slippage_cost: float = 0.0
    is_open: bool = False
