"""Deployments on their way to real money: what is asked for, what is refused, and what each button does."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from pinery.adapters.store import people
from pinery.adapters.store.one_time import make_code
from pinery.gateway.control.application import create_app
from pinery.gateway.control.services import Services
from pinery.gateway.settings import ControlSettings
from pinery.trading.broker import Environment
from pinery.trading.deployments import Account, Deployment
from pinery.web import static_folder
from tests.gateway.control.conftest import PASSWORD, serving
from tests.gateway.control.filling import NOW, TestClock, TestConfiguration
from tests.stores import sqlite_store
from tests.web.conftest import Workshop, accessible, keep, looked_at, opened
from tests.web.instance import VIEWER_PASSWORD, until
from tests.web.workshop import SYMBOL, TRADER_PASSWORD

#: A promise in the page, kept once the button has said "Copied": it says so for two seconds only.
SEE_COPIED = """(button) => {
  window.copied = new Promise((seen) => {
    const look = () => button.innerText.includes("Copied") && seen();
    new MutationObserver(look).observe(button, { subtree: true, childList: true, characterData: true });
  });
}"""


@pytest.fixture
def api(workshop: Workshop) -> Iterator[httpx.Client]:
    with workshop.instance.client() as client:
        yield client


@pytest.fixture
def made(api: httpx.Client) -> Iterator[str]:
    """A deployment of the test's own, at stage backtest."""
    name = f"made{time.monotonic_ns()}"
    wanted = {"name": name, "account": "paper", "symbol": SYMBOL, "timeframe": "60"}
    assert api.post("/deployments", json=wanted).status_code == 201
    yield name
    api.delete(f"/deployments/{name}")


def detail(page: Page, name: str) -> Locator:
    return page.get_by_role("dialog", name=name, exact=True)


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("table").get_by_role("row", name=re.compile(f"^{name} "))


def stage_of(api: httpx.Client, name: str) -> str:
    found: str = api.get(f"/deployments/{name}/promotion").json()["stage"]
    return found


def refused(page: Page) -> None:
    """Browsers log every refusal."""
    errors: list[str] = page.errors  # type: ignore[attr-defined]
    assert [text for text in errors if "409" not in text and "422" not in text] == []
    errors.clear()


def test_the_list(workshop: Workshop) -> None:
    with workshop.page("deployments") as page:
        for text in ("paper", "active", "ETHUSDT.P", "60", "waves.pine", "live"):
            expect(row(page, "waves")).to_contain_text(text)
        expect(row(page, "outside")).to_contain_text("webhook")
        looked_at(page, "deployments")


def test_where_the_money_is(browser: Browser, tmp_path: Path) -> None:
    places = {
        "rehearsed": Account("book", "paper", Environment.PAPER),
        "tried": Account("testnet", "binance", Environment.DEMO),
        "earnest": Account("topstep", "tradovate", Environment.LIVE),
    }
    configuration = replace(
        TestConfiguration(),
        accounts={account.name: account for account in places.values()},
        deployments={name: Deployment(name, account.name, SYMBOL) for name, account in places.items()},
        charts={},
    )
    with sqlite_store(tmp_path) as store:
        people.create_user(store, "ada", PASSWORD, people.Role.ADMIN, NOW)
        services = Services(pages=static_folder())
        app = create_app(ControlSettings(), store, lambda: configuration, TestClock(), services=services)
        with serving(app) as url, opened(browser) as page:
            page.goto(f"{url}/#login={make_code(store, 'ada', NOW)}")
            page.get_by_role("heading", name="Overview").wait_for()
            page.goto(f"{url}/#/deployments")
            # Its stage is called the same.
            expect(row(page, "rehearsed").get_by_role("cell", name="paper", exact=True)).to_have_count(2)
            for name, text in (("tried", "demo binance"), ("earnest", "live: real money tradovate")):
                expect(row(page, name).get_by_role("cell", name=text, exact=True)).to_be_visible()
            looked_at(page, "deployments-money")
            page.set_viewport_size({"width": 390, "height": 844})
            expect(row(page, "earnest")).to_contain_text("live: real money")
            row(page, "earnest").click()
            expect(detail(page, "earnest")).to_contain_text("Trades in topstep live: real money tradovate")
            expect(detail(page, "earnest").get_by_role("alert")).to_be_visible()  # this server has no stages to tell of
            accessible(page)
            errors: list[str] = page.errors  # type: ignore[attr-defined]
            assert [text for text in errors if "404" not in text] == []
            errors.clear()


def test_by_keyboard_alone(workshop: Workshop) -> None:
    with workshop.page("deployments") as page:
        row(page, "outside").focus()
        page.keyboard.press("Enter")
        panel = detail(page, "outside")
        expect(panel.get_by_role("heading", name="To paper")).to_be_visible()
        panel.get_by_role("tab", name="Stage").focus()
        page.keyboard.press("ArrowRight")
        expect(panel.get_by_role("heading", name="What would a message do now?")).to_be_visible()
        page.keyboard.press("Escape")
        expect(panel).to_have_count(0)
        expect(row(page, "outside")).to_be_focused()


def test_one_is_made_and_removed(workshop: Workshop, api: httpx.Client) -> None:
    with workshop.page("deployments") as page:
        page.get_by_role("button", name="New deployment").click()
        dialog = page.get_by_role("dialog", name="New deployment")
        expect(dialog.get_by_label("Account")).to_have_value("paper")
        dialog.get_by_label("Name").fill("alerts")
        dialog.get_by_label("Symbol").fill("nothing at all")
        looked_at(page, "deployments-new")
        dialog.get_by_role("button", name="Create").click()
        expect(dialog.get_by_role("alert")).to_contain_text("lacks the exchange")
        refused(page)
        dialog.get_by_label("Symbol").fill(SYMBOL)
        dialog.get_by_label("Stop").fill("1%")
        dialog.get_by_role("button", name="Create").click()
        expect(dialog).to_contain_text("alerts is there, at stage paper")
        address = dialog.get_by_label("Webhook address").inner_text()
        accessible(page)
        dialog.get_by_role("button", name="Done").click()
        until(lambda: httpx.post(address, content='{"signal":"WHAT"}', verify=False).status_code == 200)

        row(page, "alerts").click()
        panel = detail(page, "alerts")
        expect(panel).not_to_contain_text("/hook/")
        panel.get_by_role("button", name="Remove").click()
        question = page.get_by_role("dialog", name="Remove alerts")
        question.get_by_role("button", name="Remove").click()
        expect(question.get_by_role("alert")).to_contain_text("type alerts to confirm")
        question.get_by_label("Type alerts to confirm").fill("alerts")
        accessible(page)
        page.keyboard.press("Enter")
        expect(row(page, "alerts")).to_have_count(0)
        assert "alerts" not in {one["name"] for one in api.get("/deployments").json()}


def test_a_promotion_is_refused_until_the_evidence_is_there(workshop: Workshop, api: httpx.Client, made: str) -> None:
    with workshop.page(f"deployments?open={made}") as page:
        panel = detail(page, made)
        expect(panel.get_by_role("list", name="Stages").locator("[aria-current]")).to_have_text("backtest")
        expect(panel.get_by_role("listitem").filter(has_text="not met")).to_contain_text("choose one when you promote")
        looked_at(page, "deployments-stage")

        def promote(note: str = "", without: bool = False) -> Locator:
            panel.get_by_role("button", name="Promote to").click()
            dialog = page.get_by_role("dialog", name=f"Promote {made} to")
            dialog.get_by_label("Note", exact=True).fill(note)
            if without:
                dialog.get_by_label("Without a backtest").check()
            accessible(page)
            dialog.get_by_role("button", name="Promote", exact=True).click()
            return dialog

        dialog = promote("just so")
        expect(dialog.get_by_role("alert")).to_contain_text("Backtest")
        refused(page)
        keep(page, "deployments-refused")
        dialog.get_by_role("button", name="Leave as it is").click()
        history = panel.get_by_role("region", name="Decisions so far").get_by_role("listitem")
        expect(history.first).to_contain_text("refused")
        expect(history.first).to_contain_text("just so")
        expect(history.first).to_contain_text("missing: Backtest")

        dialog = promote(without=True)
        expect(dialog.get_by_role("alert")).to_contain_text("say why")
        refused(page)
        dialog.get_by_label("Note", exact=True).fill("tested at TradingView")
        dialog.get_by_role("button", name="Promote", exact=True).click()
        expect(panel.get_by_role("heading", name="To small")).to_be_visible()
        expect(history.first).to_contain_text("granted")
        assert stage_of(api, made) == "paper"
        expect(row(page, made).get_by_role("cell", name="paper")).to_have_count(3)  # stage, money and account

        checks = panel.get_by_role("region", name="To small").get_by_role("listitem")
        expect(checks.filter(has_text="Days")).to_contain_text("≥ 7 days")
        expect(checks.filter(has_text="99 %")).to_be_visible()
        dialog = promote("now")
        expect(dialog.get_by_role("alert")).to_contain_text("Days")
        refused(page)
        dialog.get_by_role("button", name="Leave as it is").click()
        looked_at(page, "deployments-checks")
        assert stage_of(api, made) == "paper"

        panel.get_by_role("button", name="Demote").click()
        page.get_by_role("dialog", name="Demote").get_by_role("button", name="Demote", exact=True).click()
        expect(panel.get_by_role("heading", name="To paper")).to_be_visible()
        assert stage_of(api, made) == "backtest"


def test_a_backtest_is_given_as_evidence(workshop: Workshop, api: httpx.Client) -> None:
    name = "evident"
    wanted = {"name": name, "account": "paper", "symbol": SYMBOL, "timeframe": "60", "script": "own:waves"}
    assert api.post("/deployments", json=wanted | {"feed": "market"}).status_code == 201
    asked: dict[str, Any] = {"script": "own:waves", "market": {"source": "market", "symbol": SYMBOL}}
    id = api.post("/backtests", json=asked).json()["id"]
    until(lambda: api.get(f"/backtests/{id}").json()["state"] == "done")
    with workshop.page(f"deployments?open={name}") as page:
        panel = detail(page, name)
        panel.get_by_role("button", name="Promote to paper").click()
        dialog = page.get_by_role("dialog", name=f"Promote {name} to paper")
        box = dialog.get_by_label("Backtest", exact=True)
        expect(box.locator(f"option[value='{id}']")).to_contain_text("waves.pine · BINANCE:ETHUSDT.P")
        box.select_option(id)
        accessible(page)
        keep(page, "deployments-evidence")
        dialog.get_by_role("button", name="Promote", exact=True).click()
        expect(panel.get_by_role("heading", name="To small")).to_be_visible()
        expect(panel.get_by_role("region", name="Decisions so far")).to_contain_text("backtest to paper")
        panel.get_by_role("tab", name="Settings").click()
        expect(panel.locator("dl").last).to_contain_text(SYMBOL)
        looked_at(page, "deployments-settings")
    assert stage_of(api, name) == "paper"
    assert api.delete(f"/deployments/{name}").status_code == 200


def test_pause_and_resume(workshop: Workshop, api: httpx.Client) -> None:
    with workshop.page("deployments?open=outside", "trader") as page:
        panel = detail(page, "outside")
        panel.get_by_role("button", name="Pause").click()
        expect(page.get_by_text("outside is paused")).to_be_visible()
        expect(row(page, "outside")).to_contain_text("paused")
        assert {one["name"]: one["paused"] for one in api.get("/deployments").json()}["outside"] is True
        panel.get_by_role("button", name="Resume").click()
        expect(page.get_by_text("outside goes on")).to_be_visible()
        expect(row(page, "outside")).to_contain_text("active")


def test_messages_to_paste_and_to_try(workshop: Workshop, api: httpx.Client) -> None:
    before = len(api.get("/messages", params={"deployment": "outside"}).json()["items"])
    with workshop.page("deployments?open=outside", permissions=["clipboard-read", "clipboard-write"]) as page:
        panel = detail(page, "outside")
        panel.get_by_role("tab", name="Messages").click()
        template = panel.get_by_label("Message template")
        expect(template).to_contain_text("{{strategy.order.action}}")
        copy = panel.get_by_role("button", name="Copy")
        copy.evaluate(SEE_COPIED)
        copy.click()
        page.evaluate("() => window.copied")
        assert page.evaluate("() => navigator.clipboard.readText()") == template.inner_text()
        panel.get_by_label("of an indicator").check()
        expect(template).not_to_contain_text("strategy.order")
        box = panel.get_by_role("textbox", name="Message", exact=True)
        box.fill('{"signal": "LONG", "price": 3000}')
        panel.get_by_role("button", name="Test it").click()
        answer = panel.get_by_role("status")
        expect(answer.get_by_text("understood", exact=True)).to_be_visible()
        expect(answer).to_contain_text("enter_long")
        looked_at(page, "deployments-messages")
        box.fill("what is this")
        panel.get_by_role("button", name="Test it").click()
        expect(answer.get_by_text("not understood")).to_be_visible()
        accessible(page)
    assert len(api.get("/messages", params={"deployment": "outside"}).json()["items"]) == before


def test_a_new_address_is_shown_once_and_ends_the_old_one(workshop: Workshop, made: str, api: httpx.Client) -> None:
    old = api.post(f"/deployments/{made}/token", json={}).json()["webhook_url"]
    alert = '{"signal":"WHAT"}'
    until(lambda: httpx.post(old, content=alert, verify=False).status_code == 200)
    with workshop.page(f"deployments?open={made}") as page:
        panel = detail(page, made)
        panel.get_by_role("button", name="New webhook address").click()
        question = page.get_by_role("dialog", name=f"New webhook address for {made}")
        expect(question).to_contain_text("ends at once")
        accessible(page)
        question.get_by_role("button", name="Make a new address").click()
        new = panel.get_by_label("Webhook address", exact=True).inner_text()
        assert new != old and new.split("/hook/")[0] == old.split("/hook/")[0]
        accessible(page)
        until(lambda: httpx.post(old, content=alert, verify=False).status_code == 404)
        until(lambda: httpx.post(new, content=alert, verify=False).status_code == 200)
        panel.get_by_role("button", name="Close").click()
        row(page, made).click()
        expect(panel.get_by_role("heading", name="To paper")).to_be_visible()
        expect(panel).not_to_contain_text("/hook/")


def test_roles(workshop: Workshop) -> None:
    with workshop.page("deployments?open=outside", "viewer") as page:
        expect(page.get_by_role("button", name="New deployment")).to_be_disabled()
        panel = detail(page, "outside")
        for name in ("Pause", "New webhook address", "Remove", "Promote to paper"):
            expect(panel.get_by_role("button", name=name)).to_be_disabled()
        panel.get_by_role("tab", name="Messages").click()
        expect(panel.get_by_role("button", name="Test it")).to_be_disabled()
        accessible(page)
    with workshop.page("deployments?open=outside", "trader") as page:
        panel = detail(page, "outside")
        expect(panel.get_by_role("button", name="Pause")).to_be_enabled()
        for name in ("New webhook address", "Remove", "Promote to paper"):
            expect(panel.get_by_role("button", name=name)).to_be_disabled()
    for user, password, pausing in (("viewer", VIEWER_PASSWORD, 403), ("trader", TRADER_PASSWORD, 200)):
        with workshop.instance.client(user, password) as client:
            assert client.post("/deployments/outside/token", json={}).status_code == 403
            assert client.post("/deployments/outside/promote", json={}).status_code == 403
            assert client.delete("/deployments/outside").status_code == 403
            assert client.post("/deployments/outside/pause", json={"paused": False}).status_code == pausing
