"""The page of notifications."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from pinery.app.demo.notifications import Notifications

PATH = "a-path-that-nobody-guesses"
MESSAGE = {"id": 7, "kind": "position.opened", "severity": "info", "title": "Position opened", "text": "<b>long</b>"}


class _Client:
    """Asks the page as a browser would."""

    def __init__(self, page: Notifications) -> None:
        self._transport = httpx.ASGITransport(app=page.app)

    def get(self, path: str) -> httpx.Response:
        return self._ask("GET", path)

    def post(self, path: str, **what: Any) -> httpx.Response:
        return self._ask("POST", path, **what)

    def _ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        async def go() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://page") as client:
                return await client.request(method, path, **what)

        return asyncio.run(go())


@pytest.fixture
def page() -> Notifications:
    return Notifications(PATH)


def test_what_is_posted_is_listed_once(page: Notifications) -> None:
    client = _Client(page)
    assert client.post(f"/{PATH}/in", json=MESSAGE).status_code == 204
    assert client.post(f"/{PATH}/in", json=MESSAGE).status_code == 204  # a repetition
    assert client.post(f"/{PATH}/in", json={**MESSAGE, "id": 8}).status_code == 204
    assert page.received == 2
    assert [one["id"] for one in client.get(f"/{PATH}/list").json()] == [7, 8]
    assert [one["id"] for one in client.get(f"/{PATH}/list?after=1").json()] == [8]
    assert len(client.get(f"/{PATH}/list?after=x").json()) == 2


def test_its_files_are_there_without_inline_scripts(page: Notifications) -> None:
    client = _Client(page)
    index = client.get(f"/{PATH}/")
    assert index.status_code == 200 and 'src="page.js"' in index.text
    assert "<script>" not in index.text and "script-src 'self'" in index.headers["content-security-policy"]
    assert client.get(f"/{PATH}/page.js").headers["content-type"].startswith("text/javascript")
    assert client.get(f"/{PATH}/page.css").status_code == 200
    assert client.get(f"/{PATH}/other.js").status_code == 404


def test_who_does_not_know_the_path_gets_nothing(page: Notifications) -> None:
    client = _Client(page)
    for path in ("/", "/wrong/", "/wrong/list", "/wrong/page.js", f"/{PATH}x/list"):
        assert client.get(path).status_code == 404
    assert client.post("/wrong/in", json=MESSAGE).status_code == 404
    assert page.received == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"kind": 1}', b"\xff"])
def test_what_is_no_notification_is_refused(page: Notifications, body: bytes) -> None:
    client = _Client(page)
    assert client.post(f"/{PATH}/in", content=body).status_code == 400
    assert page.received == 0
