"""The language for the editor: what completion offers and hovering explains, made from the tables of built-ins."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from pinery.gateway.control.pages import etag_of
from pinery.gateway.control.studio import Language
from pinery.lang import types as t
from pinery.lang.builtins import registry
from pinery.lang.builtins.schema import ALL, FunctionRow, VariableRow
from pinery.lang.lexer import KEYWORDS
from pinery.lang.versions import NEWEST, for_version

#: Words that mean something in their places only.
_SOFT_KEYWORDS = [
    "as",
    "by",
    "const",
    "continue",
    "break",
    "enum",
    "export",
    "import",
    "in",
    "input",
    "method",
    "series",
    "simple",
    "to",
    "type",
]

_TYPES = {
    "int": "A whole number.",
    "float": "A number; a whole number stands for one too.",
    "bool": "true or false.",
    "string": "A text.",
    "color": "A colour with its transparency.",
    "array": "A list of values of one type: array<float>.",
    "matrix": "Values of one type in rows and columns: matrix<float>.",
    "map": "Values by key: map<string, float>.",
}

_ANNOTATIONS = {
    "//@version=": "The version of Pine that the script is written in, on its first line.",
    "//@description": "What a library does.",
    "//@function": "What the function below does.",
    "//@param": "What a parameter of the function below means: its name, then a description.",
    "//@returns": "What the function below gives.",
    "//@type": "What the type below stands for.",
    "//@field": "What a field of the type below means: its name, then a description.",
    "//@enum": "What the enum below stands for.",
    "//@variable": "What the variable below means.",
    "//@strategy_alert_message": "The default message of alerts about the strategy's order fills.",
    "//#region": "Begins a part that editors can fold.",
    "//#endregion": "Ends a part that editors can fold.",
}

_COLLECTIONS = ("array", "matrix", "map")


@cache
def language() -> Language:
    """Made once; the same for all who ask."""
    table = {
        "version": NEWEST,
        "keywords": sorted({*KEYWORDS, *_SOFT_KEYWORDS}),
        "entries": sorted((*_built_ins(), *_old_names(), *_others()), key=lambda entry: (entry["name"], entry["kind"])),
    }
    body = json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode()
    return Language(body, gzip.compress(body, 9, mtime=0), etag_of(body))


def _built_ins() -> Iterator[dict[str, Any]]:
    """A function whose overloads differ between versions has an entry for each kind of them."""
    known, old = registry(), for_version(4)
    renamed = {newest for names in (old.functions, old.variables) for name, newest in names.items() if name != newest}
    for function in known.functions.values():
        if "@" in function.name:
            continue
        by_overloads: dict[tuple[str, ...], list[int]] = {}
        for version in _versions(function.versions, function.name in renamed):
            texts = tuple(overload.text for overload in function.overloads_for(version))
            by_overloads.setdefault(texts, []).append(version)
        for versions in by_overloads.values():
            yield _function(function, function.name, versions, function.doc)
    for variable in known.variables.values():
        if "@" not in variable.name:
            versions = _versions(variable.versions, variable.name in renamed)
            yield _variable(variable, variable.name, versions, variable.doc)


def _versions(of: tuple[int, ...], renamed: bool) -> list[int]:
    """Version 4 had another name for what was ``renamed``."""
    return [version for version in of if not (renamed and version == 4)]


def _old_names() -> Iterator[dict[str, Any]]:
    """What version 4 calls otherwise."""
    known, old = registry(), for_version(4)
    for name, newest in old.functions.items():
        function = known.functions.get(f"{name}@4") or known.functions.get(newest)
        if function is not None and not (name in known.functions and 4 in known.functions[name].versions):
            doc = function.doc if name == newest else f"{function.doc} Since version 5 it is {newest}."
            yield _function(function, name, [4], doc)
    for name, newest in old.variables.items():
        variable = known.variables.get(newest)
        if variable is not None and name not in known.variables:
            yield _variable(variable, name, [4], f"{variable.doc} Since version 5 it is {newest}.")


def _function(row: FunctionRow, name: str, versions: list[int], doc: str) -> dict[str, Any]:
    overloads = row.overloads_for(versions[-1])
    head = name.rpartition(".")[0]
    is_method = head in _COLLECTIONS or head in t.OBJECTS
    return {
        "name": name,
        "kind": "function",
        "method_of": head if is_method else None,
        "signatures": [f"{name}{_text(overload.text)}" for overload in overloads],
        "type": str(overloads[0].returns) if overloads else "",
        "doc": doc,
        "versions": versions,
    }


def _text(signature: str) -> str:
    """Without the versions in front, and with dots for a default that is none."""
    if signature.startswith("@"):
        signature = signature.partition(" ")[2]
    return signature.replace(" = ?", " = …")


def _variable(row: VariableRow, name: str, versions: list[int], doc: str) -> dict[str, Any]:
    return {
        "name": name,
        "kind": "constant" if row.is_constant else "variable",
        "method_of": None,
        "signatures": [],
        "type": f"{row.qualifier.name.lower()} {row.type}",
        "doc": doc,
        "versions": versions,
    }


def _others() -> Iterator[dict[str, Any]]:
    types = {**{name: f"A {name.replace('.', ' ')} object." for name in t.OBJECTS}, **_TYPES}
    for kind, names in (("type", types), ("annotation", _ANNOTATIONS)):
        for name, doc in names.items():
            yield {
                "name": name,
                "kind": kind,
                "method_of": None,
                "signatures": [],
                "type": "",
                "doc": doc,
                "versions": list(ALL),
            }
