"""What the buttons do is done: the store says so afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import instance as instances
from tests.web.conftest import accessible, keep, logged_in
from tests.web.instance import Instance, held, until

Show = Callable[[Page, str], None]

FAST = {"deployment": "fast"}


@pytest.fixture(scope="module")
def pinery(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """One for these tests alone: others count what is in theirs, in whatever order they come."""
    with instances.running(tmp_path_factory.mktemp("trading") / "instance") as made:
        instances.fill(made)
        yield made


@pytest.fixture(scope="module")
def state(browser: Browser, pinery: Instance) -> Any:
    return logged_in(browser, pinery.link())


@pytest.fixture
def api(pinery: Instance) -> Iterator[httpx.Client]:
    with pinery.client() as made:
        yield made
        for scope in made.get("/status").json()["states"]:  # of a test that failed half-way
            made.post("/resume", json={"scope": scope["scope"]})


def enter(pinery: Instance, api: httpx.Client) -> None:
    """The deployment fast holds a position, and its stop and target rest."""
    pinery.alert("fast", "LONG", 4012.5)
    until(lambda: held(api, "fast"))
    until(lambda: len(working(api)) == 2)


def working(api: httpx.Client) -> list[dict[str, str]]:
    found = api.get("/orders", params=FAST | {"unfinished": True}).json()["items"]
    return [order for order in found if order["status"] == "working"]


def test_a_signal_appears_while_one_looks(page: Page, show: Show, pinery: Instance, api: httpx.Client) -> None:
    before = len(api.get("/signals", params={"deployment": "careful"}).json()["items"])
    show(page, "signals?deployment=careful")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    rows = page.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(before)
    pinery.alert("careful", "PUT", 4012.5)
    expect(rows).to_have_count(before + 1)
    expect(rows.first).to_contain_text("PUT")
    expect(page.get_by_role("main").get_by_role("status").first).to_contain_text("careful: PUT denied")


def test_halt_and_resume(page: Page, show: Show, pinery: Instance, api: httpx.Client) -> None:
    show(page, "overview")
    page.keyboard.press("Shift+H")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What").select_option("deployment:fast")
    dialog.get_by_label("Reason").fill("news")
    accessible(page)
    keep(page, "halt")
    dialog.get_by_role("button", name="HALT").click()
    expect(page.get_by_text("deployment:fast is halted: news")).to_be_visible()
    pinery.alert("fast", "LONG", 4012.5)
    until(lambda: "KILL_SWITCH" in {row["code"] for row in api.get("/signals", params=FAST).json()["items"]})
    page.get_by_role("button", name="Trading state").click()
    dialog.get_by_role("button", name="Resume").click()
    expect(dialog.get_by_text("Nothing is halted")).to_be_visible()
    assert api.get("/status").json()["states"] == []


def test_halt_everything(page: Page, show: Show, api: httpx.Client) -> None:
    show(page, "overview")
    page.get_by_role("button", name="HALT").click()
    page.get_by_role("dialog").get_by_role("button", name="HALT everything").click()
    state = page.get_by_role("button", name="Trading state")
    expect(state).to_have_text("Trading state:halted")
    assert api.get("/status").json()["state"] == "halted"
    api.post("/resume", json={"scope": "all"})
    expect(state).to_have_text("Trading state:active")


def test_flatten(page: Page, show: Show, pinery: Instance, api: httpx.Client) -> None:
    enter(pinery, api)
    show(page, "overview")
    page.keyboard.press("Shift+F")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What").select_option("deployment:fast")
    expect(dialog).to_contain_text("3 ETHUSDT.P")
    go = dialog.get_by_role("button", name="FLATTEN fast")
    expect(go).to_be_disabled()
    dialog.get_by_label("Halt it too").uncheck()
    dialog.get_by_label("Close 1 position").check()
    accessible(page)
    keep(page, "flatten")
    go.click()
    expect(dialog.get_by_text("done", exact=True)).to_be_visible()
    until(lambda: held(api, "fast") == [] and working(api) == [])
    assert held(api, "swing")


def test_cancel_an_order_and_close_a_position(page: Page, show: Show, pinery: Instance, api: httpx.Client) -> None:
    enter(pinery, api)
    show(page, "orders?deployment=fast&status=unfinished")
    rows = page.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(2)
    rows.filter(has_text="target").click()
    page.get_by_role("button", name="Cancel order").click()
    question = page.get_by_role("dialog", name="Cancel this order?")
    accessible(page)
    question.get_by_role("button", name="Cancel order").click()
    expect(rows).to_have_count(1)
    page.keyboard.press("Escape")

    show(page, "positions?deployment=fast")
    page.get_by_role("button", name="Close fast").click()
    question = page.get_by_role("dialog", name="Close this position")
    expect(question).to_contain_text("3 BINANCE:ETHUSDT.P of fast in second")
    accessible(page)
    question.get_by_role("button", name="Close position").click()
    expect(page.get_by_text("No position is open in fast.")).to_be_visible()
    assert held(api, "fast") == []


def test_a_lost_connection_is_told_and_comes_back(page: Page, show: Show) -> None:
    show(page, "overview")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_text(re.compile("^as of .* ago: Pinery cannot be reached")).first).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text(re.compile("^as of"))).to_have_count(0)
    page.errors.clear()  # type: ignore[attr-defined]
