"""A deployment as somebody asks for it, in the words of ``pinery.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pinery.trading.deployments import Stage
from pinery.trading.stages.records import Checklist


@dataclass(frozen=True, slots=True)
class Wanted:
    """``script`` empty: its alerts come through the webhook only. ``bracket`` as in [deployments.NAME.bracket]."""

    name: str
    account: str
    symbol: str
    timeframe: str = ""
    size: str = ""  # as written: "1", "5000 USD", "10%", "risk 250 USD"; empty: the default
    direction: str = ""
    script: str = ""
    feed: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    bracket: Mapping[str, Any] = field(default_factory=dict)

    def settings(self, stage: Stage) -> dict[str, Any]:
        """The section of the file, with its tables."""
        found: dict[str, Any] = {"account": self.account, "symbol": self.symbol}
        if self.timeframe:
            found["timeframe"] = self.timeframe
        found["stage"] = stage.value
        if self.size:
            found["size"] = _number_or_text(self.size)
        if self.direction:
            found["direction"] = self.direction
        if self.script:
            chart: dict[str, Any] = {"script": self.script, "feed": self.feed}
            if self.inputs:
                chart["inputs"] = dict(self.inputs)
            found["chart"] = chart
        if self.bracket:
            found["bracket"] = dict(self.bracket)
        return found


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is given with a promotion: a verdict of the backtest gate, or the wish to go without one (to paper)."""

    verdict: Mapping[str, Any] | None = None
    without_backtest: bool = False

    @property
    def is_given(self) -> bool:
        return self.verdict is not None or self.without_backtest


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment that was made. ``webhook_url`` holds its token and is shown this once."""

    name: str
    stage: Stage
    webhook_url: str
    checklist: Checklist


def _number_or_text(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
