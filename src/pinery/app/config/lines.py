"""On which line of a TOML text a setting stands. The parser of the standard library does not say."""

from __future__ import annotations

import re

_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_TABLE = re.compile(rf"\s*\[(\[?)\s*({_DOTTED})\s*\]")
_SETTING = re.compile(rf"\s*({_DOTTED})\s*=")
_FENCES = ('"""', "'''")


class Lines:
    """Built once per text; ``of`` gives the line of the longest part of a path that stands on one of its own."""

    def __init__(self, text: str) -> None:
        self._found: dict[tuple[str, ...], int] = {}
        table: tuple[str, ...] = ()
        fence = ""
        for number, line in enumerate(text.splitlines(), 1):
            if fence:
                if fence in line:
                    fence = ""
                continue
            header = _TABLE.match(line)
            setting = None if header else _SETTING.match(line)
            if header:
                table = _parts(header[2])
                self._found.setdefault(table, number)
            elif setting:
                self._found.setdefault((*table, *_parts(setting[1])), number)
            fence = next((mark for mark in _FENCES if line.count(mark) == 1), "")

    def of(self, path: tuple[str | int, ...]) -> int | None:
        names = tuple(part for part in path if isinstance(part, str))
        for length in range(len(names), 0, -1):
            line = self._found.get(names[:length])
            if line is not None:
                return line
        return None


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, dotted))
