"""``str.format``: text with placeholders, by the rules of Java's MessageFormat.

``{0}`` is the first argument after the text, ``{1,number,#.##}`` the second by a number pattern,
``{0,date,yyyy.MM.dd}`` and ``{0,time,HH:mm}`` a Unix time in UTC. Apostrophes quote; two of them are one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache
from typing import Any

from pinery.core.errors import PineRuntimeError
from pinery.runtime import dates, numerals
from pinery.runtime.arrays import Array
from pinery.runtime.matrices.matrix import Matrix
from pinery.runtime.strings import display, limited
from pinery.runtime.zones import moment

_NUMBERS = {"": numerals.DEFAULT_IN_MESSAGE, "integer": "#,##0", "percent": "#,##0%", "currency": "$#,##0.00"}
_DATES = {
    "": "MMM d, yyyy",
    "short": "M/d/yy",
    "medium": "MMM d, yyyy",
    "long": "MMMM d, yyyy",
    "full": "EEEE, MMMM d, yyyy",
}
_TIMES = {
    "": "h:mm:ss a",
    "short": "h:mm a",
    "medium": "h:mm:ss a",
    "long": "h:mm:ss a z",
    "full": "h:mm:ss a zzzz",
}


@dataclass(frozen=True, slots=True)
class Placeholder:
    index: int
    kind: str  # "", "number", "date", "time"
    pattern: str
    text: str  # as written: shown when there is no such argument


@lru_cache(maxsize=512)
def parse(text: str) -> tuple[str | Placeholder, ...]:
    """Raises ``PineRuntimeError`` for an unmatched ``{`` and for placeholders that make no sense."""
    parts: list[str | Placeholder] = []
    literal: list[str] = []
    quoted = False
    at = 0
    while at < len(text):
        c = text[at]
        if c == "'":
            if text[at + 1 : at + 2] == "'":
                literal.append("'")
                at += 1
            else:
                quoted = not quoted
        elif c == "{" and not quoted:
            end = _closing(text, at)
            if literal:
                parts.append("".join(literal))
                literal = []
            parts.append(_placeholder(text[at : end + 1], text))
            at = end
        else:
            literal.append(c)
        at += 1
    if literal:
        parts.append("".join(literal))
    return tuple(parts)


def _closing(text: str, at: int) -> int:
    depth = 0
    quoted = False
    for i in range(at, len(text)):
        c = text[i]
        if c == "'":
            quoted = not quoted
        elif not quoted:
            depth += (c == "{") - (c == "}")
            if depth == 0:
                return i
    raise PineRuntimeError(f'The format string "{text}" has a "{{" without its "}}".', "Quote literal braces: \"'{'\".")


def _placeholder(written: str, text: str) -> Placeholder:
    index, _, rest = written[1:-1].partition(",")
    kind, _, pattern = rest.partition(",")
    kind = kind.strip().lower()
    pattern = pattern.strip()
    if not (index.strip().isascii() and index.strip().isdigit()) or kind not in ("", "number", "date", "time"):
        raise PineRuntimeError(
            f'The placeholder "{written}" in the format string "{text}" is not valid.',
            'Placeholders look like "{0}", "{1,number,#.##}" or "{2,date,yyyy-MM-dd}".',
        )
    return Placeholder(int(index), kind, pattern, written)


def format(formatString: str | None, *args: Any) -> str | None:
    """na arguments show as ``NaN``."""
    if formatString is None:
        return None
    out: list[str] = []
    for part in parse(formatString):
        if isinstance(part, str):
            out.append(part)
        elif part.index >= len(args):
            out.append(part.text)
        else:
            out.append(_fill(part, args[part.index]))
    return limited("".join(out))


def _fill(place: Placeholder, value: Any) -> str:
    if isinstance(value, Array) and place.kind:
        return "[" + ", ".join(_fill(place, item) for item in value.items) + "]"
    if isinstance(value, Matrix) and place.kind:
        return "\n".join("[" + ", ".join(_fill(place, item) for item in row) + "]" for row in value.items)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return display(value)
    if value != value:
        return "NaN"
    if place.kind == "date":
        return dates.write(moment(value, UTC), _DATES.get(place.pattern.lower(), place.pattern))
    if place.kind == "time":
        return dates.write(moment(value, UTC), _TIMES.get(place.pattern.lower(), place.pattern))
    return numerals.write(value, _NUMBERS.get(place.pattern.lower(), place.pattern))
