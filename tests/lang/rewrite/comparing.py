"""A script and its conversion side by side: what they give must be the same."""

from __future__ import annotations

import re
from typing import Any

import pinery
from pinery.app.chart.payload import build
from pinery.app.results import chart_subject
from pinery.core.bars import BarSeries
from pinery.lang.rewrite import convert
from pinery.lang.source import Source


def converted(text: str, *, new_colors: bool = False) -> str:
    return convert(Source(text, "old.pine"), new_colors=new_colors).text


def results(text: str, bars: BarSeries | str, timeframe: str = "60") -> dict[str, Any]:
    """What a user sees of a run: plots, marks and colours as they are drawn, drawings, alerts, logs, trades."""
    is_strategy = re.search(r"^strategy\(", text, re.MULTILINE) is not None
    result: pinery.RunResult | pinery.BacktestResult
    if is_strategy:  # a backtest gives what a run gives, and the trades
        result = pinery.backtest(text, bars=bars, symbol="CME_MINI:ES1!", timeframe=timeframe)
    else:
        result = pinery.run(text, bars=bars, symbol="CME_MINI:ES1!", timeframe=timeframe)
    outputs = result._finished.result.outputs
    marks = {outputs.title(spec) for spec in outputs.specs if spec.kind in ("plotshape", "plotchar")}
    seen: dict[str, Any] = build(chart_subject(result._finished))
    for kind in ("bars", "time", "zone"):
        seen.pop(kind)
    found: dict[str, Any] = {
        "plots": {name: [_text(x, name in marks) for x in values] for name, values in result.plots.items()},
        "drawings": result.drawings,
        # A script's lines move: where an alert came from is not what it says.
        "alerts": [(a.bar_index, a.kind, a.message) for a in result.alerts],
        "logs": [(record.bar_index, record.message) for record in result.logs],
        "seen": {key: value for key, value in seen.items() if key not in ("alerts", "logs")},
    }
    assert is_strategy == (result.kind == "strategy")
    if isinstance(result, pinery.BacktestResult):
        found["trades"] = [str(trade) for trade in result.trades]
        found["equity"] = [str(x) for x in result.equity]
    return found


def _text(value: float, mark: bool) -> str:
    """A mark is there or not: a truth value that was na is false in version 6."""
    return str(float(bool(value == value and value) if mark else value))


def differences(first: Any, second: Any, path: str = "") -> list[str]:
    """Where two results differ, the first few places of it."""
    if isinstance(first, dict) and isinstance(second, dict):
        keys = dict.fromkeys([*first, *second])
        return [d for key in keys for d in differences(first.get(key), second.get(key), f"{path}/{key}")][:5]
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        found: list[str] = []
        for index, (a, b) in enumerate(zip(first, second, strict=True)):
            found += differences(a, b, f"{path}[{index}]")
            if len(found) > 4:
                break
        return found
    return [] if str(first) == str(second) else [f"{path}: {str(first)[:200]} | {str(second)[:200]}"]
