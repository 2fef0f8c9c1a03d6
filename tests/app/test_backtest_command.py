"""``pinery backtest`` and ``pinery.backtest`` on bars whose trades can be worked out by hand."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

import pinery as package

STRATEGY = 'strategy("Hand", initial_capital = 1000, currency = currency.USD{more})'
# In at the open of bar 2 (102), out at the open of bar 5 (105); short from bar 7 (107) on.
BODY = """size = input.float(2, "Size")
if bar_index == 1
    strategy.entry("Up", strategy.long, qty = size)
if bar_index == 4
    strategy.close("Up", comment = "done")
if bar_index == 6
    strategy.entry("Down", strategy.short, qty = 1)
plot(strategy.equity, "Equity")
"""


@pytest.fixture
def strategy(script: Callable[..., Path]) -> Callable[..., Path]:
    def write(body: str = BODY, more: str = "") -> Path:
        return script(body, declaration=STRATEGY.format(more=more))

    return write


def data(ended: object) -> dict[str, object]:
    return json.loads(ended.out)  # type: ignore[attr-defined, no-any-return]


BASE = ("--symbol", "TEST:X", "--timeframe", "60")


def test_figures_of_trades_worked_out_by_hand(pinery: Callable, strategy: Callable, bars: Path) -> None:
    ended = pinery("backtest", strategy(), "--data", bars, *BASE, "--json")
    assert ended.code == 0, ended.err
    found = data(ended)
    every = found["metrics"]["all"]
    assert every["net_profit"] == 6  # 2 × (105 − 102)
    assert every["open_profit"] == -3  # 107 − 110
    assert (every["closed_trades"], every["open_trades"], every["winning_trades"]) == (1, 1, 1)
    assert every["profit_factor"] is None and every["average_loss"] is None
    assert found["metrics"]["long"]["net_profit"] == 6 and found["metrics"]["short"]["closed_trades"] == 0
    assert found["metrics"]["short"]["percent_profitable"] is None
    assert [(t["entry_price"], t["exit_price"], t["profit"], t["is_open"]) for t in found["trades"]] == [
        (102, 105, 6, False),
        (107, 110, -3, True),
    ]
    assert found["initial_capital"] == 1000 and found["currency"] == "USD"
    assert found["monthly"] == [
        {"year": 2024, "month": 1, "profit": 6, "return_percent": pytest.approx(0.3), "trades": 1}
    ]


def test_list_of_trades(pinery: Callable, strategy: Callable, bars: Path, tmp_path: Path) -> None:
    ended = pinery("backtest", strategy(), "--data", bars, *BASE, "--trades", "t.csv", "--timezone", "Asia/Taipei")
    assert ended.code == 0, ended.err
    text = (tmp_path / "t.csv").read_bytes().decode("utf-8")
    assert text.startswith("\ufeffTrade #,Type,Date and time,Signal,Price USD,") and not text.endswith("\n")
    rows = list(csv.reader(text.splitlines()[1:]))
    assert [row[:8] for row in rows] == [
        ["1", "Exit long", "2024-01-01 13:00", "done", "105", "2", "204", "6"],
        ["1", "Entry long", "2024-01-01 10:00", "Up", "102", "2", "204", "6"],
        ["2", "Exit short", "2024-01-01 17:00", "Open", "110", "1", "107", "-3"],
        ["2", "Entry short", "2024-01-01 15:00", "Down", "107", "1", "107", "-3"],
    ]
    assert [rows[1][k] for k in (8, 13, 14)] == ["2.94", "6", "0.60"]


def test_summary_has_a_column_per_side(pinery: Callable, strategy: Callable, bars: Path) -> None:
    ended = pinery("backtest", strategy(), "--data", bars, *BASE)
    assert ended.code == 0, ended.err
    (line,) = [line for line in ended.out.splitlines() if "Net profit" in line]
    assert line.split() == ["Net", "profit", "6.00", "(0.60%)", "6.00", "(0.60%)", "0.00", "(0.00%)"]
    assert "only 1 closed trade" in ended.err
    assert "Recovery factor" not in ended.out
    assert "Recovery factor" in pinery("backtest", strategy(), "--data", bars, *BASE, "--all-figures").out


def test_inputs(pinery: Callable, strategy: Callable, bars: Path) -> None:
    ended = pinery("backtest", strategy(), "--data", bars, *BASE, "--json", "--input", "Size=5")
    assert data(ended)["metrics"]["all"]["net_profit"] == 15


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("1704070800", "1704092400"),  # bars 1 to 7
        ("2024-01-01T01:00", "2024-01-01T07:00"),
        ("2024-01-01 01:00", "1704092400000"),
        ("2024-01-01T01:00:00+00:00", "2024-01-01T07:59:59Z"),
    ],
)
def test_range_holds_both_ends_and_the_strategy_starts_cold(
    pinery: Callable, strategy: Callable, bars: Path, first: str, last: str
) -> None:
    body = "if bar_index == 0\n    strategy.entry('In', strategy.long)\n"
    ended = pinery("backtest", strategy(body), "--data", bars, *BASE, "--json", "--from", first, "--to", last)
    found = data(ended)
    assert (found["bars"], found["first"], found["last"]) == (7, 1704070800000, 1704092400000)
    assert found["metrics"]["all"]["open_profit"] == 6  # from the open of 102 to the close of 108


def test_calc_bars_count_leaves_the_last_bars(pinery: Callable, strategy: Callable, bars: Path) -> None:
    body = "if bar_index == 0\n    strategy.entry('In', strategy.long)\n"
    found = data(pinery("backtest", strategy(body, ", calc_bars_count = 4"), "--data", bars, *BASE, "--json"))
    assert (found["bars"], found["metrics"]["all"]["open_profit"]) == (4, 3)  # from the open of 107


def rates(path: Path) -> Path:
    path.write_text("date,rate\n2024-01-01,0.5\n2024-01-02,0.8\n", encoding="utf-8")
    return path


@pytest.fixture
def two_days(tmp_path: Path) -> Path:
    """Bars every six hours: closes 101 … 108, two days."""
    rows = [f"{1704067200 + 21600 * i},{100 + i},{102 + i},{99 + i},{101 + i},1" for i in range(8)]
    path = tmp_path / "days.csv"
    path.write_text("time,open,high,low,close,volume\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("pair", ["USDTUSD", "USDT/USD"])
def test_profit_is_converted_at_the_rate_of_the_exits_day(
    pinery: Callable, strategy: Callable, two_days: Path, tmp_path: Path, pair: str
) -> None:
    body = """if bar_index == 0 or bar_index == 3
    strategy.entry("In", strategy.long)
if bar_index == 1 or bar_index == 4
    strategy.close("In")
"""
    base = ("backtest", strategy(body), "--data", two_days, "--symbol", "BINANCE:ETHUSDT.P", "--json")
    found = data(pinery(*base, "--rates", f"{pair}={rates(tmp_path / 'r.csv')}"))
    # two trades of one unit that make 1 each: on the first day at 1, on the second at 0.8
    assert found["metrics"]["all"]["net_profit"] == pytest.approx(1.8)
    assert not [text for text in found["warnings"] if "rate" in text]


def test_without_rates_one_is_taken_and_said(pinery: Callable, strategy: Callable, two_days: Path) -> None:
    body = "if bar_index == 3\n    strategy.entry('In', strategy.long)\nif bar_index == 4\n    strategy.close('In')\n"
    ended = pinery("backtest", strategy(body), "--data", two_days, "--symbol", "BINANCE:ETHUSDT.P", "--json")
    found = data(ended)
    assert found["metrics"]["all"]["net_profit"] == pytest.approx(1)
    assert any("no rate from USDT to USD" in text for text in found["warnings"])


def test_gate_says_what_failed_and_ends_with_its_code(pinery: Callable, strategy: Callable, bars: Path) -> None:
    ended = pinery("backtest", "--gate", strategy(), "--data", bars, *BASE)
    assert ended.code == 5
    assert "FAIL" in ended.out and "gate not passed" in ended.out
    assert "checks failed" in ended.err and "Traceback" not in ended.err


def test_gate_with_limits_of_a_file(pinery: Callable, strategy: Callable, bars: Path, tmp_path: Path) -> None:
    limits = tmp_path / "limits.toml"
    limits.write_text(
        "[at_least]\nmonths = 0\nclosed_trades = 1\nprofit_factor = false\npercent_profitable = 99\n", encoding="utf-8"
    )
    path = strategy()
    ended = pinery("backtest", path, "--data", bars, *BASE, "--gate", limits, "--json")
    assert ended.code == 0, ended.err
    evidence = data(ended)["gate"]
    assert evidence["passed"] is True
    assert evidence["script"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert evidence["inputs"] == {"Size": 2}
    assert (evidence["data"]["symbol"], evidence["data"]["bars"]) == ("TEST:X", 10)
    assert evidence["data"]["sha256"] and evidence["made"] and evidence["pinery"] == package.__version__


def test_a_verdict_on_made_up_bars_says_so(pinery: Callable, strategy: Callable, bars: Path, tmp_path: Path) -> None:
    path, made_up = strategy(), ("--data", "synthetic:500", "--gate")
    shown = pinery("backtest", path, *made_up)
    assert "made up by a seeded generator" in shown.out.split("gate not passed")[1]
    assert "no evidence for real money" in shown.out
    found = data(pinery("backtest", path, *made_up, "--json"))
    assert found["synthetic"] is True and found["gate"]["data"]["synthetic"] is True
    given = pinery("backtest", path, "--data", bars, *BASE, "--gate")
    assert "made up" not in given.out
    found = data(pinery("backtest", path, "--data", bars, *BASE, "--gate", "--json"))
    assert found["synthetic"] is False and found["gate"]["data"]["synthetic"] is False
    # A file or stored bars that bear the name of the exchange of generated bars are made up too.
    found = data(pinery("backtest", path, "--data", bars, "--symbol", "SYNTH:ES1!", "--json"))
    assert found["synthetic"] is True


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--rates", "USDTUSD"], 2, "NAME=VALUE"),
        (["--rates", "USDTUSD=none.csv"], 3, "none.csv"),
        (["--rates", "??=none.csv"], 2, "pair of currencies"),
        (["--timezone", "Mars/Base"], 2, "time zone"),
        (["--gate", "missing.toml"], 2, "missing.toml"),
        (["--trades", "no/such/folder.csv"], 2, "folder"),
        (["--report", "."], 2, "folder"),
        (["--from", "2030-01-01"], 2, "no bars between"),
    ],
)
def test_wrong_usage(
    pinery: Callable, strategy: Callable, bars: Path, arguments: list[str], code: int, says: str
) -> None:
    ended = pinery("backtest", strategy(), "--data", bars, *BASE, *arguments)
    assert (ended.code, says in ended.err, "Traceback" in ended.err) == (code, True, False), ended.err


def test_an_indicator_is_no_strategy(pinery: Callable, script: Callable, bars: Path) -> None:
    ended = pinery("backtest", script("plot(close)"), "--data", bars)
    assert ended.code == 2
    assert "is no strategy" in ended.err


def test_a_script_with_errors(pinery: Callable, strategy: Callable, bars: Path) -> None:
    ended = pinery("backtest", strategy("plot(clos)\n"), "--data", bars)
    assert ended.code == 1
    assert "clos" in ended.err


def test_a_strategy_without_trades(pinery: Callable, strategy: Callable, bars: Path) -> None:
    ended = pinery("backtest", strategy("plot(close)\n"), "--data", bars, *BASE, "--trades", "t.csv")
    assert ended.code == 0
    assert "made no trades" in ended.err
    assert "—" in ended.out


def test_python(strategy: Callable, bars: Path, tmp_path: Path) -> None:
    result = package.backtest(strategy(), bars=bars, symbol="TEST:X", timeframe="60", inputs={"Size": 4})
    assert [(t.direction, t.entry_price, t.exit_price, t.profit) for t in result.trades] == [
        (1, 102, 105, 12),
        (-1, 107, 110, -3),
    ]
    assert result.metrics["net_profit"] == 12
    assert result.metrics.long["largest_win"] == 12 and math.isnan(result.metrics.short["largest_win"])
    assert result.equity.tolist() == [1000, 1000, 1004, 1008, 1012, 1012, 1012, 1011, 1010, 1009]
    assert len(result.plots["Equity"]) == len(result.bars) == 10
    assert [alert.title for alert in result.alerts] == ["Up", "done", "Down"]
    assert not result.judge().passed
    result.write_trades(tmp_path / "t.csv", timezone="Asia/Taipei")
    assert "2024-01-01 10:00,Up,102" in (tmp_path / "t.csv").read_text(encoding="utf-8")
    assert "net profit 12.00 USD" in repr(result)


def test_alerts_of_order_fills_are_written(pinery: Callable, strategy: Callable, bars: Path, tmp_path: Path) -> None:
    pinery("backtest", strategy(), "--data", bars, *BASE, "--alerts", "a.jsonl")
    events = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [event["bar_index"] for event in events] == [2, 5, 7]
