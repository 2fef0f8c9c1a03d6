"""The process around the commands: exit codes, pipes, signals, unexpected faults."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import pinery as package
from pinery.app import cli

COMMAND = [sys.executable, "-m", "pinery.app"]


def test_help_names_the_commands(pinery: Callable) -> None:
    ended = pinery("--help")
    assert ended.code == 0
    for name in ("check", "run", "data", "demo"):
        assert name in ended.out


def test_version(pinery: Callable) -> None:
    assert pinery("--version").out.strip() == f"pinery {package.__version__}"


@pytest.mark.parametrize("arguments", [["nonsense"], ["run"], ["check"], ["run", "--frobnicate"]])
def test_wrong_usage_ends_with_2(pinery: Callable, arguments: list[str]) -> None:
    ended = pinery(*arguments)
    assert ended.code == 2
    assert "Traceback" not in ended.err


def test_unexpected_fault_is_one_line(
    pinery: Callable, script: Callable, bars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr("pinery.app.run_command.run_script", broken)
    ended = pinery("run", script("plot(close)"), "--data", bars)
    assert ended.code == 70
    assert "internal error" in ended.err and "report" in ended.err and "Traceback" not in ended.err
    debugged = pinery("run", script("plot(close)"), "--data", bars, "--debug")
    assert debugged.code == 70 and "Traceback" in debugged.err


def test_debug_is_off_again_in_the_next_call(pinery: Callable) -> None:
    pinery("--debug", "check", "none.pine")
    assert "Traceback" not in pinery("check", "none.pine").err
    assert cli._debug is False


def test_script_from_standard_input() -> None:
    text = '//@version=6\nindicator("T")\nplot(close)\n'
    done = subprocess.run([*COMMAND, "check", "-"], input=text, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr


def test_reader_that_goes_away() -> None:
    code = f"{sys.executable} -m pinery.app data symbols | head -n 1"
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, timeout=180)
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr


def _worked(pid: int) -> float:
    """Seconds of processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_interrupt_ends_with_130(script: Callable) -> None:
    path = script("s = 0.0\nfor i = 0 to 20000\n    s += math.sin(i)\nplot(s)")
    process = subprocess.Popen(
        [*COMMAND, "run", str(path), "--data", "synthetic:200000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    while _worked(process.pid) < 3:  # long after its start, however slow the machine is
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=180)
    assert process.returncode == 130
    assert "stopped" in err and "Traceback" not in err
