"""Writes library/catalog.toml and docs/library: what is said of each script, what was measured, how its chart looks.

.venv/bin/python scripts/write_library.py [NAME ...]     # all, or those only; takes minutes
.venv/bin/python scripts/write_library.py --check        # writes nothing; fails where the catalog is out of date

Everything measured comes from made-up bars, and the pages say so.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomlkit
from playwright.sync_api import Browser, ViewportSize, sync_playwright
from rich.progress import track

import pinery
from pinery.app.library.cards import Card
from pinery.app.library.catalog import catalog_file, entry, read_catalog
from pinery.app.library.shelf import cards

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs" / "library"
BARS = 20_000
AUDITED = 3_000
SHOWN = 180  # bars in a picture
CHART: ViewportSize = {"width": 1280, "height": 720}
REPORT: ViewportSize = {"width": 1280, "height": 1100}


def main(arguments: list[str]) -> None:
    if "--check" in arguments:
        stale = [card.name for card in cards() if not _holds(card, read_catalog().get(card.name))]
        if stale:
            sys.exit(f"out of date: {', '.join(stale)}; run scripts/write_library.py")
        return
    chosen = [card for card in cards() if not arguments or card.name in arguments]
    catalog = {card.name: read_catalog().get(card.name, {}) for card in cards()}
    (DOCS / "images").mkdir(parents=True, exist_ok=True)
    with _browser() as browser:
        for card in track(chosen, "Scripts"):
            found = entry(card) | _measured(card, browser)
            catalog[card.name] = found
            (DOCS / f"{card.name}.md").write_text(page(card, found), encoding="utf-8")
    catalog_file().write_text(_toml(catalog), encoding="utf-8")
    (DOCS / "README.md").write_text(gallery(cards(), catalog), encoding="utf-8")


def _holds(card: Card, found: dict[str, Any] | None) -> bool:
    return found is not None and {name: found.get(name) for name in entry(card)} == entry(card)


def _measured(card: Card, browser: Browser) -> dict[str, Any]:
    audited = subprocess.run(
        [sys.executable, "-m", "pinery.app", "audit", str(card.path), "--data", f"synthetic:{AUDITED}",
         "--symbol", card.market, "--timeframe", card.timeframe, "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if audited.returncode not in (0, 1):
        sys.exit(f"{card.name}: {audited.stderr}")
    said = json.loads(audited.stdout)
    measured: dict[str, Any] = {"repaint": said["verdict"], "audited_bars": said["bars"], "bars": BARS}
    options: dict[str, Any] = {"bars": f"synthetic:{BARS}", "symbol": card.market, "timeframe": card.timeframe}
    result: pinery.RunResult
    if card.kind == "strategy":
        result = tested = pinery.backtest(card.path, **options)
        _picture(tested.write_report, browser, _image(card, "-report"), REPORT)
        figures = tested.metrics
        measured |= {
            "trades": len(tested.trades),
            "currency": tested.currency,
            "gate_passed": tested.judge().passed,
            "gate_failed": [check.title for check in tested.judge().checks if not check.passed],
            "figures": {name: round(figures[name], 4) for name in _FIGURES if figures[name] == figures[name]},
        }
    else:
        result = pinery.run(card.path, **options)
    measured["alerts"] = len(result.alerts)
    shown = min(BARS, result.alerts[-1].bar_index + SHOWN // 4) if result.alerts else BARS
    chart = pinery.run(card.path, **options | {"bars": f"synthetic:{shown}"})
    _picture(chart.write_chart, browser, _image(card), CHART)
    return measured


def _image(card: Card, what: str = "") -> Path:
    return DOCS / "images" / f"{card.name}{what}.jpg"


def _picture(write: Callable[[Path], None], browser: Browser, to: Path, size: ViewportSize) -> None:
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        write(page)
        shown = browser.new_context(viewport=size).new_page()
        shown.goto(page.as_uri())
        shown.wait_for_timeout(1_500)
        shown.screenshot(path=to, type="jpeg", quality=66)
        shown.context.close()


@contextmanager
def _browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is not installed: scripts/browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def _toml(catalog: dict[str, dict[str, Any]]) -> str:
    head = "# Made by scripts/write_library.py from the scripts' headers and from what was measured; do not edit.\n"
    return head + "\n" + tomlkit.dumps(catalog)


# --- pages ----------------------------------------------------------------------------

MADE_UP = (
    "> **Made-up bars.** Prices come from a seeded generator, not from a market. The figures show that the script "
    "works and how it behaves; they say nothing about money."
)
_VERDICTS = {
    "stable": "nothing repaints: what was shown stays",
    "changes until the bar closes": "nothing repaints: the open bar changes until it closes",
}
_FIGURES = {
    "net_profit": ("Net profit", "{:,.2f} {currency}"),
    "net_profit_percent": ("Net profit, of the capital", "{:.2f} %"),
    "profit_factor": ("Profit factor", "{:.2f}"),
    "percent_profitable": ("Profitable trades", "{:.1f} %"),
    "max_drawdown_percent": ("Largest drawdown", "{:.2f} %"),
    "average_bars": ("Bars in a trade, on average", "{:.1f}"),
}


def page(card: Card, found: dict[str, Any]) -> str:
    """``found``: the script's entry of the catalog."""
    folder = "strategies" if card.kind == "strategy" else "indicators"
    lines = [
        f"# {card.title}",
        "",
        f"`{card.name}` · {card.kind} · {card.market}, timeframe {card.timeframe} · "
        f"[source](../../library/{folder}/{card.name}.pine) · [all scripts](README.md)",
        "",
        f"![{card.title}](images/{card.name}.jpg)",
        "",
        card.text,
        "",
        *[f"- **Mind:** {warning}" for warning in card.warnings],
        *([""] if card.warnings else []),
        "```",
        f"pinery library run {card.name}",
        f"pinery library new {card.name} my-script.pine          # a copy to change",
        f"pinery bundle library/{folder}/{card.name}.pine --out tradingview.pine",
        "```",
        "",
        "| | |",
        "|---|---|",
    ]
    facts = {
        "Session": card.session,
        "Signals by `alert()`": ", ".join(card.signals),
        "Alert conditions": ", ".join(found["alert_conditions"]),
        "Risk as it comes": card.risk,
        "Also called": ", ".join(card.aliases),
        "Repaint audit": f"{_VERDICTS.get(found['repaint'], found['repaint'])} ({found['audited_bars']:,} bars)",
    }
    lines += [f"| {name} | {value} |" for name, value in facts.items() if value]
    lines += ["", "## Inputs", "", "| input | default | group |", "|---|---|---|"]
    lines += [
        f"| {_cell(row['title'])} | {_cell(row.get('default', ''))} | {_cell(row.get('group', ''))} |"
        for row in found["inputs"]
    ]
    lines += _tested(card, found) if card.kind == "strategy" else []
    return "\n".join(lines) + "\n"


def _tested(card: Card, found: dict[str, Any]) -> list[str]:
    gate = "passes" if found["gate_passed"] else f"does not pass: {', '.join(found['gate_failed'])}"
    rows = [
        (title, text.format(found["figures"][name], currency=found["currency"]))
        for name, (title, text) in _FIGURES.items()
        if name in found["figures"]
    ]
    return [
        "",
        "## Backtest",
        "",
        MADE_UP,
        "",
        f"| on {found['bars']:,} bars | |",
        "|---|---|",
        f"| Trades | {found['trades']:,} |",
        *[f"| {title} | {value} |" for title, value in rows],
        f"| Gate (`pinery backtest --gate`) | {gate} |",
        "",
        f"![The report](images/{card.name}-report.jpg)",
    ]


def gallery(shelf: list[Card], catalog: dict[str, dict[str, Any]]) -> str:
    """The first page: all scripts with a picture each."""
    lines = [
        "# The script library",
        "",
        "Scripts that come with Pinery, in Pine Script v6. They run here as they are and paste into TradingView "
        "(`pinery bundle`). Made by `scripts/write_library.py`; do not edit.",
        "",
        MADE_UP,
    ]
    for kind, heading in (("strategy", "Strategies"), ("indicator", "Indicators")):
        found = [card for card in shelf if card.kind == kind]
        lines += [
            "",
            f"## {heading}",
            "",
            "| script | market | tf | signals | what it is for |",
            "|---|---|---|---|---|",
        ]
        for card in found:
            cells = (
                f"[{card.name}]({card.name}.md)",
                card.market,
                card.timeframe,
                " ".join(card.signals),
                card.purpose,
            )
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
        for card in found:
            if card.name in catalog:
                picture = f'<img src="images/{card.name}.jpg" alt="{card.title}" title="{card.name}" width="270">'
                lines.append(f'<a href="{card.name}.md">{picture}</a>')
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main(sys.argv[1:])
