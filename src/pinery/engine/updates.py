"""A bar that is not complete yet, and columns that grow by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pinery.runtime.context import Columns


@dataclass(frozen=True, slots=True)
class BarUpdate:
    """What is known of the bar that opened at ``time`` at the market's moment ``now`` (both Unix ms).

    ``is_last``: the bar closes with it. ``jumps``: the price got to ``close`` without passing those since
    the update before.
    """

    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    now: int
    is_first: bool = False
    is_last: bool = False
    jumps: bool = True


class Row(NamedTuple):
    """Prices and volume of a bar."""

    open: float
    high: float
    low: float
    close: float
    volume: float


def row_of(columns: Columns, i: int) -> Row:
    return Row(columns.open[i], columns.high[i], columns.low[i], columns.close[i], columns.volume[i])


def joined(before: Row | None, part: Row) -> Row:
    """The longer bar that ``part`` goes on with. A volume is na only where every part's is."""
    if before is None:
        return part
    volume = part.volume if before.volume != before.volume else before.volume
    if volume is before.volume and part.volume == part.volume:
        volume += part.volume
    high = part.high if part.high > before.high or before.high != before.high else before.high
    low = part.low if part.low < before.low or before.low != before.low else before.low
    return Row(before.open, high, low, part.close, volume)


def heikinashi(before: Row | None, row: Row) -> Row:
    """The Heikin Ashi bar of ``row`` after the Heikin Ashi bar ``before``."""
    close = (row.open + row.high + row.low + row.close) / 4
    opened = (row.open + row.close) / 2 if before is None else (before.open + before.close) / 2
    return Row(opened, max(row.high, opened, close), min(row.low, opened, close), close, row.volume)


def append_bar(columns: Columns, time: int, time_close: int, row: Row) -> None:
    """One bar more; every list grows where it is, because generated code and the broker hold the lists."""
    columns.time.append(time)
    columns.time_close.append(time_close)
    o, h, l, c, volume = row  # noqa: E741 - the field's own letters
    columns.open.append(o)
    columns.high.append(h)
    columns.low.append(l)
    columns.close.append(c)
    columns.volume.append(volume)
    columns.hl2.append((h + l) / 2)
    columns.hlc3.append((h + l + c) / 3)
    columns.ohlc4.append((o + h + l + c) / 4)
    columns.hlcc4.append((h + l + c + c) / 4)


def put_bar(columns: Columns, i: int, row: Row) -> None:
    """Let bar ``i`` look like ``row``."""
    o, h, l, c, volume = row  # noqa: E741 - the field's own letters
    columns.open[i] = o
    columns.high[i] = h
    columns.low[i] = l
    columns.close[i] = c
    columns.volume[i] = volume
    columns.hl2[i] = (h + l) / 2
    columns.hlc3[i] = (h + l + c) / 3
    columns.ohlc4[i] = (o + h + l + c) / 4
    columns.hlcc4[i] = (h + l + c + c) / 4
