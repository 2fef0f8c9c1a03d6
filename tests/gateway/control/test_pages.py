"""The dashboard's files, to strangers too; and nothing else to them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from pinery.gateway.control.services import Services
from tests.gateway.control.conftest import Running, running

INDEX = '<!doctype html><div id="app"></div><script type="module" src="/assets/index-a1b2.js"></script>'
SCRIPT = "export const answer = 42;\n" * 100
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Path]]:
    folder = tmp_path_factory.mktemp("site")
    static = folder / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text(INDEX)
    (static / "assets" / "index-a1b2.js").write_text(SCRIPT)
    (static / "favicon.svg").write_text("<svg/>")
    (static / ".hidden").write_text("x")
    (folder / "pinery.toml").write_text("secret")
    with running("sqlite", folder, services=Services(pages=static)) as made:
        yield made, static


def test_strangers_get_the_pages_with_a_policy_that_allows_no_inline_script(site: tuple[Running, Path]) -> None:
    with site[0].client() as client:
        start = client.get("/")
    assert start.text == INDEX
    policy = dict(part.strip().split(" ", 1) for part in start.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'" and policy["script-src"] == "'self'" and policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert start.headers["x-content-type-options"] == "nosniff"
    assert start.headers["cache-control"] == "no-cache"


def test_assets_are_kept_for_good_and_compressed(site: tuple[Running, Path]) -> None:
    with site[0].client() as client:
        plain = client.get("/assets/index-a1b2.js", headers={"Accept-Encoding": "identity"})
        packed = client.send(client.build_request("GET", "/assets/index-a1b2.js"), stream=True)
        raw = b"".join(packed.iter_raw())
        again = client.get("/assets/index-a1b2.js", headers={"If-None-Match": plain.headers["etag"]})
        head = client.head("/assets/index-a1b2.js", headers={"Accept-Encoding": "identity"})
    assert plain.text == SCRIPT and gzip.decompress(raw).decode() == SCRIPT and len(raw) < len(SCRIPT)
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (again.status_code, again.content) == (304, b"")
    assert head.headers["content-length"] == str(len(SCRIPT)) and head.content == b""


def test_the_dashboards_own_paths_give_its_start_page_to_browsers_only(site: tuple[Running, Path]) -> None:
    with site[0].client() as client:
        for path in ("/signals", "/charts/es_trend"):
            assert client.get(path, headers=BROWSER).text == INDEX
            assert client.get(path).status_code == 401
        assert client.get("/favicon.svg").headers["content-type"].startswith("image/svg+xml")
        for path in ("/api/v1/none", "/metrics", "/api", "/openapi.json"):
            assert client.get(path, headers=BROWSER).status_code == 401
        assert client.post("/signals", headers=BROWSER).status_code == 401
        assert client.get("/assets/gone.js", headers=BROWSER).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/assets/../../pinery.toml", "/assets/%2e%2e/%2e%2e/pinery.toml", "/.hidden", "/assets/%00", "//etc/passwd"],
)
def test_nothing_outside_the_folder_is_given(site: tuple[Running, Path], path: str) -> None:
    with site[0].client() as client:
        for headers in ({}, BROWSER):
            answer = client.send(client.build_request("GET", f"{site[0].url}{path}", headers=headers))
            assert answer.status_code in (401, 404) or answer.text == INDEX


def test_a_new_build_is_shown_at_once(site: tuple[Running, Path]) -> None:
    running_, static = site
    with running_.client() as client:
        before = client.get("/").headers["etag"]
        (static / "index.html").write_text(INDEX + "<!-- new -->")
        try:
            after = client.get("/", headers={"If-None-Match": before})
        finally:
            (static / "index.html").write_text(INDEX)
    assert after.status_code == 200 and after.text.endswith("<!-- new -->")


def test_without_a_build_a_page_says_what_to_do(tmp_path: Path) -> None:
    with running("sqlite", tmp_path, services=Services(pages=tmp_path / "static")) as api, api.client() as client:
        answer = client.get("/")
        assert answer.status_code == 503 and "make setup" in answer.text
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert client.get("/assets/x.js").status_code == 404
