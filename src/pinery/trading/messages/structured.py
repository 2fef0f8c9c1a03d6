"""Bodies with names and values: JSON, and the form encoding that some senders use."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl

from pinery.trading.messages.errors import Unreadable, shown


def looks_like_json(body: str) -> bool:
    return body.lstrip("\ufeff \t\r\n").startswith(("{", "["))


def read_json(body: str) -> dict[str, Any]:
    """The object in ``body``, numbers as Decimal. Raises Unreadable for all that is not exactly one object."""
    try:
        # Line breaks inside texts (strict=False) cannot be misread; anything else that is not JSON is refused.
        message = json.loads(
            body.strip("\ufeff \t\r\n"),
            parse_float=_decimal,
            parse_int=_decimal,
            parse_constant=_no_number,
            object_pairs_hook=_unique,
            strict=False,
        )
    except json.JSONDecodeError as error:
        by_lines = _line_by_line(body)
        if by_lines is not None:
            return by_lines
        raise Unreadable(
            f"the message is not valid JSON at line {error.lineno}, column {error.colno}: "
            f"{error.msg}. TradingView does not escape what it fills in: put quotes around text, none inside it, "
            "and no comma after the last value"
        ) from None
    except RecursionError:
        raise Unreadable("the message is nested too deep") from None
    if not isinstance(message, dict):
        raise Unreadable("the message is a JSON list or value; one object {…} is needed: send one message per alert")
    return message


_LINE = re.compile(r'"([A-Za-z_][\w.]*)"\s*:\s*"(.*)"')


def _line_by_line(body: str) -> dict[str, Any] | None:
    """Almost-JSON with one ``"name": "value"`` on each line, as our own template has it.

    TradingView does not escape what it fills in, so a quote in an order's id breaks JSON. Where each field has a line
    to itself, it is still certain where a value ends: at the last quote of its line. None for anything else.
    """
    lines = [line.strip() for line in body.strip("\ufeff \t\r\n").splitlines()]
    if len(lines) < 3 or lines[0] != "{" or lines[-1] != "}":
        return None
    pairs: list[tuple[str, Any]] = []
    for place, line in enumerate(lines[1:-1], 1):
        match = _LINE.fullmatch(line.removesuffix(",") if place < len(lines) - 2 else line)
        if match is None or re.search(r'"\s*[:,]', match[2]):
            return None
        pairs.append((match[1], match[2]))
    return _unique(pairs)


def _decimal(written: str) -> Decimal:
    try:
        return Decimal(written)
    except InvalidOperation:
        raise Unreadable(f"{shown(written)} is not a possible number") from None


def _no_number(written: str) -> None:
    raise Unreadable(f"{written} is not a number that can be traded on; a script's na value was sent")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    message: dict[str, Any] = {}
    for key, value in pairs:
        if key in message:
            raise Unreadable(f"{shown(key)} is there twice; leave one out")
        message[key] = value
    return message


def looks_like_form(body: str) -> bool:
    first, _, _ = body.strip().partition("=")
    return "=" in body and first.replace("_", "").isalnum() and not any(char in body.strip() for char in "\n {")


def read_form(body: str) -> dict[str, Any]:
    try:
        return _unique(parse_qsl(body.strip(), keep_blank_values=True, strict_parsing=True, max_num_fields=200))
    except ValueError:
        raise Unreadable("the message looks like form fields (name=value&name=value) but is not complete") from None
