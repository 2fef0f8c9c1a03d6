"""The example chart: ``pinery demo --chart``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import pinery as package
from pinery.app import demo


@pytest.fixture
def chart_library() -> None:
    if not (Path(demo.__file__).parents[1] / "chart/static/lightweight-charts.js").exists():
        pytest.skip("the chart library is not there (make setup fetches it with npm)")


def test_it_prints_its_result_and_writes_a_chart(pinery: Callable, home: Path, chart_library: None) -> None:
    ended = pinery("demo", "--chart", "--dir", "out/here")
    assert ended.code == 0, ended.err
    assert "Trend with volume" in ended.out and "Synthetic bars" in ended.out and "IN ES1! at" in ended.out
    page = (home / "out/here/chart.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>") and len(page) > 300_000


def test_where_nothing_can_be_written(pinery: Callable, home: Path, chart_library: None) -> None:
    (home / "taken").write_text("a file", encoding="utf-8")
    ended = pinery("demo", "--chart", "--dir", "taken")
    assert ended.code == 2
    assert "taken" in ended.err and "Traceback" not in ended.err


def test_missing_chart_library_says_what_to_do(
    pinery: Callable, script: Callable, bars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pinery.app.chart.html.LIBRARY", "not-there.js")
    ended = pinery("run", script("plot(close)"), "--data", bars, "--chart", "out.html")
    assert ended.code == 2
    assert "make setup" in ended.err
    assert not Path("out.html").exists()


def test_the_example_has_no_findings() -> None:
    assert package.check(Path(demo.__file__).with_name("trend.pine")) == []
