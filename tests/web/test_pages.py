"""Each page shows what is in the store, in both looks and on a phone, without a fault of access or in the console."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.conftest import accessible, go_by_key, keep
from tests.web.instance import Instance

Show = Callable[[Page, str], None]

#: Sums up by how much what was drawn already has moved, as browsers measure it: 1 is the whole screen.
JUMPS = """
window.jumps = 0;
new PerformanceObserver((list) => list.getEntries().forEach((one) => { window.jumps += one.value }))
  .observe({ type: "layout-shift", buffered: true });
"""

#: place -> what must be read there
PAGES = {
    "overview": ["What needs a look", "Equity", "swing", "careful", "DIRECTION", "1,250,008.00 USD", "4,012.50"],
    "signals": ["DIRECTION", "demo", "enter long", "accepted", "webhook"],
    "signals?tab=messages": ["what is this", "unparsed", "127.0.0.1"],
    "orders": ["swing", "stop", "target", "working", "filled", "ETHUSDT.P"],
    "orders?tab=fills": ["4,000.00", "4,010.25", "4,012.50"],
    "positions": ["swing", "long", "4,012.50", "Close"],
    "positions?tab=trades": ["+10.25", "−2.25", "win", "loss", "50.0 %"],
    "performance": ["Net profit", "+8.00", "50.0 %", "Profit factor", "4.56", "demo"],
}


@pytest.mark.parametrize("place", PAGES)
def test_page(page: Page, show: Show, place: str) -> None:
    name = place.replace("?tab=", "-")
    show(page, place)
    for text in PAGES[place]:
        expect(page.get_by_role("main")).to_contain_text(text)
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        accessible(page)
        keep(page, f"{name}-{theme}")
    page.set_viewport_size({"width": 390, "height": 844})
    accessible(page)
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
    keep(page, f"{name}-phone")


def test_colours_time_zone_and_look_are_kept(page: Page, show: Show) -> None:
    show(page, "signals")
    page.get_by_role("button", name="Settings of").click()
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_label("Look").select_option("light")
    page.get_by_label("Colours of gain and loss").select_option("blue")
    accessible(page)
    keep(page, "settings")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(page.locator("html")).to_have_attribute("data-tones", "blue")
    time = page.get_by_role("table").locator("time").first
    title, utc = time.get_attribute("title"), time.get_attribute("datetime")
    assert title is not None and utc is not None
    assert title.endswith("GMT+9") and int(title[11:13]) == (int(utc[11:13]) + 9) % 24
    accessible(page)


def test_everything_is_reached_by_keyboard(page: Page, show: Show) -> None:
    show(page, "overview")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the contents")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    go_by_key(page, "s", "Signals")
    page.keyboard.press("/")
    with page.expect_response(re.compile(r"/signals\?.*search=DIRECTION(&|$)")):
        page.keyboard.type("DIRECTION")  # on a busy machine its beginnings are searched for too
    rows = page.get_by_role("table", name="").locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile("search=DIRECTION"))
    rows.first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("SHORT")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(rows.first).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Shift+H")


def test_a_signal_from_message_to_fill(page: Page, show: Show) -> None:
    show(page, "signals?deployment=swing")
    page.get_by_role("table").locator("tbody tr").first.click()
    detail = page.get_by_role("dialog")
    for text in ("LONG", "accepted", "Decided", "Order sent", "kill switch", '"instrument": "ETHUSDT.P"', "127.0.0.1"):
        expect(detail).to_contain_text(text)
    accessible(page)
    keep(page, "signal")
    detail.get_by_role("link", name="buy entry").click()
    order = page.get_by_role("dialog")
    for text in ("buy 2 ETHUSDT.P", "filled", "Bracket", "target", "Fills", "accepted"):
        expect(order).to_contain_text(text)
    order.locator("summary").first.click()
    accessible(page)
    keep(page, "order")


def test_lists_are_filtered_and_exported(page: Page, show: Show) -> None:
    show(page, "signals?deployment=demo")
    rows = page.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(4)
    page.get_by_label("Outcome").select_option("denied")
    expect(page.get_by_text("No signal fits")).to_be_visible()
    page.get_by_role("button", name="Show all signals").click()
    expect(rows).to_have_count(6)
    page.get_by_label("Deployment").select_option("careful")
    expect(rows).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = download.value.path().read_text()
    assert "DIRECTION" in text and "swing" not in text


@pytest.mark.parametrize("place", ["overview", "signals", "orders", "positions?tab=trades", "performance"])
def test_nothing_jumps_while_a_page_comes(page: Page, pinery: Instance, place: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.add_init_script(JUMPS)
    held: list[Route] = []
    page.route("**/api/v1/status", lambda route: held.append(route))
    with page.expect_response("**/api/v1/instruments"):
        page.goto(f"{pinery.url}/#/{place}")
    page.wait_for_timeout(1_000)  # what does not wait for how things stand is drawn meanwhile
    for one in held:
        one.continue_()
    page.unroute("**/api/v1/status")
    for text in PAGES[place]:
        expect(page.get_by_role("main")).to_contain_text(text)
    assert page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done(jumps)))") < 0.05


def test_a_page_that_could_not_be_loaded_comes_when_the_server_is_back(page: Page, show: Show) -> None:
    show(page, "overview")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("link", name="Deployments").click()
    expect(page.get_by_role("alert")).to_contain_text("The page cannot be loaded")
    expect(page.get_by_role("button", name="HALT")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Deployments", level=1)).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("careful")
    page.errors.clear()  # type: ignore[attr-defined]  # browsers log every request that fails
