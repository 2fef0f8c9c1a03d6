"""Colors keep their parts."""

import math

import pytest

from pinery.lang.builtins.colors import BEFORE_V6, ROWS
from pinery.lang.builtins.schema import VariableRow
from pinery.runtime import colors

RED = 0xFF0000FF
NAMED = {row.name: row.value for row in ROWS if isinstance(row, VariableRow)}


def test_tradingviews_palette() -> None:
    assert len(NAMED) == 17
    assert NAMED["color.blue"] == 0x2962FFFF
    assert NAMED["color.red"] == 0xF23645FF
    assert BEFORE_V6["color.red"] == 0xFF5252FF


@pytest.mark.parametrize("transparency", range(101))
def test_a_transparency_comes_back(transparency: int) -> None:
    assert colors.t(colors.new(RED, transparency)) == transparency


def test_parts() -> None:
    color = colors.rgb(12, 34.6, 300, 50)
    assert (colors.r(color), colors.g(color), colors.b(color)) == (12, 35, 255)
    assert colors.new(RED, 100) == 0xFF000000
    assert colors.new(RED, 250) == 0xFF000000


def test_gradient() -> None:
    assert colors.from_gradient(0, 0, 10, 0x000000FF, 0xFFFFFFFF) == 0x000000FF
    assert colors.from_gradient(99, 0, 10, 0x000000FF, 0xFFFFFFFF) == 0xFFFFFFFF
    assert colors.from_gradient(5, 0, 10, 0x00000000, 0xC8640AFF) == 0x64320580
    assert colors.from_gradient(5, 7, 7, RED, 0x00FF00FF) == RED


def test_na() -> None:
    assert colors.new(None, 50) is None
    assert colors.new(RED, math.nan) == RED
    assert colors.rgb(math.nan, 0, 0) is None
    assert colors.from_gradient(math.nan, 0, 1, RED, RED) is None
    assert math.isnan(colors.r(None))
