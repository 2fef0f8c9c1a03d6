"""What kernels keep from bar to bar: plain slotted data that can be copied and put back."""

from __future__ import annotations

from typing import Any, ClassVar


class State:
    """Base of every kernel's state.

    Slots hold numbers, bools, lists of numbers, or further ``State`` objects. ``save`` gives a mark to
    which ``restore`` takes the same object back, exactly and any number of times, as long as it has only
    moved on from there. A copy that stands on its own is ``copy.deepcopy``'s work.
    """

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        names: list[str] = []
        for base in reversed(cls.__mro__):
            slots = base.__dict__.get("__slots__", ())
            names.extend((slots,) if isinstance(slots, str) else slots)
        cls._fields = tuple(names)

    def save(self) -> tuple[Any, ...]:
        saved: list[Any] = []
        for name in self._fields:
            value = getattr(self, name)
            if type(value) is list:
                value = value[:]
            elif isinstance(value, State):
                value = value.save()
            saved.append(value)
        return tuple(saved)

    def restore(self, saved: tuple[Any, ...]) -> None:
        for name, value in zip(self._fields, saved, strict=True):
            if type(value) is list:
                getattr(self, name)[:] = value
            elif type(value) is tuple:
                getattr(self, name).restore(value)
            else:
                setattr(self, name, value)
