"""The data of a chart page: bars, outputs and drawings of one run, as the page's code reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from pinery.app.chart.columns import Json, color_text, colors, decimals, deltas, number, numbers, zone_changes
from pinery.app.chart.shapes import Places, drawing_layers
from pinery.core.bars import BarSeries
from pinery.core.instrument import Instrument
from pinery.runtime.drawings.store import Drawings
from pinery.runtime.outputs import Outputs, OutputSpec

MAIN, OWN = 0, 1  # panes: the bars', the script's
_DISPLAY_PANE, _DISPLAY_SCALE, _DISPLAY_STATUS, _DISPLAY_WINDOW = 1, 4, 8, 2
MAX_LISTED = 20_000  # alerts and logs


@dataclass(frozen=True, slots=True)
class Subject:
    """What a chart shows. ``timeframe`` as TradingView writes it; ``inputs`` as (title, value) texts.

    Bars before ``since`` are left out of columns: a chart that is open already has them.
    """

    bars: BarSeries
    instrument: Instrument
    timeframe: str
    outputs: Outputs
    drawings: Drawings
    title: str = "Script"
    shorttitle: str = ""
    overlay: bool = False
    version: int = 6
    format: str = "inherit"
    precision: int | None = None
    inputs: Sequence[tuple[str, str]] = field(default_factory=tuple)
    notice: str = ""
    since: int = 0

    @property
    def script_pane(self) -> int:
        """Where the script draws what is not forced onto the bars."""
        return OWN if self.has_own_pane and not self.overlay else MAIN

    @property
    def has_own_pane(self) -> bool:
        return any(
            spec.kind in _MAKERS and spec.kind != "fill" and _pane(self, spec) == OWN for spec in self.outputs.specs
        )


def build(subject: Subject) -> Json:
    """The page's data. Times are Unix seconds as steps; na is null; colours are ``#rrggbbaa``."""
    bars, outputs = subject.bars, subject.outputs
    seconds = [int(t) // 1000 for t in bars.time]
    columns = columns_since(subject)
    return {
        "meta": _meta(subject, seconds),
        "time": deltas(seconds),
        "zone": zone_changes(seconds, subject.instrument.timezone),
        "bars": columns["bars"],
        "panes": panes(subject),
        "items": columns["items"],
        "alerts": alert_rows(outputs),
        "logs": log_rows(outputs),
    }


def columns_since(subject: Subject) -> Json:
    """``bars`` and ``items`` from bar ``subject.since`` on; an item whose older bars change says so with ``from``."""
    bars, since = subject.bars, subject.since
    items, barcolors, by_spec = _items(subject)
    for item in items:
        if item["type"] == "fill":
            item["a"], item["b"] = by_spec[item["a"]], by_spec[item["b"]]
    return {
        "bars": {
            "o": numbers(bars.open[since:].tolist()),
            "h": numbers(bars.high[since:].tolist()),
            "l": numbers(bars.low[since:].tolist()),
            "c": numbers(bars.close[since:].tolist()),
            "v": numbers(bars.volume[since:].tolist()),
            "colors": barcolors,
        },
        "items": items,
    }


def panes(subject: Subject) -> list[Json]:
    """The bars' pane and, where it is needed, the script's own, with the drawings of each."""
    found: list[Json] = [{"precision": decimals(subject.instrument.mintick)}]
    if subject.has_own_pane:
        found.append({"precision": _precision(subject)})
    layers = drawing_layers(subject.drawings, Places(subject.bars.time), len(found), subject.script_pane)
    for pane, layer in zip(found, layers, strict=True):
        pane["drawings"] = layer
    return found


def alert_rows(outputs: Outputs) -> list[list[Any]]:
    """``[bar, message, ""]``, the newest."""
    return [[event.bar_index, event.message or event.title, ""] for event in outputs.alerts[-MAX_LISTED:]]


def log_rows(outputs: Outputs) -> list[list[Any]]:
    """``[bar, message, level]``, the newest."""
    return [[log.bar_index, log.message, log.level] for log in list(outputs.logs)[-MAX_LISTED:]]


def _meta(subject: Subject, seconds: list[int]) -> Json:
    steps = [b - a for a, b in pairwise(seconds)]
    zone = subject.instrument.timezone
    span = f" · {_date(seconds[0], zone)} to {_date(seconds[-1], zone)}" if seconds else ""
    return {
        "script": subject.title,
        "short": subject.shorttitle or subject.title,
        "symbol": subject.instrument.tickerid,
        "timeframe": subject.timeframe,
        "facts": f"{len(seconds):,} bars{span} · {zone}",
        "notice": subject.notice,
        "precision": decimals(subject.instrument.mintick),
        "intraday": bool(steps) and min(steps) < 86_400,
        "seconds": bool(steps) and min(steps) < 60,
        "inputs": [list(pair) for pair in subject.inputs],
    }


def _date(second: int, zone: str) -> str:
    try:
        info = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d}"
    return f"{datetime.fromtimestamp(second, info):%Y-%m-%d}"


def _precision(subject: Subject) -> int | str:
    """Digits of the script's own pane: what the script asks for, else enough for its values."""
    if subject.precision is not None:
        return subject.precision
    if subject.format == "volume":
        return "volume"
    largest = 0.0
    for spec in subject.outputs.specs:
        if spec.kind == "plot" and _pane(subject, spec) == OWN:
            newest = subject.outputs.values[spec.index].get("series", [spec.args.get("series")])[-500:]
            largest = max(largest, max((abs(v) for v in newest if v is not None and v == v), default=0.0))
    usual = decimals(subject.instrument.mintick)
    if largest == 0.0 or largest == float("inf"):
        return usual
    digits = 2
    while largest * 10**digits < 100 and digits < 8:
        digits += 1
    return digits if largest < 10 else max(2, min(usual, 4))


# --- outputs --------------------------------------------------------------------------


def _items(subject: Subject) -> tuple[list[Json], Json | None, dict[int, int]]:
    """The items to draw, the bars' colours, and where in the items each output stands."""
    outputs = subject.outputs
    items: list[Json] = []
    by_spec: dict[int, int] = {}
    barcolors: list[int | None] | None = None
    for spec in outputs.specs:
        if spec.kind == "barcolor":
            own = _column(subject, spec, "color", subject.since)
            barcolors = (
                own
                if barcolors is None
                else [new if new is not None else old for new, old in zip(own, barcolors, strict=True)]
            )
            continue
        make = _MAKERS.get(spec.kind)
        if make is None:
            continue
        item = make(subject, spec)
        if spec.kind == "fill":
            if item["a"] not in by_spec or item["b"] not in by_spec:
                continue
            item["pane"] = items[by_spec[item["a"]]]["pane"]
        else:
            item["pane"] = _pane(subject, spec)
        first = _first(subject, spec)
        if first != subject.since:
            item["from"] = first
        by_spec[spec.index] = len(items)
        items.append(item)
    return items, None if barcolors is None else colors(barcolors), by_spec


def _pane(subject: Subject, spec: OutputSpec) -> int:
    return MAIN if subject.overlay or spec.args.get("force_overlay") else OWN


def _item(kind: str, *, columns: Sequence[str] = (), palettes: Sequence[str] = (), **fields: Any) -> Json:
    return {"type": kind, "columns": list(columns), "palettes": list(palettes), **fields}


def _transparency(subject: Subject, spec: OutputSpec) -> float | None:
    given = spec.args.get("transp")
    if given is None and subject.version <= 4 and spec.kind in ("bgcolor", "fill"):
        return 90.0
    return None if given is None or given != given else float(given)


def _colors(subject: Subject, spec: OutputSpec, name: str = "color") -> Json:
    if name not in spec.series:
        return {"one": color_text(spec.args.get(name), _transparency(subject, spec))}
    return colors(_values(subject, spec, name), _transparency(subject, spec))


def _first(subject: Subject, spec: OutputSpec) -> int:
    """The first bar of an output's columns: ``since``, or what ``show_last`` has emptied after that."""
    keep = spec.args.get("show_last")
    if keep is None or keep != keep:
        return subject.since
    return max(0, min(subject.since, subject.since + 1 - int(keep)))


def _values(subject: Subject, spec: OutputSpec, name: str = "series") -> list[Any]:
    """The column from ``_first`` on, with all but the last ``show_last`` bars emptied."""
    first = _first(subject, spec)
    column = _column(subject, spec, name, first)
    keep = spec.args.get("show_last")
    if keep is None or keep != keep or keep >= len(column):
        return column
    hidden = len(column) - max(0, int(keep))
    return [None] * hidden + column[hidden:]


def _column(subject: Subject, spec: OutputSpec, name: str, first: int) -> list[Any]:
    kept = subject.outputs.values[spec.index].get(name)
    if kept is None:
        return [spec.args.get(name)] * (subject.outputs.bar_count - first)
    return kept[first:] if first else kept


def _offset(subject: Subject, spec: OutputSpec) -> int:
    value = subject.outputs.last(spec, "offset")
    return int(value) if value is not None and value == value else 0


def _shown(spec: OutputSpec, bit: int) -> bool:
    display = spec.args.get("display")
    return display is None or bool(int(display) & bit)


def _text(spec: OutputSpec, name: str, default: str) -> str:
    value = spec.args.get(name)
    return default if value is None else str(value)


def _whole(spec: OutputSpec, name: str, default: int) -> int:
    value = spec.args.get(name)
    return default if value is None or value != value else int(value)


def _plot(subject: Subject, spec: OutputSpec) -> Json:
    precision = spec.args.get("precision")
    if precision is None:
        precision = subject.precision
    if precision is None:
        precision = decimals(subject.instrument.mintick)
    volume = (spec.args.get("format") or subject.format) == "volume"
    return _item(
        "plot",
        columns=("values",),
        palettes=("colors",),
        title=subject.outputs.title(spec),
        style=_text(spec, "style", "line"),
        dash=_text(spec, "linestyle", "solid"),
        width=max(1, _whole(spec, "linewidth", 1)),
        base=number(spec.args.get("histbase")) or 0,
        offset=_offset(subject, spec),
        track=bool(spec.args.get("trackprice")),
        precision="volume" if volume else int(precision),
        pane_shown=_shown(spec, _DISPLAY_PANE),
        legend_shown=_shown(spec, _DISPLAY_STATUS | _DISPLAY_WINDOW),
        scale_shown=_shown(spec, _DISPLAY_SCALE),
        values=[None if v is None else number(v) for v in _values(subject, spec)],
        colors=_colors(subject, spec),
    )


def _mark(subject: Subject, spec: OutputSpec) -> Json:
    """plotshape and plotchar: at absolute places a number that is not na counts, elsewhere a true value."""
    location = _text(spec, "location", "abovebar")
    absolute = location == "absolute"
    at: list[list[float | None]] = []
    if _shown(spec, _DISPLAY_PANE):
        for i, value in enumerate(_values(subject, spec), _first(subject, spec)):
            if value is None or value != value or (not absolute and not value):
                continue
            at.append([i, number(value) if absolute else None])
    char = _text(spec, "char", "★")[:2] if spec.kind == "plotchar" else None
    return _item(
        "shape",
        palettes=("colors", "textcolors"),
        shape=_text(spec, "style", "xcross"),
        char=char,
        location=location,
        size=_text(spec, "size", "auto"),
        text=_text(spec, "text", ""),
        offset=_offset(subject, spec),
        at=at,
        colors=_colors(subject, spec),
        textcolors=_colors(subject, spec, "textcolor"),
    )


def _arrow(subject: Subject, spec: OutputSpec) -> Json:
    return _item(
        "arrow",
        columns=("values",),
        palettes=("colors", "downcolors"),
        values=numbers(_values(subject, spec)) if _shown(spec, _DISPLAY_PANE) else [],
        min=_whole(spec, "minheight", 5),
        max=_whole(spec, "maxheight", 100),
        offset=_offset(subject, spec),
        colors=_colors(subject, spec, "colorup"),
        downcolors=_colors(subject, spec, "colordown"),
    )


def _candles(subject: Subject, spec: OutputSpec) -> Json:
    body = _colors(subject, spec)
    edges = {
        name: _colors(subject, spec, name) if spec.args.get(name) is not None or name in spec.series else body
        for name in ("wickcolor", "bordercolor")
    }
    return _item(
        "bar" if spec.kind == "plotbar" else "candle",
        columns=("o", "h", "l", "c"),
        palettes=("colors", "wick", "border"),
        **{name[0]: numbers(_values(subject, spec, name)) for name in ("open", "high", "low", "close")},
        colors=body,
        wick=edges["wickcolor"],
        border=edges["bordercolor"],
    )


def _background(subject: Subject, spec: OutputSpec) -> Json:
    return _item("bg", palettes=("colors",), offset=_offset(subject, spec), colors=_colors(subject, spec))


def _hline(subject: Subject, spec: OutputSpec) -> Json:
    shown = _shown(spec, _DISPLAY_PANE)
    return _item(
        "hline",
        price=number(subject.outputs.last(spec, "price")),
        color=color_text(subject.outputs.last(spec, "color")) if shown else None,
        dash=_text(spec, "linestyle", "dashed"),
        width=max(1, _whole(spec, "linewidth", 1)),
        title=subject.outputs.title(spec),
    )


def _fill(subject: Subject, spec: OutputSpec) -> Json:
    args = spec.args
    gradient = "top_value" in args or "top_value" in spec.series
    item = _item(
        "fill",
        a=args.get("plot1", args.get("hline1")),
        b=args.get("plot2", args.get("hline2")),
        gradient=gradient,
        gaps=bool(args.get("fillgaps")),
    )
    if gradient:
        item["columns"] = ["topvalue", "bottomvalue"]
        item["palettes"] = ["topcolors", "bottomcolors"]
        item["topvalue"] = numbers(_values(subject, spec, "top_value"))
        item["bottomvalue"] = numbers(_values(subject, spec, "bottom_value"))
        item["topcolors"] = _colors(subject, spec, "top_color")
        item["bottomcolors"] = _colors(subject, spec, "bottom_color")
    else:
        item["palettes"] = ["colors"]
        item["colors"] = _colors(subject, spec) if _shown(spec, _DISPLAY_PANE) else {"one": None}
    return item


_MAKERS: dict[str, Callable[[Subject, OutputSpec], Json]] = {
    "plot": _plot,
    "plotshape": _mark,
    "plotchar": _mark,
    "plotarrow": _arrow,
    "plotbar": _candles,
    "plotcandle": _candles,
    "bgcolor": _background,
    "hline": _hline,
    "fill": _fill,
}
