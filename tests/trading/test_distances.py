"""Distances: how they are written, and which prices they give."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinery.trading import distances
from pinery.trading.deployments import Distance, Unit
from pinery.trading.distances import check_bracket, choose, offset, parse, price_at
from pinery.trading.mapping import contract_of

D = Decimal
ES = contract_of("CME_MINI:ESZ2026")
ETH = contract_of("BINANCE:ETHUSDT.P")


@pytest.mark.parametrize(
    ("text", "unit", "value", "again"),
    [
        ("1%", Unit.PERCENT, "1", "1%"),
        (" 0.5 % ", Unit.PERCENT, "0.5", "0.5%"),
        (".5 percent", Unit.PERCENT, "0.5", "0.5%"),
        ("20 ticks", Unit.TICKS, "20", "20 ticks"),
        ("1 tick", Unit.TICKS, "1", "1 tick"),
        ("5 points", Unit.POINTS, "5", "5 points"),
        ("5pts", Unit.POINTS, "5", "5 points"),
        ("4100.25", Unit.PRICE, "4100.25", "4100.25"),
        ("Signal", Unit.SIGNAL, "0", "signal"),
    ],
)
def test_parse_and_format(text: str, unit: Unit, value: str, again: str) -> None:
    assert parse(text) == Distance(unit, D(value))
    assert distances.format(parse(text)) == again
    assert parse(again) == parse(text)


@pytest.mark.parametrize(
    "text", ["", "abc", "-1%", "0", "0 ticks", "1e5", "nan", "4,100", "5 apples", "1%%", "٣%", "9" * 400]
)
def test_what_is_no_distance(text: str) -> None:
    with pytest.raises(ValueError, match="is no distance"):
        parse(text)


@given(st.text(max_size=20))
def test_any_text_is_a_distance_or_an_error_in_words(text: str) -> None:
    try:
        assert parse(distances.format(parse(text))) == parse(text)
    except ValueError as error:
        assert "is no distance" in str(error)


@pytest.mark.parametrize(
    ("text", "side", "loss", "price"),
    [
        ("7 points", 1, True, "5993"),
        ("5 points", 1, False, "6005"),
        ("7 points", -1, True, "6007"),
        ("5 points", -1, False, "5995"),
        ("20 ticks", 1, True, "5995"),
        ("0.11%", 1, True, "5993.5"),  # 6.6 points: 5993.4 is rounded towards the entry
        ("0.11%", -1, True, "6006.5"),
        ("0.11%", 1, False, "6006.5"),
        ("0.0001%", 1, True, "5999.75"),  # at least a tick
        ("5990.1", 1, True, "5990.25"),
        ("6010", 1, True, "6010"),  # the wrong side stays so
    ],
)
def test_price_at(text: str, side: int, loss: bool, price: str) -> None:
    assert price_at(parse(text), D(6000), side, ES, loss=loss) == D(price)


@given(
    entry=st.decimals("1", "20000", places=3),
    value=st.decimals("0.01", "50", places=2),
    unit=st.sampled_from([Unit.PERCENT, Unit.POINTS, Unit.TICKS]),
    side=st.sampled_from([1, -1]),
    loss=st.booleans(),
    contract=st.sampled_from([ES, ETH]),
)
def test_protection_is_on_its_side_on_a_tick_and_no_further_than_said(
    entry: D, value: D, unit: Unit, side: int, loss: bool, contract: object
) -> None:
    assert contract in (ES, ETH)
    used = ES if contract is ES else ETH
    distance = Distance(unit, value)
    price = price_at(distance, entry, side, used, loss=loss)
    assert price % used.tick == 0
    assert (price > entry) == ((side > 0) != loss)
    assert abs(price - entry) <= max(offset(distance, entry, used), used.tick)
    if price > 0:
        assert check_bracket(side, entry, price if loss else None, None if loss else price) is None


@pytest.mark.parametrize(
    ("side", "stop", "target", "words"),
    [
        (1, "6001", None, "stop of a long entry must be below it: stop 6001, entry 6000"),
        (1, "6000", None, "stop of a long entry must be below"),
        (-1, "5999", None, "stop of a short entry must be above"),
        (1, "5990", "5999", "target of a long entry must be above"),
        (-1, "6010", "6001", "target of a short entry must be below"),
        (1, "-10", None, "the stop of the long entry at 6000 would be at -10"),
    ],
)
def test_brackets_on_the_wrong_side(side: int, stop: str | None, target: str | None, words: str) -> None:
    denial = check_bracket(side, D(6000), D(stop) if stop else None, D(target) if target else None)
    assert denial is not None
    assert denial.code == "BRACKET"
    assert words in denial.reason


def test_what_the_signal_states_comes_first() -> None:
    own = parse("7 points")
    assert choose(own, "") == own
    assert choose(own, "5990.25") == parse("5990.25")
    assert choose(own, "5990.25", from_signal=False) == own
    assert choose(None, "1%") == parse("1%")
    assert choose(parse("signal"), "1%", from_signal=False) == parse("1%")
    with pytest.raises(ValueError, match="which states none"):
        choose(parse("signal"), "")
    with pytest.raises(ValueError, match="is no distance"):
        choose(own, "soon")


def test_percent_needs_a_price() -> None:
    assert offset(parse("4 ticks"), None, ES) == 1
    with pytest.raises(ValueError, match="1% needs the price of the entry"):
        offset(parse("1%"), None, ES)
