"""Pine libraries of the library, on bars small enough to be reckoned by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest

import pinery

Bar = tuple[float, float, float, float, float]


def plots(body: str, bars: Sequence[Bar]) -> dict[str, list[float]]:
    """What the script plots on five-minute bars of (open, high, low, close, volume)."""
    columns: dict[str, Any] = {
        "time": [1_704_207_600_000 + 300_000 * i for i in range(len(bars))],
        **{name: [bar[k] for bar in bars] for k, name in enumerate(("open", "high", "low", "close", "volume"))},
    }
    result = pinery.run(f'//@version=6\nindicator("T")\n{body}', bars=columns, symbol="CME_MINI:ES1!", timeframe="5")
    return dict(result.plots)


def flat(*closes: float) -> list[Bar]:
    return [(close, close, close, close, 10.0) for close in closes]


def test_kernels_weigh_the_newest_bar_most() -> None:
    closes = [100.0, 104.0, 90.0, 97.0, 103.0]
    got = plots(
        """import Pinery/kernels/1 as kernels
plot(kernels.rationalQuadratic(close, 2, 1, 1), "q")
plot(kernels.gaussian(close, 2, 1), "g")""",
        flat(*closes),
    )
    # A window of start + 2 = 3 bars: lags 0, 1 and 2.
    quadratic = [1 / (1 + lag * lag / 8) for lag in range(3)]
    gaussian = [math.exp(-lag * lag / 8) for lag in range(3)]
    for name, weights in (("q", quadratic), ("g", gaussian)):
        assert all(math.isnan(value) for value in got[name][:2])
        for i in range(2, 5):
            expected = sum(w * closes[i - lag] for lag, w in enumerate(weights)) / sum(weights)
            assert got[name][i] == pytest.approx(expected, abs=1e-9)


GAP = [
    (100.0, 101.0, 99.0, 100.0, 10.0),
    (100.0, 110.0, 100.0, 109.0, 10.0),  # runs away
    (109.0, 112.0, 105.0, 111.0, 10.0),  # leaves 101 to 105 untouched
    (111.0, 112.0, 104.0, 105.0, 10.0),  # a quarter of the way back
    (105.0, 106.0, 102.0, 103.0, 10.0),  # three quarters
    (103.0, 104.0, 100.5, 102.0, 10.0),  # through
    (102.0, 103.0, 101.5, 102.0, 10.0),
]


def mirrored(bars: Sequence[Bar]) -> list[Bar]:
    return [(200 - o, 200 - low, 200 - high, 200 - c, v) for o, high, low, c, v in bars]


@pytest.mark.parametrize(("bars", "side"), [(GAP, 1.0), (mirrored(GAP), -1.0)])
def test_a_gap_is_mitigated_and_filled(bars: list[Bar], side: float) -> None:
    got = plots(
        """import Pinery/gaps/1 as gaps
var array<gaps.Gap> open_ = array.new<gaps.Gap>()
filled = open_.followAll(20)
found = gaps.formed(1)
if not na(found)
    open_.push(found)
last = open_.size() > 0 ? open_.last() : na
plot(na(found) ? 0 : found.bullish ? 1 : -1, "formed")
plot(na(last) ? -1 : last.mitigated(), "share")
plot(filled.size(), "filled")""",
        bars,
    )
    assert got["formed"] == [0, 0, side, 0, 0, 0, 0]
    assert got["share"] == [-1, -1, 0, 25, 75, -1, -1]
    assert got["filled"] == [0, 0, 0, 0, 0, 1, 0]


def test_a_gap_between_bars_is_no_fair_value_gap() -> None:
    bars = [GAP[0], GAP[1], (115.0, 116.0, 111.0, 115.0, 10.0)]
    got = plots('import Pinery/gaps/1 as gaps\nplot(na(gaps.formed(1)) ? 0 : 1, "formed")', bars)
    assert got["formed"] == [0, 0, 0]


def test_volume_profile_by_hand() -> None:
    # Four rows from 100 to 104. The second bar goes up its body twice as far as its wicks are walked.
    bars = [
        (100.0, 101.0, 100.0, 101.0, 40.0),  # a body in the lowest row
        (101.0, 104.0, 101.0, 103.0, 80.0),  # body of 2, upper wick of 1 walked twice: 40 and 40
        (102.0, 102.0, 102.0, 102.0, 100.0),  # one price
    ]
    got = plots(
        """import Pinery/profile/1 as profile
var p = profile.create(4, false)
p.add(open, high, low, close, volume)
[poc, vah, val] = p.rank(70)
plot(poc, "poc")
plot(vah, "vah")
plot(val, "val")
plot(p.both.sum(), "all")
plot(p.up.get(3), "wick up")
plot(p.down.get(3), "wick down")
plot(p.up.get(2), "third up")""",
        bars,
    )
    assert got["all"] == pytest.approx([40, 120, 220])
    assert got["wick up"][-1] == pytest.approx(20)
    assert got["wick down"][-1] == pytest.approx(20)
    assert got["third up"][-1] == pytest.approx(70)  # half of the body, half of the one price
    # Rows hold 40, 20, 120, 40. Of 220, 70 % is 154: the third row and the larger neighbour above it.
    assert (got["poc"][-1], got["vah"][-1], got["val"][-1]) == pytest.approx((102.5, 104, 102))


def test_trail_follows_and_never_goes_back() -> None:
    bars = [(100.0, high, low, 100.0, 10.0) for high, low in ((110, 90), (105, 95), (120, 95), (100, 80), (100, 80))]
    got = plots(
        """import Pinery/pullback/1 as pullback
side = bar_index == 0 ? 0 : bar_index < 4 ? 1 : -1
plot(pullback.trail(side, 10, 10), "stop")""",
        bars,
    )
    # The signal's bar counts (110), the lower high after it does not, a new high does; then the low of a short.
    assert math.isnan(got["stop"][0])
    assert got["stop"][1:] == [99, 99 + 9, 108, 88]


def test_a_days_orders_are_counted_before_they_are_sent() -> None:
    got = plots(
        """import Pinery/pullback/1 as pullback
plot(pullback.withinDay(bar_index, 0, 10) ? 1 : 0, "may")""",
        flat(*[100.0] * 7),
    )
    # Two orders a closed trade: after four trades there is room for one more, after five for none.
    assert got["may"] == [1, 1, 1, 1, 1, 0, 0]
