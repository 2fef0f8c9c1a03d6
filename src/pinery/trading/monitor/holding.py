"""How long a position is held: in bars of its timeframe, and until when it may be."""

from __future__ import annotations

from pinery.runtime.sessions import trading_calendar
from pinery.runtime.timeframes import Timeframe, buckets
from pinery.trading.contracts import Contract
from pinery.trading.deployments import Window
from pinery.trading.windows import trading_end


def bars_held(opened: int, now: int, timeframe: str, contract: Contract, limit: int | None = None) -> int:
    """How many bars of the contract's trading hours have closed since ``opened``; counting stops at ``limit``.

    The bar of the entry counts with its close. Pauses and weekends have no bars; holidays count as other days.
    ``timeframe`` in TradingView's notation; PineRuntimeError if it is none. Ticks are not counted: 0.
    """
    frame = Timeframe.parse(timeframe)
    if not frame.seconds:
        return 0
    bars, days = buckets(frame, contract.instrument), trading_calendar(contract.instrument)
    count, time = 0, opened
    while limit is None or count < limit:
        if frame.isintraday:  # between two sessions the next bar is the one that opens with the next session
            time = max(time, days.day(time).segment(time)[1])
        bars.load(time)
        if bars.close > now:
            break
        count += bars.close > opened
        time = max(bars.last, bars.close, time + 1)
    return count


def flat_by(
    opened: int, now: int, contract: Contract, windows: tuple[Window, ...] | None, seconds_before: int
) -> int | None:
    """When a position opened then has to be closed (Unix ms): ``seconds_before`` the end of the hours it was opened in.

    ``windows`` as ``windows.windows_for`` says. None where trading never ends.
    """
    end = trading_end(contract, windows, opened) or trading_end(contract, windows, now)
    return None if end is None else end - seconds_before * 1000
