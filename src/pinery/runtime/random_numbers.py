"""``math.random``: a small generator of our own, so that runs repeat on every Python and platform.

The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
2014). TradingView's own sequences are not published; with the same seed only the property documented
for Pine holds, that the sequence is the same each time.
"""

from __future__ import annotations

from pinery.runtime.context import Runtime
from pinery.runtime.kernels.state import State
from pinery.runtime.values import NAN

_MASK = 2**64 - 1
_UNSEEDED = 0x5DEECE66D


class Generator(State):
    __slots__ = ("seed", "state")

    def __init__(self) -> None:
        self.seed: float = NAN
        self.state: int = _UNSEEDED


def _next(generator: Generator) -> float:
    """A number above 0 and below 1: 52 random bits, and half a step so that 0 cannot come."""
    generator.state = (generator.state + 0x9E3779B97F4A7C15) & _MASK
    z = generator.state
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    z ^= z >> 31
    return ((z >> 12) + 0.5) / 2.0**52


def uniform(rt: Runtime, low: float, high: float) -> float:
    """Without a seed all call sites draw from one sequence of the run, so that they differ from each other."""
    generator = rt.random.get(0)
    if generator is None:
        generator = rt.random[0] = Generator()
    return low + (high - low) * _next(generator)


def uniform_seeded(state: Generator, low: float, high: float, seed: int) -> float:
    """Each call site has the sequence of its seed; a new seed starts it again. An na seed is a seed too."""
    if seed != state.seed and (seed == seed or state.seed == state.seed):
        state.seed = seed
        state.state = int(seed) & _MASK if seed == seed else _UNSEEDED
    return low + (high - low) * _next(state)
