"""What holds for any strategy on any bars."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pinery.core.instrument import Instrument
from pinery.emulator.broker import Broker
from pinery.engine.instance import columns_of
from pinery.runtime.context import Limits, Runtime
from pinery.runtime.drawings.store import Drawings
from pinery.runtime.orders import CancelOrder, CloseOrder, ExitOrder, Order, StrategySettings
from pinery.runtime.outputs import Outputs
from pinery.runtime.requests import NullData
from tests.emulator.market import FRAME, OHLC, bars_of

NAN = float("nan")
COIN = Instrument("TEST", "COIN", pricescale=10, qty_step=0.1, mincontract=0.1, currency="USD")
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def walk(rng: random.Random, count: int) -> list[OHLC]:
    """A random walk in ticks of 0.1 around 100, with gaps."""
    bars: list[OHLC] = []
    close = 1000
    for _ in range(count):
        opened = max(400, close + rng.choice([0, 0, 0, rng.randint(-15, 15)]))
        high = opened + rng.randint(0, 20)
        low = opened - rng.randint(0, 20)
        close = rng.randint(low, high)
        bars.append((opened / 10, high / 10, low / 10, close / 10))
    return bars


class Script:
    """Random commands on each bar, the same for the same seed."""

    def __init__(self, seed: int, repeat_cancels: bool = False) -> None:
        self.seed = seed
        self.repeat = 2 if repeat_cancels else 1

    def run(self, broker: Broker, i: int, close: float) -> None:
        rng = random.Random(self.seed * 100_003 + i)
        near = lambda: round((close + rng.randint(-25, 25) / 10) * 10) / 10  # noqa: E731
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            kind = rng.choice("eeeerxxxxccaCA")
            id = rng.choice(["A", "B", "C"])
            side = rng.choice(["long", "short"])
            qty = rng.choice([NAN, 1.0, 2.5, 0.3])
            limit = near() if rng.random() < 0.25 else NAN
            stop = near() if rng.random() < 0.25 else NAN
            oca = rng.choice(["", "", "G"])
            if kind in "er":
                type_ = rng.choice(["none", "cancel", "reduce"])
                order = Order("entry", i, 0, id, side, qty, limit, stop, oca, type_, "", "", False)
                (broker.entry if kind == "e" else broker.order)(order)
            elif kind == "x":
                broker.exit(_exit(i, rng, id, near))
            elif kind == "c":
                share = rng.choice([100.0, 50.0])
                broker.close(CloseOrder("close", i, 0, id, "", NAN, share, "", rng.random() < 0.3, False))
            elif kind == "a":
                broker.close_all(CloseOrder("close_all", i, 0, "", "", NAN, 100.0, "", False, False))
            elif kind == "C":
                for _ in range(self.repeat):
                    broker.cancel(CancelOrder("cancel", i, 0, id))
            else:
                for _ in range(self.repeat):
                    broker.cancel_all(CancelOrder("cancel_all", i, 0, ""))


def _exit(i: int, rng: random.Random, id: str, near: Any) -> ExitOrder:
    some = lambda value: value if rng.random() < 0.5 else NAN  # noqa: E731
    texts = ("", "", "", "", "", "", "", "")
    return ExitOrder(
        "exit",
        i,
        0,
        "X" + id,
        rng.choice([id, ""]),
        some(1.0),
        rng.choice([100.0, 50.0]),
        some(float(rng.randint(1, 30))),
        some(near()),
        some(float(rng.randint(1, 30))),
        some(near()),
        NAN,
        some(float(rng.randint(0, 20))),
        some(float(rng.randint(0, 20))),
        "",
        *texts,
        False,
    )


def start(prices: list[OHLC], **options: Any) -> tuple[Broker, Runtime]:
    broker = Broker(StrategySettings(**{"initial_capital": 10_000.0, "pyramiding": 3, **options}), COIN)
    limits = Limits()
    rt = Runtime(
        6,
        COIN,
        FRAME,
        FRAME,
        columns_of(bars_of(prices), COIN, FRAME),
        Outputs(),
        Drawings(limits),
        broker,
        limits,
        data=NullData(),
    )
    broker.start(rt)
    return broker, rt


def play(script: Script, prices: list[OHLC], **options: Any) -> Broker:
    broker, rt = start(prices, **options)
    for i, close in enumerate(rt.columns.close):
        broker.before(i, None)
        script.run(broker, i, close)
        broker.after(None)
    return broker


def outcome(broker: Broker) -> list[Any]:
    return [
        (t.entry_id, t.entry_bar, t.entry_price, t.exit_id, t.exit_bar, t.exit_price, t.qty) for t in broker.trades()
    ]


SEEDS = st.integers(0, 10**6)
RULES = st.fixed_dictionaries(
    {
        "close_entries_rule": st.sampled_from(["FIFO", "ANY"]),
        "process_orders_on_close": st.booleans(),
        "default_qty_type": st.sampled_from(["fixed", "cash", "percent_of_equity"]),
        "default_qty_value": st.sampled_from([1.0, 40.0]),
        "margin_long": st.sampled_from([0.0, 20.0, 100.0]),
        "margin_short": st.sampled_from([0.0, 20.0, 100.0]),
        "commission_type": st.sampled_from(["percent", "cash_per_contract", "cash_per_order"]),
        "commission_value": st.sampled_from([0.0, 0.1]),
        "slippage": st.sampled_from([0, 2]),
    }
)


@FEW
@given(SEEDS, RULES)
def test_cash_plus_the_positions_value_is_equity_at_every_bar(seed: int, rules: dict[str, Any]) -> None:
    prices = walk(random.Random(seed), 60)
    broker, rt = start(prices, **rules)
    script = Script(seed)
    for i, close in enumerate(rt.columns.close):
        broker.before(i, None)
        script.run(broker, i, close)
        broker.after(None)
        # Every fill moves cash; fees are what trades say they paid.
        cash = 10_000.0 - sum(f.direction * f.qty * 0.1 * f.price for f in broker.fills)
        cash -= sum(d.commission for d in broker.book.deals) + sum(lot.commission for lot in broker.book.lots)
        assert cash + broker.position_size * close == pytest.approx(broker.equity, abs=1e-6)
    both = broker.curve.closed + broker.curve.open
    assert both[-1] == pytest.approx(broker.equity, abs=1e-6)


@FEW
@given(SEEDS, RULES)
def test_books_agree(seed: int, rules: dict[str, Any]) -> None:
    """Lots, what is left of entries and the position say the same; exits never reserve more than there is."""
    broker, rt = start(walk(random.Random(seed), 60), **rules)
    script = Script(seed)
    book = broker.book
    for i, close in enumerate(rt.columns.close):
        broker.before(i, None)
        script.run(broker, i, close)
        broker.after(None)
        assert sum(lot.direction * lot.qty for lot in book.lots) == book.position
        assert sum(stake.left for stake in book.stakes) == abs(book.position)
        assert len({lot.direction for lot in book.lots}) <= 1
        for stake in book.stakes:
            assert sum(b.qty for b in book.brackets if b.stake == stake.seq) <= stake.left
        assert all(lot.qty > 0 for lot in book.lots)


@FEW
@given(SEEDS, RULES)
def test_no_fill_is_outside_its_bar_but_for_slippage(seed: int, rules: dict[str, Any]) -> None:
    prices = walk(random.Random(seed), 60)
    broker = play(Script(seed), prices, **rules)
    slip = rules["slippage"] / 10 + 1e-9
    for fill in broker.fills:
        _, high, low, _ = prices[fill.bar]
        assert low - (slip if fill.direction < 0 else 1e-9) <= fill.price
        assert fill.price <= high + (slip if fill.direction > 0 else 1e-9)


@FEW
@given(SEEDS, RULES)
def test_repeating_a_cancel_changes_nothing(seed: int, rules: dict[str, Any]) -> None:
    prices = walk(random.Random(seed), 60)
    assert outcome(play(Script(seed), prices, **rules)) == outcome(play(Script(seed, True), prices, **rules))


@FEW
@given(SEEDS)
def test_commission_and_slippage_never_help(seed: int) -> None:
    """With fixed sizes and no margin the same orders fill, and each trade earns no more."""
    prices = walk(random.Random(seed), 60)
    free: dict[str, Any] = {"margin_long": 0.0, "margin_short": 0.0}
    plain = play(Script(seed), prices, **free)
    for costs in ({"commission_value": 0.5}, {"commission_type": "cash_per_order", "commission_value": 3.0}):
        costly = play(Script(seed), prices, **free, **costs)
        assert outcome(costly) == outcome(plain)
        assert all(c.profit <= p.profit for c, p in zip(costly.trades(), plain.trades(), strict=True))


@FEW
@given(SEEDS)
def test_slippage_never_improves_a_fill(seed: int) -> None:
    rng = random.Random(seed)
    prices = walk(rng, 40)
    for i in range(5, 30, 6):
        side = rng.choice(["long", "short"])
        order = Order("entry", i, 0, "A", side, 1.0, NAN, NAN, "", "none", "", "", False)
        totals = []
        for slippage in (0, 1, 5):
            broker, rt = start(prices, slippage=slippage)
            for k in range(len(rt.columns.close)):
                broker.before(k, None)
                if k == i:
                    broker.entry(order)
                if k == i + 4:
                    broker.close_all(CloseOrder("close_all", k, 0, "", "", NAN, 100.0, "", False, False))
                broker.after(None)
            totals.append(broker.netprofit)
        assert totals == sorted(totals, reverse=True)


@FEW
@given(SEEDS, RULES, st.integers(5, 50))
def test_a_restored_broker_goes_on_as_if_nothing_had_happened(seed: int, rules: dict[str, Any], cut: int) -> None:
    prices = walk(random.Random(seed), 60)
    broker, rt = start(prices, **rules)
    script = Script(seed)
    for i, close in enumerate(rt.columns.close):
        if i == cut:
            saved = broker.save()
            for wrong in (5, -5):
                broker.before(i, None)
                script.run(broker, i, close + wrong)  # something else happens, and is undone, twice
                broker.after(None)
                broker.restore(saved)
        broker.before(i, None)
        script.run(broker, i, close)
        broker.after(None)
    straight = play(script, prices, **rules)
    assert outcome(broker) == outcome(straight)
    assert len(broker.fills) == len(straight.fills)
    assert broker.curve.closed.tolist() == straight.curve.closed.tolist()
    assert (broker.wintrades, broker.max_drawdown) == (straight.wintrades, straight.max_drawdown)


def test_the_equity_curve_covers_every_bar() -> None:
    prices = walk(random.Random(1), 30)
    curve = play(Script(1), prices).curve
    assert curve.closed.shape == curve.open.shape == (30,)
    assert not np.isnan(curve.closed).any()
