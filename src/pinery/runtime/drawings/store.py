"""The drawings of one running program that are alive."""

from __future__ import annotations

from typing import Any, TypeVar

from pinery.runtime.context import Limits
from pinery.runtime.drawings.export import as_data
from pinery.runtime.drawings.objects import Box, Drawing, Label, Line, Linefill, Polyline, Table

D = TypeVar("D", bound=Drawing)


class Drawings:
    """Each kind by id, in order of creation. Beyond a kind's limit the oldest goes.

    TradingView keeps at least as many as the limit says and removes the rest some time later;
    here the rest goes at once, so that a run does not depend on when.
    """

    __slots__ = ("boxes", "labels", "limits", "linefills", "lines", "next_id", "polylines", "tables")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.next_id = 1
        self.lines: dict[int, Line] = {}
        self.labels: dict[int, Label] = {}
        self.boxes: dict[int, Box] = {}
        self.linefills: dict[int, Linefill] = {}
        self.polylines: dict[int, Polyline] = {}
        self.tables: dict[int, Table] = {}

    def new_id(self) -> int:
        number = self.next_id
        self.next_id = number + 1
        return number

    def add_line(self, line: Line) -> None:
        self.lines[line.id] = line
        while len(self.lines) > self.limits.max_lines:
            self.delete_line(next(iter(self.lines.values())))

    def add_label(self, label: Label) -> None:
        self.labels[label.id] = label
        _trim(self.labels, self.limits.max_labels)

    def add_box(self, box: Box) -> None:
        self.boxes[box.id] = box
        _trim(self.boxes, self.limits.max_boxes)

    def add_polyline(self, polyline: Polyline) -> None:
        self.polylines[polyline.id] = polyline
        _trim(self.polylines, self.limits.max_polylines)

    def add_linefill(self, fill: Linefill) -> None:
        """Two lines have one fill between them: an earlier one is replaced."""
        ends = {fill.line1.id, fill.line2.id}
        for other in [self.linefills[i] for i in fill.line1.fills]:
            if {other.line1.id, other.line2.id} == ends:
                self.delete_linefill(other)
        self.linefills[fill.id] = fill
        fill.line1.fills.append(fill.id)
        if fill.line2 is not fill.line1:
            fill.line2.fills.append(fill.id)

    def add_table(self, table: Table) -> None:
        """One place shows one table, the last one made for it."""
        for other in list(self.tables.values()):
            if other.position == table.position and other.force_overlay == table.force_overlay:
                _delete(self.tables, other)
        self.tables[table.id] = table

    def delete_line(self, line: Line) -> None:
        """Fills on the line go with it."""
        for number in list(line.fills):
            self.delete_linefill(self.linefills[number])
        _delete(self.lines, line)

    def delete_label(self, label: Label) -> None:
        _delete(self.labels, label)

    def delete_box(self, box: Box) -> None:
        _delete(self.boxes, box)

    def delete_polyline(self, polyline: Polyline) -> None:
        _delete(self.polylines, polyline)

    def delete_table(self, table: Table) -> None:
        _delete(self.tables, table)

    def delete_linefill(self, fill: Linefill) -> None:
        for line in (fill.line1, fill.line2):
            if fill.id in line.fills:
                line.fills.remove(fill.id)
        _delete(self.linefills, fill)

    def as_data(self) -> list[dict[str, Any]]:
        """Every drawing alive, by type and then in order of creation, ready for JSON: na is None,
        colours are ``#RRGGBBAA``."""
        kinds: tuple[tuple[str, dict[int, Any]], ...] = (
            ("line", self.lines),
            ("label", self.labels),
            ("box", self.boxes),
            ("linefill", self.linefills),
            ("polyline", self.polylines),
            ("table", self.tables),
        )
        return [as_data(kind, drawing) for kind, drawings in kinds for drawing in drawings.values()]


def _delete(kept: dict[int, D], drawing: D) -> None:
    drawing.deleted = True
    kept.pop(drawing.id, None)


def _trim(kept: dict[int, D], limit: int) -> None:
    while len(kept) > limit:
        _delete(kept, next(iter(kept.values())))
