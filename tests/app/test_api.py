from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import pinery

SCRIPT = """//@version=6
indicator("Two averages")
length = input.int(2, "Length")
plot(ta.sma(close, length), "Mean")
plot(close, "Mean")
if close > 108
    alert("high")
if barstate.islast
    label.new(bar_index, close, "end")
log.warning("bar {0}", bar_index)
"""


def columns() -> dict[str, list[float]]:
    return {
        "time": [1704067200 + 3600 * i for i in range(10)],
        "open": [100.0 + i for i in range(10)],
        "high": [102.0 + i for i in range(10)],
        "low": [99.0 + i for i in range(10)],
        "close": [101.0 + i for i in range(10)],
        "volume": [1.0] * 10,
    }


def test_everything_public_is_there() -> None:
    for name in pinery.__all__:
        assert getattr(pinery, name) is not None
    assert sorted(pinery.__all__) == sorted(set(pinery.__all__))
    assert set(pinery.__all__) == set(dir(pinery))
    with pytest.raises(AttributeError):
        pinery.nothing_of_this_name  # noqa: B018


def test_run_gives_lists_by_bar() -> None:
    result = pinery.run(SCRIPT, bars=columns(), symbol="AAA:BBB", inputs={"Length": 3})
    assert list(result.plots) == ["Mean", "Mean (2)"]
    mean = result.plots["Mean"]
    assert math.isnan(mean[1]) and mean[2:] == [102.0 + i for i in range(8)]
    assert [a.bar_index for a in result.alerts] == [8, 9]
    assert [d["text"] for d in result.drawings] == ["end"]
    assert len(result.logs) == 10 and result.logs[3].message == "bar 3"
    assert result.inputs == {"Length": 3}
    assert (result.symbol, result.timeframe, len(result.bars)) == ("AAA:BBB", "60", 10)


def test_a_path_and_text_give_the_same(script: Callable, bars: Path) -> None:
    path = script('plot(close, "C")')
    from_path = pinery.run(path, bars=bars)
    from_text = pinery.run(path.read_text(encoding="utf-8"), bars=str(bars))
    assert from_path.plots == from_text.plots == {"C": [101.0 + i for i in range(10)]}


@pytest.mark.parametrize("unit", ["s", "ms", "datetime64"])
def test_times_may_be_written_in_several_ways(unit: str) -> None:
    given: dict[str, object] = dict(columns())
    seconds = np.array(columns()["time"], dtype=np.int64)
    given["time"] = {"s": seconds, "ms": seconds * 1000, "datetime64": seconds.astype("datetime64[s]")}[unit]
    result = pinery.run('//@version=6\nindicator("T")\nplot(hour)', bars=given)
    assert result.plots["Plot"] == list(range(10))


def test_polars_frames_are_taken() -> None:
    polars = pytest.importorskip("polars")
    result = pinery.run('//@version=6\nindicator("T")\nplot(close)', bars=polars.DataFrame(columns()))
    assert result.plots["Plot"][-1] == 110


def test_errors_are_pinery_errors() -> None:
    with pytest.raises(pinery.CompileError) as wrong:
        pinery.run('//@version=6\nindicator("T")\nplot(clsoe)', bars=columns())
    assert len(wrong.value.diagnostics) == 1
    with pytest.raises(pinery.DataError, match="no column 'low'"):
        pinery.run(SCRIPT, bars={k: v for k, v in columns().items() if k != "low"})
    with pytest.raises(pinery.DataError, match="grow"):
        pinery.run(SCRIPT, bars={**columns(), "time": [1] * 10})
    with pytest.raises(pinery.DataError, match="else than numbers"):
        pinery.run(SCRIPT, bars={**columns(), "close": ["a"] * 10})
    with pytest.raises(pinery.UsageError, match="no file"):
        pinery.run("missing.pine", bars=columns())


def test_check_lists_findings() -> None:
    (finding,) = pinery.check('//@version=6\nindicator("T")\nplot(clsoe)')
    assert (finding.severity, finding.line, finding.column) == ("error", 3, 6)
    assert "clsoe" in str(finding)
    assert pinery.check(SCRIPT) == []


def test_results_can_be_written(tmp_path: Path) -> None:
    result = pinery.run(SCRIPT, bars=columns())
    result.write_plots(tmp_path / "plots.csv")
    assert (tmp_path / "plots.csv").read_text(encoding="utf-8").count("\n") == 11
    assert "Two averages" in repr(result)


def test_progress_reaches_the_end() -> None:
    seen: list[tuple[int, int]] = []
    pinery.run(SCRIPT, bars=columns(), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (10, 10)
