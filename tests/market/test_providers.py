"""What requests get: feeds, stored bars, and the chart's own bars on longer timeframes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pinery.core.bars import BarSeries
from pinery.core.errors import DataError, UsageError
from pinery.market.files import write_bars
from pinery.market.providers import Feed, FileData
from pinery.market.rates import read_rates
from pinery.market.store import BarStore
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe

pytest.importorskip("polars", reason="bar files need the extra 'data'")

MINUTE = 60_000
START = 1_704_067_200_000  # 2024-01-01 00:00 UTC
SHARED = Path(__file__).parents[3] / "shared" / "conformance"


def series(count: int, minutes: int, first: float = 100.0) -> BarSeries:
    close = first + np.arange(count)
    return BarSeries(START + np.arange(count) * minutes * MINUTE, close, close + 1, close - 1, close, np.ones(count))


def frame(text: str) -> Timeframe:
    return Timeframe.parse(text)


def data(**options: object) -> FileData:
    return FileData(series(96, 15), lookup("BINANCE:ETHUSDT.P"), frame("15"), **options)  # type: ignore[arg-type]


def test_the_charts_symbol_on_a_longer_timeframe_is_made_of_its_bars() -> None:
    hourly = data().bars("BINANCE:ETHUSDT.P", frame("60"))
    assert hourly is not None
    assert hourly.time[:2].tolist() == [START, START + 60 * MINUTE]
    assert (hourly.open[0], hourly.high[0], hourly.low[0], hourly.close[0], hourly.volume[0]) == (100, 104, 99, 103, 4)
    assert data().bars("ETHUSDT.P", frame("15")) is not None  # the exchange may be left out
    daily = data().bars("BINANCE:ETHUSDT.P", frame("1D"))
    assert daily is not None and len(daily) == 1


def test_a_shorter_timeframe_comes_from_real_bars_only(tmp_path: Path) -> None:
    plain = data()
    assert plain.bars("BINANCE:ETHUSDT.P", frame("5")) is None
    assert plain.bars("BINANCE:ETHUSDT.P", frame("5")) is None
    assert plain.missing == ["BINANCE:ETHUSDT.P@5"]
    write_bars(series(50, 1), tmp_path / "eth.csv")
    fed = data(feeds=[Feed.parse(f"BINANCE:ETHUSDT.P@1={tmp_path / 'eth.csv'}")])
    five = fed.bars("BINANCE:ETHUSDT.P", frame("5"))
    assert five is not None and five.close[0] == 104


def test_a_feed_for_the_very_timeframe_comes_before_the_charts_bars(tmp_path: Path) -> None:
    write_bars(series(5, 60, 900.0), tmp_path / "eth.parquet")
    fed = data(feeds=[Feed.parse(f"ETHUSDT.P={tmp_path / 'eth.parquet'}")])
    hourly = fed.bars("BINANCE:ETHUSDT.P", frame("60"))
    assert hourly is not None and hourly.close[0] == 900


def test_other_symbols_from_feeds_and_store(tmp_path: Path) -> None:
    store = BarStore(tmp_path / "bars")
    store.put("NASDAQ:AAPL", frame("1D"), series(10, 1440, 190.0))
    store.put("BINANCE:BTCUSDT", frame("5"), series(48, 5, 40_000.0))
    store.put("BINANCE:BTCUSDT", frame("1"), series(240, 1, 1.0))
    port = data(store=store)
    daily = port.bars("NASDAQ:AAPL", frame("1D"))
    assert daily is not None and daily.close[0] == 190
    hourly = port.bars("BTCUSDT", frame("60"))  # of the longest bars that fit
    assert hourly is not None and hourly.close[0] == 40_011
    assert port.bars("NASDAQ:AAPL", frame("60")) is None
    weekly = port.bars("NASDAQ:AAPL", frame("1W"))
    assert weekly is not None and len(weekly) == 2


def test_an_unknown_symbol_has_facts_but_no_bars() -> None:
    port = data()
    found = port.instrument("CRYPTOCAP:TOTAL")
    assert found is not None and found.assumed
    assert port.bars("CRYPTOCAP:TOTAL", frame("60")) is None
    assert port.instrument("no symbol at all") is None and port.instrument("") is None
    assert port.missing == ["CRYPTOCAP:TOTAL@60"]


def test_heikin_ashi_tickers() -> None:
    port = data()
    plain = port.bars("BINANCE:ETHUSDT.P", frame("15"))
    smooth = port.bars('={"symbol":"BINANCE:ETHUSDT.P","type":"heikinashi"}', frame("15"))
    assert plain is not None and smooth is not None
    assert smooth.close[0] == (plain.open[0] + plain.high[0] + plain.low[0] + plain.close[0]) / 4


@pytest.mark.parametrize("text", ["", "x", "=f.csv", "BTC@60", "BTC@sixty=f.csv", "A B=f.csv", "BTC="])
def test_bad_feeds(text: str) -> None:
    with pytest.raises(UsageError):
        Feed.parse(text)


def test_a_feed_whose_bars_do_not_tell_their_timeframe(tmp_path: Path) -> None:
    write_bars(series(1, 1), tmp_path / "one.csv")
    port = data(feeds=[Feed.parse(f"NYSE:KO={tmp_path / 'one.csv'}")])
    with pytest.raises(DataError, match="one bar") as caught:
        port.bars("NYSE:KO", frame("60"))
    assert "NYSE:KO@TIMEFRAME=" in str(caught.value.hint)


def test_rates_in_both_directions(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("date,usd_per_usdt\n2024-01-01,0.5\n2024-01-02,0.8\n")
    port = data(rates={("USDT", "USD"): read_rates(path)})
    assert port.currency_rate("USDT", "USD", START + 1) == 0.5
    assert port.currency_rate("USDT", "USD", START + 86_400_000) == 0.8
    assert port.currency_rate("USD", "USDT", START) == 2.0
    assert port.currency_rate("USDT", "USD", START - 1) is None
    assert port.currency_rate("EUR", "USD", START) is None


@pytest.mark.parametrize(
    "text", ["", "date,rate\n", "2024-01-01\n", "date,rate\n2024-01-01,x\n", "date,rate\n2024-01-01,-1\n"]
)
def test_bad_rates(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rates.csv"
    path.write_text(text)
    with pytest.raises(DataError):
        read_rates(path)


@pytest.mark.skipif(not SHARED.exists(), reason="no ../shared/conformance beside the repository")
def test_the_rates_of_the_conformance_cases() -> None:
    rates = read_rates(SHARED / "tradingview" / "rates" / "USDTUSD_daily.csv")
    assert rates.at(1743465600000 + 3_600_000) == 0.99979  # 2025-04-01


def test_store_keeps_joins_and_lists(tmp_path: Path) -> None:
    store = BarStore(tmp_path / "bars")
    first, later = series(10, 60), series(20, 60, 500.0).slice(5, 20)
    store.put("BINANCE:ETHUSDT.P", frame("60"), first)
    stored = store.put("BINANCE:ETHUSDT.P", frame("60"), later)
    back = store.get("binance:ethusdt.p", frame("60"))
    assert stored.count == 20 and back is not None
    assert back.close[4:6].tolist() == [104, 505]  # where both have a bar the new one stays
    assert store.put("BINANCE:ETHUSDT.P", frame("60"), first, replace=True).count == 10
    store.put("A/B C", frame("1M"), first)
    store.put("..", frame("1"), first)
    assert [(s.tickerid, str(s.timeframe), s.count) for s in store.list()] == [
        ("..", "1", 10),
        ("A/B C", "1M", 10),
        ("BINANCE:ETHUSDT.P", "60", 10),
    ]
    assert all(tmp_path / "bars" in s.path.resolve().parents for s in store.list())
    assert store.resolve("ethusdt.p") == "BINANCE:ETHUSDT.P"
    assert store.get("BINANCE:ETHUSDT.P", frame("5")) is None


def test_a_damaged_file_in_the_store_is_named(tmp_path: Path) -> None:
    store = BarStore(tmp_path)
    path = store.put("X:Y", frame("1"), series(3, 1)).path
    path.write_bytes(b"rubbish")
    with pytest.raises(DataError, match=r"1\.parquet"):
        store.list()
    with pytest.raises(DataError, match=r"1\.parquet"):
        store.get("X:Y", frame("1"))
