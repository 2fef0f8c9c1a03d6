"""What lists are made of: exact numbers, times, and their JSON.

Decimals come out as JSON numbers with all their digits (``3500.10``), so that scripts may calculate with them and
readers that care (``parse_float=Decimal``) lose nothing. Times are ISO 8601 in UTC with milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any


class _AsNumber:
    """Tells the API's description that the field is a JSON number (pydantic would say text)."""

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "number"}


Number = Annotated[Decimal, _AsNumber()]
Data = dict[str, Any]


def iso(ms: int) -> str:
    """``2026-11-23T06:00:00.000Z`` of Unix ms."""
    seconds, rest = divmod(ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def iso_or_none(ms: int | None) -> str | None:
    return None if ms is None else iso(ms)


def milliseconds(start_us: int, end_us: int | None) -> Decimal | None:
    """Between two times in µs."""
    return None if end_us is None else Decimal(end_us - start_us) / 1000


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON text of rows, with exact decimals."""
    return _text(value, indent, 0)


def _text(value: Any, indent: int | None, depth: int) -> str:
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else "null"
    if isinstance(value, Enum):
        return _text(value.value, indent, depth)
    if is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        parts = [f"{json.dumps(str(name))}: {_text(part, indent, depth + 1)}" for name, part in value.items()]
        return _group("{", parts, "}", indent, depth)
    if isinstance(value, (list, tuple)):
        return _group("[", [_text(part, indent, depth + 1) for part in value], "]", indent, depth)
    return json.dumps(value, allow_nan=False)


def _group(begin: str, parts: list[str], end: str, indent: int | None, depth: int) -> str:
    if indent is None or not parts:
        return begin + ", ".join(parts) + end
    inner, outer = "\n" + " " * indent * (depth + 1), "\n" + " " * indent * depth
    return begin + inner + ("," + inner).join(parts) + outer + end
