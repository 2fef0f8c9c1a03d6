"""Each script names its outputs' verdicts, and the lines to blame, in comments:

//? VERDICT "NAME" at LINE: CAUSE
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tester.audit.auditing import audited

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.pine"))
EXPECTED = re.compile(
    r"^//\? (stable|looks ahead|changes until the bar closes|repaints after the bar closed) "
    r'("([^"]*)"|\S.*?)(?: at (\d+): (.*))?$',
    re.M,
)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_verdicts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = audited(text, realtime_bars=150)
    expected = {
        (name or whole): (verdict, int(line) if line else None, cause or None)
        for verdict, whole, name, line, cause in EXPECTED.findall(text)
    }
    assert len(expected) == text.count("//?")
    got = {
        output.name: (
            output.verdict.text,
            *((output.blame.line, output.blame.text) if output.blame is not None else (None, None)),
        )
        for output in found.outputs
    }
    assert {name: got.get(name) for name in expected} == expected
    bad = any(verdict.startswith(("looks", "repaints")) for verdict, _, _ in expected.values())
    assert found.repaints == bad
