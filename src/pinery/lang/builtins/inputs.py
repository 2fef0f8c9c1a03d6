"""Inputs: values that the user of a script may change before a run.

The result takes the type of ``defval``, or the one ``type`` names in version 4;
a source (``close``) gives the series itself. The first argument's default and the bounds are
constants: they are known before the first bar.
"""

from __future__ import annotations

from pinery.lang.builtins.schema import V5, V6, FunctionRow, VariableRow, fn, special

_INPUT = special("input")
_TEXTS = "tooltip: const string = ?, inline: const string = ?, group: const string = ?"
_SHOWN = "display: const int = display.all, active: input bool = true"
_TAIL = f"{_TEXTS}, confirm: const bool = false, {_SHOWN}"
_TITLE = "title: const string = ?"
_OPTIONS = "options: const any = ?"


def _bounds(kind: str) -> str:
    return f"minval: const {kind} = ?, maxval: const {kind} = ?, step: const {kind} = ?"


ROWS: list[FunctionRow | VariableRow] = [
    fn(
        "input",
        [
            f"@4 (defval: const T, {_TITLE}, type: const string = ?, minval: const float = ?, "
            f"maxval: const float = ?, confirm: const bool = false, step: const float = ?, {_OPTIONS}, {_TEXTS}) "
            "-> input T",
            f"@4 (defval: const T, {_TITLE}, type: const string = ?, confirm: const bool = false, {_OPTIONS}, "
            f"{_TEXTS}) -> input T",
            f"@4 (defval: series float, {_TITLE}, type: const string = ?, {_TEXTS}) -> series float",
            f"@5,6 (defval: const T, {_TITLE}, {_TEXTS}, {_SHOWN}) -> input T",
            f"@5,6 (defval: series float, {_TITLE}, inline: const string = ?, group: const string = ?, "
            f"tooltip: const string = ?, {_SHOWN}) -> series float",
        ],
        _INPUT,
        "Adds an input of the default value's type, or of the type named in version 4.",
    ),
    fn(
        "input.bool",
        f"(defval: const bool, {_TITLE}, {_TAIL}) -> input bool",
        _INPUT,
        "Adds a checkbox.",
        versions=V5,
    ),
    fn(
        "input.int",
        [
            f"(defval: const int, {_TITLE}, {_bounds('int')}, {_TAIL}) -> input int",
            f"(defval: const int, {_TITLE}, {_OPTIONS}, {_TAIL}) -> input int",
        ],
        _INPUT,
        "Adds an input for a whole number, within bounds or from a list.",
        versions=V5,
    ),
    fn(
        "input.float",
        [
            f"(defval: const float, {_TITLE}, {_bounds('float')}, {_TAIL}) -> input float",
            f"(defval: const float, {_TITLE}, {_OPTIONS}, {_TAIL}) -> input float",
        ],
        _INPUT,
        "Adds an input for a number, within bounds or from a list.",
        versions=V5,
    ),
    fn(
        "input.string",
        f"(defval: const string, {_TITLE}, {_OPTIONS}, {_TAIL}) -> input string",
        _INPUT,
        "Adds an input for a text, free or from a list.",
        versions=V5,
    ),
    fn(
        "input.text_area",
        f"(defval: const string, {_TITLE}, tooltip: const string = ?, group: const string = ?, "
        f"confirm: const bool = false, {_SHOWN}) -> input string",
        _INPUT,
        "Adds an input for a text of several lines.",
        versions=V5,
    ),
    fn(
        "input.symbol",
        f"(defval: const string, {_TITLE}, {_TAIL}) -> input string",
        _INPUT,
        "Adds an input for a symbol.",
        versions=V5,
    ),
    fn(
        "input.timeframe",
        f"(defval: const string, {_TITLE}, {_OPTIONS}, {_TAIL}) -> input string",
        _INPUT,
        "Adds an input for a timeframe.",
        versions=V5,
    ),
    fn(
        "input.session",
        f"(defval: const string, {_TITLE}, {_OPTIONS}, {_TAIL}) -> input string",
        _INPUT,
        "Adds an input for a session such as 0930-1600.",
        versions=V5,
    ),
    fn(
        "input.source",
        f"(defval: series float, {_TITLE}, {_TEXTS}, {_SHOWN}, confirm: const bool = false) -> series float",
        _INPUT,
        "Adds an input for a series: open, high, low, close, hl2, hlc3, ohlc4, hlcc4 or volume.",
        versions=V5,
    ),
    fn(
        "input.color",
        f"(defval: const color, {_TITLE}, {_TAIL}) -> input color",
        _INPUT,
        "Adds a colour picker.",
        versions=V5,
    ),
    fn(
        "input.time",
        f"(defval: const int, {_TITLE}, {_TAIL}) -> input int",
        _INPUT,
        "Adds an input for a date and time (Unix ms).",
        versions=V5,
    ),
    fn(
        "input.price",
        f"(defval: const float, {_TITLE}, {_TAIL}) -> input float",
        _INPUT,
        "Adds an input for a price.",
        versions=V5,
    ),
    fn(
        "input.enum",
        f"(defval: const E, {_TITLE}, {_OPTIONS}, {_TAIL}) -> input E",
        _INPUT,
        "Adds a list of an enum's fields, shown by their titles.",
        versions=V6,
    ),
]
