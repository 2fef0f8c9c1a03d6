"""How drawings come, go and are counted."""

from __future__ import annotations

import copy
import itertools
import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from pinery.core.errors import PineRuntimeError
from pinery.runtime.arrays import Array
from pinery.runtime.context import Runtime
from pinery.runtime.drawings import boxes, labels, linefills, lines, points, polylines
from pinery.runtime.drawings.objects import Box, Label, Line, Polyline
from pinery.runtime.writers import drawings_json

Make = Callable[..., Runtime]
Move = Callable[..., None]
BLUE = 0x2196F3FF


def line(rt: Runtime, x1: float = 0, y1: float = 10.0, x2: float = 4, y2: float = 18.0) -> Line:
    made = lines.new(rt, x1, y1, x2, y2, "bar_index", "none", BLUE, "solid", 1, False)
    assert made is not None
    return made


def label(rt: Runtime, x: float = 0, y: float = 10.0, text: str | None = "hi") -> Label:
    made = labels.new(
        rt, x, y, text, "bar_index", "price", BLUE, "label_down", 0xFF, "normal", "center", "", "default", False, 0
    )
    assert made is not None
    return made


def box(rt: Runtime) -> Box:
    made = boxes.new(
        rt, 1, 20.0, 5, 10.0, BLUE, 1, "solid", "none", "bar_index", BLUE,
        "", "auto", 0xFF, "center", "center", "none", "default", False, 0,
    )  # fmt: skip
    assert made is not None
    return made


def polyline(rt: Runtime, corners: list[Any]) -> Polyline:
    made = polylines.new(rt, Array(corners), False, True, "bar_index", BLUE, None, "solid", 1, False)
    assert made is not None
    return made


def test_beyond_the_limit_the_oldest_line_goes(chart: Make, move: Move) -> None:
    rt = chart()
    made = []
    for bar in range(60):
        move(rt, bar)
        made.append(line(rt, x1=bar))
    drawn = lines.all_drawn(rt).items
    assert len(drawn) == 50
    assert drawn[0] is made[10]
    assert drawn[-1] is made[59]
    assert made[9].deleted and math.isnan(lines.get_x1(made[9]))


def test_each_kind_has_its_own_limit(chart: Make) -> None:
    rt = chart(max_lines=2, max_labels=3, max_boxes=1, max_polylines=2)
    for _ in range(5):
        line(rt), label(rt), box(rt), polyline(rt, [])
    counts = [len(m.all_drawn(rt).items) for m in (lines, labels, boxes, polylines)]
    assert counts == [2, 3, 1, 2]


def test_a_deleted_drawing_is_off_the_chart_and_ignores_everything(chart: Make) -> None:
    rt = chart()
    gone, stays = label(rt, text="gone"), label(rt, text="stays")
    labels.delete(rt, gone)
    labels.delete(rt, gone)
    labels.set_text(gone, "back")
    assert labels.all_drawn(rt).items == [stays]
    assert labels.get_text(gone) is None
    assert labels.copy(rt, gone) is None
    assert [d["text"] for d in rt.drawings.as_data()] == ["stays"]


def test_na_drawings_are_left_alone(chart: Make) -> None:
    rt = chart()
    lines.set_xy1(None, 1, 2.0)
    lines.delete(rt, None)
    boxes.set_top_left_point(None, points.new(1, 2, 3.0))
    assert math.isnan(lines.get_y2(None))
    assert math.isnan(lines.get_price(None, 3))
    assert labels.get_text(None) is None
    assert lines.copy(rt, None) is None
    assert linefills.new(rt, None, line(rt), BLUE) is None


def test_the_script_cannot_change_the_list_of_all(chart: Make) -> None:
    rt = chart()
    line(rt)
    lines.all_drawn(rt).items.clear()
    assert len(lines.all_drawn(rt).items) == 1


def test_a_copy_goes_its_own_way(chart: Make) -> None:
    rt = chart()
    first = line(rt, y1=10.0)
    second = lines.copy(rt, first)
    lines.set_y1(second, 11.0)
    assert (lines.get_y1(first), lines.get_y1(second)) == (10.0, 11.0)


def test_price_of_a_line_runs_on_past_its_ends(chart: Make) -> None:
    rt = chart()
    slope = line(rt, x1=0, y1=10.0, x2=4, y2=18.0)
    assert [lines.get_price(slope, x) for x in (-1, 0, 2, 10)] == [8.0, 10.0, 14.0, 30.0]
    assert math.isnan(lines.get_price(line(rt, x1=3, x2=3), 3))


def test_price_of_a_line_in_time_is_an_error(chart: Make) -> None:
    rt = chart()
    late = line(rt)
    lines.set_xloc(late, rt.time, rt.time + 60_000, "bar_time")
    with pytest.raises(PineRuntimeError, match=r"xloc\.bar_time"):
        lines.get_price(late, 3)


def test_points_give_the_coordinate_that_xloc_asks_for(chart: Make) -> None:
    rt = chart()
    here, there = points.now(rt, 5.0), points.from_index(9, 6.0)
    by_index = lines.new_at_points(rt, here, there, "bar_index", "none", BLUE, "solid", 1, False)
    by_time = lines.new_at_points(rt, here, there, "bar_time", "none", BLUE, "solid", 1, False)
    assert (lines.get_x1(by_index), lines.get_x2(by_index)) == (0, 9)
    assert lines.get_x1(by_time) == rt.time
    assert math.isnan(lines.get_x2(by_time)), "a point by bar index has no time"


def test_a_linefill_dies_with_its_line_and_is_replaced_between_the_same_lines(chart: Make) -> None:
    rt = chart()
    top, middle, bottom = line(rt), line(rt), line(rt)
    old = linefills.new(rt, top, bottom, BLUE)
    new = linefills.new(rt, bottom, top, 0xFF0000FF)
    other = linefills.new(rt, middle, bottom, BLUE)
    assert old is not None and old.deleted
    assert linefills.all_drawn(rt).items == [new, other]
    lines.delete(rt, top)
    assert linefills.all_drawn(rt).items == [other]
    assert linefills.get_line1(other) is middle


def test_a_line_that_the_limit_removes_takes_its_fill_along(chart: Make) -> None:
    rt = chart(max_lines=2)
    linefills.new(rt, line(rt), line(rt), BLUE)
    line(rt)
    assert linefills.all_drawn(rt).items == []


def test_a_polyline_keeps_its_points_whatever_becomes_of_them(chart: Make) -> None:
    rt = chart()
    corner = points.from_index(1, 100.0)
    drawn = polyline(rt, [corner, None, points.from_index(2, 101.0)])
    corner.price = 0.0
    assert [(p.index, p.price) for p in drawn.points] == [(1, 100.0), (2, 101.0)]


def test_nothing_is_drawn_inside_a_request(chart: Make) -> None:
    rt = chart()
    rt.is_request = True
    assert lines.new(rt, 0, 1.0, 2, 3.0, "bar_index", "none", BLUE, "solid", 1, False) is None
    assert polylines.new(rt, Array([]), False, False, "bar_index", BLUE, None, "solid", 1, False) is None
    assert rt.drawings.as_data() == []


def test_the_final_state_is_plain_json(chart: Make, move: Move) -> None:
    rt = chart()
    move(rt, 3)
    first = line(rt, y1=math.nan)
    lines.set_color(first, 0x00FF0080)
    linefills.new(rt, first, line(rt), None)
    marked = label(rt, text=None)
    labels.set_text_formatting(marked, 3)
    data = json.loads(drawings_json(rt.drawings))
    assert [d["type"] for d in data] == ["line", "line", "label", "linefill"]
    assert data[0] == {
        "type": "line", "id": 1, "created_bar": 3, "created_time": rt.time,
        "x1": 0, "y1": None, "x2": 4, "y2": 18.0, "xloc": "bar_index", "extend": "none",
        "color": "#00FF0080", "style": "solid", "width": 1, "force_overlay": False,
    }  # fmt: skip
    assert (data[3]["line1"], data[3]["line2"], data[3]["color"]) == (1, 2, None)
    assert (data[2]["text"], data[2]["text_formatting"]) == (None, "bold italic")


def test_no_drawings_are_an_empty_list(chart: Make) -> None:
    assert json.loads(drawings_json(chart().drawings)) == []


def test_a_long_chain_of_fills_can_be_copied(chart: Make) -> None:
    """A snapshot of the state of a run copies all drawings at once."""
    rt = chart(max_lines=500)
    chain = [line(rt) for _ in range(500)]
    for a, b in itertools.pairwise(chain):
        linefills.new(rt, a, b, BLUE)
    taken = copy.deepcopy(rt.drawings)
    lines.delete(rt, chain[0])
    assert len(taken.lines) == 500 and len(taken.linefills) == 499
