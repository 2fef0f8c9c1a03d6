"""Figures of a backtest as people read them, in the terminal and in the report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pinery.tester.statistics import METRICS, Metrics
from pinery.tester.statistics.table import GROUPS

NA = "—"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: an amount and, where there is one, its percentage, for each side."""

    name: str
    title: str
    formula: str
    texts: Mapping[str, str]  # by side
    brief: bool


def rows(metrics: Metrics, currency: str = "") -> dict[str, list[Row]]:
    """The table by group. A figure and its percentage share a line; amounts carry the ``currency``, if one is given."""
    return {
        group: [
            _row(metric.name, metrics, currency)
            for metric in members
            if METRICS.get(_base(metric.name)) in (None, metric)
        ]
        for group, members in GROUPS.items()
    }


def _base(name: str) -> str:
    return name.removesuffix("_percent")


def _row(name: str, metrics: Metrics, currency: str) -> Row:
    metric = METRICS[name]
    partner = METRICS.get(f"{name}_percent")
    texts = {}
    for side in ("all", "long", "short"):
        values = getattr(metrics, side)
        if not metric.sides and side != "all":
            texts[side] = ""
            continue
        texts[side] = figure_text(values[name], metric.unit, currency)
        if partner is not None and values[partner.name] == values[partner.name]:
            texts[side] += f" ({figure_text(values[partner.name], partner.unit, currency)})"
    formula = metric.formula if partner is None else f"{metric.formula}; in brackets: {partner.formula}"
    return Row(name, metric.title, formula, texts, metric.brief)


def figure_text(value: float, unit: str, currency: str = "") -> str:
    """A value with its unit; na is a dash."""
    if not math.isfinite(value):
        return NA
    value = (round(value, 2) if unit in ("money", "percent") else value) + 0.0  # no minus before a zero
    match unit:
        case "money":
            return f"{value:,.2f} {currency}".rstrip()
        case "percent":
            return f"{value:,.2f}%"
        case "ratio":
            return f"{value:,.3f}"
        case "count":
            return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
        case "bars":
            return f"{value:,.1f}"
        case "hours":
            return duration_text(value)
        case "days":
            return duration_text(value * 24)
        case _:
            return f"{value:,.10g}"


def duration_text(hours: float) -> str:
    """In the two largest units: ``3 d 4 h``, ``2 h 15 min``."""
    minutes = round(hours * 60)
    days, rest = divmod(minutes, 1440)
    whole, left = divmod(rest, 60)
    if days >= 100:
        return f"{days:,} d"
    if days:
        return f"{days} d {whole} h"
    return f"{whole} h {left} min" if whole else f"{left} min"
