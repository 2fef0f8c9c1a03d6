"""Columns of a chart's data, made small: numbers at ten digits, colours as palette and run lengths."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pinery.runtime.colors import opacity

Json = dict[str, Any]


def number(value: Any) -> float | None:
    """A value as the page shows it; na and infinities are None."""
    if value is None or not math.isfinite(value):
        return None
    short = float(f"{value:.10g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


def numbers(values: Iterable[Any]) -> list[float | None]:
    return [number(value) for value in values]


def color_text(color: int | None, transparency: float | None = None) -> str | None:
    """``#rrggbbaa`` of 0xRRGGBBAA; None for na and for what nobody can see.

    ``transparency`` (0..100, of old versions' ``transp``) counts only for colours that are opaque themselves.
    """
    if color is None:
        return None
    if transparency is not None and color & 0xFF == 0xFF:
        color = color & ~0xFF | opacity(transparency)
    return f"#{color:08x}" if color & 0xFF else None


def colors(values: Sequence[int | None], transparency: float | None = None) -> Json:
    """Colours by bar: ``{"one": …}`` where they are all the same, else a palette and ``[count, index, …]``."""
    first = values[0] if values else None
    if all(value == first for value in values):
        return {"one": color_text(first, transparency)}
    palette: list[str] = []
    index_of: dict[str | None, int] = {None: -1}
    texts: dict[int | None, str | None] = {}
    runs: list[int] = []
    for value in values:
        if value not in texts:
            texts[value] = color_text(value, transparency)
        text = texts[value]
        if text not in index_of:
            index_of[text] = len(palette)
            palette.append(str(text))
        index = index_of[text]
        if runs and runs[-1] == index:
            runs[-2] += 1
        else:
            runs += [1, index]
    return {"palette": palette, "runs": runs}


def deltas(seconds: Sequence[int]) -> list[int]:
    """The first value, then each step."""
    return [int(b) - int(a) for a, b in zip([0, *seconds[:-1]], seconds, strict=True)]


def zone_changes(seconds: Sequence[int], zone: str) -> list[list[int]]:
    """``[bar, offset]`` wherever a bar's distance of local time from UTC (seconds) differs from the bar's before."""
    try:
        info = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return []
    changes: list[list[int]] = []
    hour, offset = None, 0
    for i, second in enumerate(seconds):
        if second // 3600 != hour:  # zones change on the hour
            hour = second // 3600
            away = datetime.fromtimestamp(int(second), UTC).astimezone(info).utcoffset()
            offset = int(away.total_seconds()) if away is not None else 0
        if not changes or changes[-1][1] != offset:
            changes.append([i, offset])
    return changes


def decimals(mintick: float) -> int:
    """Digits that a price of this step needs: 0.25 → 2."""
    for digits in range(11):
        if abs(round(mintick, digits) - mintick) < 1e-12:
            return digits
    return 10
