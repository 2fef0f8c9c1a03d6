from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from pinery.app.cli import main

ROOT = Path(__file__).resolve().parents[2]


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for each test, with an empty store of bars."""
    monkeypatch.setenv("PINERY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def pinery(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs the command line in this process."""

    def call(*arguments: str | Path) -> Ended:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        code = end.value.code
        return Ended(0 if code is None else int(code), out, err)

    return call


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., Path]:
    """Writes a version 6 script with an ``indicator`` line and the given body."""

    def write(body: str, name: str = "script.pine", declaration: str = 'indicator("Test")') -> Path:
        path = tmp_path / name
        path.write_text(f"//@version=6\n{declaration}\n{body}\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    """Ten hourly bars whose close counts 101, 102 … 110."""
    rows = [f"{1704067200 + 3600 * i},{100 + i},{102 + i},{99 + i},{101 + i},{10 * (i + 1)}" for i in range(10)]
    path = tmp_path / "bars.csv"
    path.write_text("time,open,high,low,close,volume\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path
