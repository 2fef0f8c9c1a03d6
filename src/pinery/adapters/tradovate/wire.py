"""Tradovate's frames and numbers.

The server sends text frames: ``o`` (open), ``h`` (heartbeat), ``a[…]`` (an array of messages) and ``c[code,"reason"]``
(close). The client sends four lines, ``endpoint``, ``id``, ``query``, ``body``, and ``[]`` as its heartbeat. Numbers
are read and written digit by digit, as Decimal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

HEARTBEAT = "[]"


class BadFrame(ValueError):
    """A frame that the protocol does not have."""


@dataclass(frozen=True, slots=True)
class Answer:
    """To request ``id``. ``data`` is a text where ``status`` is not 200."""

    id: int
    status: int
    data: Any = None


@dataclass(frozen=True, slots=True)
class Event:
    """``name`` "props": an entity was created, changed or deleted; "shutdown", "md", "chart", "clock"."""

    name: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    kind: str  # o, h, a or c
    messages: tuple[Answer | Event, ...] = ()
    reason: str = ""  # of c


def read_frame(text: str) -> Frame:
    """Raises BadFrame."""
    kind, rest = text[:1], text[1:]
    if kind in ("o", "h"):
        return Frame(kind)
    if kind not in ("a", "c"):
        raise BadFrame(f"a frame begins with o, h, a or c, not {kind!r}")
    values = decode(rest)
    if not isinstance(values, list):
        raise BadFrame(f"a frame {kind} holds an array")
    if kind == "c":
        return Frame("c", reason=" ".join(str(value) for value in values))
    return Frame("a", tuple(message for message in map(_message, values) if message is not None))


def _message(value: Any) -> Answer | Event | None:
    """None: of a kind that is not known here."""
    if not isinstance(value, dict):
        raise BadFrame("a message is an object")
    if isinstance(value.get("i"), int) and isinstance(value.get("s"), int):
        return Answer(value["i"], value["s"], value.get("d"))
    if isinstance(value.get("e"), str):
        data = value.get("d")
        return Event(value["e"], data if isinstance(data, dict) else {})
    return None


def request(endpoint: str, id: int, query: str = "", body: str = "") -> str:
    return f"{endpoint}\n{id}\n{query}\n{body}"


def decode(text: str | bytes) -> Any:
    """JSON with exact numbers. Raises BadFrame."""
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise BadFrame("not JSON") from None


def encode(value: Any) -> str:
    """JSON in which a Decimal is the number that it is."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(name)}:{encode(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(encode(each) for each in value) + "]"
    return json.dumps(value)
