"""A bar that is not complete yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pinery.runtime.context import PRICE_COLUMNS, Columns, Runtime


@dataclass(frozen=True, slots=True)
class Update:
    """What is known of a bar at some moment. ``now``: Unix ms. ``is_last``: the bar closes with it."""

    open: float
    high: float
    low: float
    close: float
    volume: float
    now: int
    is_first: bool = False
    is_last: bool = False


def merged(rt: Runtime, columns: Columns, first: int, last: int, until: int) -> Update:
    """The longer bar, closing at ``until``, that bars ``first .. last`` make up at the moment of ``rt``."""
    volumes = [v for v in columns.volume[first : last + 1] if v == v]
    return Update(
        columns.open[first],
        max(columns.high[first : last + 1]),
        min(columns.low[first : last + 1]),
        columns.close[last],
        sum(volumes) if volumes else columns.volume[last],
        rt.timenow,
        first == last and rt.barstate.isnew,
        rt.barstate.isconfirmed and rt.time_close >= until,
    )


@contextmanager
def shown_as(columns: Columns, i: int, update: Update) -> Iterator[None]:
    """Bar ``i`` of ``columns`` as an update shows it; afterwards it is complete again."""
    lists = [getattr(columns, name) for name in PRICE_COLUMNS]
    complete = [values[i] for values in lists]
    o, h, l, c = update.open, update.high, update.low, update.close  # noqa: E741 - the field's own letters
    shown = (o, h, l, c, update.volume, (h + l) / 2, (h + l + c) / 3, (o + h + l + c) / 4, (h + l + c + c) / 4)
    try:
        for values, value in zip(lists, shown, strict=True):
            values[i] = value
        yield
    finally:
        for values, value in zip(lists, complete, strict=True):
            values[i] = value
