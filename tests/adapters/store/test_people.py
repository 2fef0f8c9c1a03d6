from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pinery.adapters.store import people
from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.people import LockedOut, Role
from pinery.core.errors import UsageError
from pinery.trading.errors import NotFound
from tests.stores import KINDS, store_of

PASSWORD = "correct horse battery"
NOW = 1_795_000_000_000


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    with store_of(request.param, tmp_path) as made:
        people.create_user(made, "ada", PASSWORD, "admin", NOW)
        yield made


def test_only_the_right_password_opens(store: SqlStore) -> None:
    found = people.verify(store, "ada", PASSWORD, NOW)
    assert found is not None and found.role is Role.ADMIN
    for name, password in (("ada", "Correct horse battery"), ("eve", PASSWORD), ("ada", "x" * 10_000), ("ada", "")):
        assert people.verify(store, name, password, NOW) is None


def test_guesses_at_the_same_time_are_counted_all(store: SqlStore) -> None:
    def guess(_: int) -> str:
        try:
            return "wrong" if people.verify(store, "ada", "wrong password", NOW) is None else "right"
        except LockedOut:
            return "locked"

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(guess, range(12)))
    assert sorted(results) == ["locked"] * (12 - people.FREE_FAILURES) + ["wrong"] * people.FREE_FAILURES


def test_a_lock_has_an_end_and_a_new_password_lifts_it(store: SqlStore) -> None:
    now = NOW
    for _ in range(20):
        try:
            people.verify(store, "ada", "wrong password", now)
        except LockedOut as error:
            assert error.retry_after <= people.LONGEST_LOCK_MS // 1000
            now += error.retry_after * 1000
    people.set_password(store, "ada", "another long password", now, "root")
    assert people.verify(store, "ada", "another long password", now) is not None


@pytest.mark.parametrize(
    ("name", "password", "role", "told"),
    [
        ("ada", PASSWORD, "viewer", "already"),
        ("", PASSWORD, "viewer", "cannot be the name"),
        ("a b", PASSWORD, "viewer", "cannot be the name"),
        ("bob", "tiny", "viewer", "too short"),
        ("bob", "x" * 2000, "viewer", "too long"),
        ("catherine", "catherine1", "viewer", "little more than"),
        ("bob", PASSWORD, "king", "no role"),
    ],
)
def test_users_that_cannot_be(store: SqlStore, name: str, password: str, role: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as error:
        people.create_user(store, name, password, role, NOW)
    assert password not in str(error.value)


def test_a_new_password_ends_sessions(store: SqlStore) -> None:
    secret, login = people.open_login(store, "ada", NOW, 60_000)
    assert people.find_login(store, secret, NOW, 60_000) == login
    people.set_password(store, "ada", "another long password", NOW, "root")
    assert people.find_login(store, secret, NOW, 60_000) is None


def test_a_changed_role_counts_at_once(store: SqlStore) -> None:
    people.create_user(store, "bob", PASSWORD, "viewer", NOW)
    secret, _ = people.open_login(store, "bob", NOW, 60_000)
    people.set_role(store, "bob", "trader", NOW, "ada")
    found = people.find_login(store, secret, NOW, 60_000)
    assert found is not None and found.role is Role.TRADER


def test_unknown_people_are_named(store: SqlStore) -> None:
    for change in (
        lambda: people.set_password(store, "eve", PASSWORD, NOW, "ada"),
        lambda: people.set_disabled(store, "eve", True, NOW, "ada"),
        lambda: people.revoke_token(store, "eve", NOW, "ada"),
    ):
        with pytest.raises(NotFound, match="eve"):
            change()
