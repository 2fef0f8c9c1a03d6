from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from pinery.adapters.store import people
from pinery.gateway.settings import ControlSettings
from tests.gateway.control.conftest import PASSWORD, Running, running
from tests.gateway.control.filling import NOW

HALT = "/api/v1/halt"


def test_a_browser_needs_cookie_and_csrf_token(api: Running) -> None:
    with api.browser() as client:
        assert client.get("/api/v1/me").json()["name"] == "ada"
        assert client.post(HALT, json={}).status_code == 200
        for token in ("", "wrong"):
            refused = client.post(HALT, json={}, headers={"X-CSRF-Token": token})
            assert (refused.status_code, refused.json()["code"]) == (403, "csrf")


def test_the_cookie_is_safe_from_scripts_and_other_sites(tmp_path: Path) -> None:
    settings = ControlSettings(secure_cookies=True, public_url="https://pinery.example")
    with running("sqlite", tmp_path, settings) as api, api.client() as client:
        answer = client.post("/api/v1/login", json={"name": "ada", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-pinery=")
    assert {"HttpOnly", "SameSite=strict", "Secure", "Path=/"} <= set(cookie.split("; "))
    assert "max-age" in answer.headers["strict-transport-security"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": "https://evil.example"}, "origin"),
        ({"Origin": "null"}, "origin"),
        ({"Sec-Fetch-Site": "cross-site"}, "origin"),
        ({"Host": "evil.example"}, "host"),
    ],
)
def test_other_sites_cannot_act_through_a_browser(local_api: Running, headers: dict[str, str], code: str) -> None:
    with local_api.browser() as client:
        refused = client.post(HALT, json={}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, code)
        login = client.post("/api/v1/login", json={"name": "ada", "password": PASSWORD}, headers=headers)
        assert login.status_code == 403


def test_its_own_pages_can(tmp_path: Path) -> None:
    settings = ControlSettings(public_url="https://pinery.example")
    with running("sqlite", tmp_path, settings) as api, api.browser() as client:
        assert client.post(HALT, json={}, headers={"Origin": api.url}).status_code == 200
        named = {"Host": "pinery.example", "Origin": "https://pinery.example"}
        client.headers["Cookie"] = f"pinery={client.cookies['pinery']}"
        assert client.post(HALT, json={}, headers=named).status_code == 200


def test_logout_ends_the_session(api: Running) -> None:
    with api.browser() as client:
        cookie = client.cookies["pinery"]
        assert client.post("/api/v1/logout").status_code == 200
    with api.client() as again:
        assert again.get("/api/v1/me", headers={"Cookie": f"pinery={cookie}"}).status_code == 401


def test_a_session_slides_and_ends(local_api: Running) -> None:
    hour = 3_600_000
    with local_api.browser() as client:
        for _ in range(3):
            local_api.clock.ms += 11 * hour  # a session lasts 12 hours from its last use
            assert client.get("/api/v1/me").status_code == 200
        local_api.clock.ms += 13 * hour
        assert client.get("/api/v1/me").status_code == 401


def test_a_session_ends_after_a_week_however_much_it_is_used(local_api: Running) -> None:
    with local_api.browser() as client:
        for _ in range(16):
            local_api.clock.ms += 10 * 3_600_000
            assert client.get("/api/v1/me").status_code == 200
        local_api.clock.ms += 9 * 3_600_000
        assert client.get("/api/v1/me").status_code == 401


def test_guessing_locks_the_user_out_for_longer_and_longer(api: Running) -> None:
    def guess(client: httpx.Client, password: str = "wrong password") -> httpx.Response:
        return client.post("/api/v1/login", json={"name": "ada", "password": password})

    with api.client() as client:
        for _ in range(people.FREE_FAILURES):
            assert guess(client).json()["code"] == "wrong_login"
        locked = guess(client, PASSWORD)
        assert (locked.status_code, locked.json()["code"], locked.headers["retry-after"]) == (429, "locked_out", "5")
        api.clock.ms += 5_000
        assert guess(client).status_code == 401
        assert guess(client, PASSWORD).headers["retry-after"] == "10"
        api.clock.ms += 10_000
        assert guess(client, PASSWORD).status_code == 200
        assert guess(client).status_code == 401  # the user's count began anew


def test_unknown_users_look_like_known_ones(local_api: Running) -> None:
    with local_api.client() as client:
        answers = [
            client.post("/api/v1/login", json={"name": name, "password": "wrong password"})
            for name in ("ada", "nobody", "ada", "nobody", "nobody", "nobody")
        ]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert len({answer.text for answer in answers[:5]}) == 1


def test_a_disabled_user_is_out_at_once(api: Running) -> None:
    people.create_user(api.store, "bob", PASSWORD, "trader", NOW)
    with api.browser("bob") as bob, api.client("admin") as admin:
        assert bob.get("/api/v1/me").json()["role"] == "trader"
        assert admin.patch("/api/v1/users/bob", json={"disabled": True}).status_code == 200
        assert bob.get("/api/v1/me").status_code == 401
        login = bob.post("/api/v1/login", json={"name": "bob", "password": PASSWORD})
        assert login.status_code == 401


def test_the_last_admin_stays(api: Running) -> None:
    with api.client("admin") as admin:
        for change in ({"disabled": True}, {"role": "viewer"}):
            refused = admin.patch("/api/v1/users/ada", json=change)
            assert (refused.status_code, refused.json()["code"]) == (409, "refused")


def test_a_token_is_shown_once_and_ends(api: Running) -> None:
    with api.client("admin") as admin:
        made = admin.post("/api/v1/tokens", json={"name": "grafana", "days": 1}).json()
        assert made["secret"].startswith("pn_")
        assert made["secret"] not in admin.get("/api/v1/tokens").text
        assert admin.post("/api/v1/tokens", json={"name": "grafana"}).status_code == 422
        use = {"Authorization": f"Bearer {made['secret']}"}
        with api.client() as program:
            assert program.get("/api/v1/me", headers=use).json()["name"] == "token:grafana"
            api.clock.ms += 86_400_000
            assert program.get("/api/v1/me", headers=use).status_code == 401
        assert admin.delete("/api/v1/tokens/grafana").status_code == 200
        assert admin.delete("/api/v1/tokens/grafana").status_code == 404


def test_answers_are_safe_to_show(local_api: Running) -> None:
    with local_api.client("viewer") as client:
        for path in ("/healthz", "/api/v1/status", "/api/v1/none"):
            headers = client.get(path).headers
            assert headers["content-security-policy"].startswith("default-src 'none'")
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"


def test_large_bodies_are_refused_however_they_are_sent(local_api: Running) -> None:
    with local_api.client("trader") as client:
        large = b'{"reason": "' + b"x" * 70_000 + b'"}'
        whole = client.post(HALT, content=large, headers={"Content-Type": "application/json"})
        chunks = client.post(HALT, content=iter([large]), headers={"Content-Type": "application/json"})
    assert (whole.status_code, chunks.status_code) == (413, 413)
    assert whole.json()["code"] == chunks.json()["code"] == "too_large"


def test_no_password_or_token_is_kept_readable(api: Running) -> None:
    with api.browser() as client:
        cookie = client.cookies["pinery"]
        client.post("/api/v1/login", json={"name": "ada", "password": "a wrong password"})
    with api.client("admin") as admin:
        audit = admin.get("/api/v1/audit").text
    import sqlalchemy as sa

    from pinery.adapters.store.tables import metadata

    def content(tx: object) -> str:
        connection = tx.connection  # type: ignore[attr-defined]
        return "\n".join(str(row) for table in metadata.sorted_tables for row in connection.execute(sa.select(table)))

    text = api.store.read(content) + audit
    for secret in (PASSWORD, "a wrong password", cookie, *api.tokens.values()):
        assert secret not in text


def test_a_store_that_is_gone_is_503(tmp_path: Path) -> None:
    with running("sqlite", tmp_path) as api, api.client("viewer") as client:
        api.store.engine.dispose()
        for file in tmp_path.glob("pinery.db*"):
            file.unlink()
        (tmp_path / "pinery.db").mkdir()
        answers = [client.get(path) for path in ("/readyz", "/api/v1/status")]
        alive = client.get("/healthz")
    assert [answer.status_code for answer in answers] == [503, 503]
    assert answers[0].json()["code"] == "store_unavailable"
    assert alive.status_code == 200
