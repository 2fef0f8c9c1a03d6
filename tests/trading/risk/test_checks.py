"""Every risk check with its limit just kept and just broken, and what holds for all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinery.trading.broker import Balance, Environment, Quote
from pinery.trading.denials import DENIALS
from pinery.trading.deployments import Account, Deployment, Limits, Stage
from pinery.trading.mapping import contract_of
from pinery.trading.risk import CHECKS, RiskContext, Scope, assess
from pinery.trading.signals import Action, Signal, Source
from pinery.trading.store import Day, Standing, TradingState
from pinery.trading.windows import parse_window

D = Decimal
NOW = int(datetime(2026, 11, 23, 16, tzinfo=UTC).timestamp() * 1000)  # Monday, in the hours of ES
ES, ETH = contract_of("CME_MINI:ESZ2026"), contract_of("BINANCE:ETHUSDT.P")
SIGNAL = Signal("id", "demo", "k", Action.ENTER_LONG, "IN", Source.WEBHOOK, NOW)
BALANCE = Balance("USD", D(100_000), D(100_000), D(0), D(100_000), NOW)


def scope(name: str, limits: Limits | None = None, **facts: Any) -> Scope:
    key = name.replace(" ", ":")
    found = Scope(name, limits or Limits(), D(0), Day(key, "2026-11-23"), Standing(key), D(0), D(0), None)
    return replace(found, **facts)


def context(limits: Limits | None = None, account: Limits | None = None, **facts: Any) -> RiskContext:
    """An order to buy one ES on paper with nothing in its way. ``limits`` are the deployment's; facts that scopes
    have (position, day …) go to both."""
    own = {name: facts.pop(name) for name in list(facts) if name in Scope.__dataclass_fields__}
    scopes = (
        scope("deployment demo", limits, **own),
        scope("account paper", account or Limits(max_signal_age=None), **own),
    )
    change = facts.pop("change", D(1))
    found = RiskContext(
        signal=SIGNAL,
        deployment=Deployment("demo", "paper", "CME_MINI:ES1!"),
        account=Account("paper", "paper", Environment.PAPER),
        environment=Environment.PAPER,
        contract=ES,
        change=change,
        order_quantity=abs(change),
        price=D(6000),
        stop_price=None,
        quote=Quote(ES.symbol, D(6000), NOW, "feed"),
        balance=BALANCE,
        state=TradingState.ACTIVE,
        state_reason="",
        scopes=scopes,
        margin_held={},
        now=NOW,
    )
    return replace(found, **facts)


LEVERAGED = Account("main", "binance", Environment.DEMO, leverage=D(20), leverages={"BINANCE:ETHUSDT.P": D(5)})


def day(**facts: Any) -> Day:
    return Day("deployment:demo", "2026-11-23", **facts)


def standing(**facts: Any) -> Standing:
    return Standing("deployment:demo", **facts)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_an_order_that_nothing_is_against() -> None:
    assessment = assess(context())
    assert assessment.denial is None
    assert [name for name, _, _ in assessment.steps] == [check.name for check in CHECKS]
    assert {result for _, result, _ in assessment.steps} == {"pass"}


LIVE: dict[str, Any] = {
    "environment": Environment.LIVE,
    "deployment": Deployment("demo", "paper", "ES1!", stage=Stage.SMALL),
    "promoted": Stage.SMALL,
}
PASSES: list[tuple[str, RiskContext]] = [
    ("demo on paper", context(deployment=Deployment("demo", "paper", "ES1!", stage=Stage.PRODUCTION))),
    ("paper on demo", context(environment=Environment.DEMO)),
    ("stage cap", context(deployment=Deployment("demo", "paper", "ES1!", max_contracts=D(1)))),
    ("small granted on live", context(**LIVE)),
    (
        "production granted, small configured",
        context(**(LIVE | {"promoted": Stage.PRODUCTION})),
    ),
    ("demo needs no promotion", context(environment=Environment.DEMO, deployment=LIVE["deployment"])),
    ("stale", context(signal=replace(SIGNAL, sent=NOW - 300_000))),
    ("not stale", context(Limits(max_signal_age=None), signal=replace(SIGNAL, sent=NOW - 10**9))),
    ("received before our clock was set back", context(signal=replace(SIGNAL, received=NOW + 3_600_000))),
    (
        "newest dated by a clock that was wrong",
        context(signal=replace(SIGNAL, sent=NOW), standing=standing(last_sent=NOW + 3_600_000)),
    ),
    ("tolerance", context(signal=replace(SIGNAL, sent=NOW - 1000), standing=standing(last_sent=NOW))),
    ("no firing time", context(standing=standing(last_sent=NOW + 5000))),
    ("root", context(Limits(allowed_symbols=frozenset({"es"})))),
    ("continuous", context(Limits(allowed_symbols=frozenset({"CME_MINI:ES1!"})))),
    ("contract", context(Limits(allowed_symbols=frozenset({"ESZ2026"})))),
    (
        "always",
        context(
            Limits(windows=()), now=at("2026-12-25 12:00"), signal=replace(SIGNAL, received=at("2026-12-25 12:00"))
        ),
    ),
    ("cool", context(Limits(cool_down=60), standing=standing(last_closed=NOW - 60_000))),
    ("entries", context(Limits(max_orders_per_day=3), day=day(entries=2))),
    ("order size", context(Limits(max_order_size=D(1)))),
    ("position", context(Limits(max_position=D(3)), position=D(2))),
    ("other side", context(Limits(max_position=D(3)), position=D(-9), change=D(12))),
    ("loss", context(Limits(max_daily_loss=D(500)), realized_today=D(-400), open_profit=D("-99.99"))),
    (
        "equity gained",
        context(Limits(max_daily_loss=D(500)), day=day(start_equity=D(900)), equity=D(1000), realized_today=D(-900)),
    ),
    ("drawdown", context(Limits(max_drawdown=D(500)), standing=standing(peak_equity=D(1000)), equity=D("500.01"))),
    ("no peak yet", context(Limits(max_drawdown=D(500)), equity=D(1))),
    ("equity unknown", context(Limits(max_drawdown=D(500)), standing=standing(peak_equity=D(1000)))),
    ("data age", context(Limits(max_data_age=10), quote=Quote(ES.symbol, D(6000), NOW - 10_000, "feed"))),
    ("no data", context(quote=None)),
    ("collar", context(Limits(price_collar=D(1)), price=D(6060))),
    ("nothing to compare", context(Limits(price_collar=D(1)), quote=None)),
    ("balance", context(Limits(min_balance=D(100_000)))),
    ("no balance on paper", context(balance=None)),
    ("margin", context(account=Limits(max_signal_age=None), change=D(4))),
    ("margin off", context(account=Limits(max_signal_age=None, margin_check=False), change=D(40))),
    ("margin unknown on paper", context(contract=ETH, price=None)),
]


@pytest.mark.parametrize("case", [case for _, case in PASSES], ids=[name for name, _ in PASSES])
def test_passes(case: RiskContext) -> None:
    assert assess(case).denial is None


DENIED: list[tuple[str, str, RiskContext]] = [
    ("KILL_SWITCH", "trading is halted: fat finger", context(state=TradingState.HALTED, state_reason="fat finger")),
    ("REDUCING", "only orders that reduce the position are accepted", context(state=TradingState.REDUCING)),
    (
        "STAGE",
        "signals are recorded only",
        context(deployment=Deployment("demo", "paper", "ES1!", stage=Stage.BACKTEST)),
    ),
    ("STAGE", "at stage paper and paper is a live account", context(environment=Environment.LIVE)),
    (
        "STAGE",
        "would be 2; stage small allows at most 1",
        context(deployment=Deployment("demo", "paper", "ES1!", stage=Stage.SMALL, max_contracts=D(1)), position=D(1)),
    ),
    ("PROMOTION", "stage small, and no promotion is on record", context(**(LIVE | {"promoted": None}))),
    (
        "PROMOTION",
        "stage production, and on record is stage small",
        context(**(LIVE | {"deployment": Deployment("demo", "paper", "ES1!", stage=Stage.PRODUCTION)})),
    ),
    ("STALE", "the signal fired 301 s ago, at most 300 s", context(signal=replace(SIGNAL, sent=NOW - 301_000))),
    ("STALE", "was received 301 s ago", context(signal=replace(SIGNAL, received=NOW - 301_000))),
    ("STALE", "fires 301 s from now: a clock is wrong", context(signal=replace(SIGNAL, sent=NOW + 301_000))),
    ("STALE", "at most 5 s", context(account=Limits(max_signal_age=5), signal=replace(SIGNAL, sent=NOW - 6_000))),
    (
        "SUPERSEDED",
        "2.0 s before a signal",
        context(signal=replace(SIGNAL, sent=NOW - 2000), standing=standing(last_sent=NOW)),
    ),
    (
        "SYMBOL",
        "CME_MINI:ESZ2026 is not on the allow-list of account paper: MES, NQ",
        context(account=Limits(allowed_symbols=frozenset({"NQ", "MES"}))),
    ),
    (
        "SESSION",
        "hours of deployment demo (06:30-12:30 UTC-8 Mon-Fri); opens Tue 2026-11-24 14:30 UTC",
        context(now=at("2026-11-23 20:30"), signal=replace(SIGNAL, received=at("2026-11-23 20:30"))),
    ),
    (
        "SESSION",
        "of account paper (18:00-19:00 UTC Mon-Fri)",
        context(account=Limits(windows=(parse_window("18:00-19:00 UTC"),))),
    ),
    (
        "SESSION",
        "closed: CME_MINI:ESZ2026 trades 1700-1600 America/Chicago; opens Sun 2026-12-27 23:00 UTC",
        context(now=at("2026-12-25 16:00"), signal=replace(SIGNAL, received=at("2026-12-25 16:00"))),
    ),
    (
        "COOL_DOWN",
        "closed 59 s ago; the pause is 60 s",
        context(Limits(cool_down=60), standing=standing(last_closed=NOW - 59_000)),
    ),
    (
        "ORDERS_PER_DAY",
        "has made 3 entries today, at most 3",
        context(Limits(max_orders_per_day=3), day=day(entries=3)),
    ),
    (
        "MAX_ORDER_SIZE",
        "the order of 2 is larger than deployment demo allows: 1",
        context(Limits(max_order_size=D(1)), change=D(2)),
    ),
    (
        "MAX_POSITION",
        "deployment demo would hold 4 CME_MINI:ESZ2026 (now 3), at most 3",
        context(Limits(max_position=D(3)), position=D(3)),
    ),
    (
        "DAILY_LOSS",
        "has lost 1,500.00 today, at most 500.00",
        context(Limits(max_daily_loss=D(500)), realized_today=D(-1000), open_profit=D(-500)),
    ),
    (
        "DAILY_LOSS",
        "has lost 500.00 today",
        context(account=Limits(max_daily_loss=D(500)), day=day(start_equity=D(900)), equity=D(400)),
    ),
    (
        "DRAWDOWN",
        "is 500.00 below its highest equity",
        context(Limits(max_drawdown=D(500)), standing=standing(peak_equity=D(1000)), equity=D(500)),
    ),
    ("DRAWDOWN", "the equity of deployment demo is not known", context(Limits(max_drawdown=D(500)), **LIVE)),
    (
        "MARKET_DATA_AGE",
        "is 11 s old, at most 10 s",
        context(Limits(max_data_age=10), quote=Quote(ES.symbol, D(6000), NOW - 11_000, "feed")),
    ),
    ("MARKET_DATA_AGE", "no price of CME_MINI:ESZ2026 is known", context(Limits(max_data_age=10), quote=None)),
    (
        "PRICE_COLLAR",
        "the price 6061 is 1.02% away from the last one known, 6000; at most 1%",
        context(Limits(price_collar=D(1)), price=D(6061)),
    ),
    ("BALANCE", "paper has 100,000.00 USD, at least 100,000.01", context(Limits(min_balance=D("100000.01")))),
    ("BALANCE", "the balance of paper is not known", context(Limits(min_balance=D(1)), balance=None)),
    ("BALANCE", "the balance of paper is not known", context(balance=None, **LIVE)),
    (
        "MARGIN",
        "5 CME_MINI:ESZ2026 need 125,000.00 margin (25,000.00 each), 100,000.00 are free in paper",
        context(change=D(5)),
    ),
    ("MARGIN", "80,000.00 are free", context(change=D(4), margin_held={"NYMEX:CLF2027": D(20_000)})),
    ("MARGIN", "20,000.00 are free", context(balance=replace(BALANCE, available=D(20_000)))),
    ("MARGIN", "the price is not known", context(contract=ETH, price=None, **LIVE)),
    (
        "MARGIN",
        "100 BINANCE:ETHUSDT.P need 120,000.00 margin (1,200.00 each)",
        replace(context(contract=ETH, price=D(6000), change=D(100)), account=LEVERAGED),
    ),
]


@pytest.mark.parametrize(
    ("code", "words", "case"), DENIED, ids=[f"{code}-{i}" for i, (code, _, _) in enumerate(DENIED)]
)
def test_denials(code: str, words: str, case: RiskContext) -> None:
    assessment = assess(case)
    assert assessment.denial is not None
    assert (assessment.denial.code, words in assessment.denial.reason) == (code, True), assessment.denial
    results = [result for _, result, _ in assessment.steps]
    at_denial = results.index("denied")
    assert set(results[:at_denial]) <= {"pass"}
    assert set(results[at_denial + 1 :]) <= {"skipped"}
    assert assessment.steps[at_denial][2] == assessment.denial.reason


def test_every_check_denies_in_some_case() -> None:
    codes = {code for code, _, _ in DENIED}
    assert codes <= DENIALS.keys()
    assert len(codes) == len(CHECKS) + 1  # the kill switch has two


def test_hours_configured_for_the_symbol() -> None:
    closed = context(windows={"ES": (parse_window("18:00-19:00 UTC"),)})
    denial = assess(closed).denial
    assert denial is not None
    assert denial.code == "SESSION"


# --- what holds for all ---------------------------------------------------------------

LIMITS = st.builds(
    Limits,
    max_position=st.none() | st.decimals("0", "10", places=0),
    max_order_size=st.none() | st.decimals("0", "10", places=0),
    max_orders_per_day=st.none() | st.integers(0, 3),
    max_daily_loss=st.none() | st.decimals("1", "1000", places=0),
    max_drawdown=st.none() | st.decimals("1", "1000", places=0),
    cool_down=st.none() | st.integers(0, 100),
    price_collar=st.none() | st.decimals("0", "5", places=1),
    max_data_age=st.none() | st.integers(0, 100),
    min_balance=st.none() | st.decimals("0", "200000", places=0),
    margin_check=st.booleans(),
    windows=st.sampled_from([None, (), (parse_window("01:00-02:00 UTC"),)]),
    allowed_symbols=st.sampled_from([None, frozenset({"ES"}), frozenset({"NQ"})]),
)
CONTEXTS = st.builds(
    lambda limits, account, facts: context(limits, account, **facts),
    LIMITS,
    LIMITS,
    st.fixed_dictionaries(
        {
            "position": st.decimals("-12", "12", places=0),
            "change": st.decimals("-12", "12", places=0).filter(bool),
            "realized_today": st.decimals("-900", "100", places=0),
            "equity": st.none() | st.decimals("0", "2000", places=0),
            "day": st.builds(day, entries=st.integers(0, 4), start_equity=st.none() | st.just(D(1000))),
            "standing": st.builds(
                standing,
                peak_equity=st.none() | st.just(D(1500)),
                last_closed=st.none() | st.just(NOW - 50_000),
                last_sent=st.none() | st.just(NOW + 5000),
            ),
            "environment": st.sampled_from(Environment),
            "balance": st.none() | st.just(BALANCE),
            "quote": st.none() | st.just(Quote(ES.symbol, D(5900), NOW - 20_000, "feed")),
            "price": st.none() | st.just(D(6000)),
            "signal": st.builds(
                lambda source, sent: replace(SIGNAL, source=source, sent=sent),
                st.sampled_from(Source),
                st.sampled_from([None, NOW, NOW - 10**7]),
            ),
            "state": st.sampled_from(TradingState),
        }
    ),
)


@given(CONTEXTS)
def test_what_only_reduces_passes_all_but_the_halt(case: RiskContext) -> None:
    if not case.reduces:
        return
    denial = assess(case).denial
    by_hand = case.signal.source in (Source.MANUAL, Source.PINERY)
    if case.state is TradingState.HALTED and not by_hand:
        assert denial is not None
        assert denial.code == "KILL_SWITCH"
    else:
        assert denial is None


@given(CONTEXTS, st.decimals("1", "20", places=0))
def test_a_larger_order_never_passes_where_a_smaller_one_is_too_large(case: RiskContext, more: D) -> None:
    sizes = {"MAX_ORDER_SIZE", "MAX_POSITION", "MARGIN", "STAGE"}
    smaller = assess(case).denial
    larger_change = case.change + (more if case.change > 0 else -more)
    larger = assess(replace(case, change=larger_change, order_quantity=abs(larger_change))).denial
    if smaller is not None and smaller.code in sizes:
        assert larger is not None
    if larger is None:
        assert smaller is None


@given(CONTEXTS)
def test_a_denial_names_its_facts_and_changes_nothing(case: RiskContext) -> None:
    first, again = assess(case), assess(case)
    assert first == again
    assert len(first.steps) == len(CHECKS)
    if first.denial is not None:
        assert first.denial.code in DENIALS
        assert first.denial.reason
