"""What a backtest leaves behind."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pinery.core.bars import BarSeries, FloatArray
from pinery.emulator.trades import TradeRecord
from pinery.engine import CompiledScript, RunResult
from pinery.runtime.orders import StrategySettings
from pinery.tester.gate import Gate, Verdict, judge
from pinery.tester.statistics import Metrics
from pinery.tester.statistics.curves import Curves
from pinery.tester.trade_list import trade_list_csv


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """``equity`` is that at each bar's close, in ``currency``, the account's. ``end``: closing time of the last bar.
    ``synthetic``: the bars were made up."""

    script: CompiledScript
    run: RunResult
    settings: StrategySettings
    currency: str
    trades: list[TradeRecord]
    curves: Curves
    metrics: Metrics
    end: int
    warnings: list[str] = field(default_factory=list)
    synthetic: bool = False

    @property
    def bars(self) -> BarSeries:
        return self.run.bars

    @property
    def equity(self) -> FloatArray:
        return self.curves.close

    @property
    def inputs(self) -> dict[str, Any]:
        return {decl.title: decl.value for decl in self.run.inputs}

    def trade_list(self, timezone: str | None = None) -> str:
        """TradingView's "List of trades" as CSV text; times in ``timezone``, the exchange's by default."""
        return trade_list_csv(self.trades, self.run.instrument, self.currency, timezone)

    def judge(self, gate: Gate | None = None) -> Verdict:
        """Holds the backtest against a gate's limits."""
        return judge(self.metrics.all, int(self.bars.time[0]), self.end, gate, self.subject())

    def subject(self) -> Mapping[str, Any]:
        """What was tested, as plain data: script, inputs, settings and bars, with hashes (SHA-256)."""
        source = self.script.sources[0]
        text = "".join(part.text for part in self.script.sources)
        return {
            "script": {"name": source.name, "sha256": hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()},
            "inputs": {title: plain_input(value) for title, value in self.inputs.items()},
            "data": {
                "symbol": self.run.instrument.tickerid,
                "timeframe": self.run.timeframe.text(),
                "bars": len(self.bars),
                "first": int(self.bars.time[0]),
                "last": int(self.bars.time[-1]),
                "sha256": fingerprint(self.bars),
                "synthetic": self.synthetic,
            },
        }


def fingerprint(bars: BarSeries) -> str:
    """SHA-256 of the bars' columns: the same bars give the same text wherever they come from."""
    digest = hashlib.sha256(bars.time.astype("<i8").tobytes())
    for name in ("open", "high", "low", "close", "volume"):
        digest.update(getattr(bars, name).astype("<f8").tobytes())
    return digest.hexdigest()


def plain_input(value: Any) -> Any:
    """An input's value for JSON: na is None."""
    if value is None or value != value:
        return None
    return value if isinstance(value, bool | int | float | str) else str(value)
