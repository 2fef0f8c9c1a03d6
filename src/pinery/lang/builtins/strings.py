"""``str.*``, and the names that Pine v4 gives two of its members."""

from __future__ import annotations

from pinery.lang.builtins.schema import FunctionRow, VariableRow, fn, host, pure

# What can be turned into text; a format changes numbers only.
_PRINTABLE = ["int", "float", "bool", "string", "E", "array<T>", "matrix<T>"]

ROWS: list[FunctionRow | VariableRow] = [
    fn(
        "str.contains",
        "(source: string, str: string) -> auto bool",
        pure("strings:contains"),
        "Whether `str` occurs in `source`.",
    ),
    fn(
        "str.endswith",
        "(source: string, str: string) -> auto bool",
        pure("strings:endswith"),
        "Whether `source` ends with `str`.",
    ),
    fn(
        "str.format",
        "(formatString: string, *arg: any) -> auto string",
        pure("messages:format"),
        "`formatString` with its placeholders `{0}`, `{1,number,#.##}`, `{2,date,yyyy.MM.dd}` filled in.",
    ),
    fn(
        "str.format_time",
        "(time: int, format: string = \"yyyy-MM-dd'T'HH:mm:ssZ\", timezone: string = ?) -> auto string",
        host("dates:format_time"),
        "A Unix time in milliseconds as a date and time in `timezone` (the exchange's by default).",
    ),
    fn("str.length", "(string: string) -> auto int", pure("strings:length"), "The number of characters."),
    fn("str.lower", "(source: string) -> auto string", pure("strings:lower"), "ASCII letters in lower case."),
    fn(
        "str.match",
        "(source: string, regex: string) -> auto string",
        pure("strings:match"),
        "The first part of `source` that the regular expression matches, or an empty string.",
    ),
    fn(
        "str.pos",
        "(source: string, str: string) -> auto int",
        pure("strings:pos"),
        "The position of the first `str` in `source`, counted from 0; na when there is none.",
    ),
    fn(
        "str.repeat",
        '(source: string, repeat: int, separator: string = "") -> auto string',
        pure("strings:repeat"),
        "`source` written `repeat` times with `separator` in between.",
    ),
    fn(
        "str.replace",
        "(source: string, target: string, replacement: string, occurrence: int = 0) -> auto string",
        pure("strings:replace"),
        "`source` with one occurrence of `target` replaced; occurrences are counted from 0.",
    ),
    fn(
        "str.replace_all",
        "(source: string, target: string, replacement: string) -> auto string",
        pure("strings:replace_all"),
        "`source` with every occurrence of `target` replaced.",
    ),
    fn(
        "str.split",
        "(string: string, separator: string) -> series array<string>",
        pure("strings:split"),
        "The parts of `string` between separators; its characters when the separator is empty.",
    ),
    fn(
        "str.startswith",
        "(source: string, str: string) -> auto bool",
        pure("strings:startswith"),
        "Whether `source` starts with `str`.",
    ),
    fn(
        "str.substring",
        "(source: string, begin_pos: int, end_pos: int = ?) -> auto string",
        pure("strings:substring"),
        "The characters from `begin_pos` up to, but not including, `end_pos`.",
    ),
    fn(
        "str.tonumber",
        "(string: string) -> auto float",
        pure("strings:tonumber"),
        "The number that the text spells; na when it spells none.",
    ),
    fn(
        "str.tostring",
        [f"(value: {kind}, format: string = ?) -> auto string" for kind in _PRINTABLE],
        host("strings:tostring"),
        "A value as text; `format` is a pattern such as `#.##` or a `format.*` constant.",
    ),
    fn("str.trim", "(source: string) -> auto string", pure("strings:trim"), "Without white space at both ends."),
    fn("str.upper", "(source: string) -> auto string", pure("strings:upper"), "ASCII letters in upper case."),
    fn(
        "tostring",
        [f"(x: {kind}, y: string = ?) -> auto string" for kind in _PRINTABLE],
        host("strings:tostring"),
        "A value as text; `y` is its format.",
        versions=(4,),
    ),
    fn(
        "tonumber",
        "(string: string) -> auto float",
        pure("strings:tonumber"),
        "The number that the text spells; na when it spells none.",
        versions=(4,),
    ),
]
