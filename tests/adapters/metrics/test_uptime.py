"""Heartbeats become uptime: silences count as down, months are kept apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pinery.adapters.store.figures import Figures
from tests.stores import KINDS, store_of


def ms(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * 1000  # type: ignore[misc,arg-type]


@pytest.fixture(params=KINDS)
def figures(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Figures]:
    with store_of(request.param, tmp_path) as store:
        yield Figures(store)


START = ms(2026, 11, 23, 6, 0, 0)


def test_regular_beats_are_all_up(figures: Figures) -> None:
    for second in range(0, 60, 5):
        figures.beat("gateway", START + second * 1000)
    [uptime] = figures.uptime(START + 55_000)
    assert (uptime.up_ms, uptime.known_ms, uptime.ratio, uptime.met) == (55_000, 55_000, 1.0, True)


def test_a_silence_is_down(figures: Figures) -> None:
    for second in (0, 5, 20, 36, 41):  # 15 s is late, 16 s is a failure
        figures.beat("gateway", START + second * 1000)
    [uptime] = figures.uptime(START + 41_000)
    assert (uptime.up_ms, uptime.known_ms, uptime.met) == (25_000, 41_000, False)


def test_a_silence_that_lasts_counts_already(figures: Figures) -> None:
    figures.beat("gateway", START)
    figures.beat("gateway", START + 5000)
    [uptime] = figures.uptime(START + 50_000)
    assert (uptime.up_ms, uptime.known_ms) == (5000, 50_000)


def test_several_processes_of_a_component_are_up_while_one_is(figures: Figures) -> None:
    for second in range(0, 60, 5):
        figures.beat("gateway", START + second * 1000)
        if second < 30:
            figures.beat("gateway", START + second * 1000 + 1234)
            figures.beat("gateway", START + second * 1000 + 1234 - 200)  # a clock that is a little behind
    [uptime] = figures.uptime(START + 55_000)
    assert uptime.up_ms == uptime.known_ms == 55_000


def test_months_are_kept_apart(figures: Figures) -> None:
    end = ms(2026, 12, 1)
    figures.beat("worker", end - 4000)
    figures.beat("worker", end + 1000)
    figures.beat("worker", end + 6000)
    november, december = figures.uptime(end + 6000)
    assert (november.month, november.up_ms, november.known_ms) == ("2026-11", 4000, 4000)
    assert (december.month, december.up_ms, december.known_ms) == ("2026-12", 6000, 6000)
    assert figures.uptime(end + 6000, "2026-12") == [december]


def test_a_month_that_was_all_silence_was_all_down(figures: Figures) -> None:
    figures.beat("worker", ms(2026, 10, 31))
    figures.beat("worker", ms(2026, 12, 2))
    shown = {entry.month: (entry.up_ms, entry.known_ms) for entry in figures.uptime(ms(2026, 12, 2))}
    day = 86_400_000
    assert shown == {"2026-10": (0, day), "2026-11": (0, 30 * day), "2026-12": (0, day)}


def test_a_clock_that_goes_back_takes_nothing_away(figures: Figures) -> None:
    for second in (0, 5, 10, -3600, -3595, 15):
        figures.beat("worker", START + second * 1000)
    [uptime] = figures.uptime(START + 15_000)
    assert (uptime.up_ms, uptime.known_ms) == (15_000, 15_000)


def test_before_the_first_start_nothing_is_known(figures: Figures) -> None:
    assert figures.uptime(START) == []
    figures.beat("worker", START)
    [uptime] = figures.uptime(START)
    assert uptime.ratio is None and uptime.met is None
