from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest


def plots(path: Path) -> dict[str, list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}


def test_plots_hold_a_row_per_bar(pinery: Callable, script: Callable, bars: Path, tmp_path: Path) -> None:
    ended = pinery(
        "run", script('plot(close, "C")\nplot(ta.sma(close, 3), "Mean")'), "--data", bars, "--plots", "out.csv"
    )
    assert ended.code == 0, ended.err
    found = plots(tmp_path / "out.csv")
    assert found["C"] == [str(101 + i) for i in range(10)]
    assert found["Mean"] == ["NaN", "NaN"] + [str(102 + i) for i in range(8)]
    assert found["time"][0] == "2024-01-01T00:00:00Z"


def test_summary_names_what_came_out(pinery: Callable, script: Callable, bars: Path) -> None:
    ended = pinery("run", script('plot(close, "Last close")\nlog.info("hello")'), "--data", bars, "--logs")
    assert ended.code == 0
    for text in ("10", "Last close", "110", "hello", "60"):
        assert text in ended.out


def test_alerts_are_json_lines(pinery: Callable, script: Callable, bars: Path, tmp_path: Path) -> None:
    body = 'if close > 108\n    alert("up at " + str.tostring(close))\nplot(close)'
    assert pinery("run", script(body), "--data", bars, "--alerts", "out.jsonl").code == 0
    events = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(e["bar_index"], e["message"]) for e in events] == [(8, "up at 109"), (9, "up at 110")]


def test_drawings(pinery: Callable, script: Callable, bars: Path, tmp_path: Path) -> None:
    body = 'if bar_index == 4\n    label.new(bar_index, high, "top")\nplot(close)'
    assert pinery("run", script(body), "--data", bars, "--drawings", "out.json").code == 0
    (label,) = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert (label["type"], label["x"], label["y"], label["text"]) == ("label", 4, 106, "top")


def test_inputs_are_set_by_title(pinery: Callable, script: Callable, bars: Path) -> None:
    path = script('length = input.int(3, "Length", minval = 1)\nmode = input.string("a=b", "Mode")\nplot(length, "L")')
    ended = pinery("run", path, "--data", bars, "--input", "Length=7", "--input", "Mode=x=y", "--json")
    assert ended.code == 0, ended.err
    data = json.loads(ended.out)
    assert data["inputs"] == {"Length": "7", "Mode": "x=y"}
    assert data["plots"]["L"] == 7


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Lenght=7", "did you mean 'Length'"),
        ("Length=soon", "Length"),
        ("Length=0", "Length"),
        ("Length", "NAME=VALUE"),
    ],
)
def test_wrong_inputs(pinery: Callable, script: Callable, bars: Path, text: str, says: str) -> None:
    path = script('length = input.int(3, "Length", minval = 1)\nplot(length)')
    ended = pinery("run", path, "--data", bars, "--input", text)
    assert ended.code == 2
    assert says in ended.err


def test_json_has_no_nan(pinery: Callable, script: Callable, bars: Path) -> None:
    ended = pinery("run", script("plot(float(na), 'None')"), "--data", bars, "--json")
    assert json.loads(ended.out)["plots"] == {"None": None}


def test_range(pinery: Callable, script: Callable, bars: Path) -> None:
    path = script("plot(close)")
    ended = pinery("run", path, "--data", bars, "--from", "2024-01-01 03:00", "--to", "2024-01-01 05:00", "--json")
    assert json.loads(ended.out)["bars"] == 3
    whole_day = pinery("run", path, "--data", bars, "--to", "2024-01-01", "--json")
    assert json.loads(whole_day.out)["bars"] == 10


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--from", "yesterday"], "no time"),
        (["--from", "2025-01-01"], "no bars between"),
        (["--from", "2024-01-02", "--to", "2024-01-01"], "is after"),
        (["--timeframe", "fast"], "timeframe"),
        (["--timeframe", "5"], "there are none of timeframe 5"),
        (["--timezone", "Mars/Base"], "time zone"),
        (["--feed", "ES1!"], "feed"),
        (["--rate", "EURUSD=x.csv"], "pair of currencies"),
        (["--symbols", "none.toml"], "none.toml"),
        (["--plots", "no/such/folder.csv"], "there is no folder"),
        (["--chart", "."], "is a folder"),
    ],
)
def test_wrong_options(pinery: Callable, script: Callable, bars: Path, options: list[str], says: str) -> None:
    ended = pinery("run", script("plot(close)"), "--data", bars, *options)
    assert ended.code in (2, 3)
    assert says in ended.err and "Traceback" not in ended.err


def test_longer_bars_are_made(pinery: Callable, script: Callable, bars: Path) -> None:
    ended = pinery("run", script("plot(close)"), "--data", bars, "--timeframe", "240", "--json")
    data = json.loads(ended.out)
    assert (data["bars"], data["timeframe"], data["plots"]["Plot"]) == (3, "240", 110)


def test_export_name_gives_the_symbol(pinery: Callable, script: Callable, bars: Path, tmp_path: Path) -> None:
    export = bars.rename(tmp_path / "BINANCE_ETHUSDT.P, 60.csv")
    ended = pinery("run", script("plot(syminfo.mintick)"), "--data", export, "--json")
    data = json.loads(ended.out)
    assert (data["symbol"], data["timeframe"], data["plots"]["Plot"]) == ("BINANCE:ETHUSDT.P", "60", 0.01)


def test_bad_rows_are_reported_and_strict_data_stops(pinery: Callable, script: Callable, bars: Path) -> None:
    text = bars.read_text(encoding="utf-8").replace(",105,107,104,106,", ",105,99,104,106,")
    bars.write_text(text, encoding="utf-8")
    path = script("plot(close)")
    lenient = pinery("run", path, "--data", bars)
    assert lenient.code == 0 and "line 7" in lenient.err
    strict = pinery("run", path, "--data", bars, "--strict-data")
    assert strict.code == 3 and "line 7" in strict.err


@pytest.mark.parametrize("content", ["", "hello\n", "a,b\n1,2\n", "time,open,high,low,close\n", "\0\1\2"])
def test_files_without_bars(pinery: Callable, script: Callable, tmp_path: Path, content: str) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(content, encoding="utf-8")
    ended = pinery("run", script("plot(close)"), "--data", path)
    assert ended.code == 3, ended.err
    assert "odd.csv" in ended.err and "Traceback" not in ended.err


def test_missing_data(pinery: Callable, script: Callable, tmp_path: Path) -> None:
    path = script("plot(close)")
    assert "there is no file" in pinery("run", path, "--data", "none.csv").err
    assert "is a folder" in pinery("run", path, "--data", tmp_path).err
    assert "no bars to run on" in pinery("run", path).err
    assert "synthetic:20000" in pinery("run", path, "--data", "synthetic:many").err


def test_stored_bars_by_symbol(pinery: Callable, script: Callable, bars: Path) -> None:
    assert pinery("data", "import", bars, "--symbol", "BINANCE:ETHUSDT").code == 0
    ended = pinery("run", script("plot(close)"), "--symbol", "BINANCE:ETHUSDT", "--json")
    assert json.loads(ended.out)["bars"] == 10


def test_requests_from_feeds(pinery: Callable, script: Callable, bars: Path, tmp_path: Path) -> None:
    feed = tmp_path / "other.csv"
    feed.write_text(bars.read_text(encoding="utf-8").replace(",101,", ",777,", 1), encoding="utf-8")
    path = script('plot(request.security("AAA:OTHER", "60", high), "Other")\nplot(high, "Own")')
    ended = pinery("run", path, "--data", bars, "--feed", f"AAA:OTHER@60={feed}", "--json")
    assert ended.code == 0, ended.err
    data = json.loads(ended.out)
    assert data["plots"]["Other"] == data["plots"]["Own"] == 111


def test_script_errors_end_with_1(pinery: Callable, script: Callable, bars: Path) -> None:
    ended = pinery("run", script("plot(clsoe)"), "--data", bars)
    assert ended.code == 1
    assert "script.pine:3:6" in ended.err and "1 error" in ended.err


def test_runtime_errors_end_with_4_and_say_where(pinery: Callable, script: Callable, bars: Path) -> None:
    ended = pinery("run", script('if bar_index == 5\n    runtime.error("enough")\nplot(close)'), "--data", bars)
    assert ended.code == 4
    assert "enough" in ended.err and "line 4" in ended.err and "bar 5" in ended.err
    assert "Traceback" not in ended.err
    assert "Traceback" in pinery("run", script("runtime.error('x')\nplot(close)"), "--data", bars, "--debug").err


def test_a_library_runs_its_own_examples(pinery: Callable, script: Callable, bars: Path) -> None:
    path = script("export f(float x) =>\n    x * 2\nplot(f(close), 'twice')", declaration='library("L")')
    ended = pinery("run", path, "--data", bars)
    assert ended.code == 0, ended.err
    assert "twice" in ended.out


def test_plots_of_a_strategy_see_its_fills(pinery: Callable, script: Callable, bars: Path) -> None:
    body = 'if bar_index == 2\n    strategy.entry("L", strategy.long, qty = 1)\n'
    body += 'if bar_index == 4\n    strategy.close("L")\n'
    body += 'var most = 0.0\nmost := math.max(most, strategy.position_size)\nplot(most, "most held")'
    ended = pinery("run", script(body, declaration='strategy("S")'), "--data", bars, "--json")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    assert (found["plots"]["most held"], found["trades"]) == (1, 1)


def test_errors_in_a_library_show_the_librarys_text(pinery: Callable, script: Callable, bars: Path) -> None:
    path = script("import ann/broken/1\nplot(broken.f(close))")
    library = path.parent / "libraries/ann/broken/1.pine"
    library.parent.mkdir(parents=True, exist_ok=True)
    library.write_text('//@version=6\n//\n//\n//\n//\nlibrary("broken")\nexport f(float x) => x + unknown\n')
    ended = pinery("run", path, "--data", bars)
    assert ended.code == 1
    assert "1.pine:7:26" in ended.err and "export f(float x) => x + unknown" in ended.err


def test_limits_come_from_the_settings(pinery: Callable, script: Callable, bars: Path, tmp_path: Path) -> None:
    path = script('l = label.new(bar_index, close)\nlog.info("{0}", label.all.size())')
    (tmp_path / "pinery.toml").write_text("[limits]\nmax_labels = 3\n")
    ended = pinery("run", path, "--data", bars, "--json")
    assert ended.code == 0
    drawings = path.parent / "drawings.json"
    pinery("run", path, "--data", bars, "--drawings", drawings)
    assert len(json.loads(drawings.read_text())) == 3
