"""Damaged scripts, bars and options end in an error that is meant, never in a traceback."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pinery
from pinery.app.bars import load
from pinery.core.bars import BarSeries
from pinery.market.files import read_bars

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = [
    path.read_text(encoding="utf-8")
    for path in sorted([*(ROOT / "examples").glob("*.pine"), ROOT / "src/pinery/app/demo/trend.pine"])
]
PIECES = [" ", "\n", "    ", "\t", "(", ")", "[", "]", ",", ".", "=", ":=", "=>", '"', "//", "?", ":", "na", "0", "1e9"]
PIECES += [
    "var ",
    "if ",
    "for ",
    "close",
    "[1]",
    "ta.",
    "array.new<float>()",
    "-1",
    "true",
    "é",
    "\0",
    "#ff",
    "import a/b/1",
]
BARS = load("synthetic:60", timeframe="60").bars
QUIET = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A good script with a few pieces taken out, put in, doubled or swapped."""
    text = draw(st.sampled_from(SCRIPTS))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 12)))
        kind = draw(st.sampled_from(["cut", "insert", "double", "replace"]))
        piece = draw(st.sampled_from(PIECES))
        text = {
            "cut": text[:at] + text[end:],
            "insert": text[:at] + piece + text[at:],
            "double": text[:end] + text[at:],
            "replace": text[:at] + piece + text[end:],
        }[kind]
    return text + "\n"


@QUIET
@given(damaged())
def test_damaged_scripts(text: str) -> None:
    try:
        result = pinery.run(text, bars=BARS, symbol="SYNTH:ES1!", timeframe="60")
    except pinery.InternalError as error:
        pytest.fail(str(error))
    except pinery.PineryError:
        return
    assert len(result.bars) == 60


@QUIET
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    try:
        findings = pinery.check(text + "\n")
    except pinery.UsageError:
        return
    assert findings


PRICES = st.floats(allow_nan=True, allow_infinity=True, width=64)


@QUIET
@given(st.lists(st.tuples(PRICES, PRICES, PRICES, PRICES, PRICES), min_size=1, max_size=30), st.sampled_from(SCRIPTS))
def test_any_prices(rows: list[tuple[float, ...]], text: str) -> None:
    columns = np.array(rows, dtype=np.float64).T
    bars = BarSeries(1_704_067_200_000 + 60_000 * np.arange(len(rows)), *columns)
    try:
        result = pinery.run(text, bars=bars, timeframe="1")
    except pinery.InternalError as error:
        pytest.fail(str(error))
    except pinery.PineryError:
        return
    assert all(len(values) == len(rows) for values in result.plots.values())


@QUIET
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"time,open,high,low,close,volume\n", b"PAR1", b"PK\x03\x04", b"\x1f\x8b"]),
)
def test_any_bar_file(tmp_path_factory: pytest.TempPathFactory, data: bytes, start: bytes) -> None:
    path = tmp_path_factory.mktemp("bars") / "bars.csv"
    path.write_bytes(start + data)
    try:
        found = read_bars(path, lenient=True)
    except pinery.PineryError:
        return
    assert len(found.bars)
