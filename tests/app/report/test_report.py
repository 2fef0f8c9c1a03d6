"""The report: what its data holds, and the page in a real browser."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import pinery

SCRIPT = """//@version=6
strategy("Report <b>", overlay = true, initial_capital = 10000, pyramiding = 2)
length = input.int(10, "Length & more")
mean = ta.sma(close, length)
plot(mean, "Mean")
if ta.crossover(close, mean)
    strategy.entry("Long", strategy.long, comment = "up <i>\\"quoted\\"</i>")
if ta.crossunder(close, mean)
    strategy.close_all("down")
above = request.security(syminfo.tickerid, "1D", close, lookahead = barmerge.lookahead_on)
plot(above, "Day")
"""
CHART_LIBRARY = Path(pinery.__file__).parent / "app/chart/static/lightweight-charts.js"

pytestmark = pytest.mark.skipif(
    not CHART_LIBRARY.exists(), reason="the chart library is not there (make setup fetches it with npm)"
)


def page_data(html: str) -> dict[str, Any]:
    found = re.search(r'id="pinery-data">([^<]+)<', html)
    assert found is not None
    return json.loads(gzip.decompress(base64.b64decode(found[1])))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[pinery.BacktestResult, Path]:
    path = tmp_path_factory.mktemp("report") / "report.html"
    result = pinery.backtest(SCRIPT, bars="synthetic:1500", timeframe="60", symbol="BINANCE:ETHUSDT.P")
    result.write_report(path)
    return result, path


def test_page_holds_trades_curves_settings_and_warnings(report: tuple[pinery.BacktestResult, Path]) -> None:
    result, path = report
    held = page_data(path.read_text(encoding="utf-8"))["report"]
    trades = held["trades"]
    assert len(trades["number"]) == len(result.trades) > 20
    assert trades["entryPrice"][0] == result.trades[0].entry_price
    assert {len(column) for column in trades.values()} == {len(result.trades)}
    assert held["equity"][-1] == pytest.approx(result.equity[-1])
    assert held["inputs"] == [["Length & more", "10"]]
    assert ["pyramiding", "2"] in held["settings"] and ["initial_capital", "10000"] in held["settings"]
    assert any("looks ahead" in text for text in held["warnings"])
    assert any(text.startswith("Synthetic bars") for text in held["warnings"])


def test_page_needs_no_network(report: tuple[pinery.BacktestResult, Path]) -> None:
    html = report[1].read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?!https://www\.tradingview\.com/")', html.split("<script", 1)[0])
    assert "default-src 'none'" in html
    assert "Report &lt;b&gt;" in html and "Report <b>" not in html


# --- in a browser -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    return found


def dump(chromium: str, page: Path, look: str = "") -> tuple[str, str]:
    """The page's HTML after it has started, and what it wrote to the console."""
    command = [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={page.parent / 'profile'}",
        "--enable-logging=stderr",
        "--virtual-time-budget=6000",
        "--window-size=1200,900",
        "--dump-dom",
        page.as_uri() + look,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_page_draws_every_part(chromium: str, report: tuple[pinery.BacktestResult, Path], theme: str) -> None:
    result, path = report
    html, console = dump(chromium, path, f"#theme={theme}")
    assert console == ""
    assert 'data-ready="yes"' in html and f'data-theme="{theme}"' in html
    assert html.count('<svg class="plot"') == 5  # equity, drawdown, distribution, MAE, MFE
    assert html.count("<canvas") >= 4  # the price chart
    rows = re.findall(r'<tr title="Show on the chart">', html)
    assert len(rows) == min(50, len(result.trades))
    assert 'up &lt;i&gt;"quoted"&lt;/i&gt;' in html
    assert "looks ahead" in html and "Max drawdown (close to close)" in html and "Length &amp; more" in html


@pytest.mark.parametrize(
    "body",
    ["plot(close)", "strategy.entry('L', strategy.long)", "if bar_index == 1\n    strategy.entry('L', strategy.long)"],
)
@pytest.mark.parametrize("bars", [1, 3])
def test_page_of_hardly_anything(chromium: str, tmp_path: Path, body: str, bars: int) -> None:
    path = tmp_path / "report.html"
    result = pinery.backtest(
        f'//@version=6\nstrategy("Little")\n{body}\n', bars=f"synthetic:{bars}", timeframe="1D", symbol="CME_MINI:ES1!"
    )
    result.write_report(path)
    html, console = dump(chromium, path)
    assert 'data-ready="yes"' in html and console == ""


ACTIONS = """<script>
(async () => {
  while (!document.documentElement.dataset.ready) await new Promise((done) => setTimeout(done, 20));
  const list = document.getElementById("list"), note = (name) => {
    const cells = [...list.querySelectorAll("tbody tr")].map((row) => row.children[COLUMN].textContent);
    const count = list.querySelector(".count").textContent.split(" of ").pop();
    document.body.dataset[name] = cells.join("|") + " of " + count;
  };
  const COLUMN = 11, search = list.querySelector("input");
  list.querySelectorAll("thead button")[COLUMN].click();
  note("rising");
  list.querySelectorAll("thead button")[COLUMN].click();
  note("falling");
  search.value = "OPEN";
  search.dispatchEvent(new Event("input"));
  note("found");
})();
</script>"""


def test_list_of_trades_sorts_and_searches(
    chromium: str, report: tuple[pinery.BacktestResult, Path], tmp_path: Path
) -> None:
    result, path = report
    page = tmp_path / "acting.html"
    page.write_text(path.read_text(encoding="utf-8").replace("</body>", ACTIONS + "</body>"), encoding="utf-8")
    html, console = dump(chromium, page)
    assert console == ""

    def noted(name: str) -> tuple[list[float], int]:
        found = re.search(rf'data-{name}="([^"]*) of ([\d,]+)"', html)
        assert found is not None
        return [float(cell.rstrip("%").replace("−", "-")) for cell in found[1].split("|")], int(found[2])

    wanted = sorted(trade.profit_percent for trade in result.trades)
    assert noted("rising") == (pytest.approx(wanted[:50], abs=0.006), len(wanted))
    assert noted("falling") == (pytest.approx(wanted[::-1][:50], abs=0.006), len(wanted))
    assert noted("found")[1] == sum(trade.is_open for trade in result.trades)
