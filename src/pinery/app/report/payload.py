"""The report's data: the chart's, and trades, curves, tables and facts of the backtest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from pinery.app.chart.columns import Json, decimals, number, numbers
from pinery.app.chart.payload import Subject
from pinery.app.chart.payload import build as build_chart
from pinery.app.figures import figure_text, rows
from pinery.runtime.placeholders import number_text
from pinery.tester.gate import Verdict
from pinery.tester.result import BacktestResult
from pinery.tester.statistics import METRICS, Period

HEADLINES = (
    "net_profit",
    "max_drawdown",
    "profit_factor",
    "percent_profitable",
    "closed_trades",
    "sharpe_ratio",
    "buy_and_hold",
)


def build(result: BacktestResult, subject: Subject, warnings: Sequence[str], verdict: Verdict | None = None) -> Json:
    """The page's data: that of the chart page of ``subject``, and under ``report`` what the backtest adds."""
    payload = build_chart(subject)
    payload["report"] = {
        "currency": result.currency,
        "quote": result.run.instrument.currency,
        "precision": decimals(result.run.instrument.mintick),
        "capital": number(result.settings.initial_capital),
        "headlines": _headlines(result),
        "figures": _figures(result),
        "equity": numbers(result.equity.tolist()),
        "hold": numbers(_hold(result)),
        "months": [_period(period) for period in result.metrics.monthly],
        "years": [_period(period) for period in result.metrics.yearly],
        "trades": _trades(result),
        "inputs": [list(pair) for pair in subject.inputs],
        "settings": settings_texts(result),
        "warnings": list(warnings),
        "gate": None if verdict is None else _gate(verdict, result.currency),
    }
    return payload


def settings_texts(result: BacktestResult) -> list[tuple[str, str]]:
    """The strategy's settings as (name, value) texts."""
    texts = []
    for item in fields(result.settings):
        value = getattr(result.settings, item.name)
        if item.name == "currency":
            value = result.currency
        text = {True: "true", False: "false"}[value] if isinstance(value, bool) else value
        texts.append((item.name, number_text(text) if isinstance(text, float) else str(text)))
    return texts


def _headlines(result: BacktestResult) -> list[list[str]]:
    """Title, number, and what stands small below it: percentage or currency."""
    found = []
    all_rows = {row.name: row for group in rows(result.metrics).values() for row in group}
    for name in HEADLINES:
        row = all_rows[name]
        amount, _, more = row.texts["all"].partition(" (")
        small = [more.removesuffix(")")] if more else []
        if METRICS[name].unit == "money":
            small.insert(0, result.currency)
        found.append([row.title.partition(" (")[0], amount, " · ".join(small)])
    return found


def _figures(result: BacktestResult) -> list[Json]:
    return [
        {
            "group": group,
            "rows": [
                [row.title, row.formula, row.texts["all"], row.texts["long"], row.texts["short"]] for row in members
            ],
        }
        for group, members in rows(result.metrics).items()
    ]


def _hold(result: BacktestResult) -> list[float]:
    """What the capital would be worth bar by bar had it bought at the first entry; the capital before it."""
    capital = result.settings.initial_capital
    if not result.trades:
        return []
    first = min(result.trades, key=lambda t: (t.entry_bar, t.number))
    if first.entry_price <= 0:
        return []
    closes = result.bars.close.tolist()
    return [capital if i < first.entry_bar else capital * close / first.entry_price for i, close in enumerate(closes)]


def _period(period: Period) -> list[float | None]:
    return [period.year, period.month, number(period.profit), number(period.return_percent), period.trades]


def _trades(result: BacktestResult) -> Json:
    """A list per column, trades in their order."""
    trades = result.trades
    return {
        "number": [t.number for t in trades],
        "side": [t.direction for t in trades],
        "entry": [t.entry_bar for t in trades],
        "exit": [t.exit_bar for t in trades],
        "entrySignal": [t.entry_signal for t in trades],
        "exitSignal": [t.exit_signal for t in trades],
        "entryPrice": numbers(t.entry_price for t in trades),
        "exitPrice": numbers(t.exit_price for t in trades),
        "qty": numbers(t.qty for t in trades),
        "profit": numbers(t.profit for t in trades),
        "percent": numbers(t.profit_percent for t in trades),
        "mfe": numbers(t.max_runup_percent for t in trades),
        "mae": numbers(t.max_drawdown_percent for t in trades),
        "cumulative": numbers(t.cumulative_profit for t in trades),
        "commission": numbers(t.commission for t in trades),
        "open": [int(t.is_open) for t in trades],
    }


def _gate(verdict: Verdict, currency: str) -> Json:
    def row(check: Any) -> list[Any]:
        value, limit = (figure_text(v, check.unit, currency) for v in (check.value, check.limit))
        return [check.title, value, "at least" if check.comparison == ">=" else "at most", limit, check.passed]

    return {"passed": verdict.passed, "checks": [row(check) for check in verdict.checks]}
