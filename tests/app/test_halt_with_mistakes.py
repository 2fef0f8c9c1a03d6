"""An edit in progress in pinery.toml does not take the kill switch away."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from pinery.app.config.reading import load_configuration, remember


def pinery(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pinery.app", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180)


def test_halt_goes_by_the_settings_that_were_last_in_force(tmp_path: Path) -> None:
    assert pinery(tmp_path, "init", ".", "--json").returncode == 0
    remember(load_configuration(tmp_path))  # as pinery up does
    with (tmp_path / "pinery.toml").open("a") as file:
        file.write("\nx = = 1\n")
    halted = pinery(tmp_path, "halt", "--reason", "news")
    assert halted.returncode == 0, halted.stderr
    assert "all is halted" in halted.stdout and "last in force" in halted.stderr
    status = json.loads(pinery(tmp_path, "status", "--json").stdout)
    assert any(state["state"] == "halted" for state in status["states"])


def test_without_settings_that_were_ever_in_force_the_mistake_is_told(tmp_path: Path) -> None:
    (tmp_path / "pinery.toml").write_text("x = = 1\n")
    halted = pinery(tmp_path, "halt")
    assert halted.returncode == 2 and "pinery.toml" in halted.stderr and "Traceback" not in halted.stderr


def test_a_store_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    assert pinery(tmp_path, "init", ".", "--json").returncode == 0
    (tmp_path / "pinery.db").unlink()
    looked = pinery(tmp_path, "halt")
    assert looked.returncode == 6 and "Traceback" not in looked.stderr
    assert not (tmp_path / "pinery.db").exists()
