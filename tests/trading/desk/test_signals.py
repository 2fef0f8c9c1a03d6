"""What signals do to a position."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pinery.trading.deployments import Bracket, Direction, Distance, Limits, OnOpposite, Sizing, Stage, Unit
from pinery.trading.orders.model import Role, Status
from pinery.trading.signals import EntryType
from tests.trading.desk.harness import ACCOUNT, BTC, ETH, Clock, D, at, demo, run, trading

STOP = Bracket(Distance(Unit.POINTS, D(20)), Distance(Unit.POINTS, D(40)))
Steps = list[tuple[dict[str, Any], str, int]]  # alert, outcome or code, position then


def steps(tmp_path: Path, script: Steps, **rules: Any) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(**rules)) as here:
            for number, (fields, outcome, position) in enumerate(script):
                signal = await here.alert({"price": 2000 + number} | fields)
                assert outcome in (signal.outcome, signal.code), (fields, signal)
                assert here.position() == position, (fields, signal)
            here.check_books()

    run(scenario())


def test_words(tmp_path: Path) -> None:
    steps(
        tmp_path,
        [
            ({"signal": "IN"}, "accepted", 1),
            ({"signal": "IN"}, "ALREADY_IN_POSITION", 1),
            ({"signal": "OUT"}, "accepted", 0),
            ({"signal": "OUT"}, "NOTHING_TO_CLOSE", 0),
            ({"signal": "CALL", "quantity": 2}, "accepted", 2),
            ({"signal": "PUT"}, "accepted", -1),
            ({"signal": "LONG"}, "accepted", 1),
            ({"signal": "SHORT", "quantity": 3}, "accepted", -3),
        ],
    )


def test_buy_and_sell_with_a_quantity_are_orders(tmp_path: Path) -> None:
    steps(
        tmp_path,
        [
            ({"action": "buy", "quantity": 2}, "accepted", 2),
            ({"action": "buy", "quantity": 1}, "accepted", 3),
            ({"action": "sell", "quantity": 2}, "accepted", 1),
            ({"action": "sell", "quantity": 3}, "accepted", -2),
            ({"action": "exit"}, "accepted", 0),
        ],
    )


def test_buy_and_sell_without_a_quantity_are_entries(tmp_path: Path) -> None:
    steps(
        tmp_path,
        [
            ({"action": "buy"}, "accepted", 1),
            ({"action": "buy"}, "ALREADY_IN_POSITION", 1),
            ({"action": "sell"}, "accepted", -1),
        ],
    )


def test_targets(tmp_path: Path) -> None:
    steps(
        tmp_path,
        [
            ({"market_position": "long", "market_position_size": 2}, "accepted", 2),
            ({"market_position": "long", "market_position_size": 3}, "accepted", 3),
            ({"market_position": "long", "market_position_size": 3}, "NO_ORDER_NEEDED", 3),
            ({"market_position": "long", "market_position_size": 1}, "accepted", 1),
            ({"market_position": "short", "market_position_size": 2}, "accepted", -2),
            ({"market_position": "flat", "market_position_size": 0}, "accepted", 0),
            ({"market_position": "flat", "market_position_size": 0}, "NO_ORDER_NEEDED", 0),
        ],
    )


def test_a_target_heals_a_missed_alert(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path) as here:
            first = {"market_position": "flat", "market_position_size": 0}
            await here.alert(price=2000, **first, prev_market_position="long", prev_market_position_size=1)
            assert here.events("signal.missed") == [], "the first alert of a sender tells of nothing missed"
            signal = await here.alert(
                action="sell", price=2000, market_position="short", market_position_size=2,
                prev_market_position="long", prev_market_position_size=1,
            )  # fmt: skip
            assert signal.outcome == "accepted"
            assert here.position() == -2
            (event,) = here.events("signal.missed")
            assert event.data == {"theirs": "1", "ours": "0"}

    run(scenario())


def test_what_was_not_followed_has_not_been_missed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(direction=Direction.SHORT)) as here:
            long = {"market_position": "long", "market_position_size": 1}
            denied = await here.alert(price=2000, **long)
            assert denied.code == "DIRECTION"
            signal = await here.alert(
                price=2000, market_position="short", market_position_size=1,
                prev_market_position="long", prev_market_position_size=1,
            )  # fmt: skip
            assert signal.outcome == "accepted" and here.position() == -1
            assert here.events("signal.missed") == []

    run(scenario())


@pytest.mark.parametrize(
    ("rule", "outcome", "position"),
    [
        (OnOpposite.REVERSE, "accepted", -1),
        (OnOpposite.CLOSE, "accepted", 0),
        (OnOpposite.IGNORE, "ALREADY_IN_POSITION", 1),
    ],
)
def test_on_opposite(tmp_path: Path, rule: OnOpposite, outcome: str, position: int) -> None:
    script: Steps = [({"signal": "IN"}, "accepted", 1), ({"signal": "PUT"}, outcome, position)]
    steps(tmp_path, script, on_opposite=rule)


def test_long_only(tmp_path: Path) -> None:
    script: Steps = [
        ({"signal": "PUT"}, "DIRECTION", 0),
        ({"signal": "IN"}, "accepted", 1),
        ({"signal": "PUT"}, "accepted", 0),
        ({"market_position": "short", "market_position_size": 1}, "DIRECTION", 0),
    ]
    steps(tmp_path, script, direction=Direction.LONG)


def test_short_only(tmp_path: Path) -> None:
    script: Steps = [
        ({"signal": "IN"}, "DIRECTION", 0),
        ({"action": "sell"}, "accepted", -1),
        ({"action": "buy"}, "accepted", 0),
    ]
    steps(tmp_path, script, direction=Direction.SHORT)


def test_pyramiding(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(max_entries=2, bracket=STOP)) as here:
            await here.alert(signal="IN", price=2000)
            await here.alert(signal="IN", price=2010)
            assert (await here.alert(signal="IN", price=2012)).code == "ALREADY_IN_POSITION"
            assert here.position() == 2
            stops = sorted((o.stop_price, o.quantity) for o in here.open_orders(Role.STOP))
            assert stops == [(1980, 1), (1990, 1)]
            await here.alert(signal="OUT", quantity=1, price=2011)
            assert here.position() == 1
            assert sum(o.remaining for o in here.open_orders(Role.STOP)) == 1
            here.check_books()
            await here.alert(signal="OUT", price=2011)
            assert here.open_orders() == []
            here.check_books()

    run(scenario())


def test_a_reversal_is_one_order_and_its_bracket_is_for_what_it_opens(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            await here.alert(signal="IN", price=2000)
            await here.alert(signal="PUT", price=2010)
            assert here.position() == -1
            *_, last = here.orders(Role.ENTRY)
            assert (last.quantity, last.closes) == (2, 1)
            (stop,) = here.open_orders(Role.STOP)
            (target,) = here.open_orders(Role.TARGET)
            assert (stop.side, stop.quantity, stop.stop_price) == ("buy", 1, 2030)
            assert (target.quantity, target.limit_price) == (1, 1970)
            here.check_books()

    run(scenario())


def test_limit_entries(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(entry=EntryType.LIMIT, entry_timeout=60)) as here:
            await here.alert(signal="IN", price=2000, limit_price=1990)
            (first,) = here.open_orders(Role.ENTRY)
            assert (first.limit_price, here.position()) == (1990, 0)
            # replaced by the next signal, also one that wants the same
            await here.alert(signal="IN", price=2000, limit_price=1995)
            (second,) = here.open_orders(Role.ENTRY)
            assert here.order(first.client_id).status is Status.CANCELED
            assert second.limit_price == 1995
            # an exit cancels it
            assert (await here.alert(signal="OUT", price=2000)).outcome == "accepted"
            assert here.open_orders() == []
            # it fills when the price gets there
            await here.alert(signal="IN", price=2000, limit_price=1990)
            await here.price(1989)
            assert here.position() == 1
            here.check_books()

    run(scenario())


def test_a_limit_entry_is_canceled_in_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(entry=EntryType.LIMIT, entry_timeout=60)) as here:
            await here.alert(signal="IN", price=2000, limit_price=1990)
            here.clock.advance(59)
            await here.settle()
            assert len(here.open_orders()) == 1
            here.clock.advance(2)
            await here.settle()
            assert here.open_orders() == []
            here.check_books()

    run(scenario())


@pytest.mark.parametrize(
    ("body", "later", "repeated"),
    [
        ('{"signal": "IN", "price": 2000, "unique_id": "a"}', 1, True),
        ('{"signal": "IN", "price": 2000, "unique_id": "a"}', 100_000, True),
        ('{"signal": "IN", "price": 2000, "timenow": "2026-11-23T16:00:00Z"}', 200, True),
        ('{"signal": "IN", "price": 2000}', 20, True),
        ('{"signal": "IN", "price": 2000}', 31, False),
    ],
)
def test_repetitions(tmp_path: Path, body: str, later: float, repeated: bool) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(max_entries=5)) as here:
            assert (await here.alert(body)).outcome == "accepted"
            here.clock.advance(later)
            assert (await here.alert(body)).outcome == ("duplicate" if repeated else "accepted")
            assert here.position() == (1 if repeated else 2)

    run(scenario())


def test_what_is_not_traded_is_kept_with_its_reason(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path) as here:
            unparsed = await here.alert("hello")
            assert unparsed.outcome == "unparsed"
            assert unparsed.reason
            assert here.events("signal.unparsed")
            here.configure(paused=True)
            assert (await here.alert(signal="IN", price=2000)).code == "PAUSED"
            here.configure(paused=False, stage=Stage.BACKTEST)
            assert (await here.alert(signal="IN", price=2000)).code == "STAGE"
            here.configure(stage=Stage.PAPER, limits=Limits(max_order_size=D(1)))
            denied = await here.alert(signal="IN", price=2000, quantity=2)
            assert denied.code == "MAX_ORDER_SIZE"
            assert ("order size", "denied") in [step[:2] for step in denied.steps]
            assert ("margin", "skipped") in [step[:2] for step in denied.steps]
            assert here.orders() == []

    run(scenario())


def test_stage_small_trades_one_contract(tmp_path: Path) -> None:
    script: Steps = [
        ({"signal": "IN", "quantity": 3}, "accepted", 1),
        ({"market_position": "short", "market_position_size": 5}, "accepted", -1),
        ({"market_position": "short", "market_position_size": 5}, "NO_ORDER_NEEDED", -1),
    ]
    steps(tmp_path, script, stage=Stage.SMALL, max_contracts=D(1), sizing=Sizing(value=D(4)))


def test_changed_rules_hold_from_the_next_signal_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path) as here:
            await here.alert(signal="IN", price=2000)
            here.configure(sizing=Sizing(value=D(3)))
            await here.alert(signal="PUT", price=2000)
            assert here.position() == -3

    run(scenario())


def test_a_stop_that_the_alerts_price_went_through_was_hit_before(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            await here.alert(signal="IN", price=2000)
            await here.alert(signal="PUT", price=1970)
            assert here.position() == -1  # and not -2: the long was stopped out, then the short opened
            assert [trade.exit_role for trade in here.trades()] == ["stop"]
            here.check_books()

    run(scenario())


@pytest.mark.parametrize(
    ("bracket", "fields", "stop", "target"),
    [
        (Bracket(Distance(Unit.PERCENT, D(1)), Distance(Unit.PERCENT, D(2))), {}, 1980, 2040),
        (Bracket(Distance(Unit.TICKS, D(100))), {}, 1999, None),
        (Bracket(Distance(Unit.PRICE, D(1900))), {}, 1900, None),
        (Bracket(Distance(Unit.POINTS, D(20))), {"stop": 1950, "take_profit": 2100}, 1950, 2100),
        (Bracket(), {"stop_loss": "1%"}, 1980, None),
        (Bracket(Distance(Unit.POINTS, D(20)), from_signal=False), {"stop": 1950}, 1980, None),
    ],
)
def test_protection(tmp_path: Path, bracket: Bracket, fields: dict[str, Any], stop: int, target: int | None) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=bracket)) as here:
            await here.alert({"signal": "IN", "price": 2000} | fields)
            assert [order.stop_price for order in here.open_orders(Role.STOP)] == [stop]
            assert [order.limit_price for order in here.open_orders(Role.TARGET)] == ([target] if target else [])
            await here.price(stop - 1)
            assert here.position() == 0
            assert here.open_orders() == []
            here.check_books()

    run(scenario())


def test_a_trailing_stop_follows(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=Bracket(trail=Distance(Unit.POINTS, D(10))))) as here:
            await here.alert(signal="IN", price=2000)
            for price in (2005, 2030, 2021):
                await here.price(price)
            assert here.position() == 1
            await here.price(2019)
            assert here.position() == 0
            (trade,) = here.trades()
            assert trade.exit_price <= 2020
            here.check_books()

    run(scenario())


def test_max_minutes(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=replace(STOP, max_minutes=30))) as here:
            await here.alert(signal="IN", price=2000)
            here.clock.advance(29 * 60)
            await here.settle()
            assert here.position() == 1
            here.clock.advance(120)
            await here.settle()
            assert here.position() == 0
            assert here.open_orders() == []
            assert here.signals()[-1].word == "max_minutes"

    run(scenario())


def test_max_bars(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(timeframe="5", bracket=Bracket(max_bars=3))) as here:
            await here.alert(signal="IN", price=2000)
            here.clock.advance(14 * 60)
            await here.settle()
            assert here.position() == 1
            here.clock.advance(61)
            await here.settle()
            assert here.position() == 0

    run(scenario())


ES = demo(symbol="CME_MINI:ES1!", limits=Limits(windows=()))
RICH = replace(ACCOUNT, limits=Limits(max_signal_age=None, margin_check=False))


def test_flat_at_the_sessions_end(tmp_path: Path) -> None:
    async def scenario() -> None:
        rules = replace(ES, bracket=Bracket(flat_at_session_end=True))
        clock = Clock(at("2026-11-23 15:50"))
        async with trading(tmp_path, rules, account=RICH, clock=clock) as here:
            await here.alert(signal="IN", price=6000)
            assert here.held() == {"CME_MINI:ESZ2026": 1}
            here.clock.advance(9.5 * 60)
            await here.settle()
            assert here.held() == {}

    run(scenario())


def test_exits_act_on_the_contract_held_after_a_roll(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = Clock(at("2026-12-10 10:00"))
        async with trading(tmp_path, ES, account=RICH, clock=clock) as here:
            await here.alert(signal="IN", price=6000)
            assert here.held() == {"CME_MINI:ESZ2026": 1}
            here.clock.advance(5 * 86_400)
            await here.alert(signal="OUT", symbol="ES1!", price=6010)
            assert here.held() == {}
            await here.alert(signal="IN", price=6060)
            assert here.held() == {"CME_MINI:ESH2027": 1}
            here.check_books()

    run(scenario())


def test_a_reversal_across_contracts_closes_the_old_one_first(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = Clock(at("2026-12-10 10:00"))
        async with trading(tmp_path, replace(ES, bracket=STOP), account=RICH, clock=clock) as here:
            await here.alert(signal="IN", price=6000)
            here.clock.advance(5 * 86_400)
            here.faults.plan("submit", "held")
            here.post({"signal": "PUT", "price": 6010})
            await here.settle(until=lambda: len(here.faults.requests) > 1)
            assert [(o.role, o.status) for o in here.open_orders(Role.ENTRY, Role.EXIT)] == [
                (Role.ENTRY, Status.PENDING),
                (Role.EXIT, Status.SUBMITTED),
            ]
            here.faults.released.set()
            await here.settle()
            assert here.held() == {"CME_MINI:ESH2027": -1}
            (stop,) = here.open_orders(Role.STOP)
            assert (stop.symbol, stop.side) == ("CME_MINI:ESH2027", "buy")
            here.check_books()

    run(scenario())


def test_the_alerts_price_is_for_its_own_symbol_only(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(symbols={"BTC": BTC})) as here:
            await here.alert(signal="IN", price=2000)
            await here.alert(signal="IN", symbol="BTC", price=90_000)
            await here.alert(signal="OUT", price=2010)
            assert here.held() == {}
            assert {row.symbol: row.exit_price for row in here.trades()} == {ETH: 2010, BTC: 90_000}
            here.check_books()

    run(scenario())


def test_a_price_of_nothing_fills_and_stops_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            await here.alert(signal="IN", price=2000)
            await here.alert(signal="IN", price=-5)
            assert here.position() == 1
            await here.alert(signal="OUT", price=0)
            assert here.position() == 0
            assert [row.exit_price for row in here.trades()] == [2000]
            here.check_books()

    run(scenario())


def test_the_day_and_profit_of_nothing_is_0(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path) as here:
            await here.alert(signal="PUT", price=2000)
            await here.alert(signal="OUT", price=2000)
            (event,) = here.events("position.closed")
            assert event.data["profit"] == "0"
            assert str(here.trades()[0].profit).startswith("0")
            assert Decimal(here.positions()[0].realized).is_signed() is False
            assert here.position(symbol=ETH) == 0

    run(scenario())
