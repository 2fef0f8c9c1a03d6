"""``catalog.toml``: what the headers say of each script, its inputs and alerts, and what was measured."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pinery.app.libraries import LibraryFolders
from pinery.app.library.cards import Card
from pinery.app.library.folder import library_folder
from pinery.app.scripts import read_script
from pinery.app.studio.describing import describe
from pinery.lang import ast
from pinery.lang.diagnostics import Diagnostics
from pinery.lang.parser import parse
from pinery.lang.rewrite.edits import walk
from pinery.lang.source import Source


def catalog_file() -> Path:
    return library_folder() / "catalog.toml"


def read_catalog() -> dict[str, dict[str, Any]]:
    """Entries by script; empty where the file is not there."""
    file = catalog_file()
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def entry(card: Card) -> dict[str, Any]:
    """What the script itself says; nothing measured."""
    source = read_script(card.path)
    inputs = describe(source, LibraryFolders.beside(card.path), None)["inputs"]
    return {
        "kind": card.kind,
        "title": card.title,
        "purpose": card.purpose,
        "market": card.market,
        "timeframe": card.timeframe,
        "session": card.session,
        "signals": list(card.signals),
        "alert_conditions": _conditions(source),
        "risk": card.risk,
        "aliases": list(card.aliases),
        "warnings": list(card.warnings),
        "inputs": [
            {name: row[name] for name in ("title", "type", "default", "group") if row[name] is not None}
            for row in inputs
        ],
    }


def _conditions(source: Source) -> list[str]:
    """Titles of the script's alertcondition() calls."""
    titles = []
    for node in walk(parse(source, Diagnostics())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "alertcondition":
            given = {
                arg.name or ("condition", "title", "message")[place]: arg.value for place, arg in enumerate(node.args)
            }
            title = given.get("title")
            titles.append(title.value if isinstance(title, ast.StrLit) else "Alert")
    return titles
