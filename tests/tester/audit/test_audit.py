"""What an audit does besides its verdicts: other symbols, sudden stops, small data, progress."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pinery.core.bars import BarSeries
from pinery.core.errors import UsageError
from pinery.market.files.writer import write_bars
from pinery.tester.audit import Verdict, audit
from pinery.tester.audit.data import another_future
from tests.tester.audit.auditing import MARKET, audited, output, subject

HEAD = '//@version=6\nindicator("x", overlay = true)\n'
DAY = 86_400_000


def daily(path: Path) -> Path:
    """Daily bars of another symbol, over the market's days."""
    first = int(MARKET.bars.time[0]) // DAY * DAY
    count = int(MARKET.bars.time[-1] - first) // DAY + 2
    close = 100 + np.cumsum(np.sin(np.arange(count) * 1.7))
    time = first + DAY * np.arange(count, dtype=np.int64)
    opens = np.concatenate(([100.0], close[:-1]))
    bars = BarSeries(time, opens, np.maximum(opens, close) + 1, np.minimum(opens, close) - 1, close, close * 0 + 5)
    write_bars(bars, path)
    return path


def test_requests_of_another_symbol(tmp_path: Path) -> None:
    body = (
        'ahead = request.security("BINANCE:ETHUSDT.P", "D", close, lookahead = barmerge.lookahead_on)\n'
        'early = request.security("BINANCE:ETHUSDT.P", "D", open, lookahead = barmerge.lookahead_on)\n'
        'plot(ahead, "ahead")\nplot(early, "open")\n'
    )
    feeds = (("BINANCE:ETHUSDT.P@1D", daily(tmp_path / "eth.csv")),)
    found = audit(subject(HEAD + body, feeds=feeds), realtime_bars=40)
    ahead = output(found, "ahead")
    assert ahead.verdict is Verdict.LOOKS_AHEAD
    assert ahead.blame is not None
    assert (ahead.blame.line, ahead.blame.kind) == (3, "lookahead")


def test_changes_tell_what_was_shown_and_what_is() -> None:
    found = audited(HEAD + 'plot(barstate.islast ? 1 : 2, "x")\n', realtime_bars=30, cuts=1)
    (end,) = found.cuts
    shown = next(c for c in output(found, "x").changes if c.found == "later")
    assert (shown.bar, shown.was, shown.now) == (end - 1, 1, 2)
    assert shown.time == MARKET.bars.time[end - 1]


def test_colours_count() -> None:
    found = audited(HEAD + 'plot(close[1], "x", color = barstate.islast ? color.red : color.blue)\n')
    assert output(found, "x").verdict is Verdict.REPAINTS
    assert {c.part for c in output(found, "x").changes} == {"color"}


def test_a_loop_of_functions_is_followed() -> None:
    body = (
        "last() =>\n    last_bar_index\nf(n) =>\n    float sum = 0\n    for i = 0 to 3\n"
        '        sum += last() - n\n    sum\nplot(f(bar_index), "x")\n'
    )
    found = output(audited(HEAD + body), "x")
    assert found.blame is not None
    assert (found.verdict, found.blame.text, found.blame.line) == (Verdict.REPAINTS, "last_bar_index", 4)


def test_memory_of_the_start_is_a_note() -> None:
    found = audited(HEAD + 'plot(ta.cum(close)[1], "sum")\nplot(ta.ema(close, 5)[1], "mean")\n')
    assert found.verdict is Verdict.STABLE
    assert found.notes == ["the last value depends on how many bars are loaded before it: sum"]


def test_a_stop_in_realtime_is_a_note() -> None:
    found = audited(HEAD + 'if barstate.isrealtime\n    runtime.error("not live")\nplot(close[1])\n')
    assert found.notes == ["on realtime bars the script stops: not live (line 4)"]
    assert not found.repaints


def test_nothing_to_show() -> None:
    found = audited(HEAD + "x = close\n")
    assert (found.outputs, found.repaints) == ([], False)


def test_too_few_bars() -> None:
    with pytest.raises(UsageError, match="at least 20 bars, there are 19"):
        audit(subject(HEAD + "plot(close)\n", MARKET.bars.slice(0, 19)))
    assert audit(subject(HEAD + "plot(close)\n", MARKET.bars.slice(0, 20))).bars == 20


def test_progress_grows_to_its_end() -> None:
    calls: list[tuple[int, int]] = []
    audit(subject(HEAD + "plotshape(close > open)\n"), progress=lambda done, total: calls.append((done, total)))
    done = [done for done, _ in calls]
    assert done == sorted(done)
    assert calls[-1][1] - calls[-1][0] < 64


def test_another_future_leaves_the_past_alone() -> None:
    changed = another_future(MARKET.bars, 100)
    assert np.array_equal(changed.close[:100], MARKET.bars.close[:100])
    assert not np.any(changed.close[101:] == MARKET.bars.close[101:])
    assert np.all(changed.high >= changed.low)
    assert np.all(changed.low > 0)
