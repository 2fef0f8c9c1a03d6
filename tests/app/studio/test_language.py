from __future__ import annotations

import gzip
import json
from typing import Any

from pinery.app.studio.language import language
from pinery.lang.builtins import registry


def _entries(name: str) -> list[dict[str, Any]]:
    return [entry for entry in json.loads(language().body)["entries"] if entry["name"] == name]


def test_every_built_in_has_its_documentation() -> None:
    table = json.loads(language().body)
    named = {entry["name"] for entry in table["entries"]}
    assert {name for name in registry().names() if "@" not in name} <= named
    assert all(entry["doc"] and entry["versions"] for entry in table["entries"])
    assert all(entry["signatures"] for entry in table["entries"] if entry["kind"] == "function")
    assert gzip.decompress(language().compressed) == language().body
    assert {"if", "varip", "import", "method"} <= set(table["keywords"])


def test_each_version_sees_its_own_names() -> None:
    (newest,) = _entries("ta.sma")
    (old,) = _entries("sma")
    assert newest["versions"] == [5, 6] and newest["signatures"] == [
        "ta.sma(source: float, length: int) -> series float"
    ]
    assert old["versions"] == [4] and "ta.sma" in old["doc"]
    by_versions = {tuple(entry["versions"]): entry["signatures"] for entry in _entries("input")}
    assert any("type: const string" in text for text in by_versions[(4,)])
    assert not any("type: const string" in text for text in by_versions[(5, 6)])


def test_kinds() -> None:
    assert [entry["kind"] for entry in _entries("close")] == ["variable"]
    assert [(entry["kind"], entry["type"]) for entry in _entries("color.red")] == [("constant", "const color")]
    assert [entry["method_of"] for entry in _entries("array.push")] == ["array"]
    assert [entry["kind"] for entry in _entries("//@version=")] == ["annotation"]
    assert "type" in [entry["kind"] for entry in _entries("chart.point")]
