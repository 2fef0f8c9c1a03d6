"""Lines, labels, boxes, linefills, polylines and the chart points they stand on.

The casts (``line(na)``) belong to the core rows.
"""

from __future__ import annotations

from pinery.lang.builtins.schema import V5, FunctionRow, Impl, VariableRow, fn, host, pure, variable

_OVERLAY = "force_overlay: const bool = false"
_FONT = "text_font_family: series string = font.family_default"
_FORMATTING = "text_formatting: series int = text.format_none"


def _at(kind: str, name: str) -> str:
    return f"drawings.{kind}:{name}"


def _set(of: str, name: str, params: str, doc: str, module: str, versions: tuple[int, ...] = (4, 5, 6)) -> FunctionRow:
    return fn(f"{of}.{name}", f"(id: series {of}, {params}) -> void", pure(_at(module, name)), doc, versions=versions)


def _get(of: str, name: str, returns: str, doc: str, module: str) -> FunctionRow:
    return fn(f"{of}.{name}", f"(id: series {of}) -> series {returns}", pure(_at(module, name)), doc)


def _life(of: str, module: str, *, copies: bool = True) -> list[FunctionRow | VariableRow]:
    rows: list[FunctionRow | VariableRow] = [
        fn(f"{of}.delete", f"(id: series {of}) -> void", host(_at(module, "delete")), f"Deletes the {of}."),
        variable(
            f"{of}.all", f"series array<{of}>", host(_at(module, "all_drawn")), f"Every {of} drawn, oldest first."
        ),
    ]
    if copies:
        rows.append(
            fn(
                f"{of}.copy",
                f"(id: series {of}) -> series {of}",
                host(_at(module, "copy")),
                f"Makes another {of} with the same properties.",
            )
        )
    return rows


def _new(of: str, signatures: list[str], impls: list[str], module: str, doc: str) -> FunctionRow:
    targets: list[Impl] = [host(_at(module, name)) for name in impls]
    return fn(f"{of}.new", [f"{s} -> series {of}" for s in signatures], targets, doc)


_LINE_LOOK = (
    "xloc: series string = xloc.bar_index, extend: series string = extend.none, color: series color = color.blue, "
    f"style: series string = line.style_solid, width: series int = 1, {_OVERLAY}"
)
_LABEL_LOOK = (
    'text: series string = "", xloc: series string = xloc.bar_index, yloc: series string = yloc.price, '
    "color: series color = color.blue, style: series string = label.style_label_down, "
    "textcolor: series color = color.black, size: series any = size.normal, "
    f'textalign: series string = text.align_center, tooltip: series string = "", {_FONT}, {_OVERLAY}, {_FORMATTING}'
)
_BOX_LOOK = (
    "border_color: series color = color.blue, border_width: series int = 1, "
    "border_style: series string = line.style_solid, extend: series string = extend.none, "
    "xloc: series string = xloc.bar_index, bgcolor: series color = color.blue, "
    'text: series string = "", text_size: series any = size.auto, text_color: series color = color.black, '
    "text_halign: series string = text.align_center, text_valign: series string = text.align_center, "
    f"text_wrap: series string = text.wrap_none, {_FONT}, {_OVERLAY}, {_FORMATTING}"
)
_POINT = "point: series chart.point"

LINES: list[FunctionRow | VariableRow] = [
    _new(
        "line",
        [
            f"(x1: series int, y1: series float, x2: series int, y2: series float, {_LINE_LOOK})",
            f"(first_point: series chart.point, second_point: series chart.point, {_LINE_LOOK})",
        ],
        ["new", "new_at_points"],
        "lines",
        "Draws a line between two points.",
    ),
    *_life("line", "lines"),
    _get("line", "get_x1", "int", "Bar index or time (as xloc says) of the first point.", "lines"),
    _get("line", "get_x2", "int", "Bar index or time (as xloc says) of the second point.", "lines"),
    _get("line", "get_y1", "float", "Price of the first point.", "lines"),
    _get("line", "get_y2", "float", "Price of the second point.", "lines"),
    fn(
        "line.get_price",
        "(id: series line, x: series int) -> series float",
        pure(_at("lines", "get_price")),
        "Price of the line, extended both ways, at a bar index.",
    ),
    _set("line", "set_x1", "x: series int", "Moves the first point to a bar index or time.", "lines"),
    _set("line", "set_x2", "x: series int", "Moves the second point to a bar index or time.", "lines"),
    _set("line", "set_y1", "y: series float", "Moves the first point to a price.", "lines"),
    _set("line", "set_y2", "y: series float", "Moves the second point to a price.", "lines"),
    _set("line", "set_xy1", "x: series int, y: series float", "Moves the first point.", "lines"),
    _set("line", "set_xy2", "x: series int, y: series float", "Moves the second point.", "lines"),
    _set("line", "set_first_point", _POINT, "Moves the first point to a chart point.", "lines", V5),
    _set("line", "set_second_point", _POINT, "Moves the second point to a chart point.", "lines", V5),
    _set(
        "line",
        "set_xloc",
        "x1: series int, x2: series int, xloc: series string",
        "Sets both x and whether they are bar indices or times.",
        "lines",
    ),
    _set("line", "set_extend", "extend: series string", "Sets the ends that run on.", "lines"),
    _set("line", "set_color", "color: series color", "Sets the colour.", "lines"),
    _set("line", "set_style", "style: series string", "Sets the style.", "lines"),
    _set("line", "set_width", "width: series int", "Sets the width in pixels.", "lines"),
]

LABELS: list[FunctionRow | VariableRow] = [
    _new(
        "label",
        [f"(x: series int, y: series float, {_LABEL_LOOK})", f"({_POINT}, {_LABEL_LOOK})"],
        ["new", "new_at_point"],
        "labels",
        "Draws a label.",
    ),
    *_life("label", "labels"),
    _get("label", "get_x", "int", "Bar index or time (as xloc says) of the label.", "labels"),
    _get("label", "get_y", "float", "Price of the label.", "labels"),
    _get("label", "get_text", "string", "Text of the label.", "labels"),
    _set("label", "set_x", "x: series int", "Moves the label to a bar index or time.", "labels"),
    _set("label", "set_y", "y: series float", "Moves the label to a price.", "labels"),
    _set("label", "set_xy", "x: series int, y: series float", "Moves the label.", "labels"),
    _set("label", "set_point", _POINT, "Moves the label to a chart point.", "labels", V5),
    _set(
        "label",
        "set_xloc",
        "x: series int, xloc: series string",
        "Sets x and whether it is a bar index or a time.",
        "labels",
    ),
    _set("label", "set_yloc", "yloc: series string", "Sets whether y is a price or beside the bar.", "labels"),
    _set("label", "set_color", "color: series color", "Sets the colour of border and arrow.", "labels"),
    _set("label", "set_style", "style: series string", "Sets the style.", "labels"),
    _set("label", "set_text", "text: series string", "Sets the text.", "labels"),
    _set("label", "set_textcolor", "textcolor: series color", "Sets the text's colour.", "labels"),
    _set("label", "set_textalign", "textalign: series string", "Sets the text's alignment.", "labels"),
    _set("label", "set_size", "size: series any", "Sets the size, by name or in points.", "labels"),
    _set("label", "set_tooltip", "tooltip: series string", "Sets the tooltip.", "labels"),
    _set("label", "set_text_font_family", "text_font_family: series string", "Sets the font.", "labels", V5),
    _set("label", "set_text_formatting", "text_formatting: series int", "Sets bold and italic.", "labels", V5),
]

BOXES: list[FunctionRow | VariableRow] = [
    _new(
        "box",
        [
            f"(left: series int, top: series float, right: series int, bottom: series float, {_BOX_LOOK})",
            f"(top_left: series chart.point, bottom_right: series chart.point, {_BOX_LOOK})",
        ],
        ["new", "new_at_points"],
        "boxes",
        "Draws a box.",
    ),
    *_life("box", "boxes"),
    _get("box", "get_left", "int", "Bar index or time (as xloc says) of the left side.", "boxes"),
    _get("box", "get_right", "int", "Bar index or time (as xloc says) of the right side.", "boxes"),
    _get("box", "get_top", "float", "Price of the top.", "boxes"),
    _get("box", "get_bottom", "float", "Price of the bottom.", "boxes"),
    _set("box", "set_left", "left: series int", "Moves the left side.", "boxes"),
    _set("box", "set_right", "right: series int", "Moves the right side.", "boxes"),
    _set("box", "set_top", "top: series float", "Moves the top.", "boxes"),
    _set("box", "set_bottom", "bottom: series float", "Moves the bottom.", "boxes"),
    _set("box", "set_lefttop", "left: series int, top: series float", "Moves the left top corner.", "boxes"),
    _set(
        "box", "set_rightbottom", "right: series int, bottom: series float", "Moves the right bottom corner.", "boxes"
    ),
    _set("box", "set_top_left_point", _POINT, "Moves the left top corner to a chart point.", "boxes", V5),
    _set("box", "set_bottom_right_point", _POINT, "Moves the right bottom corner to a chart point.", "boxes", V5),
    _set(
        "box",
        "set_xloc",
        "left: series int, right: series int, xloc: series string",
        "Sets both sides and whether they are bar indices or times.",
        "boxes",
        V5,
    ),
    _set("box", "set_border_color", "color: series color", "Sets the border's colour.", "boxes"),
    _set("box", "set_border_width", "width: series int", "Sets the border's width in pixels.", "boxes"),
    _set("box", "set_border_style", "style: series string", "Sets the border's style.", "boxes"),
    _set("box", "set_bgcolor", "color: series color", "Sets the background's colour.", "boxes"),
    _set("box", "set_extend", "extend: series string", "Sets the sides that run on.", "boxes"),
    _set("box", "set_text", "text: series string", "Sets the text.", "boxes"),
    _set("box", "set_text_size", "text_size: series any", "Sets the text's size, by name or in points.", "boxes"),
    _set("box", "set_text_color", "text_color: series color", "Sets the text's colour.", "boxes"),
    _set("box", "set_text_halign", "text_halign: series string", "Sets the text's horizontal alignment.", "boxes"),
    _set("box", "set_text_valign", "text_valign: series string", "Sets the text's vertical alignment.", "boxes"),
    _set("box", "set_text_wrap", "text_wrap: series string", "Sets whether the text wraps.", "boxes"),
    _set("box", "set_text_font_family", "text_font_family: series string", "Sets the font.", "boxes", V5),
    _set("box", "set_text_formatting", "text_formatting: series int", "Sets bold and italic.", "boxes", V5),
]

LINEFILLS: list[FunctionRow | VariableRow] = [
    _new(
        "linefill",
        ["(line1: series line, line2: series line, color: series color = color.blue)"],
        ["new"],
        "linefills",
        "Colours the space between two lines; replaces a fill between the same two.",
    ),
    *_life("linefill", "linefills", copies=False),
    _get("linefill", "get_line1", "line", "The first line.", "linefills"),
    _get("linefill", "get_line2", "line", "The second line.", "linefills"),
    _set("linefill", "set_color", "color: series color", "Sets the colour.", "linefills"),
]

POLYLINES: list[FunctionRow | VariableRow] = [
    _new(
        "polyline",
        [
            "(points: array<chart.point>, curved: series bool = false, closed: series bool = false, "
            "xloc: series string = xloc.bar_index, line_color: series color = color.blue, "
            "fill_color: series color = na, line_style: series string = line.style_solid, "
            f"line_width: series int = 1, {_OVERLAY})"
        ],
        ["new"],
        "polylines",
        "Draws a line through many points, straight or curved, open or closed.",
    ),
    *_life("polyline", "polylines", copies=False),
]

POINTS: list[FunctionRow | VariableRow] = [
    fn(
        "chart.point.new",
        "(time: series int, index: series int, price: series float) -> series chart.point",
        pure(_at("points", "new")),
        "Makes a point of time, bar index and price.",
        versions=V5,
    ),
    fn(
        "chart.point.from_index",
        "(index: series int, price: series float) -> series chart.point",
        pure(_at("points", "from_index")),
        "Makes a point at a bar index; its time is na.",
        versions=V5,
    ),
    fn(
        "chart.point.from_time",
        "(time: series int, price: series float) -> series chart.point",
        pure(_at("points", "from_time")),
        "Makes a point at a time; its bar index is na.",
        versions=V5,
    ),
    fn(
        "chart.point.now",
        "(price: series float = close) -> series chart.point",
        host(_at("points", "now")),
        "Makes a point at the bar at hand.",
        versions=V5,
    ),
    fn(
        "chart.point.copy",
        "(id: series chart.point) -> series chart.point",
        pure(_at("points", "copy")),
        "Makes another point with the same values.",
        versions=V5,
    ),
]

ROWS: list[FunctionRow | VariableRow] = [*LINES, *LABELS, *BOXES, *LINEFILLS, *POLYLINES, *POINTS]
