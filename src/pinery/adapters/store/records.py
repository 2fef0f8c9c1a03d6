"""Records as JSON and back: Decimals as exact text, enums as their values, defaults left out."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Callable, Hashable, Mapping
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_json(record: Any) -> dict[str, Any]:
    """A dataclass as a JSON object. Fields at their default are left out, so that new ones can be added."""
    shown = {}
    for name, default in _fields(cast(Hashable, type(record))):
        value = getattr(record, name)
        if value != default or default is dataclasses.MISSING:
            shown[name] = _plain(value)
    return shown


def from_json(record: type[T], data: Mapping[str, Any]) -> T:
    """The record that ``to_json`` wrote. Fields that this version does not know are passed over."""
    readers = _readers(cast(Hashable, record))
    return record(**{name: readers[name](value) for name, value in data.items() if name in readers})


def dumps(value: Any) -> str:
    """JSON text of what a table's JSON column is given."""
    return json.dumps(value, default=_plain, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return to_json(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")


@cache
def _fields(record: Hashable) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.default) for field in dataclasses.fields(cast(Any, record)))


@cache
def _readers(record: Hashable) -> dict[str, Callable[[Any], Any]]:
    hints = get_type_hints(cast(Any, record))
    return {field.name: _reader(hints[field.name]) for field in dataclasses.fields(cast(Any, record))}


def _reader(hint: Any) -> Callable[[Any], Any]:
    """What makes a value of type ``hint`` from JSON."""
    if get_origin(hint) in (Union, types.UnionType):
        (inner,) = (_reader(part) for part in get_args(hint) if part is not type(None))
        return lambda value: None if value is None else inner(value)
    if get_origin(hint) is tuple:
        inner = _reader(get_args(hint)[0])
        return lambda value: tuple(inner(item) for item in value)
    if isinstance(hint, type) and (issubclass(hint, Decimal | Enum)):
        return hint
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return lambda value: from_json(hint, value)
    return lambda value: value
