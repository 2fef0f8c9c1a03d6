"""Changes of a text by ranges, and a walk through a syntax tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from pinery.lang import ast


@dataclass(slots=True)
class Edits:
    """Replacements of ranges of ``text`` that do not overlap."""

    text: str
    made: dict[tuple[int, int], str] = field(default_factory=dict)

    def replace(self, start: int, end: int, by: str) -> None:
        self.made[start, end] = by

    def result(self, start: int = 0, end: int | None = None) -> str:
        """The changed text of a range; changes that do not lie in it wholly are left out."""
        end = len(self.text) if end is None else end
        parts, at = [], start
        for (first, last), by in sorted(self.made.items()):
            if first >= at and last <= end:
                parts += [self.text[at:first], by]
                at = last
        return "".join([*parts, self.text[at:end]])


def children(node: ast.Node) -> Iterator[ast.Node]:
    """The nodes directly below ``node``, in the order of their fields."""
    for item in fields(node):
        yield from _nodes(getattr(node, item.name))


def walk(node: ast.Node) -> Iterator[ast.Node]:
    """``node`` and all below it."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += reversed(list(children(found)))


def _nodes(value: Any) -> Iterator[ast.Node]:
    if isinstance(value, ast.Node):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _nodes(item)


def line_end(text: str, at: int) -> int:
    """Offset behind the line's end at or after ``at``."""
    found = re.compile(r"\r\n|\r|\n").search(text, at)
    return found.end() if found else len(text)
