"""Live charts in a real browser, on a market that goes on quickly."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from pinery.adapters.store import people
from pinery.adapters.store.database import open_store
from pinery.adapters.store.one_time import make_code
from pinery.app.results import subject_of
from pinery.app.views.changes import Shown
from pinery.charts.live import LiveChart
from pinery.engine import compile_script
from pinery.lang.source import Source
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe
from tests.app.views.conftest import SYMBOL, TREND, write_folder
from tests.app.views.test_changes import market, ticks
from tests.web.conftest import PATIENCE, accessible, keep, opened
from tests.web.instance import ended, free_ports, until

LONG = 60_000  # ms: 50,000 bars on a busy machine


@dataclass(frozen=True, slots=True)
class Control:
    url: str
    folder: Path

    def page(self, browser: Browser, **options: Any) -> Any:
        return opened(browser, **options)

    def log_in(self, page: Page, place: str) -> None:
        store = open_store(f"sqlite:///{self.folder / 'pinery.db'}")
        try:
            code = make_code(store, "ada", time.time_ns() // 1_000_000)
        finally:
            store.close()
        page.goto(f"{self.url}/#login={code}")
        page.get_by_role("heading", name="Overview").wait_for()
        page.goto(f"{self.url}/#/{place}")


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """The control process alone: charts need no other."""
    # Half an hour is left to play from there: no test comes to the market's end.
    folder = write_folder(tmp_path_factory.mktemp("charts"), 52_000, speed=60, start="2026-02-08T20:00")
    with free_ports() as port, _control(folder, port) as made:
        yield made


@contextmanager
def _control(folder: Path, port: int) -> Iterator[Control]:
    with (folder / "pinery.toml").open("a") as file:
        file.write(f"[control]\nport = {port}\n")
    store = open_store(f"sqlite:///{folder / 'pinery.db'}")
    people.create_user(store, "ada", "correct horse battery", people.Role.ADMIN, time.time_ns() // 1_000_000)
    store.close()
    command = [sys.executable, "-m", "pinery.app.up.component", "control", "--dir", str(folder)]
    with (
        (folder / "control.log").open("w") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: httpx.get(f"{url}/readyz", verify=False).status_code == 200)
            yield Control(url, folder)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            ended(process)


def charts(page: Page) -> Locator:
    return page.locator(".pinery-chart")


def bars(chart: Locator) -> int:
    return int(chart.get_attribute("data-bars") or 0)


def loaded(chart: Locator, timeout: float = PATIENCE) -> None:
    expect(chart).not_to_have_attribute("data-bars", "0", timeout=timeout)


def drawn(page: Page) -> None:
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def moved(chart: Locator) -> None:
    """Two more bars have opened; a view that is opened again begins with a count of its own."""
    end, before, more = time.monotonic() + LONG / 1000, bars(chart), 0
    while more < 2:
        assert time.monotonic() < end, f"still {before} bars"
        chart.page.wait_for_timeout(100)
        now = bars(chart)
        if 0 < before < now:
            more += now - before
        before = now


@contextmanager
def kept(page: Page, shown: list[dict[str, Any]]) -> Iterator[None]:
    """What a person chose before."""
    places = [{"of": "", "script": "", "timeframe": "", "bars": 5_000, **place} for place in shown]
    page.add_init_script(
        "if (!localStorage.getItem('pinery.charts.places')) {"
        f" localStorage.setItem('pinery.charts.places', {json.dumps(json.dumps(places))});"
        f" localStorage.setItem('pinery.charts.count', '{len(shown)}') }}"
    )
    yield


def test_a_deployments_chart_is_live(browser: Browser, control: Control) -> None:
    with control.page(browser) as page:
        control.log_in(page, "charts?deployment=trend")
        chart = charts(page).first
        loaded(chart, LONG)
        moved(chart)
        expect(chart.locator(".legend").first).to_contain_text("Fast")
        expect(chart.locator(".legend").first).to_contain_text("Vol")
        words = page.locator(f"#{chart.get_attribute('aria-describedby')}")
        expect(words).to_contain_text("Last price")
        expect(words).to_contain_text("Script:")
        expect(words).to_contain_text("Last alerts:")
        page.get_by_role("button", name="List").click()
        expect(page.get_by_role("tab", name="Alerts")).to_be_visible()
        page.get_by_role("tab", name="Trades").click()
        expect(page.get_by_role("complementary", name="What happened").get_by_role("listitem").first).to_contain_text(
            "→"
        )
        accessible(page)
        keep(page, "charts")
        # Panning leaves the newest bar, a click comes back to it.
        now = page.get_by_role("button", name="Now", exact=True)
        expect(now).to_be_disabled()
        chart.focus()
        for _ in range(4):
            page.keyboard.press("Shift+ArrowLeft")
        expect(now).to_be_enabled()
        now.click()
        expect(now).to_be_disabled()
        with page.expect_download() as download:
            page.get_by_role("button", name="Picture").click()
        assert download.value.suggested_filename == "BINANCE_ETHUSDT.P_1_Trend.png"


def test_another_timeframe_and_several_charts(browser: Browser, control: Control) -> None:
    market = f"market:market|{SYMBOL}"
    with control.page(browser) as page, kept(page, [{"of": "deployment:trend"}, {"of": market, "timeframe": "5"}]):
        control.log_in(page, "charts")
        expect(charts(page)).to_have_count(2)
        for chart in charts(page).all():
            loaded(chart, LONG)
        first = page.get_by_role("region", name="Chart 1")
        first.get_by_role("button", name="15m").click()
        words = page.locator(f"#{charts(page).first.get_attribute('aria-describedby')}")
        expect(words).to_contain_text("15 minutes", timeout=LONG)
        expect(first.get_by_role("button", name="15m")).to_have_attribute("aria-pressed", "true")
        keep(page, "charts-two")
        page.get_by_role("button", name="4", exact=True).click()
        expect(charts(page)).to_have_count(4)
        for chart in charts(page).all():
            loaded(chart, LONG)
        page.reload()
        expect(charts(page)).to_have_count(4)


def test_what_another_chart_shows_is_not_left_below_a_new_name(browser: Browser, control: Control) -> None:
    with control.page(browser) as page, kept(page, [{"of": "deployment:trend"}]):
        control.log_in(page, "charts")
        chart = charts(page).first
        loaded(chart, LONG)
        expect(chart.locator(".legend").first).to_contain_text("Fast")
        asked: list[Route] = []
        page.route("**/api/v1/views", lambda route: asked.append(route))
        page.get_by_role("combobox", name="What chart 1 shows").select_option(f"market:market|{SYMBOL}")
        expect(page.get_by_text("Opening the chart …")).to_be_visible()
        expect(chart.locator(".legend")).to_have_count(0)
        expect(page.get_by_role("region", name="Strategy Tester of")).to_have_count(0)
        for one in asked:
            one.continue_()
        page.unroute("**/api/v1/views")
        loaded(chart, LONG)


def test_a_view_that_ended_is_opened_again(browser: Browser, control: Control) -> None:
    with control.page(browser) as page, kept(page, [{"of": f"market:market|{SYMBOL}", "timeframe": "1"}]):
        control.log_in(page, "charts")
        chart = charts(page).first
        loaded(chart, LONG)
        found = subprocess.run(
            ["pgrep", "-f", f"pinery.app.views.process --dir {control.folder}"], capture_output=True, text=True
        )
        (pid,) = found.stdout.split()
        opened_again = page.expect_response(  # the first may be answered 503: there is nobody yet to open it
            lambda answer: answer.request.method == "POST" and answer.url.endswith("/views") and answer.status == 201,
            timeout=LONG,
        )
        with opened_again:
            subprocess.run(["kill", "-KILL", pid], check=True)
        moved(chart)
        page.errors.clear()  # type: ignore[attr-defined]  # the browser tells of a 404 or 503 in between


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_on_a_phone(browser: Browser, control: Control, theme: str) -> None:
    options: dict[str, Any] = {"color_scheme": theme}
    with control.page(browser, **options) as page, kept(page, [{"of": f"market:market|{SYMBOL}", "timeframe": "5"}]):
        page.set_viewport_size({"width": 390, "height": 844})
        control.log_in(page, "charts")
        chart = charts(page).first
        loaded(chart, LONG)
        width = page.evaluate("document.querySelector('main').scrollWidth")
        assert width <= 390
        accessible(page)
        keep(page, f"charts-phone-{theme}")


def test_fifty_thousand_bars(browser: Browser, control: Control) -> None:
    places = [{"of": f"market:market|{SYMBOL}", "timeframe": "1", "bars": 50_000, "script": "trend.pine"}]
    with control.page(browser) as page, kept(page, places):
        control.log_in(page, "charts")
        chart = charts(page).first
        loaded(chart, 3 * LONG)
        assert bars(chart) >= 50_000
        chart.focus()
        for _ in range(40):
            page.keyboard.press("ArrowDown")  # until all are in sight
        keep(page, "charts-50000")
        for _ in range(10):
            page.keyboard.press("ArrowUp")
        page.keyboard.press("Home")
        expect(page.get_by_role("button", name="Now", exact=True)).to_be_enabled()
        page.mouse.move(600, 500)
        page.mouse.wheel(0, 400)
        moved(chart)


class Told:
    """A chart of which the browser is told what the server would tell of it, as fast as it can draw."""

    #: The stream gives a few updates per frame. A view is called told, and a second one told2.
    STREAM = """(() => {
        const ask = window.fetch;
        window.fetch = async (address, options) => {
            if (!/\\/views\\/told2?\\/stream/.test(address)) return ask(address, options);
            const updates = await (await ask("/told")).json(), text = new TextEncoder();
            const pull = (stream) => new Promise((done) => requestAnimationFrame(() => {
                const event = (one) => `event: update\\ndata: ${JSON.stringify(one)}\\n\\n`;
                const some = updates.splice(0, 9).map(event).join("");
                stream.enqueue(text.encode(some || ": still there\\n"));
                setTimeout(done, some ? 0 : 500);
            }));
            return new Response(new ReadableStream({ pull }), { headers: { "Content-Type": "text/event-stream" } });
        };
    })()"""

    def __init__(self, history: int, count: int, minutes: int = 1) -> None:
        bars = market(history + count)
        bars = replace(bars, time=bars.time[0] + (bars.time - bars.time[0]) * minutes)
        script = compile_script(Source(TREND, "script"))
        self._chart = LiveChart(script, bars.slice(0, history), lookup(SYMBOL), Timeframe.parse(str(minutes)))
        for _ in self._chart.load():
            pass
        shown = Shown()
        self.first = self._whole(shown, 0)
        self.updates: list[Any] = []
        for tick in ticks(bars, history, random.Random(5)):
            self._chart.update(tick)
            change = shown.change(self._subject(), self._chart.broker)
            self.updates.append(json.loads(json.dumps({**change, "live": self._live(len(self.updates) + 1)})))
            if len(self.updates) == count:
                break
        self.last = self._whole(Shown(), count)

    def _subject(self) -> Any:
        return subject_of(self._chart.result(), "script", 6)

    def _live(self, number: int) -> dict[str, Any]:
        return {"seq": number, "state": "live", "error": None, "script": "trend.pine", "deployment": "trend"}

    def _whole(self, shown: Shown, number: int) -> Any:
        whole = shown.whole(self._subject(), self._chart.broker)
        return json.loads(json.dumps({**whole, "live": self._live(number)}))

    def open(self, page: Page, whole: Any, updates: list[Any]) -> None:
        page.add_init_script(self.STREAM)
        page.route("**/told", lambda route: route.fulfill(json=updates))
        page.route("**/views", lambda route: route.fulfill(status=201, json={"id": "told"}))
        page.route("**/views/told", lambda route: route.fulfill(json=whole))


def test_nothing_is_lost_in_a_thousand_updates(browser: Browser, control: Control, tmp_path: Path) -> None:
    told = Told(1_000, 1_000)
    seen: list[tuple[bytes, bytes]] = []
    said = legend = ""
    for name, whole, updates in (("opened", told.last, []), ("followed", told.first, told.updates)):
        with control.page(browser) as page, kept(page, [{"of": "deployment:trend"}]):
            told.open(page, whole, updates)
            control.log_in(page, "charts")
            chart = charts(page).first
            expect(chart).to_have_attribute("data-seq", "1000", timeout=LONG)
            expect(chart).to_have_attribute("data-bars", str(len(told.last["time"])))
            drawn(page)
            words = page.locator(f"#{chart.get_attribute('aria-describedby')}")
            expect(words).to_contain_text(f"Last price {told.last['bars']['c'][-1]:.2f}")
            near = chart.screenshot(path=tmp_path / f"{name}.png")
            chart.focus()
            for _ in range(20):
                page.keyboard.press("ArrowDown")  # until all are in sight
            drawn(page)
            seen.append((near, chart.screenshot(path=tmp_path / f"{name}-all.png")))
            if updates:  # words follow a moment later
                expect(words).to_have_text(said)
                expect(chart).to_have_text(legend, use_inner_text=True)
            else:
                said, legend = words.inner_text(), chart.inner_text()
    assert seen[0] == seen[1], f"pictures in {tmp_path} differ"


#: Of what is written on canvases.
WRITTEN = """(() => {
    window.written = [];
    const write = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...more) {
        window.written.push(String(text));
        return write.call(this, text, ...more);
    };
})()"""


def test_keys_may_come_faster_than_frames(browser: Browser, control: Control) -> None:
    told = Told(900, 0)
    press = """(chart, keys) => keys.forEach((key) =>
        chart.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })))"""
    with control.page(browser) as page, kept(page, [{"of": "deployment:trend"}]):
        told.open(page, told.last, [])
        control.log_in(page, "charts")
        chart = charts(page).first
        loaded(chart)
        now = page.get_by_role("button", name="Now", exact=True)
        chart.evaluate(press, ["ArrowDown"] * 20)  # until all are in sight
        drawn(page)
        expect(now).to_be_disabled()
        chart.evaluate(press, [*["ArrowUp"] * 10, "Home"])
        expect(now).to_be_enabled()
        chart.evaluate(press, [*["ArrowLeft"] * 10, "End"])
        expect(now).to_be_disabled()


def test_how_long_the_bar_is_open_yet(browser: Browser, control: Control) -> None:
    told = Told(300, 0)
    ends = sum(told.last["time"]) * 1000 + 60_000
    told.last["live"] |= {"market": ends - 42_000, "clock": 0, "speed": 1, "closes": ends}
    with control.page(browser) as page, kept(page, [{"of": "deployment:trend"}]):
        page.add_init_script(WRITTEN)
        page.clock.set_fixed_time(1_800_000_000)
        told.open(page, told.last, [])
        control.log_in(page, "charts")
        chart = charts(page).first
        loaded(chart)
        words = page.locator(f"#{chart.get_attribute('aria-describedby')}")
        expect(words).to_contain_text("The bar closes in 00:42.")
        page.wait_for_function("() => written.includes('00:42')")
        keep(page, "charts-countdown")
        page.clock.set_fixed_time(1_800_000_002)
        expect(words).to_contain_text("The bar closes in 00:40.")
        page.wait_for_function("() => written.includes('00:40')")
        page.clock.set_fixed_time(1_800_000_042)
        expect(words).not_to_contain_text("The bar closes")


def test_what_the_scripts_trades_come_to(browser: Browser, control: Control) -> None:
    told = Told(900, 0)
    told.last["live"]["currency"] = "USDT"
    trades = told.last["trading"]["trades"]
    profits = [profit for profit, is_open in zip(trades["profit"], trades["open"], strict=True) if not is_open]
    sums = [0.0, *itertools.accumulate(profits)]
    won, lost = sum(p for p in profits if p > 0), -sum(p for p in profits if p < 0)
    deepest = max(max(sums[: k + 1]) - now for k, now in enumerate(sums))
    assert len(profits) > 10 and won and lost
    with control.page(browser) as page, kept(page, [{"of": "deployment:trend"}]):
        told.open(page, told.last, [])
        control.log_in(page, "charts")
        loaded(charts(page).first)
        line = page.get_by_role("region", name="Strategy Tester of")
        sign = "+" if sums[-1] > 0 else "−"
        for name, value in (
            ("Net profit", f"{sign}{abs(sums[-1]):,.2f} USDT"),
            ("Trades", str(len(profits))),
            ("Win %", f"{100 * sum(p > 0 for p in profits) / len(profits):.1f} %"),
            ("Profit factor", f"{won / lost:.2f}"),
            ("Max drawdown", f"{deepest:,.2f} USDT"),
        ):
            expect(line.locator("div", has_text=name).get_by_role("definition")).to_contain_text(value)
        page.set_viewport_size({"width": 390, "height": 844})
        expect(line).to_be_visible()
        assert page.evaluate("document.querySelector('main').scrollWidth") <= 390
        accessible(page)


def test_charts_share_the_crosshair(browser: Browser, control: Control) -> None:
    minutes, fives = Told(300, 0), Told(300, 0, minutes=5)

    def prices(told: Told, bar: int) -> str:
        return "".join(f"{key.upper()}{told.last['bars'][key][bar]:.2f}" for key in "ohlc")

    market = f"market:market|{SYMBOL}"
    with control.page(browser) as page, kept(page, [{"of": "deployment:trend"}, {"of": market, "timeframe": "5"}]):
        minutes.open(page, minutes.last, [])
        view = {"5": "told2"}
        page.route(
            "**/views",
            lambda route: route.fulfill(
                status=201, json={"id": view.get(route.request.post_data_json.get("timeframe"), "told")}
            ),
        )
        page.route("**/views/told2", lambda route: route.fulfill(json=fives.last))
        control.log_in(page, "charts")
        expect(charts(page)).to_have_count(2)
        first, second = charts(page).all()
        loaded(first)
        loaded(second)
        newest = [prices(told, -1) for told in (minutes, fives)]
        expect(second.locator(".legend").first).to_contain_text(newest[1])
        # The bars begin together: so many minutes later, the other chart is at a fifth of the bars.
        first.hover()
        expect(first.locator(".legend").first).not_to_contain_text(newest[0])
        shown = first.locator(".legend").first.inner_text().replace("\n", "")
        (bar,) = [k for k in range(300) if prices(minutes, k) in shown]
        expect(second.locator(".legend").first).to_contain_text(prices(fives, bar // 5))
        keep(page, "charts-crosshair")
        page.get_by_role("heading", name="Charts").hover()
        expect(second.locator(".legend").first).to_contain_text(newest[1])
        expect(first.locator(".legend").first).to_contain_text(newest[0])
