"""Arguments of ``strategy()`` that a backtest is given instead of the script's own."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from pinery.core.errors import UsageError
from pinery.engine import CompiledScript
from pinery.runtime.orders import StrategySettings

_KINDS: dict[str, Any] = {field.name: type(field.default) for field in fields(StrategySettings)}
_WORDS = {
    "default_qty_type": ("fixed", "cash", "percent_of_equity"),
    "commission_type": ("percent", "cash_per_contract", "cash_per_order"),
    "close_entries_rule": ("FIFO", "ANY"),
}
_LARGEST = 1e12


def with_properties(script: CompiledScript, properties: Mapping[str, Any]) -> CompiledScript:
    """The script as if it declared them. Raises UsageError for one that is none, or a value that does not fit."""
    if not properties:
        return script
    changed = {name: _value(name, value) for name, value in properties.items()}
    declaration = {**script.program.declaration, **changed}
    return replace(script, program=replace(script.program, declaration=declaration))


def _value(name: str, value: Any) -> Any:
    if name not in _KINDS:
        close = difflib.get_close_matches(name, _KINDS, 1)
        hint = f"did you mean {close[0]}?" if close else f"they are {', '.join(_KINDS)}"
        raise UsageError(f"strategy() has no property {name!r}", hint)
    if name in _WORDS:
        word = str(value).rpartition(".")[2]
        if word not in _WORDS[name]:
            raise UsageError(f"{name}: {value!r} is none of its words", f"use {', '.join(_WORDS[name])}")
        return word
    kind = _KINDS[name]
    if kind is bool:
        if not isinstance(value, bool):
            raise UsageError(f"{name}: {value!r} is neither true nor false")
        return value
    if kind in (int, float):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LARGEST:
            raise UsageError(f"{name}: {value!r} is no number from 0 on")
        if kind is int and value != int(value):
            raise UsageError(f"{name}: {value!r} is no whole number")
        return kind(value)
    text = str(value).rpartition(".")[2].upper()  # currency
    if len(text) > 5 or not text.isalnum():
        raise UsageError(f"{name}: {value!r} is no currency", "write it like USD")
    return text
