"""The template of a new broker: it imports, keeps to the layers, and the suite says at each test what is missing."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pinery.trading.broker import Broker

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "scripts"))
import new_broker  # noqa: E402

# The folders lie elsewhere here, so that nothing is written into the checkout.
GROWN = """\
import pinery.adapters
import tests.adapters

pinery.adapters.__path__.append({source!r})
tests.adapters.__path__.append({tests!r})
"""


def test_the_suite_says_what_is_to_be_written(tmp_path: Path) -> None:
    new_broker.write("kraken", tmp_path)
    tests = tmp_path / "tests/adapters"
    (tmp_path / "grown.py").write_text(GROWN.format(source=str(tmp_path / "src/pinery/adapters"), tests=str(tests)))
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "grown", "-p", "no:cacheprovider", "-c", "pyproject.toml"]
    chosen = "test_01 or test_31_random_sessions[0]"
    done = subprocess.run(
        [*command, "-k", chosen, str(tests / "kraken")], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.count("NotImplementedError: kraken: connect: log in, open streams") >= 2, done.stdout


def test_an_adapter_of_the_template_keeps_to_its_layer(tmp_path: Path) -> None:
    for path in new_broker.write("kraken", tmp_path):
        if "src" not in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("pinery."):
                assert node.module.split(".")[1] in ("trading", "charts", "core") or node.module.startswith(
                    ("pinery.adapters.kraken.", "pinery.adapters.common.")
                )


def test_the_template_has_all_of_the_port(tmp_path: Path) -> None:
    (path,) = (
        path for path in new_broker.write("kraken", tmp_path) if path.name == "broker.py" and "src" in path.parts
    )
    (broker,) = (node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef))
    written = {node.name for node in broker.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    assert {name for name in vars(Broker) if not name.startswith("_")} <= written


@pytest.mark.parametrize("name", ["Kraken", "my broker", "paper", "../x"])
def test_names_that_cannot_be(tmp_path: Path, name: str) -> None:
    root = ROOT if name == "paper" else tmp_path
    with pytest.raises(ValueError, match=r"no name|already"):
        new_broker.write(name, root)
