"""Texts come out as TradingView's reference and its page on strings say."""

import math
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pinery.core.errors import PineRuntimeError
from pinery.core.instrument import Instrument
from pinery.runtime import strings
from pinery.runtime.arrays import Array
from pinery.runtime.context import Runtime
from pinery.runtime.matrices import Matrix

NAN = math.nan


def runtime(pricescale: int = 100, minmove: int = 1) -> Runtime:
    instrument = Instrument("NASDAQ", "AAPL", pricescale=pricescale, minmove=minmove, timezone="America/New_York")
    return cast(Runtime, SimpleNamespace(instrument=instrument, timezone=instrument.timezone))


def text(value: Any, pattern: str | None = None, **instrument: int) -> str:
    return strings.tostring(runtime(**instrument), value, pattern)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.0, "1"),
        (123.456, "123.456"),
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.3333333333"),
        (1234567.0, "1234567"),
        (1e21, "1000000000000000000000"),
        (-0.5, "-0.5"),
        (1e-12, "0"),
        (7, "7"),
        (NAN, "NaN"),
        (True, "true"),
        (False, "false"),
        ("text", "text"),
        (None, "NaN"),
    ],
)
def test_default_format(value: Any, shown: str) -> None:
    assert text(value) == shown


@pytest.mark.parametrize(
    ("value", "pattern", "shown"),
    [
        (3.99, "#", "4"),
        (123.456, "#.##", "123.46"),
        (123.4, "#.##", "123.4"),
        (0.5, "#.##", "0.5"),
        (0.5, "#.00", ".50"),
        (0.5, "0.00", "0.50"),
        (1.5, "#.000", "1.500"),
        (0.0, "#", "0"),
        (42.0, "000000", "000042"),
        (1234567.891, "#,###", "1,234,568"),
        (1234.5, "0000,000.##", "0,001,234.5"),
        (123456789, "#,##0.00", "123,456,789.00"),
        (0.1234567, "#.####%", "12.3457%"),
        (-1.5, "$0.00", "-$1.50"),
        (12.0, "0.0 'pts'", "12.0 pts"),
        (123456.0, "0.##E0", "1.23E5"),
        (NAN, "#.##", "NaN"),
        (math.inf, "#.##", "∞"),
    ],
)
def test_patterns(value: float, pattern: str, shown: str) -> None:
    assert text(value, pattern) == shown


def test_a_pattern_that_makes_no_sense_is_an_error() -> None:
    with pytest.raises(PineRuntimeError, match="number format"):
        text(1.0, "0.0#0")


def test_mintick_keeps_trailing_zeros() -> None:
    assert text(101.1, "mintick") == "101.10"
    assert text(100.13, "mintick", minmove=25) == "100.25"
    assert text(5000.0, "mintick", pricescale=1) == "5000"
    assert text(NAN, "mintick") == "NaN"


def test_volume_and_percent() -> None:
    assert text(999.0, "volume") == "999"
    assert text(1234.0, "volume") == "1.234K"
    assert text(1500000.0, "volume") == "1.5M"
    assert text(999999999.9, "volume") == "1B"
    assert text(2.5e12, "volume") == "2.5T"
    assert text(12.344, "percent") == "12.34%"


def test_collections() -> None:
    assert text(Array([1.0, 2.5, NAN])) == "[1, 2.5, NaN]"
    assert text(Array(["a", "b"]), "#.##") == "[a, b]"
    assert text(Array([1.234, 5.0]), "#.##") == "[1.23, 5]"
    assert text(Matrix([[9, 8], [6, 5]], 2)) == "[9, 8]\n[6, 5]"
    assert strings.join(Array([5.0, 5.0]), ",") == "5,5"


def test_huge_whole_numbers_do_not_fail() -> None:
    assert text(10**5000) == "∞"


@pytest.mark.parametrize(
    ("written", "value"),
    [("1234.50", 1234.5), ("-3", -3.0), ("+.5", 0.5), ("5.", 5.0), (" 7 ", 7.0)],
)
def test_tonumber(written: str, value: float) -> None:
    assert strings.tonumber(written) == value


@pytest.mark.parametrize("written", ["$1,234.50", "", "abc", "1e5", "1.2.3", "٣", None])
def test_tonumber_of_what_is_no_number(written: str | None) -> None:
    assert math.isnan(strings.tonumber(written))


def test_replace() -> None:
    source = "FTX:BTCUSD / FTX:BTCEUR"
    assert strings.replace(source, "FTX", "BINANCE", 0) == "BINANCE:BTCUSD / FTX:BTCEUR"
    assert strings.replace(source, "FTX", "BINANCE", 1) == "FTX:BTCUSD / BINANCE:BTCEUR"
    assert strings.replace(source, "FTX", "BINANCE", 2) == source
    assert strings.replace("Hello world!", "o", "0", 1) == "Hello w0rld!"
    assert strings.replace_all("Hello world!", "l", "1") == "He11o wor1d!"
    assert strings.replace_all("01", "", "-") == "-0-1-"
    inner = strings.replace(strings.replace_all("012345", "", "}\n{"), "}\n", "")
    assert strings.replace(inner, "\n{", "", 5) == "{0}\n{1}\n{2}\n{3}\n{4}\n{5}"


def test_substring() -> None:
    symbol = "NASDAQ:AAPL"
    assert strings.substring(symbol, strings.pos(symbol, ":") + 1) == "AAPL"
    assert strings.substring("TradingView", 0, 7) == "Trading"
    assert strings.substring("TradingView", NAN, 99) == "TradingView"
    assert strings.substring("abc", 3) == ""
    with pytest.raises(PineRuntimeError, match="before its begin"):
        strings.substring("abc", 2, 1)
    with pytest.raises(PineRuntimeError, match="out of bounds"):
        strings.substring("abc", 4)


def test_position() -> None:
    assert strings.pos("abcabc", "c") == 2
    assert strings.pos("abc", "") == 0
    assert strings.pos("abc", None) == 0
    assert math.isnan(strings.pos("abc", "x"))


def test_repeat_trim_case_split() -> None:
    assert strings.repeat("?", 3, ",") == "?,?,?"
    assert strings.repeat("x", 0) == ""
    assert strings.repeat(None, 3) is None
    assert strings.trim("\n\n\t\tABC DEF\t  \n\n   ") == "ABC DEF"
    assert strings.trim(None) == ""
    assert strings.upper("Grün") == "GRüN"
    assert strings.lower("ÄPFEL") == "Äpfel"
    assert strings.split("a,b,,c", ",").items == ["a", "b", "", "c"]
    assert strings.split("abc", "").items == ["a", "b", "c"]


def test_a_string_has_a_greatest_length() -> None:
    with pytest.raises(PineRuntimeError, match="40960"):
        strings.repeat("ab", 10**9)
    with pytest.raises(PineRuntimeError, match="40960"):
        strings.replace_all("a" * 30_000, "a", "bb")


def test_na_contains_nothing() -> None:
    assert not strings.contains(None, "a")
    assert not strings.startswith("abc", None)
    assert strings.contains("abc", "")
    assert strings.endswith("abc", "bc")
