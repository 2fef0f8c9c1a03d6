"""Bars in the making: when they open and close, and what is done about what comes late, twice or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from math import nan

import numpy as np

from pinery.charts.bars import BarUpdate
from pinery.charts.building import BarBuilder
from pinery.charts.feed import Beat, Candle, History, Price
from pinery.core.bars import BarSeries
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe
from tests.charts.markets import NOTHING, rows

ETH, ES = "BINANCE:ETHUSDT.P", "CME_MINI:ES1!"
MINUTE, FIVE, DAY = Timeframe(1, ""), Timeframe(5, ""), Timeframe(1, "D")


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


AT = ms("2026-01-07 10:00")  # a Wednesday


def builder(timeframe: Timeframe = MINUTE, history: History = NOTHING, symbol: str = ETH) -> BarBuilder:
    return BarBuilder(lookup(symbol), timeframe, history, symbol=symbol)


def price(
    value: float, seconds: float, volume: float = 1.0, *, of: int = AT, name: str = "", symbol: str = ETH
) -> Price:
    return Price(symbol, value, volume, of + round(seconds * 1000), True, name)


def candle(
    minutes: int, *ohlcv: float, complete: bool = True, timeframe: Timeframe = MINUTE, seconds: float = 60
) -> Candle:
    time = AT + minutes * 60_000
    o, h, low, c, v = ohlcv
    return Candle(ETH, timeframe, time, o, h, low, c, v, time + round(seconds * 1000), complete)


def bars(*ohlcv: tuple[float, ...], first: int = AT, step: int = 60_000) -> BarSeries:
    columns = np.array(ohlcv, dtype=np.float64).T
    return BarSeries(first + step * np.arange(len(ohlcv), dtype=np.int64), *columns)


def shown(update: BarUpdate) -> tuple[object, ...]:
    o = (update.time - AT) // 60_000
    return o, update.open, update.high, update.low, update.close, update.volume, update.is_first, update.is_last


def test_a_bar_closes_with_the_first_price_of_the_next() -> None:
    made = builder()
    assert [shown(u) for u in made.take(price(10, 0))] == [(0, 10, 10, 10, 10, 1, True, False)]
    assert [shown(u) for u in made.take(price(12, 20, 2.5))] == [(0, 10, 12, 10, 12, 3.5, False, False)]
    closing, opening = made.take(price(11, 61))
    assert shown(closing) == (0, 10, 12, 10, 12, 3.5, False, True)
    assert shown(opening) == (1, 11, 11, 11, 11, 1, True, False)
    assert closing.now == AT + 60_000  # as on history, however late the next price is
    assert made.last_complete == AT


def test_a_bar_closes_by_time_after_a_moment_for_stragglers() -> None:
    made = builder()
    made.take(price(10, 30))
    assert made.take(Beat(AT + 61_999)) == []
    assert [shown(u) for u in made.take(price(9, 59))] == [(0, 10, 10, 9, 9, 2, False, False)]
    assert [shown(u) for u in made.take(Beat(AT + 62_000))] == [(0, 10, 10, 9, 9, 2, False, True)]
    assert made.take(Beat(AT + 70_000)) == []
    assert made.take(price(8, 59.5)) == [] and made.late == 1


def test_no_bar_where_nothing_was_traded() -> None:
    made = builder()
    made.take(price(10, 0))
    updates = made.take(price(11, 245))
    assert [(shown(u)[0], u.is_last) for u in updates] == [(0, True), (4, False)]
    assert made.missing == 3
    assert [(g.after, g.before, g.missing) for g in made.gaps] == [(AT, AT + 240_000, 3)]


def test_hours_without_trading_are_no_gap() -> None:
    made = builder(symbol=ES)
    friday, sunday = ms("2026-01-09 21:59"), ms("2026-01-11 23:00")
    made.take(price(7000, 5, of=friday, symbol=ES))
    updates = made.take(price(7010, 1, of=sunday, symbol=ES))
    assert [(u.time, u.is_last) for u in updates] == [(friday, True), (sunday, False)]
    assert made.missing == 0


def test_holidays_are_no_gap() -> None:
    """Martin Luther King Jr. Day: CME stops at noon in Chicago."""
    made = builder(symbol=ES)
    noon = ms("2026-01-19 17:59")
    made.take(price(7000, 5, of=noon, symbol=ES))
    made.take(price(7000, 5, of=ms("2026-01-19 23:00"), symbol=ES))
    assert made.missing == 0
    daily = builder(DAY, symbol=ES)
    daily.take(price(7000, 5, of=ms("2025-12-31 20:00"), symbol=ES))  # New Year's Day has no session
    daily.take(price(7000, 5, of=ms("2026-01-02 10:00"), symbol=ES))
    assert daily.missing == 0
    daily.take(price(7000, 5, of=ms("2026-01-07 10:00"), symbol=ES))
    assert daily.missing == 2  # Monday and Tuesday


def test_the_same_trade_counts_once() -> None:
    made = builder()
    made.take(price(10, 1))
    made.take(price(11, 2))
    for again in (price(10, 1), price(11, 2)):
        assert made.take(again) == []
    assert made.repeated == 2
    assert shown(made.take(price(11, 2.5))[0])[5] == 3


def test_trades_with_names_are_told_apart_by_them() -> None:
    made = builder()
    made.take(price(10, 1, name="a"))
    assert shown(made.take(price(10, 1, name="b"))[0])[5] == 2
    assert made.take(price(10, 1, name="a")) == []


def test_a_price_out_of_order_is_an_extreme_and_not_the_close() -> None:
    made = builder()
    made.take(price(10, 5))
    made.take(price(11, 30))
    assert [shown(u) for u in made.take(price(14, 20))] == [(0, 10, 14, 10, 11, 3, False, False)]


def test_volume_is_na_only_without_any() -> None:
    made = builder()
    assert np.isnan(made.take(price(10, 1, nan))[0].volume)
    assert made.take(price(10, 2, 4))[0].volume == 4
    assert made.take(price(10, 3, nan))[0].volume == 4
    assert made.take(price(11, 3, nan)) and made.take(price(11, 3, nan)) == []  # told twice


def test_complete_candles_are_walked_along_their_path() -> None:
    made = builder()
    updates = made.take(candle(0, 10, 15, 9, 12, 8))
    assert [(u.close, u.jumps, u.is_first, u.is_last) for u in updates] == [
        (10, True, True, False),
        (9, False, False, False),
        (15, False, False, False),
        (12, False, False, True),
    ]
    assert shown(updates[-1])[:6] == (0, 10, 15, 9, 12, 8)
    assert updates[-1].now == AT + 60_000
    assert made.take(candle(0, 10, 15, 9, 12, 8)) == [] and made.repeated == 1


def test_a_candle_of_one_price_is_one_update() -> None:
    (update,) = builder().take(candle(0, 10, 10, 10, 10, 3))
    assert (update.is_first, update.is_last, update.volume) == (True, True, 3)


def test_candles_that_grow_tell_what_is_new() -> None:
    made = builder()
    made.take(candle(0, 10, 11, 10, 11, 2, complete=False, seconds=10))
    updates = made.take(candle(0, 10, 12, 8, 11.5, 5, complete=False, seconds=20))
    assert [u.close for u in updates] == [12, 8, 11.5]
    assert made.take(candle(0, 10, 12, 8, 11.5, 5, complete=False, seconds=21)) == []
    (last,) = made.take(candle(0, 10, 12, 8, 11.5, 5, seconds=60))
    assert shown(last) == (0, 10, 12, 8, 11.5, 5, False, True)


def test_longer_bars_of_shorter_candles_close_with_the_last_of_them() -> None:
    made = builder(FIVE)
    updates = [u for i in range(5) for u in made.take(candle(i, 10 + i, 12 + i, 9 + i, 11 + i, 2.5))]
    assert rows(updates) == [(AT, 10, 16, 9, 15, 12.5)]
    assert [u.is_last for u in updates].index(True) == len(updates) - 1


def test_a_bar_whose_last_candle_never_came_closes_by_time() -> None:
    made = builder(FIVE)
    made.take(candle(3, 10, 11, 9, 10, 1))
    assert [shown(u) for u in made.take(Beat(AT + 302_000))] == [(0, 10, 11, 9, 10, 1, False, True)]
    assert made.take(candle(4, 10, 20, 9, 10, 1)) == [] and made.late == 1


def test_candles_of_the_timeframe_correct_what_prices_made() -> None:
    made = builder()
    made.take(price(10, 1))
    made.take(price(11, 30))
    updates = made.take(candle(0, 10, 11.5, 9.5, 11, 40))
    assert shown(updates[-1]) == (0, 10, 11.5, 9.5, 11, 40, False, True)
    assert made.take(candle(1, 1, 1, 1, 1, 1, timeframe=Timeframe(30, "S"), seconds=30)) == []


def test_it_goes_on_with_the_open_bar_of_the_history() -> None:
    open_bar = Candle(ETH, MINUTE, AT + 60_000, 10, 12, 9, 11, 4, AT + 90_000, False)
    made = builder(history=History(bars((8, 9, 7, 8, 1)), open_bar))
    updates = made.begin()
    assert [u.close for u in updates] == [10, 9, 12, 11] and updates[0].is_first
    assert shown(updates[-1])[:6] == (1, 10, 12, 9, 11, 4)
    assert made.take(price(99, 89)) == []  # the history has it
    assert [shown(u) for u in made.take(price(13, 91))] == [(1, 10, 13, 9, 13, 5, False, False)]
    assert (made.late, made.missing) == (0, 0)


def test_the_open_bar_is_told_even_if_nobody_asks_for_it() -> None:
    open_bar = Candle(ETH, MINUTE, AT, 10, 10, 10, 10, 4, AT + 5_000, False)
    updates = builder(history=History(NOTHING.bars, open_bar)).take(price(11, 6))
    assert [(u.close, u.is_first) for u in updates] == [(10, True), (11, False)]


def test_what_is_missing_between_history_and_the_first_price_is_counted() -> None:
    made = builder(history=History(bars((8, 9, 7, 8, 1))))
    made.take(price(10, 181))
    assert made.missing == 2


def test_other_symbols_and_longer_candles_do_nothing() -> None:
    made = builder()
    assert made.take(price(10, 1, symbol=ES)) == []
    assert made.take(candle(0, 1, 1, 1, 1, 1, timeframe=FIVE)) == []
    assert made.take(price(10, 1, symbol=ETH.lower())) != []


def test_days_open_and_close_with_their_session() -> None:
    made = builder(DAY, symbol=ES)
    evening = ms("2026-01-07 23:00")
    opened = made.take(price(7000, 0, of=evening, symbol=ES))
    assert opened[0].time == evening
    made.take(price(7010, 0, of=ms("2026-01-08 21:59"), symbol=ES))
    (closing,) = made.take(Beat(ms("2026-01-08 22:00") + 2_000))
    assert closing.is_last and closing.now == ms("2026-01-08 22:00")
