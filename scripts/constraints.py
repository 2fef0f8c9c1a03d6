"""Prints pip constraints (``name==version; marker``) from ``uv.lock``, so that plain pip installs what uv locked."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def constraints(lock: str) -> list[str]:
    """One line per locked package; ``lock`` is the text of a ``uv.lock``."""
    lines = []
    for package in tomllib.loads(lock)["package"]:
        if "registry" not in package["source"]:
            continue  # the project itself
        markers = " or ".join(f"({marker})" for marker in package.get("resolution-markers", ()))
        lines.append(f"{package['name']}=={package['version']}" + (f" ; {markers}" if markers else ""))
    return lines


if __name__ == "__main__":
    print("\n".join(constraints(Path(sys.argv[1]).read_text(encoding="utf-8"))))
