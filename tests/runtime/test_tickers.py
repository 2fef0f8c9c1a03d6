from __future__ import annotations

from typing import Any

import pytest

from pinery.core.errors import PineRuntimeError
from pinery.core.instrument import Instrument
from pinery.runtime import requests, tickers
from pinery.runtime.tickers import parse_tickerid


def test_plain_identifiers_stay_plain() -> None:
    assert tickers.new("NASDAQ", "AAPL") == "NASDAQ:AAPL"
    assert tickers.new("", "AAPL") == "AAPL"
    assert parse_tickerid("NASDAQ:AAPL") == ("NASDAQ:AAPL", {})
    assert parse_tickerid("={broken") == ("={broken", {})


def test_modifiers_survive_encoding() -> None:
    extended = tickers.new("NASDAQ", "AAPL", "extended", "dividends")
    assert parse_tickerid(extended) == ("NASDAQ:AAPL", {"session": "extended", "adjustment": "dividends"})
    both = tickers.heikinashi(extended)
    assert parse_tickerid(both) == (
        "NASDAQ:AAPL",
        {"session": "extended", "adjustment": "dividends", "type": "heikinashi"},
    )
    assert parse_tickerid(tickers.inherit(both, "NASDAQ:MSFT"))[0] == "NASDAQ:MSFT"
    assert parse_tickerid(tickers.inherit(both, "NASDAQ:MSFT"))[1] == parse_tickerid(both)[1]
    assert tickers.standard(both) == "NASDAQ:AAPL"
    assert parse_tickerid(tickers.renko("X:Y", "ATR", 14))[1] == {
        "type": "renko", "style": "ATR", "param": 14, "wicks": False, "source": "Close",
    }  # fmt: skip


def test_parts_of_an_identifier() -> None:
    assert tickers.prefix("CME_EOD:ES1!") == "CME_EOD"
    assert tickers.ticker("CME_EOD:ES1!") == "ES1!"
    assert tickers.ticker(tickers.heikinashi("CME_EOD:ES1!")) == "ES1!"
    assert tickers.prefix("ES1!") is None


class _Run:
    instrument = Instrument("NASDAQ", "AAPL")
    data = requests.NullData()
    time = 0
    bar_index = 0

    def __init__(self, strict_data: bool = False) -> None:
        self.cache: dict[str, Any] = {}
        self.strict_data = strict_data
        self.said: list[str] = []

    def warn(self, text: str) -> None:
        self.said.append(text)


def test_figures_that_are_not_there() -> None:
    """na with a warning where they could exist, an error where they cannot or the run is strict."""
    rt: Any = _Run()
    assert requests.currency_rate(rt, "USD", "USD") == 1
    assert (value := requests.currency_rate(rt, "USD", "EUR")) != value
    assert "USD to EUR" in rt.said[0]
    with pytest.raises(PineRuntimeError, match="USD to QQQ"):
        requests.currency_rate(rt, "USD", "QQQ")
    assert (value := requests.currency_rate(rt, "USD", "QQQ", True)) != value
    assert (value := requests.dividends(rt, "NASDAQ:AAPL")) != value
    with pytest.raises(PineRuntimeError, match="MSFT"):
        requests.earnings(rt, "NASDAQ:MSFT")
    strict: Any = _Run(strict_data=True)
    with pytest.raises(PineRuntimeError, match="NET_INCOME"):
        requests.financial(strict, "NASDAQ:AAPL", "NET_INCOME", "FQ")
    assert (value := requests.financial(strict, "NASDAQ:AAPL", "NET_INCOME", "FQ", None, True)) != value
