"""What generated code calls besides the runtime: guards, operators with Pine's meaning."""

from __future__ import annotations

from typing import Any

from pinery.core.errors import PineRuntimeError
from pinery.core.values import INT64, divide, divide_whole, equal, is_na, modulo, not_equal, to_int
from pinery.runtime.history import History, column_back, look_back, scope_back
from pinery.runtime.kernels.state import State
from pinery.runtime.loops import count, count_dynamic, elements, pairs, spend, turns
from pinery.runtime.strings import limited


class EnumMember(str):
    """An enum's member; equal only to itself. ``label`` is its title."""

    __slots__ = ("label",)
    label: str

    def __new__(cls, name: str, label: str) -> EnumMember:
        member = super().__new__(cls, name)
        member.label = label
        return member

    def __deepcopy__(self, memo: object) -> EnumMember:
        return self


class LoopGuard:
    """Lets a kernel run several times on one bar: each run starts from the bar's first state,
    so the last one counts, as with the series of TradingView's own functions."""

    __slots__ = ("bar", "saved", "state")

    def __init__(self, state: State) -> None:
        self.state = state
        self.bar = -1
        self.saved: tuple[Any, ...] = ()

    def enter(self, bar: int) -> State:
        if bar == self.bar:
            self.state.restore(self.saved)
        else:
            self.bar = bar
            self.saved = self.state.save()
        return self.state


def wrap(value: Any) -> Any:
    """64-bit two's complement."""
    if -INT64 <= value < INT64 or value != value or isinstance(value, float):
        return value
    return (value + INT64) % (2 * INT64) - INT64


def concat(a: str | None, b: str | None) -> str | None:
    """``a + b`` of strings; na if either is."""
    return None if a is None or b is None else limited(a + b)


def nz(value: Any, replacement: Any) -> Any:
    return replacement if value is None or value != value else value


def truth(value: Any) -> bool:
    """A number as a condition: neither 0 nor na."""
    return value is not None and value == value and value != 0


def number(value: Any) -> Any:
    """A bool as a number."""
    return 1 if value else 0


def copy_object(value: Any) -> Any:
    """``object.copy()``; an error for na."""
    if value is None:
        raise PineRuntimeError("cannot copy na", "create the object first with its type's new()")
    return value.copy()


NAMES: dict[str, Any] = {
    "_div": divide,
    "_idiv": divide_whole,
    "_mod": modulo,
    "_eq": equal,
    "_ne": not_equal,
    "_is_na": is_na,
    "_int": to_int,
    "_float": float,
    "_wrap": wrap,
    "_nz": nz,
    "_concat": concat,
    "_truth": truth,
    "_number": number,
    "_turns": turns,
    "_spend": spend,
    "_count": count,
    "_count_dynamic": count_dynamic,
    "_elements": elements,
    "_pairs": pairs,
    "_copy": copy_object,
    "_look_back": look_back,
    "_column_back": column_back,
    "_scope_back": scope_back,
    "_History": History,
    "_LoopGuard": LoopGuard,
    "_range": range,
}
