"""How the venue writes: JSON with exact numbers, times, the frames of its sockets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any
from urllib.parse import parse_qsl


def dumps(value: Any) -> str:
    """JSON; a Decimal is a number with all its digits."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, Mapping):
        return "{" + ",".join([f"{_quoted(key)}:{dumps(each)}" for key, each in value.items()]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([dumps(each) for each in value]) + "]"
    if type(value) is int:
        return str(value)
    return json.dumps(value)


def loads(text: str | bytes) -> Any:
    """Raises ValueError. Numbers with a point are Decimals; others than finite ones are none."""
    return json.loads(text, parse_float=Decimal, parse_constant=_no_number)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def iso(ms: int) -> str:
    """``2026-11-04T00:02:36.626Z`` of Unix ms."""
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def unix_ms(text: str) -> int:
    """Raises ValueError for what is no time. A time without a zone is UTC."""
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def day_fields(day: date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "day": day.day}


# --- frames of the sockets ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """What a client's frame asks for."""

    endpoint: str
    id: int
    query: str
    body: str

    def parameters(self) -> dict[str, Any]:
        """Of the query, and of the body over it. Raises ValueError."""
        found: dict[str, Any] = dict(parse_qsl(self.query, keep_blank_values=True))
        if self.body.strip():
            body = loads(self.body)
            if not isinstance(body, dict):
                raise ValueError("the body is no JSON object")
            found |= body
        return found


def read_request(text: str) -> Request:
    """Four fields, one to a line; the body may have lines of its own. Raises ValueError."""
    parts = text.split("\n", 3)
    if len(parts) < 2 or not parts[0] or parts[0].startswith("/"):
        raise ValueError("a frame is endpoint, id, query and body, each on its line")
    parts += [""] * (4 - len(parts))
    return Request(parts[0].strip(), int(parts[1]), parts[2].strip(), parts[3])


def messages(found: Iterable[Mapping[str, Any]]) -> str:
    """``a[...]``: several messages in one frame."""
    return "a[" + ",".join(dumps(each) for each in found) + "]"


def closing(code: int, reason: str) -> str:
    return f"c[{code},{json.dumps(reason)}]"
