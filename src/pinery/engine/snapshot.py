"""Copies of a running program's state: what rolls an unconfirmed bar back, and what a restart resumes from.

Everything that a program remembers hangs on main's frame, its drawings and the length of its output
columns, so a snapshot is one copy of those with all references kept. ``varip`` variables are not
rolled back.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pinery.engine.instance import Instance
from pinery.runtime.drawings.store import Drawings


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State after some bar; ``restore`` may use it any number of times."""

    frame: Any
    drawings: Drawings | None  # None: of a request's program, which draws nothing
    output_bars: int
    random: dict[int, Any]

    @staticmethod
    def take(instance: Instance) -> Snapshot:
        rt = instance.rt
        drawings = None if rt.is_request else rt.drawings
        return Snapshot(*copy.deepcopy((instance.frame, drawings)), rt.outputs.bar_count, copy.deepcopy(rt.random))

    def restore(self, instance: Instance) -> None:
        """Put the program back to the snapshot's bar, except for its ``varip`` variables."""
        kept = [
            (path, name, getattr(frame, name)) for path, frame in frames(instance.frame) for name in type(frame).varip
        ]
        frame, drawings = copy.deepcopy((self.frame, self.drawings))
        by_path = dict(frames(frame))
        for path, name, value in kept:
            setattr(by_path[path], name, value)
        instance.namespace["_g"] = frame
        rt = instance.rt
        rt.random = copy.deepcopy(self.random)
        if drawings is not None:
            rt.drawings = drawings
            rt.outputs.truncate(self.output_bars)


def frames(frame: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """A frame and those of the calls in it, each with its path of slot names."""
    yield path, frame
    for name in type(frame).__slots__:
        inner = getattr(frame, name)
        if hasattr(type(inner), "varip"):
            yield from frames(inner, (*path, name))
