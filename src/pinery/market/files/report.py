"""What was wrong with a bar file, where, and what was done about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pinery.core.bars import IntArray
from pinery.core.errors import DataError

_SHOWN_LINES = 8


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of trouble. ``lines``: 1-based, ascending; row numbers in a Parquet file."""

    kind: str  # stable name: bad_time missing_price not_a_number nan non_positive ...
    message: str  # "high is below low"
    action: str  # what lenient reading does: "dropped", "sorted" ...
    lines: IntArray

    @property
    def count(self) -> int:
        return len(self.lines)

    def text(self, *, done: bool, noun: str = "line") -> str:
        """``12 rows: high is below low (lines 14, 90, …)``, with the action taken if ``done``."""
        shown = ", ".join(str(n) for n in self.lines[:_SHOWN_LINES])
        more = ", …" if self.count > _SHOWN_LINES else ""
        where = f"{noun} {shown}" if self.count == 1 else f"{noun}s {shown}{more}"
        rows = "1 row" if self.count == 1 else f"{self.count:,} rows"
        return f"{rows}: {self.message} ({where})" + (f": {self.action}" if done else "")


@dataclass(slots=True)
class Report:
    """All findings of one reading. ``problems`` fail a strict reading; ``notes`` never do."""

    source: str
    format: str = ""
    rows_read: int = 0
    rows_kept: int = 0
    noun: str = "line"
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, kind: str, message: str, action: str, lines: IntArray) -> None:
        if len(lines):
            self.problems.append(Problem(kind, message, action, np.sort(lines)))

    @property
    def clean(self) -> bool:
        return not self.problems

    def texts(self, *, done: bool) -> list[str]:
        return [p.text(done=done, noun=self.noun) for p in self.problems]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; at most 1,000 line numbers of each problem."""
        return {
            "source": self.source,
            "format": self.format,
            "rows_read": self.rows_read,
            "rows_kept": self.rows_kept,
            "problems": [
                {
                    "kind": p.kind,
                    "message": p.message,
                    "action": p.action,
                    "count": p.count,
                    "lines": p.lines[:1000].tolist(),
                }
                for p in self.problems
            ],
            "notes": list(self.notes),
        }


class BarFileError(DataError):
    """A bar file failed a strict reading, or nothing of it could be kept; ``report`` says why."""

    def __init__(self, message: str, hint: str | None, report: Report) -> None:
        super().__init__(message, hint)
        self.report = report
