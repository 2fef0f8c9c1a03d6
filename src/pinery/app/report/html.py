"""Puts the report into one HTML file: the chart's page code, the report's own, and the data."""

from __future__ import annotations

import html
from typing import Any

from pinery.app.chart.html import drawing, fill, library, pack, page_file, style

PACKAGE = "pinery.app.report"
CODE = ("format.js", "svg.js", "curves.js", "months.js", "spread.js", "trades.js", "facts.js", "report.js")


def render(payload: dict[str, Any]) -> str:
    """The page for a payload of ``report.payload.build``.

    Raises ``UsageError`` where the chart library was not fetched.
    """
    meta = payload["meta"]
    fields = {
        "title": html.escape(f"{meta['script']} · {meta['symbol']} · {meta['timeframe']} · backtest"),
        "symbol": html.escape(meta["symbol"]),
        "timeframe": html.escape(meta["timeframe"]),
        "script": html.escape(meta["script"]),
        "facts": html.escape(meta["facts"]),
        "notice": html.escape(meta["notice"]),
        "style": style() + page_file("report.css", PACKAGE),
        "library": library(),
        "code": drawing() + "\n".join(page_file(name, PACKAGE) for name in CODE),
        "data": pack(payload),
    }
    return fill(page_file("report.html", PACKAGE), fields)
