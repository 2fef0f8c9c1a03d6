"""Plots, fills and colours of bars and background, and the declarations of indicators and libraries.

``transp`` moved: in version 4 it stands in the middle, in version 5 it is a hidden last
parameter, in version 6 it is gone.
"""

from __future__ import annotations

from pinery.lang.builtins.schema import V5, FunctionRow, VariableRow, fn, output, special

_TITLE = "title: const string = ?"
# The end of most signatures: where the plot is shown and how its numbers are written.
_DISPLAY = "display: input int = display.all"
_SHOWN = f"{_DISPLAY}, format: input string = ?, precision: input int = ?, force_overlay: const bool = false"
_TRANSP = "transp: input float = ?"
_EDITABLE = "editable: input bool = true, show_last: input int = ?"
_OFFSET = "offset: series int = 0"
_OHLC = "open: series float, high: series float, low: series float, close: series float"
_MARK = "location: input string = location.abovebar, color: series color = color.blue"
_TEXT = (
    "text: const string = ?, textcolor: series color = ?, editable: input bool = true, "
    "size: const string = size.auto, show_last: input int = ?"
)
_SHAPE = f"{_TITLE}, style: input string = shape.xcross, {_MARK}"
_CHAR = f'{_TITLE}, char: input string = "★", {_MARK}'
_LINE = (
    f"series: series float, {_TITLE}, color: series color = color.blue, linewidth: input int = 1, "
    "style: input string = plot.style_line, trackprice: input bool = false"
)
_LEVEL = f"histbase: input float = 0.0, {_OFFSET}, join: input bool = false, {_EDITABLE}"
_ARROW = f"series: series float, {_TITLE}, colorup: series color = color.green, colordown: series color = color.red"
_HEIGHT = f"{_OFFSET}, minheight: input int = 5, maxheight: input int = 100, {_EDITABLE}"
_HLINES = "hline1: series hline, hline2: series hline"
_PLOTS = "plot1: series plot, plot2: series plot"
_FILL = "color: series color = color.blue"
_GAPS = "fillgaps: const bool = false"
_GRADIENT = (
    "top_value: series float, bottom_value: series float, top_color: series color, bottom_color: series color, "
    f"{_TITLE}, {_DISPLAY}, {_GAPS}, editable: input bool = true"
)

_DECLARED = (
    "title: const string, shorttitle: const string = ?, overlay: const bool = false, "
    "format: const string = format.inherit, precision: const int = ?, scale: const string = ?, "
    "max_bars_back: const int = ?"
)
_STUDY = (
    f"({_DECLARED}, max_lines_count: const int = 50, max_labels_count: const int = 50, "
    "resolution: const string = ?, resolution_gaps: const bool = true, max_boxes_count: const int = 50, "
    "explicit_plot_zorder: const bool = false, linktoseries: const bool = false) -> void"
)
_INDICATOR = (
    f"({_DECLARED}, timeframe: const string = ?, timeframe_gaps: const bool = true, "
    "explicit_plot_zorder: const bool = false, max_lines_count: const int = 50, max_labels_count: const int = 50, "
    "max_boxes_count: const int = 50, calc_bars_count: const int = ?, max_polylines_count: const int = 50, "
    "dynamic_requests: const bool = ?, behind_chart: const bool = true, linktoseries: const bool = false) -> void"
)


def _transparent(front: str, back: str, end: str, returns: str = "void") -> list[str]:
    """Overloads of the three versions: version 4 has ``transp`` after ``front``, version 5 at the end."""
    return [
        f"@4 ({front}, {_TRANSP}, {back}, {_DISPLAY}) -> {returns}",
        f"@5 ({front}, {back}, {end}, {_TRANSP}) -> {returns}",
        f"@6 ({front}, {back}, {end}) -> {returns}",
    ]


def _marks(look: str) -> list[str]:
    """Shapes and characters take a truth or, for ``location.absolute``, a price."""
    return [
        text
        for kind in ("bool", "float")
        for text in _transparent(f"series: series {kind}, {look}", f"{_OFFSET}, {_TEXT}", _SHOWN)
    ]


ROWS: list[FunctionRow | VariableRow] = [
    fn(
        "indicator",
        _INDICATOR,
        special("declaration"),
        "Declares the script an indicator and sets its properties.",
        versions=V5,
        local=False,
    ),
    fn(
        "study",
        _STUDY,
        special("declaration"),
        "Declares the script an indicator (the name before version 5).",
        versions=(4,),
        local=False,
    ),
    fn(
        "library",
        "(title: const string, overlay: const bool = false, dynamic_requests: const bool = ?) -> void",
        special("declaration"),
        "Declares the script a library, whose exported functions, types and enums others import.",
        versions=V5,
        local=False,
    ),
    fn(
        "plot",
        _transparent(_LINE, _LEVEL, f"{_SHOWN}, linestyle: input string = plot.linestyle_solid", "series plot"),
        output("plot"),
        "Plots one value per bar.",
        local=False,
    ),
    fn(
        "plotshape",
        _marks(_SHAPE),
        output("plotshape"),
        "Draws a shape on each bar whose value is true or, at location.absolute, not na.",
        local=False,
    ),
    fn(
        "plotchar",
        _marks(_CHAR),
        output("plotchar"),
        "Draws a character on each bar whose value is true or, at location.absolute, not na.",
        local=False,
    ),
    fn(
        "plotarrow",
        _transparent(_ARROW, _HEIGHT, _SHOWN),
        output("plotarrow"),
        "Draws an arrow on each bar: up for positive values, down for negative ones, long for large ones.",
        local=False,
    ),
    fn(
        "plotbar",
        f"({_OHLC}, {_TITLE}, color: series color = color.blue, {_EDITABLE}, {_SHOWN}) -> void",
        output("plotbar"),
        "Draws OHLC bars; none where one of the four values is na.",
        local=False,
    ),
    fn(
        "plotcandle",
        f"({_OHLC}, {_TITLE}, color: series color = color.blue, wickcolor: series color = ?, {_EDITABLE}, "
        f"bordercolor: series color = ?, {_SHOWN}) -> void",
        output("plotcandle"),
        "Draws candles; none where one of the four values is na.",
        local=False,
    ),
    fn(
        "hline",
        f"(price: input float, {_TITLE}, color: input color = color.gray, "
        "linestyle: input string = hline.style_dashed, linewidth: input int = 1, editable: input bool = true, "
        f"{_DISPLAY}) -> input hline",
        output("hline"),
        "Draws a horizontal line at a fixed price.",
        local=False,
    ),
    fn(
        "fill",
        [
            *_transparent(f"{_HLINES}, {_FILL}", f"{_TITLE}, editable: input bool = true, {_GAPS}", _DISPLAY),
            *_transparent(f"{_PLOTS}, {_FILL}", f"{_TITLE}, {_EDITABLE}, {_GAPS}", _DISPLAY),
            f"@5,6 ({_PLOTS}, {_GRADIENT}) -> void",
            f"@5,6 ({_HLINES}, {_GRADIENT}) -> void",
        ],
        output("fill"),
        "Colours the space between two plots or two horizontal lines, evenly or as a gradient.",
        local=False,
    ),
    fn(
        "bgcolor",
        _transparent(
            "color: series color",
            f"{_OFFSET}, {_EDITABLE}, {_TITLE}",
            f"{_DISPLAY}, force_overlay: const bool = false",
        ),
        output("bgcolor"),
        "Colours the background behind a bar.",
        local=False,
    ),
    fn(
        "barcolor",
        f"(color: series color, {_OFFSET}, {_EDITABLE}, {_TITLE}, {_DISPLAY}) -> void",
        output("barcolor"),
        "Colours the chart's bars.",
        local=False,
    ),
]
