"""Plots, fills and colours of bars and background, and the declarations of indicators and libraries.

A row whose name ends in ``@4`` is what version 4 means by the name before the ``@``: its
parameters stand in another order (``transp`` in the middle), so positional arguments differ.
In later versions ``transp`` is a hidden last parameter that only a name reaches.
"""

from __future__ import annotations

from pinery.lang.builtins.schema import FunctionRow, VariableRow, fn, output, special

_V4 = (4,)

# The end of most signatures: where the plot is shown and how its numbers are written.
_SHOWN = "display: input int = display.all, format: input string = ?, precision: input int = ?"
_OVERLAY = "force_overlay: const bool = false"
_TRANSP = "transp: input float = ?"
_EDITABLE = "editable: input bool = true, show_last: input int = ?"
_OHLC = "open: series float, high: series float, low: series float, close: series float"

_DECLARED = (
    "title: const string, shorttitle: const string = ?, overlay: const bool = false, "
    "format: const string = format.inherit, precision: const int = ?, scale: const string = ?, "
    "max_bars_back: const int = ?"
)

ROWS: list[FunctionRow | VariableRow] = [
    fn(
        "indicator",
        f"({_DECLARED}, timeframe: const string = ?, timeframe_gaps: const bool = true, "
        "explicit_plot_zorder: const bool = false, max_lines_count: const int = 50, max_labels_count: const int = 50, "
        "max_boxes_count: const int = 50, calc_bars_count: const int = ?, max_polylines_count: const int = 50, "
        "dynamic_requests: const bool = ?, behind_chart: const bool = true, linktoseries: const bool = false) -> void",
        special("declaration"),
        "Declares the script an indicator and sets its properties.",
        local=False,
    ),
    fn(
        "study",
        f"({_DECLARED}, max_lines_count: const int = 50, max_labels_count: const int = 50, "
        "resolution: const string = ?, resolution_gaps: const bool = true, max_boxes_count: const int = 50, "
        "explicit_plot_zorder: const bool = false, linktoseries: const bool = false) -> void",
        special("declaration"),
        "Declares the script an indicator (the name before version 5).",
        versions=_V4,
        local=False,
    ),
    fn(
        "library",
        "(title: const string, overlay: const bool = false, dynamic_requests: const bool = ?) -> void",
        special("declaration"),
        "Declares the script a library, whose exported functions, types and enums others import.",
        versions=(5, 6),
        local=False,
    ),
    fn(
        "plot",
        "(series: series float, title: const string = ?, color: series color = color.blue, "
        "linewidth: input int = 1, style: input string = plot.style_line, trackprice: input bool = false, "
        "histbase: input float = 0.0, offset: series int = 0, join: input bool = false, "
        f"{_EDITABLE}, {_SHOWN}, {_OVERLAY}, linestyle: input string = plot.linestyle_solid, {_TRANSP}) -> series plot",
        output("plot"),
        "Plots one value per bar.",
        local=False,
    ),
    fn(
        "plot@4",
        "(series: series float, title: const string = ?, color: series color = color.blue, "
        "linewidth: input int = 1, style: input string = plot.style_line, trackprice: input bool = false, "
        f"{_TRANSP}, histbase: input float = 0.0, offset: series int = 0, join: input bool = false, "
        f"{_EDITABLE}, display: input int = display.all) -> series plot",
        output("plot"),
        "Plots one value per bar.",
        versions=_V4,
        local=False,
    ),
    fn(
        "plotshape",
        "(series: series any, title: const string = ?, style: input string = shape.xcross, "
        "location: input string = location.abovebar, color: series color = color.blue, offset: series int = 0, "
        "text: const string = ?, textcolor: series color = ?, editable: input bool = true, "
        f"size: const string = size.auto, show_last: input int = ?, {_SHOWN}, {_OVERLAY}, {_TRANSP}) -> void",
        output("plotshape"),
        "Draws a shape on each bar whose value is true or, at location.absolute, not na.",
        local=False,
    ),
    fn(
        "plotshape@4",
        "(series: series any, title: const string = ?, style: input string = shape.xcross, "
        f"location: input string = location.abovebar, color: series color = color.blue, {_TRANSP}, "
        "offset: series int = 0, text: const string = ?, textcolor: series color = ?, editable: input bool = true, "
        "size: const string = size.auto, show_last: input int = ?, display: input int = display.all) -> void",
        output("plotshape"),
        "Draws a shape on each bar whose value is true or, at location.absolute, not na.",
        versions=_V4,
        local=False,
    ),
    fn(
        "plotchar",
        '(series: series any, title: const string = ?, char: input string = "★", '
        "location: input string = location.abovebar, color: series color = color.blue, offset: series int = 0, "
        "text: const string = ?, textcolor: series color = ?, editable: input bool = true, "
        f"size: const string = size.auto, show_last: input int = ?, {_SHOWN}, {_OVERLAY}, {_TRANSP}) -> void",
        output("plotchar"),
        "Draws a character on each bar whose value is true or, at location.absolute, not na.",
        local=False,
    ),
    fn(
        "plotchar@4",
        '(series: series any, title: const string = ?, char: input string = "★", '
        f"location: input string = location.abovebar, color: series color = color.blue, {_TRANSP}, "
        "offset: series int = 0, text: const string = ?, textcolor: series color = ?, editable: input bool = true, "
        "size: const string = size.auto, show_last: input int = ?, display: input int = display.all) -> void",
        output("plotchar"),
        "Draws a character on each bar whose value is true or, at location.absolute, not na.",
        versions=_V4,
        local=False,
    ),
    fn(
        "plotarrow",
        "(series: series float, title: const string = ?, colorup: series color = color.green, "
        "colordown: series color = color.red, offset: series int = 0, minheight: input int = 5, "
        f"maxheight: input int = 100, {_EDITABLE}, {_SHOWN}, {_OVERLAY}, {_TRANSP}) -> void",
        output("plotarrow"),
        "Draws an arrow on each bar: up for positive values, down for negative ones, long for large ones.",
        local=False,
    ),
    fn(
        "plotarrow@4",
        "(series: series float, title: const string = ?, colorup: series color = color.green, "
        f"colordown: series color = color.red, {_TRANSP}, offset: series int = 0, minheight: input int = 5, "
        f"maxheight: input int = 100, {_EDITABLE}, display: input int = display.all) -> void",
        output("plotarrow"),
        "Draws an arrow on each bar: up for positive values, down for negative ones, long for large ones.",
        versions=_V4,
        local=False,
    ),
    fn(
        "plotbar",
        f"({_OHLC}, title: const string = ?, color: series color = color.blue, {_EDITABLE}, {_SHOWN}, {_OVERLAY}) "
        "-> void",
        output("plotbar"),
        "Draws OHLC bars; none where one of the four values is na.",
        local=False,
    ),
    fn(
        "plotcandle",
        f"({_OHLC}, title: const string = ?, color: series color = color.blue, wickcolor: series color = ?, "
        f"{_EDITABLE}, bordercolor: series color = ?, {_SHOWN}, {_OVERLAY}) -> void",
        output("plotcandle"),
        "Draws candles; none where one of the four values is na.",
        local=False,
    ),
    fn(
        "hline",
        "(price: input float, title: const string = ?, color: input color = color.gray, "
        "linestyle: input string = hline.style_dashed, linewidth: input int = 1, editable: input bool = true, "
        "display: input int = display.all) -> input hline",
        output("hline"),
        "Draws a horizontal line at a fixed price.",
        local=False,
    ),
    fn(
        "fill",
        [
            "(hline1: series hline, hline2: series hline, color: series color = color.blue, title: const string = ?, "
            f"editable: input bool = true, fillgaps: const bool = false, display: input int = display.all, {_TRANSP}) "
            "-> void",
            "(plot1: series plot, plot2: series plot, color: series color = color.blue, title: const string = ?, "
            f"{_EDITABLE}, fillgaps: const bool = false, display: input int = display.all, {_TRANSP}) -> void",
            "(plot1: series plot, plot2: series plot, top_value: series float, bottom_value: series float, "
            "top_color: series color, bottom_color: series color, title: const string = ?, "
            "display: input int = display.all, fillgaps: const bool = false, editable: input bool = true) -> void",
            "(hline1: series hline, hline2: series hline, top_value: series float, bottom_value: series float, "
            "top_color: series color, bottom_color: series color, title: const string = ?, "
            "display: input int = display.all, fillgaps: const bool = false, editable: input bool = true) -> void",
        ],
        output("fill"),
        "Colours the space between two plots or two horizontal lines, evenly or as a gradient.",
        local=False,
    ),
    fn(
        "fill@4",
        [
            f"(hline1: series hline, hline2: series hline, color: series color = color.blue, {_TRANSP}, "
            "title: const string = ?, editable: input bool = true, fillgaps: const bool = false) -> void",
            f"(plot1: series plot, plot2: series plot, color: series color = color.blue, {_TRANSP}, "
            f"title: const string = ?, {_EDITABLE}, fillgaps: const bool = false) -> void",
        ],
        output("fill"),
        "Colours the space between two plots or two horizontal lines.",
        versions=_V4,
        local=False,
    ),
    fn(
        "bgcolor",
        f"(color: series color, offset: series int = 0, {_EDITABLE}, title: const string = ?, "
        f"display: input int = display.all, {_OVERLAY}, {_TRANSP}) -> void",
        output("bgcolor"),
        "Colours the background behind a bar.",
        local=False,
    ),
    fn(
        "bgcolor@4",
        f"(color: series color, {_TRANSP}, offset: series int = 0, {_EDITABLE}, title: const string = ?, "
        "display: input int = display.all) -> void",
        output("bgcolor"),
        "Colours the background behind a bar.",
        versions=_V4,
        local=False,
    ),
    fn(
        "barcolor",
        f"(color: series color, offset: series int = 0, {_EDITABLE}, title: const string = ?, "
        "display: input int = display.all) -> void",
        output("barcolor"),
        "Colours the chart's bars.",
        local=False,
    ),
]
