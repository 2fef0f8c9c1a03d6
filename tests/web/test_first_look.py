"""A store with nothing in it: the pages say what to do first."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from pinery.adapters.store import people
from pinery.gateway.control.application import create_app
from pinery.gateway.control.services import Services
from pinery.gateway.settings import ControlSettings
from pinery.web import static_folder
from tests.gateway.control.conftest import PASSWORD, serving
from tests.gateway.control.filling import NOW, TestClock, TestConfiguration
from tests.stores import sqlite_store
from tests.web.conftest import accessible, keep, opened


def test_what_to_do_first(browser: Browser, tmp_path: Path) -> None:
    with sqlite_store(tmp_path) as store:
        people.create_user(store, "ada", PASSWORD, people.Role.ADMIN, NOW)
        app = create_app(
            ControlSettings(), store, TestConfiguration, TestClock(), services=Services(pages=static_folder())
        )
        with serving(app) as url, opened(browser) as page:
            page.goto(url)
            page.get_by_label("Name").fill("ada")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in").click()
            main = page.get_by_role("main")
            expect(main).to_contain_text("First steps")
            expect(main).to_contain_text("curl -X POST ADDRESS")
            expect(main).to_contain_text("no component is running")
            accessible(page)
            keep(page, "first-look")
            for place, text in (
                ("signals", "No signal yet"),
                ("signals?tab=messages", "No message"),
                ("orders", "No order yet"),
                ("orders?tab=fills", "No fill yet"),
                ("positions", "Flat"),
                ("positions?tab=trades", "No closed trade yet"),
                ("performance", "No closed trade yet"),
            ):
                page.goto(f"{url}/#/{place}")
                expect(main).to_contain_text(text)
                accessible(page)
