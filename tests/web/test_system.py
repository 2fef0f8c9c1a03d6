"""Health, log, notifications, backups and people, as an admin sees them and as others do."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from io import StringIO

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.conftest import Workshop, accessible, go_by_key, keep, looked_at
from tests.web.instance import PATIENCE_S, VIEWER_PASSWORD, until
from tests.web.workshop import TRADER_PASSWORD

TABS = ("Health", "Log", "Notifications", "Backups", "Users and tokens", "Audit")


@pytest.fixture
def api(workshop: Workshop) -> Iterator[httpx.Client]:
    with workshop.instance.client() as client:
        yield client


def rows(page: Page, label: str) -> Locator:
    return page.get_by_role("region", name=label).locator("tbody tr")


def _without_ages(text: str) -> list[str]:
    """The words, numbers left out."""
    return re.findall(r"[^\W\d]+", text)


def test_health(workshop: Workshop, api: httpx.Client) -> None:
    workshop.instance.alert("outside", "LONG", 3000)
    until(lambda: api.get("/system").json()["latency"].get("filled", {}).get("count"))
    with workshop.page("system") as page:
        main = page.get_by_role("main")
        told = main.get_by_role("status").first

        def is_told() -> bool:
            """What is wrong holds ages, which go on; so the page and the status are read until they agree."""
            wrong: list[str] = api.get("/status").json()["problems"]
            return _without_ages(told.inner_text()) == _without_ages("\n".join(wrong) or "Nothing is wrong.")

        until(is_told)
        for component in ("charts", "control", "gateway", "worker"):
            expect(main.locator(".stat").filter(has_text=component)).to_contain_text("running")
        latency = main.get_by_role("region", name="Latency")
        expect(latency.get_by_role("img", name="Receipt to fill: half within")).to_be_visible()
        expect(latency.get_by_role("figure").filter(has_text="Receipt to decision")).to_contain_text("p99")
        expect(main.get_by_role("region", name="Uptime")).to_contain_text("100.000 %")
        expect(main.get_by_role("region", name="Markets")).to_contain_text("BINANCE:ETHUSDT.P")
        looked_at(page, "system-health")


def test_the_log_is_filtered_and_exported(workshop: Workshop) -> None:
    workshop.instance.alert("outside", "what is this")
    with workshop.page("system?tab=log") as page:
        found = rows(page, "Events")
        expect(found.filter(has_text="what is this")).not_to_have_count(0)
        looked_at(page, "system-log")
        page.get_by_label("Severity").select_option("warning")
        expect(found.filter(has_text="info")).to_have_count(0)
        expect(found.first).to_contain_text("warning")
        with page.expect_response(re.compile(r"/events\?.*deployment=outside.*search=what")):
            page.get_by_label("Deployment").select_option("outside")
            page.get_by_role("searchbox").fill("what is this")
        expect(found).to_have_count(1)
        expect(page).to_have_url(re.compile("severity=warning.*search=what"))
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").click()
        lines = list(csv.DictReader(StringIO(download.value.path().read_text())))
        assert [line["severity"] for line in lines] == ["warning"]
        page.get_by_role("searchbox").fill("nothing like this")
        expect(page.get_by_role("main")).to_contain_text("No event fits")


def test_a_notification_is_tried(workshop: Workshop) -> None:
    with workshop.page("system?tab=notifications") as page:
        page.get_by_label("Channel to test").select_option("console")
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_text("A test message is on its way to console")).to_be_visible()
        sent = rows(page, "Notifications").filter(has_text="a test message to console")
        expect(sent.first).to_contain_text("sent", timeout=60_000)
        looked_at(page, "system-notifications")
        page.get_by_label("Status").select_option("failed")
        expect(page.get_by_role("main")).to_contain_text("No notification fits")
    assert "a test message to console" in (workshop.instance.folder / "up.log").read_text()


def test_a_backup_is_made(workshop: Workshop, api: httpx.Client) -> None:
    before = {one["name"] for one in api.get("/backups").json()}
    with workshop.page("system?tab=backups") as page:
        page.get_by_role("button", name="Make a backup now").click()
        told = page.get_by_role("region", name="Notes").get_by_text("is made and verified")
        expect(told).to_be_visible(timeout=60_000)
        (made,) = [one for one in api.get("/backups").json() if one["name"] not in before]
        expect(rows(page, "Backups").filter(has_text=made["name"])).to_contain_text("by restoring it")
        looked_at(page, "system-backups")
    assert made["bytes"] > 0 and made["verified"]


def test_people_come_change_and_go(workshop: Workshop) -> None:
    with workshop.page("system?tab=people") as page:
        people = rows(page, "Users")
        mine = people.filter(has=page.get_by_label(f"Role of {workshop.instance.user}"))
        expect(mine.get_by_role("combobox")).to_be_disabled()
        expect(mine.get_by_role("button", name="Disable")).to_be_disabled()
        looked_at(page, "system-people")
        page.get_by_role("button", name="Add a user").click()
        dialog = page.get_by_role("dialog", name="Add a user")
        dialog.get_by_label("Name").fill("viewer")
        dialog.get_by_label("Password").fill("a long enough one")
        accessible(page)
        keep(page, "system-add")
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("alert")).to_contain_text("viewer")
        page.errors.clear()  # type: ignore[attr-defined]  # browsers log every refusal
        dialog.get_by_label("Name").fill("grace")
        page.keyboard.press("Enter")
        expect(page.get_by_text("grace may log in now")).to_be_visible()
        grace = people.filter(has_text="grace")
        grace.get_by_role("combobox", name="Role of grace").select_option("trader")
        expect(page.get_by_text("grace").filter(has_text="trader").first).to_be_visible()
        with workshop.instance.client("grace", "a long enough one") as client:
            until(lambda: client.get("/me").json()["role"] == "trader")
        grace.get_by_role("button", name="New password for grace").click()
        page.get_by_role("dialog", name="New password for grace").get_by_label("Password").fill("another long one")
        page.keyboard.press("Enter")
        expect(page.get_by_text("grace has a new password")).to_be_visible()
        grace.get_by_role("button", name="Disable grace").click()
        expect(grace).to_contain_text("disabled")
        login = {"name": "grace", "password": "another long one"}
        assert (
            httpx.post(
                f"{workshop.instance.url}/api/v1/login", json=login, timeout=PATIENCE_S, verify=False
            ).status_code
            == 401
        )
        grace.get_by_role("button", name="Enable grace").click()
        expect(grace).to_contain_text("active")
        assert (
            httpx.post(
                f"{workshop.instance.url}/api/v1/login", json=login, timeout=PATIENCE_S, verify=False
            ).status_code
            == 200
        )


def test_a_token_is_shown_once_and_revoked(workshop: Workshop) -> None:
    status = f"{workshop.instance.url}/api/v1/status"
    with workshop.page("system?tab=people") as page:
        page.get_by_role("button", name="Make a token").click()
        dialog = page.get_by_role("dialog", name="Make a token")
        dialog.get_by_label("Name").fill("watcher")
        page.keyboard.press("Enter")
        secret = dialog.get_by_label("Token", exact=True).inner_text()
        accessible(page)
        headers = {"Authorization": f"Bearer {secret}"}
        assert httpx.get(status, headers=headers, timeout=PATIENCE_S, verify=False).status_code == 200
        dialog.get_by_role("button", name="Done").click()
        expect(page.get_by_role("main")).not_to_contain_text(secret)
        rows(page, "Tokens").get_by_role("button", name="Revoke watcher").click()
        page.get_by_role("dialog", name="Revoke watcher").get_by_role("button", name="Revoke").click()
        expect(page.get_by_role("main")).to_contain_text("No token")
        assert httpx.get(status, headers=headers, timeout=PATIENCE_S, verify=False).status_code == 401


def test_who_did_what(workshop: Workshop, api: httpx.Client) -> None:
    api.post("/deployments/outside/pause", json={"paused": False, "note": "seen in the audit"})
    with workshop.page("system?tab=audit") as page:
        page.get_by_role("searchbox").fill("seen in the audit")
        expect(rows(page, "Audit log")).to_have_count(1)
        expect(rows(page, "Audit log")).to_contain_text("outside")
        looked_at(page, "system-audit")


def test_by_keyboard_alone(workshop: Workshop) -> None:
    with workshop.page("overview") as page:
        go_by_key(page, "y", "System")
        page.get_by_role("tab", name="Health").focus()
        for name in (*TABS[1:], TABS[0]):
            page.keyboard.press("ArrowRight")
            expect(page.get_by_role("tab", name=name)).to_be_focused()
            expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize(("user", "password"), [("viewer", VIEWER_PASSWORD), ("trader", TRADER_PASSWORD)])
def test_only_an_admin_manages(workshop: Workshop, user: str, password: str) -> None:
    with workshop.page("system?tab=people", user) as page:
        expect(page.get_by_role("tab")).to_have_text(TABS[:4])
        expect(page.get_by_role("tab", name="Health")).to_have_attribute("aria-selected", "true")
        page.get_by_role("tab", name="Notifications").click()
        expect(page.get_by_role("button", name="Send a test")).to_be_disabled()
        page.get_by_role("tab", name="Backups").click()
        expect(page.get_by_role("button", name="Make a backup now")).to_be_disabled()
        accessible(page)
    with workshop.instance.client(user, password) as client:
        for path in ("/users", "/tokens", "/audit"):
            assert client.get(path).status_code == 403
        assert client.post("/backups").status_code == 403
        assert client.post("/notifications/test", json={"channel": "console"}).status_code == 403
        assert client.patch(f"/users/{user}", json={"role": "admin"}).status_code == 403
