"""The way that the price is assumed to take through a bar."""

from __future__ import annotations


class Path:
    """Prices met in order, with straight lines between them; ``jumps[i]`` 1 where the price gets to
    ``prices[i]`` without passing those between. ``at`` is the point being travelled to."""

    __slots__ = ("arrived", "at", "jumps", "prices")

    def __init__(self) -> None:
        self.prices: list[float] = []
        self.jumps: list[int] = []
        self.at: int = 0
        self.arrived: bool = False


def clear(path: Path) -> None:
    path.prices = []
    path.jumps = []
    path.at = 0
    path.arrived = False


def add_bar(path: Path, opened: float, high: float, low: float, close: float) -> None:
    """Open, the extreme nearer to the open, the other one, close.

    Documented (guide, broker emulator) and seen in exports; no export shows what happens when both
    extremes are equally far: here the low comes first.
    """
    path.prices.append(opened)
    path.jumps.append(1)
    if high - opened < opened - low:
        path.prices.append(high)
        path.prices.append(low)
    else:
        path.prices.append(low)
        path.prices.append(high)
    path.prices.append(close)
    path.jumps.append(0)
    path.jumps.append(0)
    path.jumps.append(0)
