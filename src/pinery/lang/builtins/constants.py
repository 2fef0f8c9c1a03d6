"""Named constants, except those of colours, ``math`` and ``strategy``.

Where TradingView documents a type of its own (``plot_style``, ``barmerge_gaps``) the value is a
string; what scripts add up (``display.*``, ``text.format_*``) is an int of bits.
"""

from __future__ import annotations

from collections.abc import Iterable

from pinery.lang.builtins.schema import ALL, V5, FunctionRow, VariableRow, constant


def _strings(
    namespace: str, names: str | Iterable[str], doc: str, *, prefix: str = "", versions: tuple[int, ...] = ALL
) -> list[VariableRow]:
    """``namespace.<prefix>name`` holds the string ``name``; ``names`` may be one text with blanks between."""
    return [
        constant(f"{namespace}.{prefix}{name}", "string", name, f"{doc}: {name.replace('_', ' ')}.", versions=versions)
        for name in (names.split() if isinstance(names, str) else names)
    ]


CURRENCIES = (
    "AED ARS AUD BDT BHD BRL BTC CAD CHF CLP CNY COP CZK DKK EGP ETH EUR GBP HKD HUF IDR ILS INR ISK JPY KES KRW "
    "KWD LKR MAD MXN MYR NGN NOK NONE NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TND TRY TWD USD USDT VES "
    "VND ZAR"
)
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_LABELS = (
    "arrowdown arrowup circle cross diamond flag label_center label_down label_left label_lower_left "
    "label_lower_right label_right label_up label_upper_left label_upper_right none square text_outline "
    "triangledown triangleup xcross"
)
_PLOTS = "area areabr circles columns cross histogram line linebr stepline stepline_diamond steplinebr"
_POSITIONS = [f"{y}_{x}" for y in ("top", "middle", "bottom") for x in ("left", "center", "right")]
_SHAPES = "arrowdown arrowup circle cross diamond flag labeldown labelup square triangledown triangleup xcross"
# What version 4 writes after ``type=``.
_INPUT_TYPES = "bool integer float string symbol resolution session source color time price"

_DISPLAY = (
    ("none", 0, "Shown nowhere."),
    ("pane", 1, "Shown in the pane."),
    ("data_window", 2, "Shown in the data window."),
    ("price_scale", 4, "Shown on the price scale."),
    ("status_line", 8, "Shown in the status line."),
    ("pine_screener", 16, "Shown in the screener."),
    ("all", 31, "Shown everywhere."),
)

ROWS: list[FunctionRow | VariableRow] = [
    *_strings("adjustment", ("none", "splits", "dividends"), "Price adjustment", versions=V5),
    *_strings("alert", ("all", "once_per_bar", "once_per_bar_close"), "Alert frequency", prefix="freq_"),
    *_strings("backadjustment", ("inherit", "on", "off"), "Back-adjustment of continuous futures", versions=V5),
    *_strings("barmerge", ("gaps_off", "gaps_on", "lookahead_off", "lookahead_on"), "How requested bars merge"),
    *_strings("currency", CURRENCIES, "Currency"),
    *[constant(f"dayofweek.{day}", "int", i, f"Day of the week: {day}.") for i, day in enumerate(_DAYS, 1)],
    *[constant(f"display.{name}", "int", value, doc) for name, value, doc in _DISPLAY],
    *_strings("dividends", ("gross", "net"), "Dividend field"),
    *_strings("earnings", ("actual", "estimate", "standardized"), "Earnings field"),
    *_strings("extend", ("none", "left", "right", "both"), "Ends of a drawing that run on"),
    *_strings("font", ("default", "monospace"), "Font", prefix="family_", versions=V5),
    *_strings("format", ("inherit", "mintick", "percent", "price", "volume"), "Number format"),
    *_strings("hline", ("dashed", "dotted", "solid"), "Style of a horizontal line", prefix="style_"),
    *_strings("input", _INPUT_TYPES, "Type of an input", versions=(4,)),
    *_strings("label", _LABELS, "Style of a label", prefix="style_"),
    constant("label.style_labelup", "string", "label_up", "Older spelling of label.style_label_up.", versions=(4, 5)),
    constant(
        "label.style_labeldown", "string", "label_down", "Older spelling of label.style_label_down.", versions=(4, 5)
    ),
    *_strings(
        "line", ("solid", "dotted", "dashed", "arrow_left", "arrow_right", "arrow_both"), "Line style", prefix="style_"
    ),
    *_strings("location", ("abovebar", "belowbar", "top", "bottom", "absolute"), "Place of a shape"),
    *_strings("order", ("ascending", "descending"), "Sort order"),
    *_strings("plot", _PLOTS, "Style of a plot", prefix="style_"),
    *_strings("plot", ("solid", "dashed", "dotted"), "Line style of a plot", prefix="linestyle_", versions=V5),
    *_strings("position", _POSITIONS, "Place of a table"),
    *_strings("scale", ("left", "right", "none"), "Price scale of a script"),
    *_strings("session", ("regular", "extended"), "Session"),
    *_strings("settlement_as_close", ("inherit", "on", "off"), "Settlement price as the close", versions=V5),
    *_strings("shape", _SHAPES, "Shape"),
    *_strings("size", ("auto", "tiny", "small", "normal", "large", "huge"), "Size"),
    *_strings("splits", ("denominator", "numerator"), "Split field"),
    *_strings("text", ("left", "center", "right", "top", "bottom"), "Alignment of text", prefix="align_"),
    constant("text.format_none", "int", 0, "Text that is neither bold nor italic.", versions=V5),
    constant("text.format_bold", "int", 1, "Bold text.", versions=V5),
    constant("text.format_italic", "int", 2, "Italic text.", versions=V5),
    constant("text.wrap_auto", "string", "auto", "Text wraps.", versions=V5),
    constant("text.wrap_none", "string", "none", "Text stays on one line.", versions=V5),
    *_strings("xloc", ("bar_index", "bar_time"), "What x holds"),
    *_strings("yloc", ("price", "abovebar", "belowbar"), "What y holds"),
]
