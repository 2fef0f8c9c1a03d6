"""``str.*`` except formatted messages (``messages``) and dates (``dates``).

na text stands for nothing: it contains nothing, and what is made of it is na again unless
TradingView documents another answer.
"""

from __future__ import annotations

import re
from typing import Any

from pinery.core.errors import PineRuntimeError
from pinery.core.values import NAN
from pinery.runtime import numerals
from pinery.runtime.arrays import Array, checked_size, items_of
from pinery.runtime.context import Runtime
from pinery.runtime.matrices.matrix import Matrix
from pinery.runtime.patterns import first_match

MAX_LENGTH = 40_960
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)
_BLANKS = "".join(map(chr, range(33)))  # white space and control characters
_LOWER = {c: c + 32 for c in range(ord("A"), ord("Z") + 1)}
_UPPER = {c: c - 32 for c in range(ord("a"), ord("z") + 1)}


def limited(text: str) -> str:
    """``text``, unless it is longer than a string may be."""
    if len(text) > MAX_LENGTH:
        raise PineRuntimeError(f"String is too long. Maximum length is {MAX_LENGTH} characters.")
    return text


def display(value: Any) -> str:
    """A value as ``str.tostring`` shows it without a format."""
    if isinstance(value, str):
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return "NaN"
    if isinstance(value, (int, float)):
        return numerals.write(value, numerals.DEFAULT)
    return _collection(value, display)


def _collection(value: Any, show: Any) -> str:
    if isinstance(value, Array):
        return "[" + ", ".join(map(show, value.items)) + "]"
    if isinstance(value, Matrix):
        return "\n".join("[" + ", ".join(map(show, row)) + "]" for row in value.items)
    return str(value)


def tostring(rt: Runtime, value: Any, format: str | None = None) -> str:
    """``format`` is a pattern, or the value of ``format.mintick``, ``format.percent``, ``format.volume`` or
    ``format.price``; it changes numbers only, also those in arrays and matrices."""
    if not format or format == "inherit":
        return limited(display(value))

    def show(item: Any) -> str:
        if not isinstance(item, (int, float)) or isinstance(item, bool):
            return display(item)
        if format in ("mintick", "price"):
            return numerals.to_tick(item, rt.instrument.mintick)
        if format == "percent":
            return numerals.percent(item)
        return numerals.volume(item) if format == "volume" else numerals.write(item, format)

    return limited(_collection(value, show) if isinstance(value, (Array, Matrix)) else show(value))


def tonumber(string: str | None) -> float:
    """Digits with at most one point and a sign in front; everything else is na."""
    if string is None or not _NUMBER.fullmatch(string.strip()):
        return NAN
    return float(string)


def length(string: str | None) -> float:
    return 0 if string is None else len(string)


def contains(source: str | None, str: str | None) -> bool:
    return source is not None and str is not None and str in source


def startswith(source: str | None, str: str | None) -> bool:
    return source is not None and str is not None and source.startswith(str)


def endswith(source: str | None, str: str | None) -> bool:
    return source is not None and str is not None and source.endswith(str)


def pos(source: str | None, str: str | None) -> float:
    """na when ``str`` is not found; 0 when it is na or empty."""
    if source is None:
        return NAN
    found = source.find(str or "")
    return NAN if found < 0 else found


def lower(source: str | None) -> str | None:
    return None if source is None else source.translate(_LOWER)


def upper(source: str | None) -> str | None:
    return None if source is None else source.translate(_UPPER)


def trim(source: str | None) -> str:
    """An empty string for na."""
    return "" if source is None else source.strip(_BLANKS)


def repeat(source: str | None, repeat: float, separator: str | None = "") -> str | None:
    if source is None or repeat != repeat:
        return None
    if repeat < 0:
        raise PineRuntimeError(f"Cannot repeat a string {repeat} times.")
    between = separator or ""
    if not source and not between:
        return ""
    if repeat > 1 and (len(source) + len(between)) * repeat > MAX_LENGTH + len(between):
        raise PineRuntimeError(f"String is too long. Maximum length is {MAX_LENGTH} characters.")
    return between.join([source] * int(repeat))


def replace(source: str | None, target: str | None, replacement: str | None, occurrence: float = 0) -> str | None:
    """An empty ``target`` stands between all characters, and at both ends."""
    if source is None or target is None or replacement is None or occurrence != occurrence or occurrence < 0:
        return source
    if occurrence > len(source):
        return source
    at = 0
    step = len(target) or 1
    for _ in range(int(occurrence)):
        at = source.find(target, at)
        if at < 0:
            return source
        at += step
    at = source.find(target, at)
    return source if at < 0 else limited(source[:at] + replacement + source[at + len(target) :])


def replace_all(source: str | None, target: str | None, replacement: str | None) -> str | None:
    if source is None or target is None or replacement is None:
        return source
    if (source.count(target)) * (len(replacement) - len(target)) + len(source) > MAX_LENGTH:
        raise PineRuntimeError(f"String is too long. Maximum length is {MAX_LENGTH} characters.")
    return source.replace(target, replacement)


def split(string: str | None, separator: str | None) -> Array:
    """A string that is na has no parts."""
    if string is None:
        return Array([])
    parts = string.split(separator) if separator else list(string)
    checked_size(len(parts))
    return Array(list[Any](parts))


def substring(source: str | None, begin_pos: float, end_pos: float | None = None) -> str | None:
    if source is None:
        return None
    begin = 0 if begin_pos != begin_pos else begin_pos
    end = len(source) if end_pos is None or end_pos != end_pos else min(end_pos, len(source))
    if not 0 <= begin <= len(source):
        raise PineRuntimeError(f"The position {begin} is out of bounds, the length of the string is {len(source)}.")
    if end < begin:
        raise PineRuntimeError(f"The end position {end} of a substring is before its begin position {begin}.")
    return source[int(begin) : int(end)]


def join(id: Array, separator: str | None = ",") -> str:
    """``array.join``: the elements as ``str.tostring`` shows them."""
    return limited((separator or "").join(map(display, items_of(id))))


def match(source: str | None, regex: str | None) -> str:
    """An empty string when nothing matches, or when an argument is na."""
    return "" if source is None or regex is None else first_match(regex, source)
