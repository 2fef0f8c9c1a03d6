"""``ta.pivot_point_levels``: the script's side of ``kernels.levels``, which knows no text and no arrays."""

from __future__ import annotations

from pinery.core.errors import PineRuntimeError
from pinery.runtime.arrays import Array
from pinery.runtime.kernels.levels import (
    CAMARILLA,
    CLASSIC,
    DM,
    FIBONACCI,
    TRADITIONAL,
    WOODIE,
    Periods,
    compute,
    follow,
)

_KINDS = {
    "Traditional": TRADITIONAL,
    "Fibonacci": FIBONACCI,
    "Woodie": WOODIE,
    "Classic": CLASSIC,
    "DM": DM,
    "Camarilla": CAMARILLA,
}


def pivot_point_levels(
    state: Periods,
    open_: float,
    high: float,
    low: float,
    close: float,
    kind: str | None,
    anchor: bool | None,
    developing: bool | None,
) -> Array:
    """An array of 11 prices [P, R1, S1 ... R5, S5]; na before the first period has ended.

    Raises ``PineRuntimeError`` for an unknown type, and for "Woodie" while developing: it needs the
    open of the period after.
    """
    number = _KINDS.get(kind or "")
    if number is None:
        raise PineRuntimeError(
            f'ta.pivot_point_levels: unknown type "{kind}".', hint="Use one of " + ", ".join(_KINDS) + "."
        )
    if developing and number == WOODIE:
        raise PineRuntimeError('ta.pivot_point_levels: "Woodie" levels cannot be developing.')
    follow(state, open_, high, low, close, number, bool(anchor))
    if not developing:
        return Array(list(state.levels))
    levels = [0.0] * len(state.levels)
    compute(levels, number, state.open, state.high, state.low, state.close, open_)
    return Array(levels)
