"""The list of trades, byte for byte."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pinery.core.bars import BarSeries
from pinery.core.instrument import Instrument
from pinery.emulator.trades import TradeRecord
from pinery.tester.trade_list import fixed, percent, significant, trade_list_csv

ETH = Instrument("BINANCE", "ETHUSDT.P", currency="USDT", pricescale=100)
HEADER = (
    "Trade #,Type,Date and time,Signal,Price USDT,Size (qty),Size (value),Net P&L USD,Net P&L %,"
    "Favorable excursion USD,Favorable excursion %,Adverse excursion USD,Adverse excursion %,"
    "Cumulative P&L USD,Cumulative P&L %\n"
)


def test_bytes(bars_of: Callable[..., BarSeries], trade: Callable[..., TradeRecord]) -> None:
    first = int(datetime(2025, 3, 31, tzinfo=UTC).timestamp()) * 1000
    bars = bars_of([1807.82, 1781.28, 1800.0], [first, first + 900_000, first + 1_800_000])
    trades = [
        trade(
            1,
            1,
            276.575,
            (0, 1807.82),
            (1, 1781.28),
            bars=bars,
            entry_signal='half, "more"',
            exit_signal="flat",
            profit=-7340.3005,
            profit_percent=-1.4681,
            max_runup=738.455,
            max_runup_percent=0.1477,
            max_drawdown=0.0,
            max_drawdown_percent=0.0,
            cumulative_profit=-7340.3005,
            cumulative_profit_percent=-0.734,
        ),
        trade(
            2,
            -1,
            1.0,
            (1, 1781.3),
            (2, 1800.0),
            bars=bars,
            exit_signal="Open",
            is_open=True,
            profit=-18.7,
            profit_percent=-1.05,
            max_runup=0.001,
            max_runup_percent=0.0001,
            max_drawdown=20.0,
            max_drawdown_percent=1.1,
            cumulative_profit=-7359.0005,
            cumulative_profit_percent=-0.001,
        ),
    ]
    shared = "276.575,499997.8165,-7340.3,-1.47,738.46,0.15,0,0.00,-7340.3,-0.73"
    other = "1,1781.3,-18.7,-1.05,0,0.00,-20,-1.10,-7359,0.00"
    assert trade_list_csv(trades, ETH, "USD", "Asia/Taipei").encode() == (
        b"\xef\xbb\xbf"
        + (
            HEADER
            + f"1,Exit long,2025-03-31 08:15,flat,1781.28,{shared}\n"
            + f'1,Entry long,2025-03-31 08:00,"half, ""more""",1807.82,{shared}\n'
            + f"2,Exit short,2025-03-31 08:30,Open,1800,{other}\n"
            + f"2,Entry short,2025-03-31 08:15,in,1781.3,{other}"
        ).encode()
    )


def test_without_trades_there_is_the_header() -> None:
    assert trade_list_csv([], ETH, "USD") == "\ufeff" + HEADER.removesuffix("\n")


def test_times_are_the_exchanges_by_default(
    bars_of: Callable[..., BarSeries], trade: Callable[..., TradeRecord]
) -> None:
    bars = bars_of([100, 101])
    text = trade_list_csv(
        [trade(1, 1, 1, (0, 100), (1, 101), bars=bars)], Instrument("NYSE", "X", timezone="America/New_York"), "USD"
    )
    assert "2023-12-31 19:00,in" in text


def test_a_price_has_the_decimals_of_its_tick(
    bars_of: Callable[..., BarSeries], trade: Callable[..., TradeRecord]
) -> None:
    bars = bars_of([1, 1])
    one = trade(1, 1, 1000, (0, 1.08505), (1, 1.08515000001), bars=bars)
    text = trade_list_csv([one], Instrument("FX", "EURUSD", pricescale=100_000), "USD")
    assert ",1.08505," in text and ",1.08515," in text


@pytest.mark.parametrize(
    ("value", "text"), [(1.005, "1.01"), (-0.004, "0"), (0.005, "0.01"), (10.0, "10"), (1e16, "10000000000000000")]
)
def test_money_rounds_half_up(value: float, text: str) -> None:
    assert fixed(value, 2) == text


def test_other_numbers() -> None:
    assert (percent(0.1), percent(-0.001), percent(12.345)) == ("0.10", "0.00", "12.35")
    assert significant(1806.37 * 27.6798) == "49999.96033"
    assert fixed(float("nan"), 2) == "NaN"


CASES = Path(__file__).resolve().parents[3] / "shared" / "conformance" / "tradingview" / "cases"


@pytest.mark.parametrize(
    "case",
    [
        "ta-sar-flip-entry-01",
        "pyramid-cash-fractional-commission-01",
        "analyzer-parity-percent-of-equity-sizing-01",
        "order-percent-equity-cash-commission-01",
    ],
)
def test_exports_of_tradingview_are_written_as_they_are(case: str) -> None:
    """Read what TradingView wrote, write it again: the same text."""
    path = CASES / case / "trades.csv"
    if not path.exists():
        pytest.skip("the exported trade lists are not here (../shared/conformance)")
    text = path.read_text(encoding="utf-8")
    rows = list(csv.reader(text.removeprefix("\ufeff").splitlines()[1:]))
    trades = [_read(exit, entry) for exit, entry in zip(rows[::2], rows[1::2], strict=True)]
    written = trade_list_csv(trades, replace(ETH, qty_step=0.0001), "USD", "Asia/Taipei")
    assert written.splitlines()[1:] == text.splitlines()[1:]
    assert not text.endswith("\n") and not written.endswith("\n")


def _read(exit: list[str], entry: list[str]) -> TradeRecord:
    zone = ZoneInfo("Asia/Taipei")
    times = [int(datetime.fromisoformat(row[2]).replace(tzinfo=zone).timestamp()) * 1000 for row in (entry, exit)]
    numbers = [float(text) for text in exit[7:]]
    return TradeRecord(
        number=int(exit[0]),
        direction=1 if entry[1] == "Entry long" else -1,
        qty=float(entry[5]),
        entry_id="",
        entry_signal=entry[3],
        entry_price=float(entry[4]),
        entry_bar=0,
        entry_time=times[0],
        exit_id="",
        exit_signal=exit[3],
        exit_price=float(exit[4]),
        exit_bar=0,
        exit_time=times[1],
        commission=0.0,
        profit=numbers[0],
        profit_percent=numbers[1],
        max_runup=numbers[2],
        max_runup_percent=numbers[3],
        max_drawdown=-numbers[4],
        max_drawdown_percent=-numbers[5],
        cumulative_profit=numbers[6],
        cumulative_profit_percent=numbers[7],
    )
