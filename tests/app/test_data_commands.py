"""``pinery data`` as its users see it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pinery.app.data_commands import data_app
from pinery.core.errors import PineryError
from pinery.market.files import guess, read_bars

pytest.importorskip("polars", reason="bar files need the extra 'data'")

GOOD = "time,open,high,low,close,Volume\n" + "".join(
    f"{1672617600 + 900 * i},{1200 + i},{1202 + i},{1199 + i},{1201 + i},{10 + i}\n" for i in range(8)
)
BAD = GOOD + "1672617600,1,0.5,2,1,1\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PINERY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def data(*arguments: str) -> str:
    """Output of a command that succeeds."""
    result = CliRunner().invoke(data_app, arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def failure(*arguments: str) -> PineryError:
    result = CliRunner().invoke(data_app, arguments)
    assert isinstance(result.exception, PineryError), (result.output, result.exception)
    return result.exception


def parsed(*arguments: str) -> Any:
    return json.loads(data(*arguments, "--json"))


def test_import_list_and_info(home: Path) -> None:
    (home / "BINANCE_ETHUSDT.P, 15.csv").write_text(GOOD)
    text = data("import", "BINANCE_ETHUSDT.P, 15.csv")
    assert "TradingView chart export, 8 rows" in text
    assert "BINANCE:ETHUSDT.P 15: 8 bars stored, 2023-01-02 00:00 to 2023-01-02 01:45 UTC" in text
    listed = data("list")
    assert "BINANCE:ETHUSDT.P" in listed and "2023-01-02 01:45" in listed
    info = data("info", "ETHUSDT.P")
    assert "tick 0.01" in info and "quantity step 0.0001" in info and "none" in info
    facts = parsed("info", "BINANCE:ETHUSDT.P")
    assert (facts["bars"], facts["gaps"], facts["lowest"], facts["highest"]) == (8, 0, 1199, 1209)


def test_imports_add_up_and_replace(home: Path) -> None:
    (home / "a.csv").write_text(GOOD)
    (home / "b.csv").write_text("time,open,high,low,close\n1672624800,5,5,5,5\n1672625700,5,5,5,5\n")
    found = parsed("import", "a.csv", "b.csv", "--symbol", "NASDAQ:AAPL", "--timeframe", "15")
    assert [f["stored_bars"] for f in found] == [8, 10]
    assert parsed("import", "b.csv", "-s", "NASDAQ:AAPL", "-t", "15m", "--replace")[0]["stored_bars"] == 2


def test_a_bad_file_is_refused_with_lines_unless_lenient(home: Path) -> None:
    (home / "bad.csv").write_text(BAD)
    error = failure("import", "bad.csv", "--symbol", "NYSE:KO")
    assert "high is below low (line 10)" in error.message and "--lenient" in str(error.hint)
    assert parsed("list") == []
    assert "another row has this time" in data("import", "bad.csv", "--symbol", "NYSE:KO", "--lenient")


def test_json_of_a_refused_file_carries_the_report(home: Path) -> None:
    (home / "bad.csv").write_text(BAD)
    result = CliRunner().invoke(data_app, ["import", "bad.csv", "--symbol", "NYSE:KO", "--json"])
    report = json.loads(result.stdout)
    assert result.exit_code != 0
    assert {p["kind"]: p["lines"] for p in report["problems"]}["high_below_low"] == [10]


def test_an_unknown_symbol_is_warned_about(home: Path) -> None:
    (home / "x.csv").write_text(GOOD)
    assert "warning: BINANCE:FOOUSDT is in no symbol table; assumed" in data("import", "x.csv", "-s", "BINANCE:FOOUSDT")


def test_times_without_offset_are_the_exchanges(home: Path) -> None:
    (home / "es.csv").write_text("time,open,high,low,close\n2024-01-03 08:30,1,1,1,1\n2024-01-03 08:35,1,1,1,1\n")
    assert parsed("import", "es.csv", "-s", "CME_MINI:ES1!")[0]["first"] == 1704292200000  # 14:30 UTC
    assert (
        parsed("import", "es.csv", "-s", "CME_MINI:ES1!", "--timezone", "UTC", "--replace")[0]["first"] == 1704270600000
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "absent.csv"], "there is no file absent.csv"),
        (["import", "x.csv"], "does not tell its symbol"),
        (["import", "x.csv", "-s", "A:B", "-t", "soon"], "--timeframe"),
        (["info", "NOTHING:HERE"], "no stored bars"),
        (["generate", "-s", "CME_MINI:ES1!"], "made-up bars"),
        (["generate", "-s", "SYNTH:GOLD"], "cannot be generated"),
        (["generate", "--from", "soon"], "is no date"),
        (["generate", "-t", "10S"], "cannot be generated"),
        (["symbols", "--symbols", "absent.toml"], "cannot be read"),
    ],
)
def test_mistakes_get_plain_errors(home: Path, arguments: list[str], message: str) -> None:
    (home / "x.csv").write_text(GOOD)
    assert message in failure(*arguments).message


def test_an_empty_store_says_what_to_do() -> None:
    assert "pinery data import" in data("list")


def test_info_of_a_file(home: Path) -> None:
    (home / "x.csv").write_text(BAD)
    text = data("info", "x.csv")
    assert "x.csv" in text and "not known" in text and "high is below low (line 10)" in text
    assert parsed("info", "x.csv", "-s", "BINANCE:ETHUSDT.P")["instrument"]["mintick"] == 0.01


def test_generate_into_files_and_into_the_store(home: Path) -> None:
    assert "500 synthetic bars" in data("generate", "-n", "500", "-o", "out.csv")
    assert len(read_bars("out.csv").bars) == 500
    made = parsed("generate", "-n", "40", "-t", "1D")
    assert (made["symbol"], made["bars"], made["synthetic"]) == ("SYNTH:ES1!", 40, True)
    assert parsed("list")[0]["timeframe"] == "1D"
    five = parsed("generate", "--from", "2024-01-02", "--to", "2024-01-05", "-t", "5", "-o", "week.parquet")
    assert five["bars"] == 4 * 276


def test_generate_is_repeatable(home: Path) -> None:
    data("generate", "-n", "300", "--seed", "9", "-o", "a.csv")
    data("generate", "-n", "300", "--seed", "9", "-o", "b.csv")
    assert (home / "a.csv").read_bytes() == (home / "b.csv").read_bytes()


def test_symbols_are_searched_and_extended(home: Path) -> None:
    assert "COMEX:MGC1!" in data("symbols", "gold", "micro")
    assert "No symbol" in data("symbols", "nothing like this")
    (home / "mine.toml").write_text('[symbols."LSE:VOD"]\ntype = "stock"\nmintick = 0.02\n')
    assert parsed("symbols", "vod", "--symbols", "mine.toml")[0]["mintick"] == 0.02
    (home / "pinery.toml").write_text('symbols = "mine.toml"\n')
    assert "LSE:VOD" in data("symbols", "vod")


@pytest.mark.parametrize(
    ("name", "symbol", "timeframe"),
    [
        ("BINANCE_ETHUSDT.P, 15.csv", "BINANCE:ETHUSDT.P", "15"),
        ("CME_MINI_ES1!, 5_a1b2c.csv", "CME_MINI:ES1!", "5"),
        ("NASDAQ_AAPL, 1D (2).csv", "NASDAQ:AAPL", "1D"),
        ("BTCUSDT-1m-2024-01.zip", "BINANCE:BTCUSDT", "1"),
        ("ETHUSDT-4h-2024-01-05.csv", "BINANCE:ETHUSDT", "240"),
        ("ETHUSDT-1mo-2024-01.csv", "BINANCE:ETHUSDT", "1M"),
        ("my bars.csv", None, None),
    ],
)
def test_names_that_tell_symbol_and_timeframe(name: str, symbol: str | None, timeframe: str | None) -> None:
    found = guess(name)
    assert (found[0], found[1] and str(found[1])) == (symbol, timeframe)
