"""Charts made of price movements instead of time."""

from __future__ import annotations

import numpy as np
import pytest

from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.market.chart_types import kagi, linebreak, pointfigure, renko, transform
from pinery.runtime.tickers import Modifiers


def closes(*prices: float) -> BarSeries:
    price = np.array(prices, np.float64)
    return BarSeries(np.arange(len(price)) * 60_000, price, price, price, price, np.ones(len(price)))


def lines(bars: BarSeries) -> list[tuple[float, float]]:
    return list(zip(bars.open.tolist(), bars.close.tolist(), strict=True))


def test_kagi_lines_end_at_their_extremes_and_turn_by_the_reversal() -> None:
    bars = kagi(closes(10, 11, 14, 13, 15, 12, 13, 11, 14, 14), 3)
    assert lines(bars) == [(10, 15), (15, 11), (11, 14)]
    assert bars.time.tolist() == [5 * 60_000, 8 * 60_000, 9 * 60_000]
    assert bars.volume.sum() == 10


def test_a_kagi_line_is_not_there_before_it_is_known() -> None:
    assert lines(kagi(closes(10, 11, 12, 11), 3)) == []
    assert lines(kagi(closes(10, 13, 17), 3)) == [(10, 17)]


def test_point_and_figure_columns_start_one_box_off() -> None:
    bars = pointfigure(closes(10, 15, 14, 12, 9, 11, 12), 1, 3, "close")
    assert lines(bars) == [(10, 15), (14, 9), (10, 12)]
    assert bars.time.tolist() == [3 * 60_000, 5 * 60_000 + 60_000, 6 * 60_000]


def test_point_and_figure_of_highs_and_lows_extends_before_it_turns() -> None:
    high = np.array([10.0, 13, 15, 14])
    low = np.array([10.0, 10, 11, 11])
    bars = BarSeries(np.arange(4) * 60_000, low, high, low, high, np.ones(4))
    assert lines(pointfigure(bars, 1, 3, "hl")) == [(10, 15), (14, 11)]


def test_renko_turns_after_two_bricks() -> None:
    assert lines(renko(closes(10, 12, 11, 10.5, 10, 9), 1)) == [(10, 11), (11, 12), (11, 10), (10, 9)]


def test_line_break_turns_beyond_the_last_lines() -> None:
    assert lines(linebreak(closes(10, 11, 12, 13, 11.5, 9.5), 2)) == [(10, 11), (11, 12), (12, 13), (12, 9.5)]


@pytest.mark.parametrize(
    "modifiers",
    [
        {"type": "range"},
        {"type": "kagi", "style": "ATR", "param": 500},
        {"type": "pointfigure", "style": "Traditional", "param": 0},
        {"type": "pointfigure", "style": "Traditional", "param": 1, "reversal": 0},
    ],
)
def test_charts_that_cannot_be_made_are_data_errors(modifiers: Modifiers) -> None:
    with pytest.raises(DataError):
        transform(closes(1, 2, 3), modifiers)
