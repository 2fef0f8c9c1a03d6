"""Options of a paper account: what is wrong is said for each of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pinery.adapters.paper.settings import PaperSettings
from pinery.trading.errors import ConfigError


def test_options_are_exact() -> None:
    settings = PaperSettings.from_options(
        {"balance": 25000.1, "slippage_ticks": "0.5", "commission_percent": 0.05, "latency_ms": 20, "seed": 3}
    )
    assert settings == PaperSettings(
        balance=Decimal("25000.1"),
        slippage_ticks=Decimal("0.5"),
        commission_percent=Decimal("0.05"),
        latency_ms=20,
        seed=3,
    )
    assert PaperSettings.from_options({}) == PaperSettings()


@pytest.mark.parametrize(
    ("options", "finding"),
    [
        ({"slipage_ticks": 1}, "'slipage_ticks' is no option of a paper account; did you mean 'slippage_ticks'?"),
        ({"zzz": 1}, "'zzz' is no option of a paper account; known are balance, "),
        ({"balance": 0}, "balance is an amount of money above 0, not 0"),
        ({"balance": "lots"}, "balance is an amount of money above 0, not 'lots'"),
        ({"balance": True}, "balance is an amount of money above 0, not True"),
        ({"reject_share": 1.5}, "reject_share is a share from 0 to 1, not 1.5"),
        ({"reject_share": "nan"}, "reject_share is a share from 0 to 1, not 'nan'"),
        ({"latency_ms": 0.5}, "latency_ms is a whole number of milliseconds from 0 to 60000, not 0.5"),
        ({"commission_percent": -1}, "commission_percent is a number of 0 or more, not -1"),
        ({"seed": "x"}, "seed is a whole number, not 'x'"),
        ({"feed": "replay"}, "feed is a table that describes a price feed, not 'replay'"),
    ],
)
def test_wrong_options(options: dict[str, Any], finding: str) -> None:
    with pytest.raises(ConfigError) as error:
        PaperSettings.from_options(options)
    (found,) = error.value.findings
    assert found.startswith(finding)


def test_all_findings_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        PaperSettings.from_options({"balance": -1, "seed": None, "nope": 1})
    assert len(error.value.findings) == 3
