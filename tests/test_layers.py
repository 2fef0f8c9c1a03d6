"""What the layers may take from outside: nothing but NumPy, so that a run depends on its arguments alone."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "pinery"
OUTSIDE = {
    "core": {"numpy"},
    "lang": {"rich"},
    "ir": set(),
    "runtime": {"numpy"},
    "backends": set(),
    "engine": {"numpy"},
}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    return names


@pytest.mark.parametrize("layer", OUTSIDE)
def test_only_known_packages(layer: str) -> None:
    for path in sorted((SOURCE / layer).rglob("*.py")):
        foreign = imported(path) - sys.stdlib_module_names - {"pinery"}
        assert foreign <= OUTSIDE[layer], f"{path} imports {foreign - OUTSIDE[layer]}"


def test_only_diagnostics_printing_uses_rich() -> None:
    users = {path.name for path in (SOURCE / "lang").rglob("*.py") if "rich" in imported(path)}
    assert users <= {"render.py"}
