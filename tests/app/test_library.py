"""The scripts that come with Pinery: complete, without findings, trading on made-up bars, telling what the gateway
reads, the same when bundled for TradingView, and never repainting."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import pinery as package
from pinery.app.libraries import LibraryFolders
from pinery.app.library import library_folder, library_script
from pinery.app.library.cards import Card, read_card
from pinery.app.library.catalog import entry, read_catalog
from pinery.app.library.shelf import cards, find
from pinery.app.scripts import read_script
from pinery.core.errors import UsageError
from pinery.lang.rewrite import bundle
from pinery.trading.deployments import Deployment
from pinery.trading.messages import read_message
from pinery.trading.signals import Action, Source
from pinery.trading.store import Message

ROOT = Path(__file__).resolve().parents[2]
SHELF = cards()
STRATEGIES = [card for card in SHELF if card.kind == "strategy"]
BARS = 4_000
#: How the scripts of the library are called elsewhere.
SPELLINGS = {
    "ES1M-BEST": "es1m-best", "nq-est-futres": "nq-est-futures", "NQU2023-10M": "nqu2023-10m",
    "GOLD_UZ_OZ": "gold-uz-oz", "SPX-options": "spx-options", "simple-entry-100win": "simple-entry",
    "no-repain-test-futures": "no-repaint-test-futures", "1001-pattern": "candle-patterns",
    "Lux-Trailing": "lux-trailing", "supper-high-low": "super-high-low", "Volume-profile": "volume-profile",
    "vp": "volume-profile-v1", "vp-v2": "volume-profile-v2", "ES Futures No Repaint v1.3": "es-futures-no-repaint-v1.3",
}  # fmt: skip


def named(card: Card) -> str:
    return card.name


@cache
def ran(name: str, bundled: bool = False) -> package.RunResult:
    card = find(name)
    source = read_script(card.path)
    text = bundle(source, LibraryFolders.beside(card.path)) if bundled else source.text
    options: dict[str, Any] = {"bars": f"synthetic:{BARS}", "symbol": card.market, "timeframe": card.timeframe}
    return package.backtest(text, **options) if card.kind == "strategy" else package.run(text, **options)


def test_the_set_is_complete() -> None:
    assert len(STRATEGIES) == 23 and len(SHELF) == 49


@pytest.mark.parametrize("card", SHELF, ids=named)
def test_each_is_described_and_without_findings(card: Card) -> None:
    assert card.text and card.purpose
    if card.kind == "strategy":
        assert card.signals and card.risk
    assert [found for found in package.check(card.path) if found.severity != "info"] == []


@pytest.mark.parametrize("card", STRATEGIES, ids=named)
def test_each_strategy_trades_now_and_then(card: Card) -> None:
    tested = ran(card.name)
    assert isinstance(tested, package.BacktestResult)
    assert 3 <= len(tested.trades) <= BARS / 3


@pytest.mark.parametrize("card", STRATEGIES, ids=named)
def test_the_gateway_reads_each_alert_as_the_position_to_have(card: Card) -> None:
    deployment = Deployment("chart", "paper", card.market)
    alerts = [alert for alert in ran(card.name).alerts if alert.kind == "alert"]
    assert alerts
    for alert in alerts:
        told = json.loads(alert.message)
        signal = read_message(Message("chart", Source.WEBHOOK, alert.message, 1), deployment)
        assert told["signal"] in card.signals
        assert signal.action in (Action.TARGET, Action.EXIT)
        assert signal.symbol == card.market and signal.price is not None
        flat = told["market_position"] == "flat"
        assert flat == (told["signal"] == "OUT") == (told["market_position_size"] == 0)
        if not flat:
            assert told["market_position"] == ("short" if told["signal"] == "PUT" else "long")


@pytest.mark.parametrize("card", STRATEGIES, ids=named)
def test_what_a_strategy_tells_is_what_it_holds(card: Card) -> None:
    tested = ran(card.name)
    assert isinstance(tested, package.BacktestResult)
    told = {alert.bar_index: json.loads(alert.message) for alert in tested.alerts if alert.kind == "alert"}
    held = [0.0] * (BARS - 1)  # at each close; at the last one, what is open is counted as closed
    for trade in tested.trades:
        for bar in range(trade.entry_bar, trade.exit_bar):
            held[bar] = trade.direction * trade.qty
    outside = 0.0  # the position of one who does what he is told
    for bar, inside in enumerate(held):
        # A stop filled within a bar is told at that bar's close: until then, and only then, the outside holds more.
        assert inside == outside or (inside == 0 and bar in told), (bar, inside, outside)
        if bar in told:
            side = {"long": 1, "short": -1, "flat": 0}[told[bar]["market_position"]]
            now = side * told[bar]["market_position_size"]
            # The same again only where a stop ended the position and the bar's close begins it anew.
            assert now != outside or (now != 0 and inside == 0), f"told twice at bar {bar}"
            outside = now


@pytest.mark.parametrize("card", SHELF, ids=named)
def test_the_bundle_does_the_same(card: Card) -> None:
    text = bundle(read_script(card.path), LibraryFolders.beside(card.path))
    assert not re.search(r"^\s*(import|export)\b", text, re.MULTILINE)
    plain, bundled = ran(card.name), ran(card.name, True)
    assert repr(bundled.plots) == repr(plain.plots)
    assert [(a.time, a.message) for a in bundled.alerts] == [(a.time, a.message) for a in plain.alerts]
    assert bundled.drawings == plain.drawings
    if isinstance(plain, package.BacktestResult) and isinstance(bundled, package.BacktestResult):
        assert bundled.trades == plain.trades


@pytest.mark.parametrize(("spelling", "name"), SPELLINGS.items())
def test_other_spellings_are_found(spelling: str, name: str) -> None:
    assert find(spelling).name == name


def test_no_two_are_called_the_same() -> None:
    for card in SHELF:
        assert {find(word).name for word in (card.name, *card.aliases)} == {card.name}


def test_a_script_that_is_not_there() -> None:
    with pytest.raises(UsageError, match=r"no script strategies/none\.pine"):
        library_script("strategies/none.pine")
    with pytest.raises(UsageError, match="no script 'es-ema-momentun'") as caught:
        find("es-ema-momentun")
    assert "es-ema-momentum" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('//@version=6\nindicator("x")\n', "a title"),
        ('// X\n// @pinery market ES1!\n//@version=6\nindicator("x")\n', "lacks timeframe, purpose"),
        ('// X\n// @pinery marked ES1!\n//@version=6\nindicator("x")\n', "“@pinery marked” is unknown"),
        ("// X\n// @pinery market a\n// @pinery timeframe 1\n// @pinery purpose b\n//@version=6\n", "neither"),
    ],
)
def test_a_header_that_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.pine"
    path.write_text(text)
    with pytest.raises(UsageError, match=said):
        read_card(path)


def test_the_catalog_says_what_the_scripts_say() -> None:
    catalog = read_catalog()
    assert sorted(catalog) == sorted(card.name for card in SHELF)
    for card in SHELF:
        said = entry(card)
        assert {name: catalog[card.name].get(name) for name in said} == said, card.name
        assert catalog[card.name]["repaint"] in ("stable", "changes until the bar closes"), card.name


def test_each_has_a_page_and_a_picture() -> None:
    pages = ROOT / "docs" / "library"
    gallery = (pages / "README.md").read_text()
    for card in SHELF:
        assert f"({card.name}.md)" in gallery and (pages / f"{card.name}.md").is_file()
        assert (pages / "images" / f"{card.name}.jpg").is_file()
        if card.kind == "strategy":
            assert "Made-up bars" in (pages / f"{card.name}.md").read_text()


def test_an_installed_pinery_has_them() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        targets = tomllib.load(file)["tool"]["hatch"]["build"]["targets"]
    assert "library" in targets["wheel"]["only-include"]
    assert targets["wheel"]["sources"]["library"] == "pinery/library"
    assert "library" in targets["sdist"]["include"]
    assert library_folder().is_dir()
