"""Puts page, style, code and data into one HTML file that opens without a network."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

from pinery.core.errors import UsageError

PACKAGE = "pinery.app.chart"
#: The dashboard imports the same modules.
DRAWING = (
    "columns.js",
    "text.js",
    "plots.js",
    "marks.js",
    "drawings.js",
    "tables.js",
    "bars.js",
    "trading.js",
    "pane.js",
    "chart.js",
    "unpack.js",
    "switches.js",
)
STYLE = ("page.css", "chart.css")
LIBRARY = "lightweight-charts.js"


def render(payload: dict[str, Any]) -> str:
    """The chart page for a payload of ``chart.payload.build``.

    Raises ``UsageError`` where the chart library was not fetched.
    """
    meta = payload["meta"]
    fields = {
        "title": html.escape(f"{meta['script']} · {meta['symbol']} · {meta['timeframe']}"),
        "symbol": html.escape(meta["symbol"]),
        "timeframe": html.escape(meta["timeframe"]),
        "script": html.escape(meta["script"]),
        "facts": html.escape(meta["facts"]),
        "notice": html.escape(meta["notice"]),
        "style": style(),
        "library": library(),
        "code": drawing() + page_module("panel.js"),
        "data": pack(payload),
    }
    return fill(page_file("template.html"), fields)


def fill(page: str, fields: Mapping[str, str]) -> str:
    """The page with every ``{{name}}`` replaced."""
    parts = page.split("{{")
    filled = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition("}}")
        filled.append(fields[name] + rest)
    return "".join(filled)


def pack(payload: dict[str, Any]) -> str:
    """Data as the page's script unpacks it: JSON, gzip, base64."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # A fixed time stamp in the gzip header: the same run makes the same file.
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), 6, mtime=0)).decode("ascii")


def page_file(name: str, package: str = PACKAGE) -> str:
    return (resources.files(package) / "page" / name).read_text(encoding="utf-8")


def style() -> str:
    return "".join(page_file(name) for name in STYLE)


def drawing() -> str:
    """The code that draws a chart, to stand in a page's script before the page's own."""
    return "".join(page_module(name) for name in DRAWING)


def page_module(name: str) -> str:
    """A module's code for a page where all stand in one script: a file opened from disk may not import others."""
    text = re.sub(r"^import .*;\n", "", page_file(name), flags=re.MULTILINE)
    return re.sub(r"^export ", "", text, flags=re.MULTILINE)


def library() -> str:
    """The chart library's code, ready to stand in a page."""
    try:
        text = (resources.files(PACKAGE) / "static" / LIBRARY).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(
            "the chart library is not installed, so no chart file can be written",
            hint="run `make setup` in the source folder (it needs npm), or install Pinery from a wheel",
        ) from None
    return text.replace("</script", "<\\/script")
