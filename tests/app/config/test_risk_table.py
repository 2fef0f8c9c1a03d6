"""What a trade may lose and win, in money."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from pinery.app.config.configuration import Configuration
from pinery.app.config.risk_table import RiskRow, risk_table
from tests.app.config.conftest import ES, PAPER, Ended

Load = Callable[..., Configuration]
ETH = f'{PAPER}[deployments.eth]\naccount = "paper"\nsymbol = "BINANCE:ETHUSDT.P"\n'


def row(configuration: Configuration, price: str | None = None) -> RiskRow:
    (deployment,) = configuration.deployments.values()
    (found,) = risk_table(configuration, {deployment.symbol: Decimal(price)} if price else None)
    return found


def test_the_e_mini_in_points(load: Load) -> None:
    found = row(load(f"{ES}bracket = {{ stop = '7 points', target = '5 points' }}"))
    assert (found.risk, found.reward, found.ratio_text) == (350, 250, "1:0.71")
    assert found.is_poor and found.break_even == 58 and found.currency == "USD"


def test_ticks_and_contracts(load: Load) -> None:
    found = row(load(f"{ES}size = 2\nbracket = {{ stop = '8 ticks', target = '16 ticks' }}"))
    assert (found.risk, found.reward, found.ratio_text) == (200, 400, "1:2")
    assert not found.is_poor


def test_percent_needs_a_price_for_money_and_none_for_the_ratio(load: Load) -> None:
    configuration = load(f"{ETH}size = 2\nbracket = {{ stop = '1%', target = '1.5%' }}")
    found = row(configuration)
    assert (found.risk, found.risk_percent, found.ratio_text) == (None, 1, "1:1.5")
    assert "needs a price" in found.note
    found = row(configuration, "4000")
    assert (found.risk, found.reward, found.currency) == (80, 120, "USDT")


def test_a_continuous_future_has_the_price_of_its_latest_contract(load: Load) -> None:
    configuration = load(f"{ES}bracket = {{ stop = '1%', target = '2%' }}")
    names = ("CME_MINI:ESU2026", "CME_MINI:ESZ2026", "CME_MINI:ESH2026", "CME_MINI:MESZ2027", "BINANCE:ETHUSDT.P")
    (found,) = risk_table(configuration, {name: Decimal(price) for price, name in enumerate(names, 4000)})
    assert (found.price, found.risk, found.reward) == (4001, Decimal("2000.5"), 4001)


def test_mixed_units_meet_at_a_price(load: Load) -> None:
    configuration = load(f"{ES}bracket = {{ stop = '10 points', target = '1%' }}")
    assert row(configuration).ratio is None
    found = row(configuration, "4000")
    assert (found.risk, found.reward, found.ratio_text) == (500, 2000, "1:4")


@pytest.mark.parametrize(
    ("size", "risk", "reward"),
    [("'5000 USD'", 50, 100), ("'risk 250 USD'", 250, 500), ("'10%'", None, None)],
)
def test_sizes_in_money(load: Load, size: str, risk: int | None, reward: int | None) -> None:
    found = row(load(f"{ETH}size = {size}\nbracket = {{ stop = '1%', target = '2%' }}"))
    assert (found.risk, found.reward, found.ratio_text) == (risk, reward, "1:2")


def test_no_stop_and_stops_of_the_alert(load: Load) -> None:
    assert row(load(ES)).note == "no stop: the loss is not limited"
    assert row(load(f"{ES}bracket.stop = 'signal'")).note == "as the alert says"
    trailing = row(load(f"{ES}bracket.trail = '4 points'"))
    assert (trailing.stop, trailing.risk) == ("4 points", 200)


@pytest.mark.parametrize(
    ("settings", "traded"),
    [
        ("size = 2", "the alert's, else 2"),
        ("size = 2\nsize_from_alert = false", "2"),
        ("size = 'risk 250 USD'\nsize_multiplier = 0.5\nbracket.stop = '1%'", "0.5 × the alert's, else risk 250 USD"),
    ],
)
def test_whose_quantity_is_traded(load: Load, settings: str, traded: str) -> None:
    assert row(load(f"{ES}{settings}\n")).traded == traded


CHART = """\
timeframe = "5"
[feeds.market]
kind = "replay"
bars = { "CME_MINI:ES1!" = "synthetic" }
[deployments.es.chart]
feed = "market"
script = "script.pine"
"""


@pytest.mark.parametrize(
    ("script", "deployment", "chart", "traded"),
    [
        ('strategy("S")', "", "", "the strategy's"),
        ('strategy("S")', "size_multiplier = 3\n", "", "3 × the strategy's"),
        ('strategy("S")', "size_from_alert = false\n", "", "1"),
        ('strategy("S")', "", "message = '{{strategy.order.action}} {{ticker}}'", "the alert's, else 1"),
        ('strategy("S")', "", "kinds = ['alert']", "the alert's, else 1"),
        ('indicator("S")\nplot(close)', "", "", "the alert's, else 1"),
    ],
)
def test_a_strategy_on_a_chart_trades_its_own_quantity(
    load: Load, tmp_path: Path, script: str, deployment: str, chart: str, traded: str
) -> None:
    (tmp_path / "script.pine").write_text(f"//@version=6\n// strategy(no)\n{script}\n")
    assert row(load(f"{ES}{deployment}{CHART}{chart}\n")).traded == traded


def test_check_shows_whose_quantity_it_is_and_of_what_the_money_is(
    load: Load, command: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    bracket = "bracket = { stop = '7 points', target = '9 points' }\n"
    load(f"{ES}size = 2\n{bracket}")
    shown = command("config", "check", tmp_path).out
    assert "the alert's, else 2" in shown and "money is of 2" in shown
    load(f"{ES}size = 2\nsize_from_alert = false\n{bracket}")
    shown = command("config", "check", tmp_path).out
    assert "the alert's" not in shown and "money is of" not in shown and "700.00 USD" in shown
