"""Events of the user stream in orders that a simulated venue does not tell them in."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from pinery.adapters.binance.conditionals import Conditionals
from pinery.adapters.binance.events import Events, Heard
from pinery.trading.broker import Report, ReportKind

STOP = "pn-abc-s0"


def _algo(status: str, name: str = STOP, child: str = "") -> dict[str, Any]:
    order = {"caid": name, "aid": 100, "s": "ETHUSDT", "X": status, "ai": child, "rm": "Margin is insufficient."}
    return {"e": "ALGO_UPDATE", "T": 5, "o": order}


def _order(name: str, execution: str, status: str, trade: int = 0, last: str = "0", done: str = "0") -> dict[str, Any]:
    order = {"s": "ETHUSDT", "c": name, "S": "SELL", "o": "MARKET", "ot": "MARKET", "q": "0.3", "x": execution,
             "X": status, "i": 900, "l": last, "z": done, "L": "1990", "n": "0.01", "N": "USDT", "T": 6,
             "t": trade}  # fmt: skip
    return {"e": "ORDER_TRADE_UPDATE", "T": 6, "o": order}


@pytest.fixture
def conditionals() -> Conditionals:
    return Conditionals()


@pytest.fixture
def quantities() -> dict[str, Decimal]:
    return {}


@pytest.fixture
def events(conditionals: Conditionals, quantities: dict[str, Decimal]) -> Events:
    return Events(conditionals, quantities)


def _all(events: Events, *messages: dict[str, Any]) -> list[Heard]:
    return [heard for message in messages for heard in events.take(message)]


def _reports(heard: list[Heard]) -> list[Report]:
    return [report for each in heard for report in each.reports]


def _ours(heard: list[Heard]) -> list[ReportKind]:
    return [report.kind for report in _reports(heard) if report.client_id == STOP]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_child_with_a_name_of_its_own_is_ours_in_any_order(events: Events, order: tuple[int, ...]) -> None:
    """Binance says which order came of a conditional one, not how that order is called."""
    told = [
        _algo("NEW"),
        _algo("TRIGGERED", child="900"),
        _order("auto_1", "NEW", "NEW"),
        _order("auto_1", "TRADE", "FILLED", 7, "0.3", "0.3"),
    ]
    heard = _all(events, *(told[i] for i in order), *told)  # and once more
    fills = [report.fill for report in _reports(heard) if report.fill is not None and report.client_id == STOP]
    assert len(fills) == 1 and fills[0] is not None
    assert (fills[0].trade_id, fills[0].quantity, fills[0].client_id) == ("ETHUSDT-7", Decimal("0.3"), STOP)
    assert not {ReportKind.CANCELED, ReportKind.EXPIRED, ReportKind.REJECTED} & set(_ours(heard))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_revision_that_makes_way_is_no_end(
    events: Events, conditionals: Conditionals, order: tuple[int, ...]
) -> None:
    _all(events, _algo("NEW"))
    conditionals.saw(f"{STOP}-r1", "NEW")  # its request was answered
    told = [_algo("CANCELED"), _algo("NEW", f"{STOP}-r1"), _algo("NEW")]
    assert ReportKind.CANCELED not in _ours(_all(events, *(told[i] for i in order)))
    assert _ours(_all(events, _algo("CANCELED", f"{STOP}-r1"))) == [ReportKind.CANCELED]


def test_once_one_has_triggered_the_others_are_superfluous(events: Events, conditionals: Conditionals) -> None:
    _all(events, _algo("NEW"), _algo("NEW", f"{STOP}-r1"))
    assert conditionals.surplus(STOP) == [STOP], "all but the newest"
    (heard,) = events.take(_algo("TRIGGERED", STOP, "900"))
    assert heard.superfluous == STOP
    assert conditionals.surplus(STOP) == [f"{STOP}-r1"], "all that have not"


def test_a_stop_that_was_refused_when_it_triggered(events: Events) -> None:
    *_, report = _reports(_all(events, _algo("NEW"), _algo("TRIGGERING"), _algo("REJECTED")))
    assert (report.kind, report.code, report.reason) == (
        ReportKind.REJECTED,
        "BROKER_REJECTED",
        "Margin is insufficient.",
    )


def test_an_order_that_was_made_smaller_ends_with_its_last_fill(events: Events, quantities: dict[str, Decimal]) -> None:
    quantities["pn-abc-x0"] = Decimal("0.6")
    kinds = [r.kind for r in _reports(_all(events, _order("pn-abc-x0", "TRADE", "FILLED", 8, "0.3", "0.3")))]
    assert kinds == [ReportKind.FILL, ReportKind.EXPIRED]


def test_an_end_tells_how_much_was_filled_in_all(events: Events) -> None:
    """So that a fill whose event got lost is asked for."""
    (report,) = _reports(_all(events, _order("pn-abc-e0", "EXPIRED", "EXPIRED", done="0.2")))
    assert (report.kind, report.filled) == (ReportKind.EXPIRED, Decimal("0.2"))


@pytest.mark.parametrize("name", ["autoclose-1", "adl_autoclose", "settlement_autoclose-9"])
def test_what_the_exchange_trades_by_itself_is_compared(events: Events, name: str) -> None:
    (heard,) = events.take(_order(name, "CALCULATED", "FILLED", 9, "0.3", "0.3"))
    assert heard.compare and heard.reports[0].fill is not None
    assert "at Binance: " in heard.alarm
    assert not events.take(_order(name, "CALCULATED", "FILLED", 9, "0.3", "0.3"))[0].alarm, "told once"
    assert not events.take(_order("web_1", "TRADE", "FILLED", 10, "0.3", "0.3"))[0].compare


def test_a_margin_call_is_an_alarm(events: Events) -> None:
    call = {"e": "MARGIN_CALL", "E": 1, "cw": "3.16", "p": [{"s": "ETHUSDT", "ps": "BOTH", "pa": "1.327", "mm": "1.6"}]}
    assert "liquidate 1.327 ETHUSDT" in events.take(call)[0].alarm


def test_what_else_comes_is_left_alone(events: Events) -> None:
    assert _all(events, {"e": "TRADE_LITE"}, {"e": "ACCOUNT_CONFIG_UPDATE"}, {"result": None, "id": 1}) == []
