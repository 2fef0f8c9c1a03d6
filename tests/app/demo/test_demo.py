"""The demo as a whole: it works, stops on Ctrl-C, and goes on at the next start."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from pinery.app.demo.checking import _free_ports
from pinery.app.demo.place import prepare
from tests.crash.storm import children, taken

pytestmark = pytest.mark.slow
DEMO = [sys.executable, "-m", "pinery.app", "demo"]


def test_everything_works(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "HTTP_PROXY": "http://127.0.0.1:9"}
    ended = subprocess.run(
        [*DEMO, "--check", "--seconds", "300"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=480,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "✗" not in ended.stdout and ended.stdout.count("✓") >= 12
    assert list(tmp_path.iterdir()) == []  # nothing is left


class _Running:
    """A demo whose lines are read as they come."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [*DEMO, "--dir", folder, "--speed", "150"], cwd=folder.parent,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self.lines: list[str] = []
        self._guard = threading.Timer(600, self.process.kill)
        self._guard.start()

    def until(self, pattern: str) -> re.Match[str]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"{pattern!r} did not come:\n" + "\n".join(self.lines))

    def stop(self) -> str:
        below = children(self.process.pid)
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=180)
        assert not [pid for pid in below if Path(f"/proc/{pid}").exists()]
        return rest

    def end(self) -> None:
        self._guard.cancel()
        self.process.kill()
        self.process.communicate()


def test_ctrl_c_and_a_second_start(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    prepare(folder, ports=_free_ports())  # others may run the demo on its own ports
    running = _Running(folder)
    try:
        link = running.until(r"Dashboard +(http://\S+)/#login=")[1]
        running.until(r"(bought|sold) \S+ \S+ at [\d,.]+")
        told = running.stop()
    finally:
        running.end()
    assert running.process.returncode == 0
    assert re.search(r"Stopped after \d+ s", told) and re.search(r"Signals +\d+", told) and "make demo" in told
    assert "Traceback" not in "\n".join(running.lines) + told and "\x1b[" not in told
    assert "Traceback" not in (folder / "pinery.log").read_text()

    with taken(int(link.rpartition(":")[2])):  # the dashboard's port, meanwhile
        again = _Running(folder)
        try:
            moved = again.until(r"port \d+ is taken by another program: the dashboard is on port (\d+)")[1]
            second = again.until(r"Dashboard +(http://\S+)/#login=")[1]
            assert second.endswith(f":{moved}")
            assert httpx.get(f"{second}/healthz", timeout=60, trust_env=False).status_code == 200
            again.until(r"(bought|sold|denied) ")
            told = again.stop()
        finally:
            again.end()
    assert again.process.returncode == 0 and "Stopped after" in told
