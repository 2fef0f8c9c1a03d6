"""What is not installed is named with what installs it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from pinery.app.failures import EXTRAS, report

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize(("package", "extra"), [("structlog", "trade"), ("polars", "data"), ("ccxt", "ccxt")])
def test_a_package_that_is_not_there(package: str, extra: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = report(ModuleNotFoundError(f"No module named {package!r}", name=package), debug=False)
    said = capsys.readouterr().err
    assert code == 2
    assert f"needs the package {package}" in said and f'pip install "pinery[{extra}]"' in said


def test_a_fault_of_ours_stays_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(ModuleNotFoundError("No module named 'pinery.app.gone'", name="pinery.app.gone"), debug=False) == 70
    assert "internal error" in capsys.readouterr().err


def test_every_package_that_is_imported_is_known() -> None:
    imported: set[str] = set()
    for path in (ROOT / "src" / "pinery").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    always = {re.split(r"[^\w-]", one)[0] for one in PROJECT["dependencies"]}
    assert imported - set(sys.stdlib_module_names) - always - {"pinery"} <= EXTRAS.keys()
    assert set(EXTRAS.values()) <= PROJECT["optional-dependencies"].keys()
