"""The prices of a bar, one after the other, at moments that are the same wherever they are asked for."""

from __future__ import annotations

from zlib import crc32

from pinery.emulator.path import Path, add_bar, clear

Moment = tuple[int, float, float, bool]  # Unix ms, price, volume, whether the price jumped there

_CLOSE_AT = 0.999  # of a bar's length: the close comes just before the next open
_SHORTEST_MS = 8
_MASK = (1 << 64) - 1


class Walker:
    """Bars of one symbol as four prices each, along the path that the emulator assumes.

    The open comes at once and the close at the end; when the extremes come depends on (seed, symbol, bar's time).
    """

    def __init__(self, seed: int, symbol: str) -> None:
        self._key = _mixed(crc32(symbol.encode()) ^ (seed & _MASK) * 0x9E3779B97F4A7C15)
        self._path = Path()

    def moments(
        self, time: int, end: int, opened: float, high: float, low: float, close: float, volume: float
    ) -> list[Moment]:
        """Of a bar from ``time`` to ``end`` (Unix ms), ascending; volumes add up to that of the bar."""
        path = self._path
        clear(path)
        add_bar(path, opened, high, low, close)
        span = int(max(end - time, _SHORTEST_MS) * _CLOSE_AT)
        first = _mixed(self._key ^ time)
        one, two = sorted((_share(first), _share(_mixed(first))))
        early = 1 + int(one * (span - 2))
        late = max(early + 1, 1 + int(two * (span - 2)))
        times = (time, time + early, time + late, time + span)
        return list(zip(times, path.prices, _parts(volume), (jump == 1 for jump in path.jumps), strict=True))


def _parts(volume: float) -> tuple[float, float, float, float]:
    """Four that add up exactly."""
    part = float(volume // 4) if volume % 1 == 0 else volume / 4
    return part, part, part, volume - (part + part + part)


def _mixed(value: int) -> int:
    """SplitMix64: bits of a number, well stirred, on every machine the same."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def _share(bits: int) -> float:
    """0 .. 1, 1 excluded."""
    return (bits >> 11) / (1 << 53)
