"""Coming in, staying, and being put out."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import accessible, keep, opened
from tests.web.instance import VIEWER_PASSWORD, Instance


def errors(page: Page) -> list[str]:
    found: list[str] = page.errors  # type: ignore[attr-defined]
    return found


def test_by_password(browser: Browser, pinery: Instance) -> None:
    with opened(browser) as page:
        page.goto(f"{pinery.url}/#/orders")
        page.get_by_label("Name").fill(pinery.user)
        accessible(page)
        keep(page, "login")
        page.get_by_label("Password").fill("something else")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_have_text("Wrong name or password.")
        assert [text for text in errors(page) if "401" not in text] == []
        errors(page).clear()  # browsers log every refusal
        page.get_by_label("Password").fill(pinery.password)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Orders and fills")).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", name="Orders and fills")).to_be_visible()
        page.get_by_role("button", name="Settings of").click()
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("button", name="Log in")).to_be_visible()
        page.reload()
        expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_by_a_link_once(browser: Browser, pinery: Instance) -> None:
    link = pinery.link()
    with opened(browser) as page:
        page.goto(link)
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        assert "login" not in page.url
    with opened(browser) as page:
        page.goto(link)
        expect(page.get_by_role("status")).to_contain_text("The login link does not work")
        assert "login" not in page.url
        errors(page).clear()


def test_a_session_that_ends_leads_to_the_login_and_back(browser: Browser, pinery: Instance, state: Any) -> None:
    with opened(browser, storage_state=state) as page:
        page.goto(f"{pinery.url}/#/positions")
        expect(page.get_by_role("heading", name="Positions and trades")).to_be_visible()
        page.context.clear_cookies()
        expect(page.get_by_text("Your session has ended")).to_be_visible()
        page.get_by_label("Name").fill(pinery.user)
        page.get_by_label("Password").fill(pinery.password)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Positions and trades")).to_be_visible()
        assert [text for text in errors(page) if "401" not in text] == []
        errors(page).clear()


def test_who_may_only_look_gets_no_button_that_acts(browser: Browser, pinery: Instance) -> None:
    with opened(browser) as page:
        page.goto(pinery.url)
        page.get_by_label("Name").fill("viewer")
        page.get_by_label("Password").fill(VIEWER_PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("button", name="HALT")).to_be_disabled()
        expect(page.get_by_role("button", name="FLATTEN")).to_be_disabled()
        page.goto(f"{pinery.url}/#/positions")
        expect(page.get_by_role("button", name="Close swing")).to_be_disabled()
        page.keyboard.press("Shift+H")
        expect(page.get_by_role("dialog")).to_contain_text("needs the role trader")
