"""A deployment's own format: the text of the message with a hole for each field.

Holes are fields in braces (``{symbol} {action} at {price}``), or TradingView's placeholders as they are pasted into
the alert (``{{ticker}} {{strategy.order.action}}``); ``{ignore}`` takes anything. Everything else must be in the
message exactly as it is in the template.
"""

from __future__ import annotations

import re
from itertools import pairwise

from pinery.trading.messages.errors import Unreadable, shown
from pinery.trading.messages.fields import FIELDS, Found, field_of, plain_name

IGNORE = "ignore"
_HOLE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}|\{([a-z_]+)\}")
_SIZES = {"strategy.position_size": "target_position"}


def check_template(template: str) -> list[str]:
    """What is wrong with a template, in sentences; empty for a good one."""
    pieces = _pieces(template)
    holes = [hole for _, hole in pieces if hole]
    findings = [
        f"the template has no field {{{hole}}}; fields are: {', '.join([*FIELDS, IGNORE])}"
        for hole in holes
        if hole not in FIELDS and hole != IGNORE
    ]
    if not {"action", "side", "market_position", "target_position"} & set(holes):
        findings.append("the template needs {action}, {side}, {market_position} or {target_position}")
    for (_, before), (between, hole) in pairwise(pieces):
        if before and hole and not between:
            findings.append(f"nothing stands between {{{before}}} and {{{hole}}}, so their values cannot be told apart")
    return findings


def _pieces(template: str) -> list[tuple[str, str]]:
    """(text before the hole, field of the hole), and at the end (text, "")."""
    pieces: list[tuple[str, str]] = []
    end = 0
    for match in _HOLE.finditer(template):
        name = match[2]
        if match[1] is not None:
            known = field_of((plain_name(match[1]),))
            name = _SIZES.get(match[1]) or (known[0] if known else IGNORE)
        pieces.append((template[end : match.start()], name))
        end = match.end()
    pieces.append((template[end:], ""))
    return pieces


def read_template(body: str, template: str) -> Found:
    """The values in the holes. Raises Unreadable where the message is not exactly of this form.

    Each hole ends where the text after it first occurs, so reading takes time in proportion to the message only.
    """
    findings = check_template(template)
    if findings:
        raise Unreadable(f"the deployment's template cannot be used: {findings[0]}")
    pieces = _pieces(template.strip())
    said = body.strip("\ufeff \t\r\n")
    found: Found = {}
    place = len(pieces[0][0])
    if not said.startswith(pieces[0][0]):
        raise _differs(said, pieces[0][0])
    for (_, hole), (after, following) in pairwise(pieces):
        last = not following
        end = (len(said) - len(after) if said.endswith(after) else -1) if last else said.find(after, place)
        if end < place:
            raise _differs(said[place:], after)
        value = said[place:end].strip()
        place = end + len(after)
        if hole == IGNORE:
            continue
        if hole in found and found[hole] != value:
            raise Unreadable(f"the message says {hole} twice: {shown(found[hole])} and {shown(value)}")
        found[hole] = value
        if hole in ("action", "bar_time"):
            found[f"all_{hole}"] = [value]
    return found


def _differs(said: str, expected: str) -> Unreadable:
    return Unreadable(
        f"the message is not of the form of the deployment's template: {shown(expected)} is missing in {shown(said)}"
    )
