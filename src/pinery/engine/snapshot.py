"""A running program's state at some bar, to which an unconfirmed bar is rolled back.

Everything that a program remembers hangs on main's frame, its drawings and the length of its output columns. A
snapshot holds what each of those objects contained and puts it back into the same objects, so that going back costs
no copies and whatever refers to them stays right. ``varip`` variables are passed over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from operator import attrgetter
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from pinery.backends.interp.support import EnumMember
from pinery.engine.instance import Instance
from pinery.runtime.context import Limits

_UNCHANGING = {float, int, bool, str, type(None), complex, bytes, range, type, EnumMember, Limits}
_UNCHANGING |= {FunctionType, BuiltinFunctionType, MethodType}


class Shape:
    """How the objects of a class are read and written: its slots, but for those that are not rolled back."""

    __slots__ = ("get", "put")

    def __init__(self, cls: type) -> None:
        kept: tuple[str, ...] = getattr(cls, "varip", ())
        names: list[str] = []
        for base in cls.__mro__:
            slots = base.__dict__.get("__slots__", ())
            names += [n for n in ((slots,) if isinstance(slots, str) else slots) if n not in kept]
        self.get: Callable[[Any], tuple[Any, ...]] = lambda _: ()
        self.put: Callable[[Any, tuple[Any, ...]], None] = lambda _, __: None
        if names:
            read = attrgetter(*names)
            self.get = read if len(names) > 1 else lambda item: (read(item),)
            space: dict[str, Any] = {}
            exec(f"def put(item, values):\n    {', '.join(f'item.{n}' for n in names)}, = values", space)
            self.put = space["put"]


class Snapshots:
    """Takes snapshots of one running program."""

    __slots__ = ("_instance", "_shapes")

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._shapes: dict[type, Shape] = {}

    def take(self) -> Snapshot:
        rt = self._instance.rt
        roots = [self._instance.frame, rt.random]
        if not rt.is_request:
            roots.append(rt.drawings)
        snapshot = Snapshot(rt.outputs.bar_count)
        self._fill(snapshot, roots)
        return snapshot

    def restore(self, snapshot: Snapshot) -> None:
        """Put the program back to the snapshot's bar; any number of times."""
        snapshot.put_back()
        rt = self._instance.rt
        if not rt.is_request:
            rt.outputs.truncate(snapshot.output_bars)

    def _fill(self, snapshot: Snapshot, waiting: list[Any]) -> None:
        unchanging, shapes = _UNCHANGING, self._shapes
        lists, others, objects = snapshot.lists, snapshot.others, snapshot.objects
        seen: set[int] = set()
        while waiting:
            item = waiting.pop()
            number = id(item)
            if number in seen:
                continue
            seen.add(number)
            cls = item.__class__
            if cls is list:
                lists.append((item, item[:]))
                if _holds_objects(item):
                    waiting += [x for x in item if x.__class__ not in unchanging]
            elif cls is tuple:
                waiting += [x for x in item if x.__class__ not in unchanging]
            elif cls is deque:
                others.append((item, tuple(item)))
                if _holds_objects(item):
                    waiting += [x for x in item if x.__class__ not in unchanging]
            elif cls is dict:
                others.append((item, item.copy()))
                waiting += [x for x in item.values() if x.__class__ not in unchanging]
            else:
                shape = shapes.get(cls)
                if shape is None:
                    shape = shapes[cls] = Shape(cls)
                values = shape.get(item)
                objects.append((shape.put, item, values))
                waiting += [x for x in values if x.__class__ not in unchanging]


class Snapshot:
    """What a program's objects held at some bar."""

    __slots__ = ("lists", "objects", "others", "output_bars")

    def __init__(self, output_bars: int) -> None:
        self.output_bars = output_bars
        self.lists: list[tuple[list[Any], list[Any]]] = []
        self.others: list[tuple[deque[Any] | dict[Any, Any], Any]] = []
        self.objects: list[tuple[Callable[[Any, Any], None], Any, tuple[Any, ...]]] = []

    def put_back(self) -> None:
        for items, kept in self.lists:
            items[:] = kept
        for other, kept in self.others:
            other.clear()
            if isinstance(other, dict):
                other.update(kept)
            else:
                other.extend(kept)
        for put, item, values in self.objects:
            put(item, values)


def _holds_objects(items: list[Any] | deque[Any]) -> bool:
    """Elements are of one type, but for na, which is None where they are not numbers."""
    for item in items:
        if item is not None:
            return item.__class__ not in _UNCHANGING
    return False
