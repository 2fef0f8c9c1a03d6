"""What the documents say works, and generated pages are those of the code at hand."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import pinery

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHART_LIBRARY = ROOT / "src/pinery/app/chart/static/lightweight-charts.js"


def test_generated_pages_are_up_to_date() -> None:
    command = [sys.executable, "scripts/write_docs.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr + "\nrun make docs"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


# Those of "First steps"; later ones need a Pinery that runs.
COMMANDS = [
    line
    for block in blocks("")
    if "pinery init" not in block
    for line in block.splitlines()
    if line.startswith("pinery ")
]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("examples", "library"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.setenv("PINERY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def needs_chart(text: str) -> None:
    if "chart" in text and not CHART_LIBRARY.exists():
        pytest.skip("the chart library is not there (make setup fetches it with npm)")


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_of_the_readme(workplace: Path, command: str) -> None:
    needs_chart(command)
    arguments = [sys.executable, "-m", "pinery.app", *shlex.split(command, comments=True)[1:]]
    done = subprocess.run(arguments, cwd=workplace, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_readme_has_commands() -> None:
    assert len(COMMANDS) >= 3


def test_python_of_the_readme(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needs_chart("chart")
    (code,) = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    assert "5000 bars" in capsys.readouterr().out


def test_local_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.pine")), ids=lambda path: path.name)
def test_examples_have_no_findings(path: Path) -> None:
    assert pinery.check(path) == []


def test_every_page_of_the_lock_file_is_from_the_public_index() -> None:
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    hosts = set(re.findall(r'"(?:https?|file)://[^/"]*', lock))
    assert hosts <= {'"https://pypi.org', '"https://files.pythonhosted.org'}
    assert "resolved" not in (ROOT / "web/package-lock.json").read_text(encoding="utf-8")
