"""What a histogram says of its slowest values."""

from __future__ import annotations

from pinery.trading.figures import Histogram


def quantile(histogram: Histogram, share: float) -> float | None:
    """The upper bound of the bucket in which the quantile lies; infinite above the last one, None without values."""
    wanted, so_far = histogram.count * share, 0.0
    if not histogram.count:
        return None
    for bound, count in zip((*histogram.bounds, float("inf")), histogram.counts, strict=True):
        so_far += count
        if so_far >= wanted:
            return bound
    return float("inf")


def seconds(value: float) -> str:
    """``15 ms``, ``2.5 s``."""
    if value == float("inf"):
        return "more than a minute"
    return f"{value * 1000:g} ms" if value < 1 else f"{value:g} s"
