"""Kernels keep to the subset of Python that a native back end can compile.

Scalars and lists of them, ``if``, ``while``, ``for ... in range``, arithmetic, comparison, and calls
to one another, to the primitives and to a few functions of ``math``. The two modules that the subset
rests on, ``primitives`` and ``state``, are exempt.
"""

from __future__ import annotations

import ast
import builtins
from pathlib import Path

import pytest

import pinery.runtime.kernels

FOLDER = Path(pinery.runtime.kernels.__file__).parent
FILES = sorted(p for p in FOLDER.glob("*.py") if p.stem not in ("__init__", "primitives", "state"))

FORBIDDEN = (
    ast.Try,
    ast.Raise,
    ast.With,
    ast.Lambda,
    ast.Dict,
    ast.DictComp,
    ast.Set,
    ast.SetComp,
    ast.ListComp,
    ast.GeneratorExp,
    ast.Yield,
    ast.Await,
    ast.AsyncFunctionDef,
    ast.Global,
    ast.Nonlocal,
    ast.JoinedStr,
    ast.Starred,
    ast.Pow,  # raises on overflow
    ast.Assert,
    ast.Match,
    ast.NamedExpr,
)
BUILTINS = {"abs", "float", "int", "len", "max", "min", "range", "super"}
LIST_METHODS = {"append", "clear"}
TYPES = {"float", "int", "bool", "list[float]", "None"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_kernel_file_keeps_to_the_subset(path: Path) -> None:
    tree = ast.parse(path.read_text())
    classes = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    imported: set[str] = set()
    for node in ast.walk(tree):
        where = f"{path.name}:{getattr(node, 'lineno', 0)}"
        assert not isinstance(node, FORBIDDEN), f"{where}: {type(node).__name__}"
        if isinstance(node, ast.ImportFrom):
            assert node.module in ("__future__", "math") or str(node.module).startswith("pinery.runtime.kernels"), where
            imported.update(alias.name for alias in node.names)
        if isinstance(node, ast.For):
            loop = node.iter
            assert isinstance(loop, ast.Call) and isinstance(loop.func, ast.Name) and loop.func.id == "range", where
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                assert not hasattr(builtins, called.id) or called.id in BUILTINS, f"{where}: {called.id}"
            else:
                assert isinstance(called, ast.Attribute), where
                assert called.attr in LIST_METHODS | {"__init__"}, f"{where}: .{called.attr}"
        if isinstance(node, ast.FunctionDef):
            for argument in node.args.args:
                if argument.arg != "self":
                    assert argument.annotation is not None, where
                    kind = ast.unparse(argument.annotation)
                    assert kind in TYPES or kind in classes | imported, f"{where}: {kind}"
        if isinstance(node, ast.ClassDef):
            slots = [n for n in node.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "__slots__"]
            assert slots, f"{where}: {node.name} has no __slots__"
