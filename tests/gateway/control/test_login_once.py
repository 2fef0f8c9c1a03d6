from __future__ import annotations

import pytest

from pinery.adapters.store import one_time, people
from pinery.core.errors import UsageError
from pinery.trading.errors import NotFound, Refused
from tests.gateway.control.conftest import PASSWORD, Running
from tests.gateway.control.filling import NOW

ONCE = "/api/v1/login/once"


def test_a_link_logs_in_once(api: Running) -> None:
    code = one_time.make_code(api.store, "ada", NOW)
    with api.client() as client:
        answer = client.post(ONCE, json={"code": code})
        assert (answer.status_code, answer.json()["name"], answer.json()["role"]) == (200, "ada", "admin")
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        assert client.post("/api/v1/halt", json={}).status_code == 200
        assert client.post("/api/v1/logout").status_code == 200
        again = client.post(ONCE, json={"code": code})
    assert (again.status_code, again.json()["code"]) == (401, "wrong_login")
    assert code not in again.text


def test_a_link_ends_after_its_time(api: Running) -> None:
    code = one_time.make_code(api.store, "ada", NOW, 60_000)
    api.clock.ms += 60_000
    with api.client() as client:
        assert client.post(ONCE, json={"code": code}).status_code == 401
    assert len(code) >= 43  # 256 bits


def test_other_sites_cannot_use_one(local_api: Running) -> None:
    code = one_time.make_code(local_api.store, "ada", NOW)
    with local_api.client() as client:
        assert client.post(ONCE, json={"code": code}, headers={"Origin": "https://evil.example"}).status_code == 403
        assert client.post(ONCE, json={"code": code}).status_code == 200


def test_guessing_codes_locks_the_address_out(local_api: Running) -> None:
    with local_api.client() as client:
        for _ in range(people.FREE_FAILURES):
            assert client.post(ONCE, json={"code": "guess"}).status_code == 401
        code = one_time.make_code(local_api.store, "ada", NOW)
        refused = client.post(ONCE, json={"code": code})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        login = client.post("/api/v1/login", json={"name": "ada", "password": PASSWORD})
        assert login.status_code == 429
        local_api.clock.ms += 5_000
        assert client.post(ONCE, json={"code": code}).status_code == 200


def test_who_may_not_log_in_gets_no_link(local_api: Running) -> None:
    people.create_user(local_api.store, "bob", PASSWORD, "trader", NOW)
    code = one_time.make_code(local_api.store, "bob", NOW)
    people.set_disabled(local_api.store, "bob", True, NOW, "ada")
    with local_api.client() as client:
        assert client.post(ONCE, json={"code": code}).status_code == 401
    with pytest.raises(Refused, match="disabled"):
        one_time.make_code(local_api.store, "bob", NOW)
    with pytest.raises(NotFound, match="no user named 'eve'"):
        one_time.make_code(local_api.store, "eve", NOW)
    with pytest.raises(UsageError, match="up to 7 days"):
        one_time.make_code(local_api.store, "ada", NOW, 8 * 86_400_000)


def test_both_ends_are_on_record(local_api: Running) -> None:
    code = one_time.make_code(local_api.store, "ada", NOW, by="root")
    with local_api.client() as client:
        client.post(ONCE, json={"code": code})
        client.post(ONCE, json={"code": "guess"})
    with local_api.client("admin") as admin:
        rows = [(row["by"], row["action"]) for row in admin.get("/api/v1/audit").json()["items"]]
        assert code not in admin.get("/api/v1/audit").text
    assert {("root", "user.link"), ("ada", "login.once"), ("login link", "login.failed")} <= set(rows)
