"""The symbol table, users' additions, and what is assumed of the unknown."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pinery.core.errors import DataError
from pinery.market.symbols import assumptions, built_in, load, lookup, price_step, step_parts
from pinery.runtime.sessions import calendar_of


@pytest.mark.parametrize(
    ("symbol", "mintick", "pointvalue", "session"),
    [
        ("CME_MINI:ES1!", 0.25, 50, "1700-1600"),
        ("CME_MINI:MES1!", 0.25, 5, "1700-1600"),
        ("CME_MINI:NQ1!", 0.25, 20, "1700-1600"),
        ("CME_MINI:MNQ1!", 0.25, 2, "1700-1600"),
        ("CME_MINI:RTY1!", 0.1, 50, "1700-1600"),
        ("CBOT_MINI:YM1!", 1, 5, "1700-1600"),
        ("CBOT_MINI:MYM1!", 1, 0.5, "1700-1600"),
        ("NYMEX:CL1!", 0.01, 1000, "1800-1700"),
        ("NYMEX:MCL1!", 0.01, 100, "1800-1700"),
        ("NYMEX:NG1!", 0.001, 10000, "1800-1700"),
        ("COMEX:GC1!", 0.1, 100, "1800-1700"),
        ("COMEX:MGC1!", 0.1, 10, "1800-1700"),
        ("COMEX:SI1!", 0.005, 5000, "1800-1700"),
        ("COMEX:HG1!", 0.0005, 25000, "1800-1700"),
        ("CBOT:ZB1!", 1 / 32, 1000, "1700-1600"),
        ("CBOT:ZN1!", 1 / 64, 1000, "1700-1600"),
        ("CBOT:ZF1!", 1 / 128, 1000, "1700-1600"),
        ("CBOT:ZC1!", 0.25, 50, "1900-0745,0830-1320"),
        ("CME:6E1!", 0.00005, 125000, "1700-1600"),
        ("CME:6J1!", 0.0000005, 12500000, "1700-1600"),
        ("CME:BTC1!", 5, 5, "1700-1600"),
        ("CME:MBT1!", 5, 0.1, "1700-1600"),
        ("SP:SPX", 0.01, 1, "0930-1600"),
        ("AMEX:SPY", 0.01, 1, "0930-1600"),
        ("NASDAQ:AAPL", 0.01, 1, "0930-1600"),
        ("BINANCE:BTCUSDT", 0.01, 1, "24x7"),
        ("BINANCE:BTCUSDT.P", 0.1, 1, "24x7"),
        ("OANDA:EURUSD", 0.00001, 1, "1700-1700"),
        ("FX:USDJPY", 0.001, 1, "1700-1700"),
    ],
)
def test_facts(symbol: str, mintick: float, pointvalue: float, session: str) -> None:
    found = lookup(symbol)
    assert (found.tickerid, found.mintick, found.pointvalue, found.session) == (symbol, mintick, pointvalue, session)
    assert not found.assumed


def test_the_perpetual_of_the_conformance_cases() -> None:
    eth = lookup("BINANCE:ETHUSDT.P")
    assert (eth.mintick, eth.pointvalue, eth.qty_step, eth.mincontract) == (0.01, 1.0, 0.0001, 0.0001)
    assert (eth.timezone, eth.session, eth.currency, eth.type) == ("Etc/UTC", "24x7", "USDT", "crypto")


@pytest.mark.parametrize(
    ("asked", "tickerid", "root"),
    [
        ("ES1!", "CME_MINI:ES1!", "ES"),
        ("es1!", "CME_MINI:ES1!", "ES"),
        ("ES2!", "CME_MINI:ES2!", "ES"),
        ("ESM2025", "CME_MINI:ESM2025", "ES"),
        ("ESM25", "CME_MINI:ESM25", "ES"),
        ("CME_MINI:NQZ4", "CME_MINI:NQZ4", "NQ"),
        ("M2K1!", "CME_MINI:M2K1!", "M2K"),
        ("CME:6EH2025", "CME:6EH2025", "6E"),
        ("SYNTH:ES1!", "SYNTH:ES1!", "ES"),
        ("ethusdt.p", "BINANCE:ETHUSDT.P", ""),
        ("BTCUSD", "COINBASE:BTCUSD", ""),
        ("TVC:VIX", "TVC:VIX", ""),
    ],
)
def test_ways_to_write_a_symbol(asked: str, tickerid: str, root: str) -> None:
    found = lookup(asked)
    assert (found.tickerid, found.root, found.assumed) == (tickerid, root, False)


def test_made_up_bars_say_so_in_their_description() -> None:
    assert lookup("SYNTH:ES1!").description.startswith("Synthetic")


def test_every_listing_has_a_readable_zone_and_session() -> None:
    for listing in built_in():
        ZoneInfo(listing.instrument.timezone)
        calendar_of(listing.instrument)
        assert listing.instrument.mintick > 0


def test_unknown_symbols_get_defaults_by_exchange() -> None:
    coin = lookup("BINANCE:PEPEUSDT", prices=np.array([0.00001234, 0.00001235, 0.00001241, 0.0000125]))
    assert (coin.type, coin.currency, coin.basecurrency, coin.session) == ("crypto", "USDT", "PEPE", "24x7")
    assert coin.mintick == 1e-8 and coin.assumed
    assert "assumed: crypto, price step 0.00000001" in assumptions(coin)
    stock = lookup("NASDAQ:ZZZZ")
    assert (stock.type, stock.timezone, stock.session) == ("stock", "America/New_York", "0930-1600")
    future = lookup("CME:XYZ1!")
    assert (future.type, future.root, future.session) == ("futures", "XYZ", "1700-1600")
    pair = lookup("OANDA:NOKJPY")
    assert (pair.type, pair.currency, pair.pricescale) == ("forex", "JPY", 1000)


def test_price_steps_read_off_prices() -> None:
    quarters = 4000 + np.arange(200) * 0.25
    assert price_step(quarters) == (25, 100)
    assert price_step(np.array([1.07123, 1.07124, 1.07130, 1.07])) == (1, 100_000)
    assert price_step(np.array([100.0, 200.0, 300.0, 400.0])) == (1, 1)  # too few for a common divisor
    assert price_step(np.array([1 / 3, 2 / 3, 1 / 7, 1 / 9])) is None
    assert price_step(np.array([1.0])) is None


def test_steps_as_whole_numbers() -> None:
    assert step_parts(0.25) == (25, 100)
    assert step_parts(1 / 32) == (1, 32)
    assert step_parts(0.00005) == (5, 100_000)
    assert step_parts(5) == (5, 1)


def test_a_users_file_adds_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[symbols."LSE:VOD"]\ntype = "stock"\nmintick = 0.02\ncurrency = "GBX"\ntimezone = "Europe/London"\n'
        'session = "0800-1630"\n[[group]]\nprefix = "EUREX"\ntype = "futures"\n[group.symbols]\n'
        'FDAX = { mintick = 1, pointvalue = 25, session = "0110-2200" }\n'
        '[symbols."BINANCE:BTCUSDT"]\nmintick = 0.1\n'
    )
    table = load(path)
    assert lookup("LSE:VOD", table).mintick == 0.02
    assert lookup("EUREX:FDAXM2025", table).pointvalue == 25
    assert lookup("BINANCE:BTCUSDT", table).mintick == 0.1
    assert lookup("BINANCE:BTCUSDT").mintick == 0.01  # the package's own table is untouched


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[symbols", "mine.toml"),
        ("[symbols.X]\npricescal = 100\n", "unknown key 'pricescal'"),
        ("[symbols.X]\nmintick = 0\n", "above zero"),
        ("[symbols.X]\nmintick = true\n", "above zero"),
        ("[symbols.X]\ntimezone = 'Mars/Base'\n", "unknown time zone"),
        ("[symbols.X]\ntype = 'thing'\n", "unknown type"),
        ("[symbols]\nX = 5\n", "must be a table"),
        ("stray = 1\n", "unknown key 'stray'"),
        ("[symbols.X]\npricescale = 0.5\n", "whole number"),
    ],
)
def test_faults_in_a_users_file_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        load(path)


def test_absent_file_and_empty_symbol() -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load("absent.toml")
    with pytest.raises(DataError, match="names no symbol"):
        lookup("  ")


def test_search() -> None:
    assert {i.ticker for i in built_in().search("gold comex")} == {"GC1!", "MGC1!"}
