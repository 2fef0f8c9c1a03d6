"""What differs between the versions of Pine, as data: names, parameters, constants and rules of meaning."""

from __future__ import annotations

from functools import cache

from pinery.lang.versions import v1_to_v3, v4, v5, v6
from pinery.lang.versions.version import Version

__all__ = ["NEWEST", "Version", "for_version"]

NEWEST = 6


@cache
def for_version(number: int) -> Version:
    """The rules of one Pine version, 1 to 6."""
    if number <= 3:
        return v1_to_v3.version(number)
    return {4: v4.VERSION, 5: v5.VERSION, 6: v6.VERSION}[number]
