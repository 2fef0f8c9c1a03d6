"""How a chart is doing, as the store and people get to see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pinery.charts.records import ChartRow, ChartState
from pinery.charts.settings import ChartSettings

_BEAT_MS = 3_000  # a row is written at least so often while the chart lives


@dataclass(slots=True)
class Status:
    """``row`` as it is now; ``changed``: it should be written at once. ``wake`` tells who writes it.

    Until it is ``recalled`` what is on record, by which alerts that were missed are known, it must not be replaced.
    """

    row: ChartRow
    wake: Callable[[], None]
    changed: bool = True
    recalled: bool = False
    _touched: bool = True

    @classmethod
    def of(cls, settings: ChartSettings, owner: str, now: int, wake: Callable[[], None]) -> Status:
        row = ChartRow(
            settings.deployment,
            ChartState.STARTING,
            now,
            script=settings.script.name,
            symbol=settings.symbol,
            timeframe=settings.timeframe,
            feed=settings.feed,
            owner=owner,
        )
        return cls(row, wake)

    def set(self, **values: object) -> None:
        """Fields of the row. A new state or error is written at once, everything else within a second."""
        before, self.row = self.row, replace(self.row, **values)  # type: ignore[arg-type]
        self._touched = True
        if before.state is not self.row.state or before.error != self.row.error:
            self.changed = True
            self.wake()

    def to_write(self, now: int) -> ChartRow | None:
        """The row, where there is something new in it, or it has not been written for some time; None before it is
        recalled."""
        if not self.recalled or not (self.changed or self._touched or now - self.row.updated >= _BEAT_MS):
            return None
        self.changed = self._touched = False
        self.row = replace(self.row, updated=now)
        return self.row
