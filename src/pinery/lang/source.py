"""Source text and positions in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple


class Span(NamedTuple):
    """Half-open range of character offsets into a source; ``file`` indexes ``Sources``.

    ``file`` 0 is the script itself, higher numbers are imported libraries.
    """

    start: int
    end: int
    file: int = 0

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of ``other``."""
        return Span(self.start, max(self.end, other.end), self.file)


@dataclass(slots=True)
class Source:
    """One file's text, with line look-up. ``name`` is what messages call it.

    ``stand_in`` says that this is not the library that was asked for, but an implementation of its functions.
    """

    text: str
    name: str = "<script>"
    index: int = 0
    stand_in: bool = False
    _starts: list[int] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        # Lines end with \n, \r\n or a lone \r.
        self._starts = [0, *(m.end() for m in re.finditer(r"\r\n|\r|\n", self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """1-based line and column of a character offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        """Text of a 1-based line, without its line end."""
        start = self._starts[line - 1]
        stop = self._starts[line] if line < len(self._starts) else len(self.text)
        return self.text[start:stop].rstrip("\r\n")
