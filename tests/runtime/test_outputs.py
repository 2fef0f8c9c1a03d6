"""Plots, alerts and logs as a run keeps them and as they are written."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from pinery.core.errors import PineRuntimeError
from pinery.runtime import alerts
from pinery.runtime.context import Runtime
from pinery.runtime.outputs import OutputSpec
from pinery.runtime.writers import alerts_jsonl, logs_jsonl, plots_csv_rows

Make = Callable[..., Runtime]
Move = Callable[..., None]
NAN = math.nan
T0 = 1_700_000_100_000


def spec(index: int, kind: str, title: str | None = None, *series: str, **args: Any) -> OutputSpec:
    """``series`` names the arguments kept per bar; ``args`` stay the same."""
    return OutputSpec(index, kind, title, args, series, 10 + index)


def run(rt: Runtime, move: Move, bars: list[dict[int, dict[str, Any]]]) -> None:
    """``bars[i][spec][name]`` is what an output's argument was on bar i."""
    for i, bar in enumerate(bars):
        move(rt, i)
        for index, values in bar.items():
            for name, value in values.items():
                rt.outputs.values[index][name].append(value)
        rt.outputs.finish_bar(rt)


def rows_of(rt: Runtime, times: list[int], **options: bool) -> list[list[str]]:
    return list(csv.reader(plots_csv_rows(rt.outputs, times, **options)))


def test_one_column_per_plot_in_the_script_s_order(chart: Make, move: Move) -> None:
    rt = chart(
        [
            spec(0, "plot", "Fast, 10", "series", "color"),
            spec(1, "bgcolor", None, "color"),
            spec(2, "plotshape", None, "series"),
            spec(3, "hline", "Zero", price=0.5),
            spec(4, "plot", None, series=7),
            spec(5, "plot", None, "series"),
        ]
    )
    run(
        rt,
        move,
        [
            {0: {"series": NAN, "color": 0xFF}, 1: {"color": None}, 2: {"series": False}, 5: {"series": 3}},
            {0: {"series": 1.5, "color": None}, 1: {"color": 1}, 2: {"series": True}, 5: {"series": 4.0}},
        ],
    )
    assert rows_of(rt, [T0, T0 + 900_000]) == [
        ["time", "Fast, 10", "Shapes", "Zero", "Plot", "Plot"],
        ["2023-11-14T22:15:00Z", "NaN", "0", "0.5", "7", "3"],
        ["2023-11-14T22:30:00Z", "1.5", "1", "0.5", "7", "4"],
    ]
    assert rows_of(rt, [T0, T0 + 900_000], unix=True)[1][0] == "1700000100"


def test_candles_give_four_columns(chart: Make, move: Move) -> None:
    rt = chart([spec(0, "plotcandle", "HA", "open", "high", "low", "close")])
    run(rt, move, [{0: {"open": 1.0, "high": 4.0, "low": 0.5, "close": NAN}}])
    assert rows_of(rt, [T0]) == [
        ["time", "HA (open)", "HA (high)", "HA (low)", "HA (close)"],
        ["2023-11-14T22:15:00Z", "1", "4", "0.5", "NaN"],
    ]


def test_written_numbers_read_back_as_the_same_numbers(chart: Make, move: Move) -> None:
    values = [0.1 + 0.2, 1e-9, 123456789.123456789, -0.0, 1e300]
    rt = chart([spec(0, "plot", "x", "series")])
    run(rt, move, [{0: {"series": v}} for v in values])
    written = [float(row[1]) for row in rows_of(rt, [T0] * 5)[1:]]
    assert written == values


def test_a_realtime_bar_evaluated_again_replaces_its_values(chart: Make, move: Move) -> None:
    rt = chart([spec(0, "plot", "x", "series")])
    run(rt, move, [{0: {"series": 1.0}}, {0: {"series": 2.0}}])
    rt.outputs.truncate(1)
    rt.outputs.values[0]["series"].append(2.5)
    rt.outputs.finish_bar(rt)
    assert rt.outputs.plot_columns() == [("x", [1.0, 2.5])]


# --- alertcondition -------------------------------------------------------------------


def _condition(message: str, *plots: OutputSpec) -> list[OutputSpec]:
    at = len(plots)
    return [*plots, OutputSpec(at, "alertcondition", "Cross", {"message": message}, ("condition",), 42)]


def test_a_true_condition_fires_with_its_placeholders_filled_in(chart: Make, move: Move) -> None:
    message = (
        "{{exchange}}:{{ticker}} {{interval}} o={{open}} h={{high}} l={{low}} c={{close}} v={{volume}} "
        '{{time}} {{timenow}} p0={{plot_0}} p1={{plot_1}} RSI={{plot("RSI")}} '
        "{{syminfo.basecurrency}}/{{syminfo.currency}} {{strategy.order.id}} {{plot_9}}"
    )
    rsi, mid = spec(0, "plot", "RSI", "series"), spec(1, "hline", "Mid", price=50)
    rt = chart(_condition(message, rsi, mid, spec(2, "plot", "Slow", series=0.25)))
    run(
        rt,
        move,
        [
            {0: {"series": 40.0}, 3: {"condition": False}},
            {0: {"series": 61.125}, 3: {"condition": True}},
            {0: {"series": NAN}, 3: {"condition": None}},
        ],
    )
    (event,) = rt.outputs.alerts
    assert (event.bar_index, event.kind, event.title, event.line) == (1, "alertcondition", "Cross", 42)
    assert event.time == T0 + 900_000
    assert event.message == (
        "BINANCE:ETHUSDT 15 o=1999 h=2001.5 l=1998.25 c=2000.5 v=12.5 "
        "2023-11-14T22:30:00Z 2023-11-14T22:45:00Z p0=61.125 p1=0.25 RSI=61.125 "
        "ETH/USDT {{strategy.order.id}} {{plot_9}}"
    )


def test_a_condition_fires_once_on_a_realtime_bar(chart: Make, move: Move) -> None:
    rt = chart(_condition("go"))
    for _ in range(3):
        move(rt, 0)
        rt.outputs.truncate(0)
        rt.outputs.values[0]["condition"].append(True)
        rt.outputs.finish_bar(rt)
    assert [e.message for e in rt.outputs.alerts] == ["go"]


def test_a_condition_that_is_na_as_a_number_does_not_fire(chart: Make, move: Move) -> None:
    rt = chart(_condition("go"))
    run(rt, move, [{0: {"condition": NAN}}, {0: {"condition": 0}}, {0: {"condition": 2.0}}])
    assert [e.bar_index for e in rt.outputs.alerts] == [2]


# --- alert() --------------------------------------------------------------------------


def test_a_call_in_a_loop_fires_once_per_bar_and_each_call_for_itself(chart: Make, move: Move) -> None:
    rt = chart()
    for bar in (0, 1):
        move(rt, bar)
        for i in range(3):
            alerts.alert(rt, f"first {i}", "once_per_bar", site=1)
            alerts.alert(rt, f"second {i}", "once_per_bar_close", site=2)
    assert [(e.bar_index, e.message) for e in rt.outputs.alerts] == [
        (0, "first 0"),
        (0, "second 0"),
        (1, "first 0"),
        (1, "second 0"),
    ]


def test_freq_all_fires_on_every_call(chart: Make) -> None:
    rt = chart()
    for i in range(3):
        alerts.alert(rt, f"{i}", "all", site=1)
    assert [e.message for e in rt.outputs.alerts] == ["0", "1", "2"]


def test_once_per_bar_close_waits_for_the_close_and_once_per_bar_does_not(chart: Make) -> None:
    rt = chart()
    rt.barstate.isconfirmed = False
    alerts.alert(rt, "early", "once_per_bar", site=1)
    alerts.alert(rt, "late", "once_per_bar_close", site=2)
    assert [e.message for e in rt.outputs.alerts] == ["early"]
    rt.barstate.isconfirmed = True
    alerts.alert(rt, "early", "once_per_bar", site=1)
    alerts.alert(rt, "late", "once_per_bar_close", site=2)
    assert [e.message for e in rt.outputs.alerts] == ["early", "late"]


def test_alerts_as_json_lines(chart: Make) -> None:
    rt = chart()
    alerts.alert(rt, 'price "über" 5\n', "all", line=7)
    (row,) = [json.loads(text) for text in alerts_jsonl(rt.outputs)]
    assert row == {
        "bar_index": 0,
        "time": "2023-11-14T22:15:00Z",
        "kind": "alert",
        "title": "",
        "message": 'price "über" 5\n',
        "frequency": "all",
        "line": 7,
    }


# --- logs and errors ------------------------------------------------------------------


def test_logs_are_formatted_and_the_oldest_go_first(chart: Make) -> None:
    rt = chart(max_log_records=2)
    alerts.log_info(rt, "gone")
    alerts.log_warning(rt, "as it is {0}")
    alerts.log_error(rt, "{0} and {1}", "left", 2.5)
    assert [(r["level"], r["message"]) for r in map(json.loads, logs_jsonl(rt.outputs))] == [
        ("warning", "as it is {0}"),
        ("error", "left and 2.5"),
    ]


def test_requests_neither_alert_nor_log(chart: Make) -> None:
    rt = chart()
    rt.is_request = True
    alerts.alert(rt, "x", "all")
    alerts.log_info(rt, "x")
    assert not rt.outputs.alerts and not rt.outputs.logs


def test_a_script_s_own_error_stops_it_with_its_message(chart: Make) -> None:
    with pytest.raises(PineRuntimeError, match="Timeframe too high"):
        alerts.runtime_error(chart(), "Timeframe too high")
