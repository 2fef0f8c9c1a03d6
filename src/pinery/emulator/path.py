"""The way that the price is assumed to take through a bar."""

from __future__ import annotations


class Path:
    """Prices met in order, with straight lines between them; ``jumps[i]`` 1 where the price gets to
    ``prices[i]`` without passing those between. ``at`` is the point being travelled to. While the bar is in
    the making (``ends`` False) more points may follow."""

    __slots__ = ("arrived", "at", "ends", "jumps", "prices")

    def __init__(self) -> None:
        self.prices: list[float] = []
        self.jumps: list[int] = []
        self.at: int = 0
        self.arrived: bool = False
        self.ends: bool = True


def clear(path: Path) -> None:
    path.prices = []
    path.jumps = []
    path.at = 0
    path.arrived = False
    path.ends = True


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


def add_part(path: Path, high: float, low: float, close: float, jumps: int) -> None:
    """The price went on to ``close``; ``high`` and ``low``, where they are beyond, are extremes met on the way.

    ``jumps``: of the first point; from one to the next the price travels, as in a bar.
    """
    last = path.prices[len(path.prices) - 1]
    above = high > last and high > close
    below = low < last and low < close
    if above and below:
        first = high if high - last < last - low else low
        path.prices.append(first)
        path.prices.append(low if first == high else high)
        path.jumps.append(jumps)
        path.jumps.append(0)
        jumps = 0
    elif above or below:
        path.prices.append(high if above else low)
        path.jumps.append(jumps)
        jumps = 0
    path.prices.append(close)
    path.jumps.append(jumps)
