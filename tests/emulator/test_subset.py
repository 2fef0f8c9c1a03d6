"""The emulator's core keeps to what a native back end can take over: typed functions on plain records and numbers."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import pinery.emulator

CORE = ("account", "events", "exits", "fills", "margin", "orders", "path", "risk", "state", "units", "walk")
FORBIDDEN = (
    ast.AsyncFunctionDef,
    ast.Await,
    ast.Dict,
    ast.DictComp,
    ast.GeneratorExp,
    ast.JoinedStr,
    ast.Lambda,
    ast.ListComp,
    ast.Raise,
    ast.Set,
    ast.SetComp,
    ast.Starred,
    ast.Try,
    ast.With,
    ast.Yield,
)


def tree(name: str) -> ast.Module:
    (folder,) = pinery.emulator.__path__
    return ast.parse((Path(folder) / f"{name}.py").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CORE)
def test_no_texts_dicts_exceptions_or_closures(name: str) -> None:
    module = tree(name)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    slots = {
        id(part)
        for node in ast.walk(module)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__slots__"
        for part in ast.walk(node.value)
    }
    for node in ast.walk(module):
        assert not isinstance(node, FORBIDDEN), f"{name}.py line {node.lineno}: {type(node).__name__}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert id(node) in docstrings | slots, f"{name}.py line {node.lineno}: a text"
        if isinstance(node, ast.FunctionDef):
            inner = [n for n in ast.walk(node) if isinstance(n, ast.FunctionDef) and n is not node]
            assert not inner, f"{name}.py line {node.lineno}: a function inside"


@pytest.mark.parametrize("name", CORE)
def test_imports_stay_in_the_core(name: str) -> None:
    allowed = {f"pinery.emulator.{core}" for core in CORE} | {"__future__", "math"}
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.ImportFrom):
            assert node.module in allowed
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names} <= allowed
