"""Bar files of all the layouts that traders have, and the troubles in them."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pinery.core.bars import BarSeries
from pinery.core.errors import DataError, PineryError, UsageError
from pinery.market.files import BarFileError, read_bars, write_bars

pytest.importorskip("polars", reason="bar files need the extra 'data'")

SHARED = Path(__file__).parents[3] / "shared" / "conformance"


def write(folder: Path, text: str, name: str = "bars.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def read(folder: Path, text: str, **options: object) -> BarSeries:
    return read_bars(write(folder, text), **options).bars  # type: ignore[arg-type]


HEADER = "time,open,high,low,close,volume\n"
JAN_2_2023 = 1_672_617_600_000  # 00:00 UTC


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("1672617600", JAN_2_2023),
        ("1672617600000", JAN_2_2023),
        ("1672617600000000", JAN_2_2023),
        ("1672617600.0", JAN_2_2023),
        ("1.6726176e9", JAN_2_2023),
        ("2023-01-02", JAN_2_2023),
        ("20230102", JAN_2_2023),
        ("2023-01-02 00:00", JAN_2_2023),
        ("2023-01-02 00:00:30", JAN_2_2023 + 30_000),
        ("2023-01-02T00:00:00Z", JAN_2_2023),
        ("2023-01-02T01:00:00+01:00", JAN_2_2023),
        ("2023-01-01T18:00:00-0600", JAN_2_2023),
        ("2023-01-02T00:00:00.250+00:00", JAN_2_2023 + 250),
        ("2023.01.02 00:00", JAN_2_2023),
        ("2023/01/02 00:00:00", JAN_2_2023),
        ("02.01.2023 00:00", JAN_2_2023),
        ("20230102 000000", JAN_2_2023),
        ("20230102000000", JAN_2_2023),
        ('"2023-01-02 00:00"', JAN_2_2023),
    ],
)
def test_times_in_every_common_notation(tmp_path: Path, stamp: str, expected: int) -> None:
    assert read(tmp_path, HEADER + f"{stamp},1,2,0.5,1.5,10\n").time.tolist() == [expected]


def test_times_without_offset_are_in_the_stated_zone(tmp_path: Path) -> None:
    rows = "2023-03-10 08:30,1,2,0.5,1.5,10\n2023-03-13 08:30,1,2,0.5,1.5,10\n"
    bars = read(tmp_path, HEADER + rows, timezone="America/Chicago")
    assert bars.time.tolist() == [1678458600000, 1678714200000]  # 14:30 UTC in winter, 13:30 in summer
    with pytest.raises(UsageError, match="unknown time zone"):
        read(tmp_path, HEADER + rows, timezone="Mars/Base")


def test_day_and_month_are_told_apart_by_a_number_above_twelve(tmp_path: Path) -> None:
    us = read(tmp_path, HEADER + "01/02/2023,1,2,0.5,1,1\n01/13/2023,1,2,0.5,1,1\n")
    assert us.time[0] == JAN_2_2023
    europe = read(tmp_path, HEADER + "02/01/2023,1,2,0.5,1,1\n13/01/2023,1,2,0.5,1,1\n")
    assert europe.time[0] == JAN_2_2023
    with pytest.raises(DataError, match="nothing in the file decides") as caught:
        read(tmp_path, HEADER + "01/02/2023,1,2,0.5,1,1\n")
    assert "--time-format" in str(caught.value.hint)
    assert read(tmp_path, HEADER + "01/02/2023,1,2,0.5,1,1\n", time_format="%m/%d/%Y").time[0] == JAN_2_2023


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("close,low,high,open,time,vol\n1.5,0.5,2,1,1672617600,10\n", "CSV"),
        ("time;open;high;low;close;volume\n1672617600;1;2;0,5;1,5;10\n", "CSV"),
        ("Date\tTime\tOpen\tHigh\tLow\tClose\tVolume\n2023.01.02\t00:00\t1\t2\t0.5\t1.5\t10\n", "CSV"),
        (
            "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\n2023.01.02\t00:00:00\t1\t2\t0.5\t1.5\t10\t0\n",
            "CSV",
        ),
        ("20230102 000000;1;2;0.5;1.5;10\n", "CSV without header"),
        ("2023.01.02,00:00,1,2,0.5,1.5,10\n", "CSV without header"),
        ("1672617600,1,2,0.5,1.5,10\n", "CSV without header"),
        ("1672617600000,1,2,0.5,1.5,10,1672617659999,15,3,5,7,0\n", "Binance klines"),
        ("1672617600000000,1,2,0.5,1.5,10,1672617659999999,15,3,5,7,0\n", "Binance klines"),
        (
            'time,open,high,low,close,"ta.bb(close, 20, 2)",Volume\n1672617600,1,2,0.5,1.5,NaN,10\n',
            "TradingView chart export",
        ),
        (
            "https://example.com/data\nunix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n"
            "1672617600,x,BTC/USD,1,2,0.5,1.5,10,99\n",
            "CSV",
        ),
        ("\ufefftime,open,high,low,close,volume\r\n1672617600,1,2,0.5,1.5,10\r\n", "CSV"),
    ],
)
def test_layouts(tmp_path: Path, text: str, name: str) -> None:
    found = read_bars(write(tmp_path, text))
    assert found.report.format == name
    bars = found.bars
    assert (bars.time[0], bars.open[0], bars.high[0], bars.low[0], bars.close[0], bars.volume[0]) == (
        *(JAN_2_2023, 1.0, 2.0, 0.5, 1.5, 10.0),
    )


def test_binance_file_with_header_that_changes_to_microseconds(tmp_path: Path) -> None:
    header = (
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
        "taker_buy_volume,taker_buy_quote_volume,ignore\n"
    )
    rows = "1672617600000,1,2,0.5,1.5,10,0,0,0,0,0,0\n1672617660000000,1,2,0.5,1.5,10,0,0,0,0,0,0\n"
    found = read_bars(write(tmp_path, header + rows))
    assert found.report.format == "Binance klines"
    assert np.diff(found.bars.time).tolist() == [60_000]


def test_packed_files(tmp_path: Path) -> None:
    text = HEADER + "1672617600,1,2,0.5,1.5,10\n"
    with zipfile.ZipFile(tmp_path / "bars.zip", "w") as archive:
        archive.writestr("inner.csv", text)
    (tmp_path / "bars.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert read_bars(tmp_path / "bars.zip").bars.time[0] == JAN_2_2023
    assert read_bars(tmp_path / "bars.csv.gz").bars.time[0] == JAN_2_2023


def test_a_file_without_volume(tmp_path: Path) -> None:
    found = read_bars(write(tmp_path, "time,open,high,low,close\n1672617600,1,2,0.5,1.5\n"))
    assert np.isnan(found.bars.volume).all()
    assert found.report.notes == ["there is no volume"]


BAD = (
    "time,open,high,low,close,volume\n"  # 1
    "\n"  # 2
    "1600000060,1,2,0.5,1.5,10\n"  # 3
    "1600000000,1,2,0.5,1.5,10\n"  # 4  earlier than line 3
    "1600000120,1,,0.5,1.5,10\n"  # 5  empty high
    "1600000180,1,abc,0.5,1.5,10\n"  # 6  no number
    "1600000240,1,0.5,2,1.5,10\n"  # 7  high below low
    "1600000300,3,2,0.5,1.5,10\n"  # 8  open above high
    "1600000300,1,2,0.5,1.5,10\n"  # 9  the same time again
    "1600000360,1,2,0.5,NaN,10\n"  # 10
    "1600000420,0,2,0,1,10\n"  # 11  zero
    "xx,1,2,0.5,1.5,10\n"  # 12  no time
    "1600000480,1,2,0.5,1.5,-10\n"  # 13 negative volume
    "1600000540,1,2,0.5,1.5,z\n"  # 14 volume is no number
    "1600000540,1,2\n"  # 15 cut off
)


def test_strict_reading_names_every_kind_of_trouble_with_its_lines(tmp_path: Path) -> None:
    with pytest.raises(BarFileError) as caught:
        read_bars(write(tmp_path, BAD))
    found = {p.kind: p.lines.tolist() for p in caught.value.report.problems}
    assert found == {
        "bad_time": [12],
        "missing_price": [5, 15],
        "not_a_number": [6],
        "nan": [10],
        "non_positive": [11],
        "high_below_low": [7],
        "outside_range": [8],
        "volume_not_a_number": [14],
        "negative_volume": [13],
        "unsorted": [4],
        "conflict": [8],
    }
    assert "high is below low (line 7)" in caught.value.message
    assert "--lenient" in str(caught.value.hint)
    json.dumps(caught.value.report.as_dict())


def test_lenient_reading_drops_sorts_and_repairs(tmp_path: Path) -> None:
    found = read_bars(write(tmp_path, BAD), lenient=True)
    bars = found.bars
    assert bars.time.tolist() == [
        1000 * t for t in (1600000000, 1600000060, 1600000240, 1600000300, 1600000480, 1600000540)
    ]
    assert (bars.high[2], bars.low[2]) == (2.0, 0.5)  # taken from the bar's four prices
    assert bars.open[3] == 1.0  # the later row of the two
    assert np.isnan(bars.volume[-2:]).all()
    assert (found.report.rows_read, found.report.rows_kept) == (13, 6)
    assert any(text.endswith("sorted") for text in found.report.texts(done=True))


def test_equal_rows_are_kept_once(tmp_path: Path) -> None:
    row = "1600000060,1,2,0.5,1.5,10\n"
    with pytest.raises(BarFileError, match="the row is there twice"):
        read(tmp_path, HEADER + row + row)
    assert len(read(tmp_path, HEADER + row + row, lenient=True)) == 1


def test_newest_first_is_an_order_and_not_a_fault(tmp_path: Path) -> None:
    found = read_bars(write(tmp_path, HEADER + "1600000120,1,2,0.5,1.5,1\n1600000060,1,2,0.5,1.5,2\n"))
    assert found.bars.volume.tolist() == [2, 1]
    assert found.report.notes == ["the file has the newest bar first"]


def test_negative_prices_on_request(tmp_path: Path) -> None:
    row = HEADER + "1587400000,-10,1,-40,-37.63,5\n"
    with pytest.raises(BarFileError, match="zero or negative"):
        read(tmp_path, row)
    assert read(tmp_path, row, allow_negative=True).close[0] == -37.63


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("  \n\n", "empty"),
        ("time,open,high,low,close\n", "no rows"),
        ("hello\nworld\n", "no columns open, high, low and close"),
        ("when,open,high,low,close\n1,2,3,4,5\n", "no column with the bars' times"),
        ('{"a": [1, 2]}\n', "no columns open"),
        ("time,open,high,low,close\nx,y,z,u,v\n", "time cannot be read"),
    ],
)
def test_files_without_bars(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, text)


def test_files_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        read_bars(tmp_path / "absent.csv")
    with pytest.raises(DataError):
        read_bars(tmp_path)
    (tmp_path / "picture.csv").write_bytes(bytes(range(256)))
    with pytest.raises(DataError, match="not a text file"):
        read_bars(tmp_path / "picture.csv")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1" + bytes(100))
    with pytest.raises(DataError, match="Parquet"):
        read_bars(tmp_path / "broken.parquet")


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_written_bars_come_back_bit_for_bit(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(3)
    close = 100 + np.cumsum(rng.normal(size=50))
    volume = np.where(np.arange(50) % 7 == 0, np.nan, 5.0)
    bars = BarSeries(np.arange(50) * 60_000 + JAN_2_2023, close, close + 0.1, close - 0.1, close, volume)
    write_bars(bars, tmp_path / "sub" / name)
    back = read_bars(tmp_path / "sub" / name).bars
    for column in ("time", "open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(back, column), getattr(bars, column), equal_nan=column == "volume")
    assert [p.name for p in (tmp_path / "sub").iterdir()] == [name]


def test_parquet_with_dates_of_a_zone(tmp_path: Path) -> None:
    import polars as pl

    stamps = pl.Series(["2023-01-02 00:00"]).str.to_datetime(time_zone="Europe/Berlin")
    pl.DataFrame({"Date": stamps, "Open": [1], "High": [2], "Low": [0.5], "Close": [1.5]}).write_parquet(
        tmp_path / "x.pq"
    )
    assert read_bars(tmp_path / "x.pq").bars.time[0] == JAN_2_2023 - 3_600_000


@given(data=st.binary(max_size=300), start=st.sampled_from([b"", BAD[:200].encode(), b"time,open,high,low,close\n"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_break_the_reader(tmp_path: Path, data: bytes, start: bytes) -> None:
    path = tmp_path / "fuzz.csv"
    path.write_bytes(start + data)
    for lenient in (False, True):
        try:
            bars = read_bars(path, lenient=lenient).bars
        except PineryError:
            continue
        assert (np.diff(bars.time) > 0).all()
        assert (bars.low <= np.minimum(bars.open, bars.close)).all()
        assert (bars.high >= np.maximum(bars.open, bars.close)).all()


@given(cells=st.lists(st.text(max_size=12), min_size=1, max_size=12), column=st.integers(0, 5))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_cell_breaks_the_reader(tmp_path: Path, cells: list[str], column: int) -> None:
    rows = []
    for i, cell in enumerate(cells):
        row = [str(1600000000 + 60 * i), "1", "2", "0.5", "1.5", "10"]
        row[column] = cell
        rows.append(",".join(row))
    path = tmp_path / "fuzz.csv"
    path.write_bytes((HEADER + "\n".join(rows)).encode("utf-8", "surrogatepass"))
    try:
        read_bars(path, lenient=True)
    except PineryError:
        return


@pytest.mark.skipif(not SHARED.exists(), reason="no ../shared/conformance beside the repository")
def test_exports_of_tradingview_read_clean() -> None:
    for path in sorted(SHARED.glob("ta/*/expected.csv")):
        found = read_bars(path)
        assert found.report.clean and found.report.format == "TradingView chart export", path
    bars = read_bars(SHARED / "tradingview" / "bars" / "ETHUSDT.P_15m.csv").bars
    assert len(bars) == 53_929
    assert (bars.time[0], bars.close[0], bars.volume[0]) == (1729371600000, 2647.98, 3399.375)


def test_three_hundred_thousand_rows_in_a_moment(tmp_path: Path) -> None:
    from time import process_time

    n = 300_000
    close = np.round(4000 + np.cumsum(np.random.default_rng(1).normal(0, 0.5, n)), 2)
    bars = BarSeries(np.arange(n) * 60_000 + JAN_2_2023, close, close + 1, close - 1, close, np.ones(n))
    write_bars(bars, tmp_path / "big.csv")
    start = process_time()
    assert len(read_bars(tmp_path / "big.csv").bars) == n
    assert process_time() - start < 3  # a tenth of a second; of the processor, which others want too


def test_parquet_columns_that_are_no_numbers(tmp_path: Path) -> None:
    import polars as pl

    columns = {name: [[1.0, 2.0]] for name in ("open", "high", "low", "close")}
    pl.DataFrame({"time": [1672617600], **columns}).write_parquet(tmp_path / "lists.parquet")
    with pytest.raises(DataError):
        read_bars(tmp_path / "lists.parquet")
    pl.DataFrame({"time": [[1]], "open": [1], "high": [1], "low": [1], "close": [1]}).write_parquet(
        tmp_path / "t.parquet"
    )
    with pytest.raises(DataError):
        read_bars(tmp_path / "t.parquet")
