"""A browser, a filled Pinery, and pages that must not log an error."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from pinery.web import static_folder
from tests.web import instance as instances
from tests.web import workshop as workshops
from tests.web.instance import Instance

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE = 30_000  # ms: on a machine with much other work

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    if static_folder() is None:
        pytest.skip("the dashboard was not built (make setup; it needs Node.js)")
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        made = playwright.chromium.launch(executable_path=path, args=options, timeout=4 * PATIENCE)
        yield made
        made.close()


@pytest.fixture(scope="package")
def pinery(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with instances.running(tmp_path_factory.mktemp("web") / "instance") as made:
        instances.fill(made)
        yield made


@pytest.fixture(scope="package")
def state(browser: Browser, pinery: Instance) -> Any:
    return logged_in(browser, pinery.link())


@pytest.fixture(scope="package")
def workshop(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with workshops.running(tmp_path_factory.mktemp("workshop") / "instance") as made:
        yield Workshop(browser, made)


@dataclass(slots=True)
class Workshop:
    """A Pinery to build strategies in, and a browser to do it with."""

    browser: Browser
    instance: Instance
    states: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def page(self, place: str, user: str = "", **options: Any) -> Iterator[Page]:
        """A page of the dashboard, logged in as the admin or ``user``."""
        if user not in self.states:
            self.states[user] = logged_in(self.browser, self.instance.link(user))
        with opened(self.browser, storage_state=self.states[user], **options) as page:
            self.show(page, place)
            yield page

    def show(self, page: Page, place: str) -> None:
        page.goto(f"{self.instance.url}/#/{place}")
        page.get_by_role("main").get_by_role("heading", level=1).wait_for()


def logged_in(browser: Browser, link: str) -> Any:
    """A browser's cookies and storage after the login: hashing a password for each test takes time."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    page.get_by_role("heading", name="Overview").wait_for(timeout=PATIENCE)
    kept = context.storage_state()
    context.close()
    return kept


def go_by_key(page: Page, letter: str, heading: str) -> None:
    """``g`` and a letter, as a person does: again, if the second came too late for the first on a busy machine."""
    title = page.get_by_role("heading", name=heading, level=1)
    for _ in range(6):
        page.keyboard.press("g")
        page.keyboard.press(letter)
        with suppress(AssertionError):
            expect(title).to_be_visible(timeout=PATIENCE / 6)
            return
    raise AssertionError(f"g and {letter} do not lead to {heading}")


def looked_at(page: Page, name: str) -> None:
    """Dark, light and on a phone: without a fault of access, nothing is wider than the screen; pictures are kept."""
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        accessible(page)
        keep(page, f"{name}-{theme}")
    page.set_viewport_size({"width": 390, "height": 844})
    accessible(page)
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
    assert page.evaluate("() => document.querySelector('main').scrollWidth") <= 390
    keep(page, f"{name}-phone")
    page.set_viewport_size({"width": 1440, "height": 900})


@contextmanager
def opened(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page in a browser of its own; an error in its console fails the test. ``page.errors`` may be emptied."""
    context: BrowserContext = browser.new_context(viewport={"width": 1440, "height": 900}, **options)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.errors = errors  # type: ignore[attr-defined]
    try:
        yield page
    finally:
        context.close()
    assert not errors


@pytest.fixture
def page(browser: Browser, state: Any) -> Iterator[Page]:
    """Logged in as the admin."""
    with opened(browser, storage_state=state) as made:
        yield made


@pytest.fixture
def show(pinery: Instance) -> Callable[[Page, str], None]:
    """Opens a page of the dashboard by its address behind ``#/``."""

    def go(page: Page, place: str) -> None:
        page.goto(f"{pinery.url}/#/{place}")
        page.get_by_role("main").get_by_role("heading", level=1).wait_for()

    return go


def accessible(page: Page) -> None:
    """Nothing that axe finds wrong, colours included."""
    # The policy lets no script in but the server's own; what the test evaluates comes by another way.
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    said = [f"{one['id']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]]
    assert not said, "\n".join(said)


def keep(page: Page, name: str) -> None:
    """A picture for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
