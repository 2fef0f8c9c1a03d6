"""What a trade may lose and win, in money."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from pinery.app.config.configuration import Configuration
from pinery.app.config.risk_table import RiskRow, risk_table
from tests.app.config.conftest import ES, PAPER

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
