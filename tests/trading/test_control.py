from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pinery.adapters.notify.texts import headline
from pinery.adapters.store.database import SqlStore
from pinery.core.errors import UsageError
from pinery.trading import control
from pinery.trading.control import ALL, ManualSignal, Names, Person, Scope, resolve_scope
from pinery.trading.deployments import Deployment
from pinery.trading.errors import NotFound
from pinery.trading.events import Event
from pinery.trading.messages import read_message
from pinery.trading.positions.model import Lot, Position
from pinery.trading.signals import Action, Source
from pinery.trading.store import TradingState
from tests.gateway.control.filling import ETH, NOW, D
from tests.stores import sqlite_store

NAMES = Names(("paper", "live", "twin"), {"demo": "paper", "mini": "paper", "twin": "live"})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with sqlite_store(tmp_path) as made:
        yield made


def _person(told: list[Event]) -> Person:
    def channels(event: Event) -> tuple[str, ...]:
        told.append(event)
        return ("console",)

    return Person("ada", NOW * 1000, "terminal", "why not", channels)


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("all", ALL),
        ("paper", Scope("account", "paper")),
        ("demo", Scope("deployment", "demo")),
        ("account:twin", Scope("account", "twin")),
        ("deployment:twin", Scope("deployment", "twin")),
    ],
)
def test_scopes_are_read(text: str, scope: Scope) -> None:
    assert resolve_scope(text, NAMES) == scope


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("twin", "write account:twin or deployment:twin"),
        ("dmeo", "did you mean demo?"),
        ("account:pape", "did you mean paper?"),
        ("deployment:paper", "there are: demo, mini, twin"),
        ("", "there are:"),
    ],
)
def test_wrong_scopes_get_a_hint(text: str, hint: str) -> None:
    with pytest.raises(NotFound) as error:
        resolve_scope(text, NAMES)
    assert hint in (error.value.hint or "")


def test_a_change_leaves_state_audit_and_event_or_nothing(store: SqlStore) -> None:
    told: list[Event] = []

    def fails(tx: control.Tx) -> None:
        control.halt(tx, ALL, _person(told), NAMES)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write(fails)
    assert store.read(lambda tx: tx.states.all()) == {}
    left = store.write(lambda tx: control.halt(tx, ALL, _person(told), NAMES))
    assert [(row.scope, row.state, row.reason) for row in left] == [("all", TradingState.HALTED, "why not")]
    assert told[-1].kind == "state.changed" and "ada" in told[-1].text
    assert headline(told[-1]) == "all is halted (why not)"
    assert store.write(lambda tx: control.resume(tx, ALL, _person(told), NAMES)) == []


def test_flatten_reaches_a_deployment_in_the_account_that_it_left(store: SqlStore) -> None:
    left_behind = Position(
        "demo", "live", ETH, 1, (Lot(D(1), D(3500), NOW, D(0), "pn-x-e0", "x"),), updated=NOW, opened=NOW
    )
    store.write(lambda tx: tx.positions.put(left_behind))
    person = _person([])
    ids = store.write(lambda tx: control.request_flatten(tx, Scope("deployment", "demo"), person, NAMES))
    given = {
        account: [command.deployment for command in store.read(lambda tx, a=account: tx.commands.pending(a))]
        for account in NAMES.accounts
    }
    assert len(ids) == 2
    assert given == {"paper": ["demo"], "live": ["demo"], "twin": []}


def test_what_is_given_by_hand_is_understood_as_given(store: SqlStore) -> None:
    deployment = Deployment("demo", "paper", ETH, words={"moon": Action.ENTER_LONG})
    signal = ManualSignal("moon", "id-1", "", D("1.50"), D("3500.25"), "1%", "20 ticks")
    number = store.write(lambda tx: control.give_signal(tx, deployment, signal, _person([])))
    message = store.read(lambda tx: tx.inbox.get(number))
    assert message is not None
    read = read_message(message, deployment)
    assert (read.action, read.word, read.source, read.by, read.note) == (
        Action.ENTER_LONG,
        "moon",
        Source.MANUAL,
        "ada",
        "why not",
    )
    assert (read.quantity, read.price, read.stop, read.take_profit) == (D("1.50"), D("3500.25"), "1%", "20 ticks")
    assert read.key.startswith("id:")


def test_a_word_that_means_nothing_is_refused(store: SqlStore) -> None:
    deployment = Deployment("demo", "paper", ETH)
    with pytest.raises(UsageError, match="SHORT"):
        store.write(lambda tx: control.give_signal(tx, deployment, ManualSignal("SHROT", "x"), _person([])))


def test_what_is_ordered_in_an_account_with_real_money_says_so(store: SqlStore) -> None:
    told: list[Event] = []
    person = replace(_person(told), live=frozenset({"live"}))
    for scope in (Scope("account", "live"), Scope("account", "paper")):
        store.write(lambda tx, scope=scope: control.halt(tx, scope, person, NAMES))
        store.write(lambda tx, scope=scope: control.request_flatten(tx, scope, person, NAMES))
    assert [event.text.startswith("LIVE ") for event in told] == [True, True, False, False]
