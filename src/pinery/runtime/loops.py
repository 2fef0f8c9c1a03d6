"""Loops of scripts: what they count, and how long they and the memory that they fill may grow.

A bar's loops share one time limit. They look at the clock now and then by the turns that they are
about to take, so that a short loop inside another counts as much as a long one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice, repeat
from operator import length_hint
from typing import Any

from pinery.core.errors import PineRuntimeError
from pinery.runtime.arrays import Array
from pinery.runtime.context import Runtime
from pinery.runtime.maps import Map
from pinery.runtime.matrices import Matrix

CHECK_EVERY = 512  # turns of loops between two looks at the clock
MEMORY_SECONDS = 0.02  # between two looks at the memory in use, while loops run
FIRST_TURNS = 16  # counted when a loop of unknown length begins


def spend(rt: Runtime, turns: int) -> None:
    """Count turns that are about to run. Raises PineRuntimeError when the bar's time is up."""
    rt.loop_turns += turns
    if rt.loop_turns < CHECK_EVERY:
        return
    rt.loop_turns = 0
    now = rt.clock()
    if now >= rt.memory_next:
        rt.memory_next = now + MEMORY_SECONDS
        check_memory(rt)
    if rt.loop_deadline is None:
        rt.loop_deadline = now + rt.limits.max_loop_seconds
    elif now > rt.loop_deadline:
        raise PineRuntimeError(
            f"the loops ran longer than {rt.limits.max_loop_seconds:g} seconds on one bar",
            "make them end sooner, or raise the limit max_loop_seconds",
        )


def check_memory(rt: Runtime) -> None:
    """Raises PineRuntimeError when the run has taken more memory than it may."""
    used = rt.memory()
    if rt.memory_before is None:
        rt.memory_before = used
    elif used - rt.memory_before > rt.limits.max_memory:
        raise PineRuntimeError(
            f"the script needs more than {rt.limits.max_memory / 2**30:.3g} GiB of memory",
            "keep fewer or smaller collections and strings, or raise the limit max_memory",
        )


def turns(rt: Runtime) -> Iterator[None]:
    """The turns of a ``while`` loop."""
    return chain.from_iterable(_growing(rt))


def _growing(rt: Runtime) -> Iterator[Iterable[None]]:
    size = FIRST_TURNS
    while True:
        spend(rt, size)
        yield repeat(None, size)
        size = min(2 * size, CHECK_EVERY)


def count(rt: Runtime, start: Any, stop: Any, step: Any) -> Iterable[Any]:
    """The values of ``for i = start to stop by step``: both ends included, downwards when stop < start."""
    if start != start or stop != stop or step != step:
        return ()
    if step == 0:
        raise PineRuntimeError("the step of a for loop is 0", "use a step above 0")
    step = abs(step)
    if type(start) is int and type(stop) is int and type(step) is int:
        values = range(start, stop + 1, step) if start <= stop else range(start, stop - 1, -step)
        if abs(stop - start) < CHECK_EVERY:
            spend(rt, len(values))
            return values
        return chain.from_iterable(_parts(rt, values))
    return _float_count(rt, start, stop, step)


def _parts(rt: Runtime, values: range) -> Iterator[range]:
    while values:
        spend(rt, CHECK_EVERY)
        yield values[:CHECK_EVERY]
        values = values[CHECK_EVERY:]


def _float_count(rt: Runtime, start: Any, stop: Any, step: Any) -> Iterator[Any]:
    value = start
    up = start <= stop
    for _ in turns(rt):
        if not (value <= stop if up else value >= stop):
            return
        yield value
        value = value + step if up else value - step


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


def elements(rt: Runtime, collection: Any) -> Iterator[Any]:
    """``for x in collection``: elements as they are reached, so that changes on the way count."""
    if type(collection) is Array and type(collection.items) is list:
        return _listed(rt, collection.items)
    return _reached(rt, collection)


def _listed(rt: Runtime, items: list[Any]) -> Iterator[Any]:
    """As ``_reached``: an iterator over a list, too, takes each element when it gets there."""
    spend(rt, min(len(items), CHECK_EVERY))
    rest = iter(items)
    while True:
        yield from islice(rest, CHECK_EVERY)
        if not length_hint(rest):
            return
        spend(rt, CHECK_EVERY)


def _reached(rt: Runtime, collection: Any) -> Iterator[Any]:
    if isinstance(collection, Array | Matrix):
        items = collection.items
    elif isinstance(collection, Map):
        items = list(collection.items.values())
    else:
        raise PineRuntimeError(
            "cannot loop over na", "create the collection first, for example with array.new<float>()"
        )
    rows = isinstance(collection, Matrix)
    spend(rt, min(len(items), CHECK_EVERY))
    i = 0
    while i < len(items):
        yield Array(list(items[i])) if rows else items[i]
        i += 1
        if not i % CHECK_EVERY:
            spend(rt, CHECK_EVERY)


def pairs(rt: Runtime, collection: Any) -> Iterator[tuple[Any, Any]]:
    """``for [i, x] in collection``; for a map key and value."""
    if isinstance(collection, Map):
        found = list(collection.items.items())
        spend(rt, min(len(found), CHECK_EVERY))
        for i, pair in enumerate(found, 1):
            yield pair
            if not i % CHECK_EVERY:
                spend(rt, CHECK_EVERY)
    else:
        yield from enumerate(elements(rt, collection))
