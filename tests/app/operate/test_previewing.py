"""``pinery alert test`` with a configuration: the decision, the orders and what is at stake, and nothing stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from pinery.adapters.store.database import SqlStore, open_store
from pinery.adapters.store.tables import metadata
from pinery.trading.positions.model import Lot, Position
from pinery.trading.signals import Action, Signal, Source
from pinery.trading.store import Decision, Outcome, StateRow, TradingState
from tests.app.conftest import Ended
from tests.stores import new_sqlite

CONFIGURATION = """\
[store]
url = "sqlite:///pinery.db"

[accounts.paper]
broker = "paper"
leverage = 10

[deployments.demo]
account = "paper"
symbol = "BINANCE:ETHUSDT.P"
size = "10%"
bracket = { stop = "2%", target = "1%" }
"""
ENTRY = '{"signal":"IN","price":2000,"unique_id":"a1"}'

Steps = list[tuple[str, str, str]]
Pinery = Callable[..., Ended]


@pytest.fixture
def store(home: Path) -> Iterator[SqlStore]:
    (home / "pinery.toml").write_text(CONFIGURATION, encoding="utf-8")
    opened = open_store(new_sqlite(home / "pinery.db"))
    yield opened
    opened.close()


def steps(pinery: Pinery, message: str) -> Steps:
    ended = pinery("alert", "test", message, "-d", "demo", "--json")
    assert ended.code == 0, ended.err
    return [(each["step"], each["result"], each["facts"]) for each in json.loads(ended.out)["steps"]]


def test_an_entry_with_its_protection_and_what_it_risks(pinery: Pinery, store: SqlStore) -> None:
    said = steps(pinery, ENTRY)
    # 10% of a new paper account's 100,000, at 2,000: 5 contracts.
    assert ("decision", "accepted", "3 orders") in said
    assert ("order", "entry", "buy 5 ETHUSDT.P at market, about 2000") in said
    assert ("order", "stop", "sell 5 at 1960, 40 away") in said
    assert ("order", "target", "sell 5 at 2020, 20 away") in said
    assert [step[:2] for step in said[-3:]] == [
        ("risk", "200.00 USDT"), ("reward", "100.00 USDT"), ("ratio", "1:0.50"),
    ]  # fmt: skip
    assert "67% of trades must win" in said[-1][2]
    assert ("kill switch", "pass", "trading is active") in said


def test_nothing_is_stored(pinery: Pinery, store: SqlStore) -> None:
    def content() -> dict[str, list[object]]:
        return store.read(
            lambda tx: {table.name: list(tx.connection.execute(sa.select(table))) for table in metadata.sorted_tables}
        )

    before = content()
    steps(pinery, ENTRY)
    assert content() == before


def test_a_refusal_names_its_code(pinery: Pinery, store: SqlStore) -> None:
    store.write(lambda tx: tx.states.set(StateRow("all", TradingState.HALTED, "news", "ada", 1)))
    said = steps(pinery, ENTRY)
    assert said[-1][:2] == ("decision", "denied") and said[-1][2].startswith("KILL_SWITCH: ")
    assert not [step for step in said if step[0] in ("order", "risk")]


def test_an_exit_closes_what_is_held(pinery: Pinery, store: SqlStore) -> None:
    assert steps(pinery, "ETHUSDT.P OUT")[-1][2].startswith("NOTHING_TO_CLOSE: ")
    lots = (Lot(Decimal(3), Decimal(2000), 1, Decimal(0), "pn-x-e0", "x"),)
    store.write(lambda tx: tx.positions.put(Position("demo", "paper", "BINANCE:ETHUSDT.P", 1, lots, opened=1)))
    assert steps(pinery, "ETHUSDT.P OUT")[-1] == ("order", "exit", "sell 3 ETHUSDT.P at market")


def test_a_repetition_is_said(pinery: Pinery, store: SqlStore) -> None:
    key = json.loads(pinery("alert", "test", ENTRY, "-d", "demo", "--json").out)["signal"]["key"]
    first = Signal("first", "demo", key, Action.ENTER_LONG, "IN", Source.WEBHOOK, 1)
    store.write(lambda tx: tx.signals.add(first, Decision(Outcome.ACCEPTED), "paper", 1000))
    assert steps(pinery, ENTRY)[0][:2] == ("duplicate", "ends here")


def test_without_a_store_an_empty_account_is_assumed_and_said(pinery: Pinery, home: Path) -> None:
    (home / "pinery.toml").write_text(CONFIGURATION, encoding="utf-8")
    said = steps(pinery, ENTRY)
    assert said[0][:2] == ("store", "not read") and ("decision", "accepted", "3 orders") in said
    assert not (home / "pinery.db").exists()


def test_for_people(pinery: Pinery, store: SqlStore) -> None:
    shown = pinery("alert", "test", ENTRY).out
    assert "what would happen" in shown and "sell 5 at 1960" in shown and "1:0.50" in shown
