"""What generated code calls besides the runtime: loops, guards, operators with Pine's meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pinery.core.errors import PineRuntimeError
from pinery.core.values import divide, divide_whole, equal, is_na, modulo, not_equal, to_int
from pinery.runtime.arrays import Array
from pinery.runtime.context import Runtime
from pinery.runtime.history import History, column_back, look_back
from pinery.runtime.kernels.state import State
from pinery.runtime.maps import Map
from pinery.runtime.matrices import Matrix

INT64 = 1 << 63
CHECK_EVERY = 1 << 16  # turns of a loop between two looks at the clock


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
    return None if a is None or b is None else a + b


def nz(value: Any, replacement: Any) -> Any:
    return replacement if value is None or value != value else value


def truth(value: Any) -> bool:
    """A number as a condition: neither 0 nor na."""
    return value is not None and value == value and value != 0


def number(value: Any) -> Any:
    """A bool as a number."""
    return 1 if value else 0


def turns(rt: Runtime) -> Iterator[None]:
    """The turns of a ``while`` loop, until the time limit."""
    deadline = rt.clock() + rt.limits.max_loop_seconds
    while True:
        for _ in range(CHECK_EVERY):
            yield None
        if rt.clock() > deadline:
            raise loop_too_long(rt)


def loop_too_long(rt: Runtime) -> PineRuntimeError:
    return PineRuntimeError(
        f"a loop ran longer than {rt.limits.max_loop_seconds:g} seconds on one bar",
        "make the loop end sooner, or raise the limit max_loop_seconds",
    )


def count(rt: Runtime, start: Any, stop: Any, step: Any) -> Any:
    """The values of ``for i = start to stop by step``: both ends included, downwards when stop < start."""
    if start != start or stop != stop or step != step:
        return ()
    if step == 0:
        raise PineRuntimeError("the step of a for loop is 0", "use a step above 0")
    step = abs(step)
    if type(start) is int and type(stop) is int and type(step) is int:
        values = range(start, stop + 1, step) if start <= stop else range(start, stop - 1, -step)
        return values if len(values) <= CHECK_EVERY else _timed(rt, values)
    return _timed(rt, _float_count(start, stop, step))


def _float_count(start: Any, stop: Any, step: Any) -> Iterator[Any]:
    value = start
    if start <= stop:
        while value <= stop:
            yield value
            value += step
    else:
        while value >= stop:
            yield value
            value -= step


def _timed(rt: Runtime, values: Any) -> Iterator[Any]:
    deadline = rt.clock() + rt.limits.max_loop_seconds
    for i, value in enumerate(values):
        if not i % CHECK_EVERY and rt.clock() > deadline:
            raise loop_too_long(rt)
        yield value


def count_dynamic(rt: Runtime, start: Any, stop: Callable[[], Any], step: Any) -> Iterator[Any]:
    """As ``count``, with the end read again before each turn (v6); the direction stays."""
    end = stop()
    if start != start or end != end or step != step:
        return
    if step == 0:
        raise PineRuntimeError("the step of a for loop is 0", "use a step above 0")
    step = abs(step)
    up = start <= end
    value = start
    for _ in turns(rt):
        if not (value <= end if up else value >= end):
            return
        yield value
        value = value + step if up else value - step
        end = stop()


def elements(collection: Any) -> Iterator[Any]:
    """``for x in collection``: elements as they are reached, so that changes on the way count."""
    if isinstance(collection, Array):
        items = collection.items
        i = 0
        while i < len(items):
            yield items[i]
            i += 1
    elif isinstance(collection, Matrix):
        rows = collection.items
        i = 0
        while i < len(rows):
            yield Array(list(rows[i]))
            i += 1
    elif isinstance(collection, Map):
        yield from list(collection.items.values())
    else:
        raise PineRuntimeError(
            "cannot loop over na", "create the collection first, for example with array.new<float>()"
        )


def pairs(collection: Any) -> Iterator[tuple[Any, Any]]:
    """``for [i, x] in collection``; for a map key and value."""
    if isinstance(collection, Map):
        yield from list(collection.items.items())
    else:
        yield from enumerate(elements(collection))


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
    "_count": count,
    "_count_dynamic": count_dynamic,
    "_elements": elements,
    "_pairs": pairs,
    "_copy": copy_object,
    "_look_back": look_back,
    "_column_back": column_back,
    "_History": History,
    "_LoopGuard": LoopGuard,
    "_range": range,
}
