"""Public scripts whose results are known parse without a finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from .reading import read

_CONFORMANCE = Path(__file__).resolve().parents[3] / "shared" / "conformance"
_SCRIPTS = sorted([*_CONFORMANCE.glob("tradingview/cases/*/strategy.pine"), *_CONFORMANCE.glob("ta/*/script.pine")])


@pytest.mark.skipif(not _SCRIPTS, reason="the conformance scripts are not beside the repository")
def test_conformance_scripts() -> None:
    found = {str(path): [(d.code, d.message) for d in read(path.read_text(encoding="utf-8"))[1]] for path in _SCRIPTS}
    assert {path: findings for path, findings in found.items() if findings} == {}
