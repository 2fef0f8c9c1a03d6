"""The tables cover every identifier of Pine v6."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pinery.lang.builtins import registry
from pinery.lang.types import OBJECTS

LIST = Path(__file__).parents[4] / "shared" / "conformance" / "pine-v6-identifiers.tsv"
# What the parser and the checker know without a table, by the list's own kinds.
SYNTAX = {"keyword", "operator", "annotation", "type"}
# Fields of built-in objects; the object types themselves are names, too.
FIELDS = {"chart.point.index", "chart.point.time", "chart.point.price"}
LITERALS = {"true", "false", "na"}


def _identifiers() -> list[tuple[str, str]]:
    if not LIST.exists():
        pytest.skip("the list of Pine identifiers (../shared/conformance) is not here")
    with LIST.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [(name, kind) for name, kind in rows[1:]]


def _bare(name: str) -> str:
    """``array.new<type>`` → ``array.new``."""
    return name.partition("<")[0]


def test_every_identifier_is_listed() -> None:
    known = {*registry().functions, *registry().variables, *registry().namespaces}
    known |= FIELDS | LITERALS | set(OBJECTS)
    missing = [f"{name} ({kind})" for name, kind in _identifiers() if kind not in SYNTAX and _bare(name) not in known]
    assert not missing, f"{len(missing)} missing: {', '.join(missing)}"


def test_functions_are_functions_and_values_are_values() -> None:
    functions, variables = registry().functions, registry().variables
    wrong = []
    for name, kind in _identifiers():
        if kind == "function" and _bare(name) not in functions and _bare(name) not in OBJECTS:
            wrong.append(f"{name} is a function")
        if kind in ("variable", "constant") and name not in variables and name not in LITERALS:
            wrong.append(f"{name} is a {kind}")
    assert not wrong, "; ".join(wrong)


def test_everything_listed_is_there_in_version_6() -> None:
    functions, variables = registry().functions, registry().variables
    gone = []
    for name, _ in _identifiers():
        rows = [row for row in (functions.get(_bare(name)), variables.get(name)) if row is not None]
        if rows and not any(6 in row.versions for row in rows):
            gone.append(name)
    assert not gone
