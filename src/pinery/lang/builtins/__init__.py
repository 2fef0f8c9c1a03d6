"""The tables of built-ins, one module per namespace group; ``registry()`` holds them all."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from pinery.lang.builtins.schema import Registry

# One module per group; each defines ``ROWS``.
MODULES = (
    "bars",
    "ta",
    "maths",
    "strings",
    "arrays",
    "matrices",
    "maps",
    "colors",
    "drawings",
    "tables",
    "plots",
    "inputs",
    "alerts",
    "constants",
    "times",
    "symbols",
    "requests",
    "strategies",
    "core",
)


@cache
def registry() -> Registry:
    """Every built-in of the newest Pine version, by its full name."""
    found = Registry()
    for module in MODULES:
        found.add(import_module(f"pinery.lang.builtins.{module}").ROWS)
    return found
