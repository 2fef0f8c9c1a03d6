"""Data of other symbols and timeframes, and sessions."""

from __future__ import annotations

import re

from pinery.lang import ast, typed
from pinery.lang.rewrite.conversions.calls import Argument, Called
from pinery.lang.rewrite.conversions.context import Conversion

_NEWEST_DAYS = "1234567"
_CLOCK = re.compile(r"(?<!\d)\d\d:\d\d(?=F?\d*-|,|:|$)")  # 09:30 for 0930
_WEEKDAYS = """// Before version 5 a session that names no days had those from Monday to Friday.
{}(string hours) =>
    str.length(hours) == 0 or str.contains(hours, ":") or str.startswith(hours, "24x7") or \
not str.contains(hours, "-") ? hours : hours + ":DAYS"
"""


def request(c: Conversion, called: Called) -> None:
    """Before version 3 requests looked ahead; up to version 4 true and false stood for on and off."""
    for name, word in (("gaps", "gaps"), ("lookahead", "lookahead")):
        found = called.get(name)
        value = c.seen.value(found.node.value) if found is not None else None
        if found is None or value is None or value.type.name != "bool":
            continue
        if isinstance(value, typed.TConst):
            found.text = f"barmerge.{word}_{'on' if value.value else 'off'}"
        else:
            found.text = f"{found.text} ? barmerge.{word}_on : barmerge.{word}_off"
    if c.version.lookahead_default and called.get("lookahead") is None:
        called.put("lookahead", "barmerge.lookahead_on")


def session(c: Conversion, called: Called) -> None:
    """``time`` and ``time_close``: the days of a session that names none."""
    found = called.get("session")
    if found is None or c.version.session_days == _NEWEST_DAYS:
        return
    found.text = _with_days(c, found)


def _with_days(c: Conversion, found: Argument) -> str | None:
    node = found.node.value
    value = c.seen.value(node)
    if isinstance(node, ast.StrLit) and found.text is not None:
        plain = "-" in node.value and ":" not in _CLOCK.sub("", node.value)
        return found.text[:-1] + f":{c.version.session_days}" + found.text[-1] if plain else found.text
    if value is None or (isinstance(value, typed.TConst) and value.value is None):
        return found.text
    helper = c.helper("withDays", _WEEKDAYS.replace("DAYS", c.version.session_days))
    return f"{helper}({found.text})"
