"""The benchmarks' scripts are scripts, and the programs that measure run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import pinery
from benchmarks.scripts import large

ROOT = Path(__file__).resolve().parents[1]


def test_scripts_have_no_findings() -> None:
    for path in sorted((ROOT / "benchmarks/scripts").glob("*.pine")):
        assert pinery.check(path) == []
    text = large.text()
    assert pinery.check(text) == []
    assert 950 <= text.count("\n") <= 1050


@pytest.mark.parametrize("name", ["interpreter_speed", "memory"])
def test_benchmarks_run(name: str) -> None:
    command = [sys.executable, "-m", f"benchmarks.{name}", "100", "300"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("|") > 20
