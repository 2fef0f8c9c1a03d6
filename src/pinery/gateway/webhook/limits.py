"""How many requests are taken."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable


class Buckets:
    """A token bucket per name: ``burst`` at once, ``rate`` a second in the long run.

    At most ``names`` are remembered; the one that was quiet longest is forgotten, which lets it start anew.
    """

    def __init__(self, rate: float, burst: float, monotonic: Callable[[], float], names: int = 10_000) -> None:
        self._rate = rate
        self._burst = burst
        self._monotonic = monotonic
        self._names = names
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()  # name -> (tokens left, at)

    def wait(self, name: str) -> float:
        """0 and one token less; or, with nothing taken, the seconds until there is one."""
        now = self._monotonic()
        left, at = self._levels.pop(name, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        taken = left >= 1
        self._levels[name] = (left - 1 if taken else left, now)
        if len(self._levels) > self._names:
            self._levels.popitem(last=False)
        return 0.0 if taken else (1 - left) / self._rate
