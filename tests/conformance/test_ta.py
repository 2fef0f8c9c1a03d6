"""Every value that TradingView exported for our indicator scripts, to 1e-6 or the digits printed."""

from __future__ import annotations

import csv
import math
import tomllib
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from pinery.core.bars import BarSeries
from pinery.core.instrument import Instrument
from pinery.engine import compile_script, run
from pinery.lang.source import Source
from pinery.runtime.no_broker import NoBroker
from pinery.runtime.timeframes import Timeframe

ROOT = Path(__file__).parents[3] / "shared" / "conformance" / "ta"
CASES = sorted(p.parent.name for p in ROOT.glob("*/case.toml"))
PRICES = ("open", "high", "low", "close", "volume")

pytestmark = pytest.mark.skipif(
    not CASES, reason="../shared/conformance/ta is not there: no exported values to compare"
)


def _time(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000) if "T" in text else int(text) * 1000


def _digits(text: str) -> float:
    """Half a unit of the last digit printed."""
    mantissa, _, exponent = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 0.5 * 10.0 ** (int(exponent or 0) - decimals) if "." in mantissa else 0.5


def _is_na(value: float) -> bool:
    return math.isnan(value) or value == 1e100


@pytest.mark.parametrize("case", CASES)
def test_values_equal_tradingview(case: str) -> None:
    folder = ROOT / case
    facts = tomllib.loads((folder / "case.toml").read_text())
    with (folder / "expected.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert len(rows) == facts["rows"]
    lower = [name.lower() for name in header]
    columns = {name: np.array([float(row[lower.index(name)]) for row in rows]) for name in PRICES}
    times = np.array([_time(row[lower.index("time")]) for row in rows], dtype=np.int64)
    prefix, _, ticker = facts["symbol"].partition(":")
    instrument = Instrument(
        prefix,
        ticker,
        type="forex",
        pricescale=round(1 / facts["mintick"]),
        timezone=facts["timezone"],
        session=facts["session"],
    )
    script = compile_script(Source((folder / "script.pine").read_text(), case))
    bars = BarSeries(times, *(columns[name] for name in PRICES))
    result = run(script, bars, instrument, Timeframe.parse(facts["timeframe"]), strategy=NoBroker())
    plots = dict(result.outputs.plot_columns())
    wrong: list[str] = []
    compared = 0
    for i, title in enumerate(header):
        if lower[i] in (*PRICES, "time"):
            continue
        for row, (cells, got) in enumerate(zip(rows, plots[title], strict=True)):
            want = float(cells[i])
            compared += 1
            if _is_na(want) or math.isnan(got):
                same = _is_na(want) and _is_na(got)
            else:
                same = abs(got - want) <= max(1e-6 * abs(want), 1e-9, _digits(cells[i]) if "." in cells[i] else 0)
            if not same:
                wrong.append(f"{title} row {row}: {got!r}, TradingView {cells[i]}")
    assert compared
    assert not wrong, f"{len(wrong)} of {compared}: " + "; ".join(wrong[:5])
