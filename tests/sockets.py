from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def open_sockets() -> int:
    """Of this process, both ends of its connections to itself among them."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # it was closed meanwhile
            found += str(each.readlink()).startswith("socket:")
    return found
