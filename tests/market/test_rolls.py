"""The roll calendar against dates that exchanges and brokers published."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinery.market.calendar import is_nyse_day
from pinery.market.rolls import (
    MONTH_CODES,
    ContractMonth,
    UnknownRoot,
    check_rule,
    contract_ticker,
    default_rule,
    expiry,
    front,
    known_roots,
    last_entry,
    nth,
    parse_continuous,
    parse_contract,
    roll_day,
)
from pinery.market.symbols import built_in

DAYS = st.dates(date(2015, 1, 1), date(2045, 12, 31))


def day(text: str) -> date:
    return date.fromisoformat(text)


def month(ticker: str) -> ContractMonth:
    found = parse_contract(ticker)
    assert found is not None
    return found


def of(ticker: str) -> tuple[str, int, int]:
    found = month(ticker)
    return found.root, found.year, found.month


# CME Group's tables of equity index roll dates.
@pytest.mark.parametrize(
    ("ticker", "expires", "monday", "thursday"),
    [
        ("ESU2014", "2014-09-19", "2014-09-15", "2014-09-11"),
        ("ESZ2014", "2014-12-19", "2014-12-15", "2014-12-11"),
        ("ESH2022", "2022-03-18", "2022-03-14", "2022-03-10"),
        ("NQM2022", "2022-06-17", "2022-06-13", "2022-06-09"),
        ("RTYZ2022", "2022-12-16", "2022-12-12", "2022-12-08"),
        ("YMM2023", "2023-06-16", "2023-06-12", "2023-06-08"),
        ("MESH2026", "2026-03-20", "2026-03-16", "2026-03-12"),
        ("ESZ2026", "2026-12-18", "2026-12-14", "2026-12-10"),
    ],
)
def test_stock_index_futures(ticker: str, expires: str, monday: str, thursday: str) -> None:
    assert expiry(*of(ticker)) == last_entry(*of(ticker)) == day(expires)
    assert roll_day(*of(ticker)) == roll_day(*of(ticker), "monday") == day(monday)
    assert roll_day(*of(ticker), "thursday") == day(thursday)


def test_index_expiry_moves_off_a_holiday() -> None:
    assert expiry("ES", 2026, 6) == date(2026, 6, 18)  # the third Friday is Juneteenth
    assert expiry("ES", 2008, 3) == date(2008, 3, 20)  # Good Friday
    assert roll_day("ES", 2026, 6) == date(2026, 6, 15)


# First notice days of 2026, from brokers' calendars: the last entry day is the business day before.
@pytest.mark.parametrize(
    ("tickers", "notices"),
    [
        ("GCG GCJ GCM GCQ GCV GCZ", "01-30 03-31 05-29 07-31 09-30 11-30"),
        ("SIH SIK SIN SIU SIZ", "02-27 04-30 06-30 08-31 11-30"),
        ("HGH HGK HGN HGU HGZ", "02-27 04-30 06-30 08-31 11-30"),
        ("PLJ PLN PLV", "03-31 06-30 09-30"),
        ("ZCH ZCK ZCN ZCU ZCZ", "02-27 04-30 06-30 08-31 11-30"),
    ],
)
def test_deliverable_futures_are_left_before_first_notice(tickers: str, notices: str) -> None:
    for ticker, notice in zip(tickers.split(), notices.split(), strict=True):
        last = last_entry(*of(f"{ticker}2026"))
        assert last < day(f"2026-{notice}"), ticker
        between = day(f"2026-{notice}") - last
        assert sum(is_nyse_day(last + timedelta(days=i)) for i in range(between.days)) == 1, ticker
        assert roll_day(*of(f"{ticker}2026")) < last


# Crude oil gives first notice two business days after its last trading day, natural gas one, by the same calendars.
@pytest.mark.parametrize(
    ("root", "after", "notices"),
    [
        ("CL", 2, "01-22 02-24 03-24 04-23 05-21 06-24 07-23 08-24 09-24 10-22 11-24"),
        ("NG", 1, "01-29 02-26 03-30 04-29 05-28 06-29 07-30 08-28 09-29 10-29 11-27"),
        ("RB", 2, "02-03 03-03 04-02 05-04 06-02 07-02 08-04 09-02 10-02 11-03 12-02"),
    ],
)
def test_last_trading_days_of_energy_futures(root: str, after: int, notices: str) -> None:
    for code, notice in zip(MONTH_CODES[1:], notices.split(), strict=True):
        contract = month(f"{root}{code}2026")
        last = expiry(root, contract.year, contract.month)
        step = last
        for _ in range(after):
            step += timedelta(days=1)
            while not is_nyse_day(step):
                step += timedelta(days=1)
        assert step == day(f"2026-{notice}"), contract.ticker


@pytest.mark.parametrize(
    ("ticker", "expires"),
    [
        ("CLK2020", "2020-04-21"),  # the day after prices were below zero
        ("CLF2025", "2024-12-19"),
        ("CLG2025", "2025-01-21"),
        ("MCLF2027", "2026-12-18"),
        ("GCZ2026", "2026-12-29"),
        ("ZNZ2026", "2026-12-21"),
        ("ZFZ2026", "2026-12-31"),
        ("6EZ2026", "2026-12-14"),
        ("6CZ2026", "2026-12-15"),
        ("ZCZ2026", "2026-12-14"),
        ("BTCX2026", "2026-11-27"),
    ],
)
def test_other_expiries(ticker: str, expires: str) -> None:
    assert expiry(*of(ticker)) == day(expires)


@pytest.mark.parametrize(
    ("on", "first", "second"),
    [
        ("2026-12-11", "ESZ2026", "ESH2027"),
        ("2026-12-13", "ESZ2026", "ESH2027"),  # a Sunday; its evening is Monday's trading day
        ("2026-12-14", "ESH2027", "ESM2027"),
        ("2026-12-31", "ESH2027", "ESM2027"),
        ("2027-01-01", "ESH2027", "ESM2027"),
    ],
)
def test_front_month(on: str, first: str, second: str) -> None:
    assert front("ES", day(on)).ticker == nth("ES", 1, day(on)).ticker == first
    assert nth("ES", 2, day(on)).ticker == second


def test_the_rule_is_a_choice() -> None:
    on = date(2026, 12, 10)
    assert front("ES", on).ticker == "ESZ2026"
    assert front("ES", on, "thursday").ticker == "ESH2027"
    assert front("ES", date(2026, 12, 8), "8 days").ticker == "ESH2027"
    assert default_rule("ES") == "monday"
    with pytest.raises(ValueError, match='"monday", "thursday" or "5 days"'):
        check_rule("tuesday")
    with pytest.raises(ValueError, match="no roll rule"):
        front("ES", on, "when it suits")


def test_every_future_of_the_symbol_table_has_rules() -> None:
    listed = {listing.instrument.root for listing in built_in() if listing.is_root}
    assert listed == set(known_roots())


@given(root=st.sampled_from(known_roots()), on=DAYS, n=st.integers(1, 4))
def test_months_follow_each_other(root: str, on: date, n: int) -> None:
    here, after = nth(root, n, on), nth(root, n + 1, on)
    assert here < after
    assert on < roll_day(root, here.year, here.month) <= last_entry(root, here.year, here.month)
    assert last_entry(root, here.year, here.month) <= expiry(root, here.year, here.month)
    assert is_nyse_day(expiry(root, here.year, here.month))
    # What is front tomorrow is front or second today: no month is left out.
    assert nth(root, 1, on + timedelta(days=1)) in (nth(root, 1, on), nth(root, 2, on))


def test_names() -> None:
    on = date(2026, 11, 23)
    assert contract_ticker("ES", 2026, 12) == "ESZ2026"
    assert month("ESM2025") == month("esm25") == ContractMonth(2025, 6, "ES")
    assert parse_contract("ESZ6", on) == ContractMonth(2026, 12, "ES")
    assert parse_contract("ESH7", on) == ContractMonth(2027, 3, "ES")
    assert parse_contract("ESZ5", on) == ContractMonth(2025, 12, "ES")  # just past, not nine years ahead
    assert parse_contract("ESZ4", on) == ContractMonth(2034, 12, "ES")
    assert parse_contract("6EH27") == ContractMonth(2027, 3, "6E")
    assert parse_contract("M2KZ2026") == ContractMonth(2026, 12, "M2K")
    assert parse_contract("ESZ6") is None  # without a day nobody knows the decade
    for other in ("ES", "ES1!", "ETHUSDT.P", "ESA2026", "ESZ20266", "ESZ0001", ""):
        assert parse_contract(other, on) is None, other
    assert parse_continuous("ES1!") == ("ES", 1)
    assert parse_continuous("m2k2!") == ("M2K", 2)
    assert parse_continuous("ES") is parse_continuous("ES0!") is None


@given(root=st.sampled_from(known_roots()), on=DAYS, n=st.integers(1, 6))
def test_short_names_mean_the_contract_of_the_years_ahead(root: str, on: date, n: int) -> None:
    contract = nth(root, n, on)
    for cut in (0, 2, 3):
        assert parse_contract(f"{root}{contract.code}{str(contract.year)[cut:]}", on) == contract


def test_what_is_not_known_is_said() -> None:
    with pytest.raises(UnknownRoot, match="FDAX"):
        front("FDAX", date(2026, 1, 1))
    with pytest.raises(ValueError, match="ESF2027 does not exist: ES has the months H, M, U, Z"):
        expiry("ES", 2027, 1)
