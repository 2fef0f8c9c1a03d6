"""Writing, testing and deploying scripts in the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.web.conftest import Workshop, accessible, go_by_key, keep, looked_at
from tests.web.instance import VIEWER_PASSWORD, until
from tests.web.workshop import SYMBOL, WAVES

OWN = "scripts?open=own%3A"
LONG = 60_000  # ms: a backtest on a busy machine


@pytest.fixture
def api(workshop: Workshop) -> Iterator[httpx.Client]:
    with workshop.instance.client() as client:
        yield client


@pytest.fixture
def waves(workshop: Workshop) -> Iterator[Page]:
    """The page of the script; what a test writes there is not saved."""
    with workshop.page(f"{OWN}waves") as page:
        expect(editor(page)).to_contain_text("strategy.entry")
        expect(page.get_by_text("no errors")).to_be_visible()
        yield page


def editor(page: Page) -> Locator:
    return page.get_by_role("textbox", name=re.compile("^Text of"))


def scripts_of(workshop: Workshop) -> Path:
    return workshop.instance.folder / "scripts"


def write(page: Page, text: str, at: str = "Control+End") -> None:
    editor(page).click()
    page.keyboard.press(at)
    page.keyboard.insert_text(text)


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def test_own_scripts_and_the_library(workshop: Workshop) -> None:
    with workshop.page("scripts") as page:
        names = page.get_by_role("navigation", name="Scripts")
        expect(names.get_by_role("button", name=re.compile("^Waves strategy · v6"))).to_contain_text("used by waves")
        expect(page.get_by_role("main")).to_contain_text("Choose a script, or begin a new one")
        looked_at(page, "scripts-none")
        page.get_by_role("searchbox", name="Search scripts").fill("es momentum")
        expect(names.get_by_role("listitem").filter(has_text="none fits")).to_have_count(1)
        names.get_by_role("button", name="ES momentum").click()
        expect(editor(page)).to_contain_text("ES momentum")
        expect(page.get_by_text("read only")).to_be_visible()
        expect(page.get_by_role("button", name="Delete")).to_be_disabled()
        expect(names.get_by_role("button", name="ES momentum")).to_have_attribute("aria-current", "true")
        page.go_back()
        expect(page.get_by_role("main")).to_contain_text("Choose a script, or begin a new one")


def test_a_phone_shows_the_list_and_then_the_script(workshop: Workshop) -> None:
    with workshop.page("scripts") as page:
        page.set_viewport_size({"width": 390, "height": 844})
        for name in page.get_by_role("navigation", name="Scripts").get_by_role("button").all():
            name.click(trial=True)  # nothing lies over it
        page.get_by_role("button", name=re.compile("^Waves strategy · v6")).click()
        expect(editor(page)).to_contain_text("strategy.entry")
        page.get_by_role("button", name="All scripts").click()
        expect(page.get_by_role("navigation", name="Scripts")).to_be_visible()


def test_the_editor_knows_pine(waves: Page) -> None:
    page = waves
    looked_at(page, "scripts-editor")
    colours = {
        word: editor(page).get_by_text(word, exact=True).first.evaluate("node => getComputedStyle(node).color")
        for word in ("if", "ta.sma", '"Length"', "float", "//@version=6")
    }
    assert len(set(colours.values())) == len(colours), colours

    editor(page).get_by_text("ta.crossover", exact=True).hover()
    about = page.locator(".cm-tooltip-hover")
    expect(about).to_contain_text("ta.crossover(source1: float, source2: float)")
    accessible(page)
    page.mouse.move(5, 5)

    editor(page).click()
    page.keyboard.press("Control+End")
    page.keyboard.type("slow = ta.sm")
    options = page.get_by_role("listbox", name="Completions")
    expect(options.get_by_role("option").first).to_contain_text("ta.sma")
    expect(page.locator(".cm-completionInfo")).to_contain_text("Simple moving average")
    keep(page, "scripts-completion")
    page.keyboard.press("Enter")
    page.keyboard.type("(close, ")
    signature = page.locator(".signature")
    expect(signature.locator("code")).to_have_text("ta.sma(source: float, length: int) -> series float")
    expect(signature.locator("b")).to_have_text("length: int")
    accessible(page)
    expect(editor(page)).to_contain_text("slow = ta.sma(close, )")


def test_errors_are_marked_where_they_are(waves: Page) -> None:
    page = waves
    write(page, 'plotchar(true, "📈"), plot(clos)')
    finding = page.get_by_role("tabpanel").get_by_role("listitem")
    expect(finding).to_contain_text("15:27")
    expect(finding).to_contain_text("clos")
    expect(page.get_by_text("1 error", exact=True)).to_be_visible()
    expect(page.locator(".cm-lintRange-error")).to_have_text("clos")
    expect(page.get_by_role("button", name="Deploy")).to_be_disabled()
    tab(page, "Inputs")
    expect(page.get_by_text("once the script has no errors")).to_be_visible()
    tab(page, "Findings")
    page.keyboard.press("Control+Home")
    finding.get_by_role("button", name="15:27").click()
    expect(editor(page)).to_be_focused()
    looked_at(page, "scripts-error")
    for _ in range(5):
        page.keyboard.press("Delete")
    page.keyboard.insert_text("close)")
    expect(page.get_by_text("no errors")).to_be_visible()
    expect(page.locator(".cm-lintRange-error")).to_have_count(0)


def test_a_copy_of_the_librarys_is_saved_changed_and_deleted(workshop: Workshop) -> None:
    with workshop.page("scripts") as page:
        page.get_by_role("button", name="ES momentum").click()
        write(page, "// mine\n", "Control+Home")
        expect(page.get_by_text("not saved")).to_be_visible()
        page.get_by_role("button", name="Save a copy").click()
        dialog = page.get_by_role("dialog", name="Save a copy")
        name = dialog.get_by_label("Name of the file")
        expect(name).to_have_value("es-ema-momentum_own")
        accessible(page)
        keep(page, "scripts-name")
        for wrong, told in (("Waves", "there is a script Waves.pine already"), ("../out", "cannot be the name")):
            name.fill(wrong)
            page.keyboard.press("Enter")
            expect(dialog.get_by_role("alert")).to_contain_text(told)
        page.errors.clear()  # type: ignore[attr-defined]  # browsers log every refusal
        name.fill("mine")
        page.keyboard.press("Enter")
        expect(page.get_by_role("navigation", name="Scripts").locator("[aria-current]")).to_be_visible()
        expect(page.locator(".head b")).to_have_text("mine.pine")
        file = scripts_of(workshop) / "mine.pine"
        assert file.read_text().startswith("// mine\n")

        write(page, "// and more\n")
        expect(page.get_by_text("not saved", exact=True)).to_be_visible()
        page.keyboard.press("Control+s")
        expect(page.get_by_text("not saved", exact=True)).to_have_count(0)
        assert file.read_text().endswith("// and more\n")

        write(page, "// a third\n")
        file.write_text(WAVES)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("mine.pine was changed meanwhile")).to_be_visible()
        page.errors.clear()  # type: ignore[attr-defined]
        assert file.read_text() == WAVES

        page.get_by_role("button", name="Delete").click()
        page.get_by_role("dialog", name="Delete mine.pine").get_by_role("button", name="Delete").click()
        expect(page.get_by_role("main")).to_contain_text("Choose a script")
        expect(page.get_by_role("navigation", name="Scripts")).not_to_contain_text("Momentum turn strategy · v6 · mine")
        assert not file.exists()


def test_a_new_script_begins_with_an_example(workshop: Workshop) -> None:
    with workshop.page("scripts") as page:
        page.get_by_role("button", name="New script").click()
        page.get_by_role("dialog", name="New script").get_by_label("Name of the file").fill("fresh")
        page.keyboard.press("Enter")
        expect(editor(page)).to_contain_text("ta.crossover")
        expect(page.get_by_text("no errors")).to_be_visible()
        assert (scripts_of(workshop) / "fresh.pine").exists()


def test_what_is_not_saved_is_not_lost(waves: Page) -> None:
    page = waves
    write(page, "// not saved yet")
    for leave in (
        page.get_by_role("button", name="Against the waves"),
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Overview"),
    ):
        leave.click()
        dialog = page.get_by_role("dialog", name="Leave without saving?")
        expect(dialog).to_contain_text("waves.pine")
        dialog.get_by_role("button", name="Stay here").click()
        expect(editor(page)).to_contain_text("// not saved yet")
        assert "open=own%3Awaves" in page.url
    page.once("dialog", lambda asked: asked.accept())
    page.reload()
    expect(editor(page)).to_contain_text("// not saved yet")
    expect(page.get_by_text("not saved", exact=True)).to_be_visible()
    page.get_by_role("button", name="Against the waves").click()
    accessible(page)
    page.get_by_role("dialog").get_by_role("button", name="Leave without saving").click()
    expect(editor(page)).to_contain_text("Against the waves")
    page.get_by_role("button", name=re.compile("^Waves")).click()
    expect(editor(page)).to_contain_text("strategy.entry")
    expect(editor(page)).not_to_contain_text("not saved yet")


def test_inputs_as_the_script_asks_for_them(waves: Page) -> None:
    page = waves
    tab(page, "Inputs")
    group = page.get_by_role("group", name="Average")
    length = group.get_by_label("Length")
    expect(length).to_have_value("8")
    expect(length).to_have_accessible_description("Bars of the average · 2 to 50")
    expect(group.get_by_label("Kind")).to_contain_text("EMA")
    sides = page.get_by_role("group", name="Sides")
    assert sides.get_by_label("Sell too").bounding_box()["y"] < sides.get_by_label("Share").bounding_box()["y"] + 40  # type: ignore[index]
    expect(sides.locator(".row")).to_have_count(1)
    looked_at(page, "scripts-inputs")
    for wrong, told in (
        ("1", "Length must be at least 2: 8 stays"),
        ("51", "Length must be at most 50: 8 stays"),
        ("2.5", "Length must be a whole number: 8 stays"),
        ("", "Length must be a number: 8 stays"),
    ):
        length.fill(wrong)
        page.keyboard.press("Tab")
        expect(group.get_by_role("alert")).to_have_text(told)
        expect(length).to_have_attribute("aria-invalid", "true")
    accessible(page)
    keep(page, "scripts-inputs-refused")
    length.fill("12")
    page.keyboard.press("Tab")
    expect(group.get_by_role("alert")).to_have_count(0)
    # The text says otherwise now: the value is refused, and nothing is run with it.
    page.evaluate("() => scrollTo(0, 0)")
    write(page, "int other = input.int(1)\n")
    editor(page).get_by_text("50", exact=True).dblclick()
    page.keyboard.insert_text("10")
    expect(page.get_by_role("tabpanel").get_by_role("alert")).to_contain_text("Length")
    tab(page, "Backtest")
    expect(page.get_by_role("button", name="Run the backtest")).to_be_disabled()
    tab(page, "Inputs")
    page.get_by_role("button", name="Back to the defaults").click()
    expect(length).to_have_value("8")
    expect(page.get_by_role("tabpanel").get_by_role("alert")).to_have_count(0)


def test_a_backtest_that_passes_leads_to_paper(workshop: Workshop, waves: Page, api: httpx.Client) -> None:
    page = waves
    tab(page, "Backtest")
    expect(page.get_by_label("Bars")).to_contain_text("market · BINANCE:ETHUSDT.P · 60 · 5,000 bars")
    held: list[Route] = []
    page.route("**/api/v1/backtests/*", lambda asked: held.append(asked))  # it may be done before one has looked
    page.get_by_role("button", name="Run the backtest").click()
    expect(page.get_by_role("progressbar", name="Bars tested")).to_be_visible()
    page.unroute("**/api/v1/backtests/*")
    for asked in held:
        asked.continue_()
    panel = page.get_by_role("tabpanel")
    expect(panel.get_by_text("passes the gate", exact=True)).to_be_visible(timeout=LONG)
    for text in ("Net profit", "Profit factor", "Max drawdown", "Percent profitable"):
        expect(panel).to_contain_text(text)
    expect(panel.get_by_role("region", name="Trades of the backtest").get_by_role("row")).not_to_have_count(1)
    looked_at(page, "scripts-backtest")
    with page.expect_download() as download:
        panel.get_by_role("link", name="CSV").click()
    assert download.value.path().read_text("utf-8-sig").startswith("Trade #,Type,")
    with page.expect_popup() as popup:
        panel.get_by_role("link", name="The full report").click()
    expect(popup.value.get_by_text("Waves").first).to_be_visible()
    popup.value.close()

    # What was tested is what is deployed, and no longer so once an input is another.
    tab(page, "Inputs")
    page.get_by_label("Length").fill("30")
    tab(page, "Backtest")
    expect(panel.get_by_text("have changed since")).to_be_visible()
    page.get_by_role("button", name="Deploy").click()
    dialog = page.get_by_role("dialog", name="Deploy waves.pine")
    expect(dialog).to_contain_text("Without a backtest of this script")
    page.keyboard.press("Escape")
    tab(page, "Inputs")
    page.get_by_role("button", name="Back to the defaults").click()

    page.get_by_role("button", name="Deploy").click()
    expect(dialog).to_contain_text("goes with it as evidence")
    for label, value in (("Account", "paper"), ("Market", "market"), ("Symbol", SYMBOL), ("Timeframe", "60")):
        expect(dialog.get_by_label(label)).to_have_value(value)
    looked_at(page, "scripts-deploy")
    dialog.get_by_role("button", name="Deploy").click()
    expect(dialog.get_by_role("alert")).to_contain_text("waves")  # there is one of that name
    page.errors.clear()  # type: ignore[attr-defined]
    dialog.get_by_label("Name").fill("ridden")
    dialog.get_by_label("Stop").fill("5%")
    dialog.get_by_role("button", name="Deploy").click()
    expect(dialog).to_contain_text("ridden is at work, at stage paper")
    accessible(page)
    assert "/hook/" in dialog.get_by_label("Webhook address").inner_text()
    made = {"name": "ridden", "stage": "paper", "timeframe": "60", "paused": False}
    until(lambda: any(row.items() >= made.items() for row in api.get("/deployments").json()))
    dialog.get_by_role("link", name="Show the deployment").click()
    detail = page.get_by_role("dialog", name="ridden")
    expect(detail.get_by_text("granted")).to_be_visible()
    expect(detail).to_contain_text("To small")
    until(lambda: [row for row in api.get("/charts").json() if row["deployment"] == "ridden" and not row["error"]])


def test_a_backtest_that_fails_says_why(workshop: Workshop) -> None:
    with workshop.page(f"{OWN}losing") as page:
        expect(page.get_by_text("no errors")).to_be_visible()
        tab(page, "Backtest")
        panel = page.get_by_role("tabpanel")
        panel.get_by_label("From").fill("2035-01-01")
        panel.get_by_role("button", name="Run the backtest").click()
        expect(panel.get_by_role("status")).to_contain_text("there are no bars in this range", timeout=LONG)
        panel.get_by_label("From").fill("")
        editor(page).click()
        page.keyboard.press("Control+Enter")
        expect(panel.get_by_text("does not pass the gate")).to_be_visible(timeout=LONG)
        failed = panel.get_by_role("listitem").filter(has_text="not met")
        expect(failed.filter(has_text="Profit factor")).to_contain_text("≥ 1.2")
        page.get_by_role("button", name="Deploy").click()
        dialog = page.get_by_role("dialog", name="Deploy losing.pine")
        dialog.get_by_role("button", name="Deploy").click()
        expect(dialog).to_contain_text("losing is at work, at stage backtest")
        expect(dialog).to_contain_text("recorded and not traded: missing for paper is Backtest: ")
        accessible(page)


def test_by_keyboard_alone(workshop: Workshop) -> None:
    with workshop.page("overview") as page:
        go_by_key(page, "e", "Scripts")
        page.keyboard.press("/")
        page.keyboard.type("against")
        expect(page.get_by_role("button", name="Against the waves")).to_be_visible()
        expect(page.get_by_role("navigation", name="Scripts").get_by_role("button")).to_have_count(1)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(editor(page)).to_contain_text("Against the waves")
        for _ in range(100):
            if editor(page).evaluate("node => node === document.activeElement"):
                break
            page.keyboard.press("Tab")
        expect(editor(page)).to_be_focused()
        page.keyboard.press("Control+End")
        page.keyboard.press("Tab")
        expect(editor(page)).to_be_focused()  # Tab indents there
        for _ in range(6):  # a Tab that comes long after Escape, on a busy machine, indents too
            page.keyboard.press("Control+z")
            page.keyboard.press("Escape")
            page.keyboard.press("Tab")
            if not editor(page).evaluate("node => node === document.activeElement"):
                break
        expect(page.get_by_role("tab", name="Findings")).to_be_focused()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        expect(page.get_by_label("Bars")).to_be_visible()


def test_who_may_only_look_changes_nothing(workshop: Workshop) -> None:
    with workshop.page(f"{OWN}waves", "viewer") as page:
        expect(page.get_by_text("no errors")).to_be_visible()
        for name in ("New script", "Save", "Deploy", "Delete"):
            button = page.get_by_role("button", name=name, exact=True)
            expect(button).to_be_disabled()
            assert "Needs the role" in (button.get_attribute("title") or "")
        write(page, "// mine")
        expect(editor(page)).not_to_contain_text("// mine")
        tab(page, "Backtest")
        expect(page.get_by_role("button", name="Run the backtest")).to_be_disabled()
        accessible(page)
    with workshop.instance.client("viewer", VIEWER_PASSWORD) as client:
        assert client.post("/scripts", json={"name": "x", "text": WAVES}).status_code == 403
        assert client.delete("/scripts/own:waves").status_code == 403
        asked = {"script": "own:waves", "market": {"source": "market", "symbol": SYMBOL}}
        assert client.post("/backtests", json=asked).status_code == 403
    with workshop.page(f"{OWN}waves", "trader") as page:
        expect(page.get_by_role("button", name="New script")).to_be_enabled()
        expect(page.get_by_role("button", name="Deploy")).to_be_disabled()
