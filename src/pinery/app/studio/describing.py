"""What the editor is told of a script: findings, its inputs as the settings dialog shows them, its declaration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pinery.app.results import input_text
from pinery.app.studio.scripts import heading
from pinery.backends.interp import resolve
from pinery.core.errors import PineryError
from pinery.engine.compile import deep_stack
from pinery.ir import nodes as n
from pinery.ir.lower import lower
from pinery.lang.check import LibraryFinder, check
from pinery.lang.render import to_json
from pinery.lang.source import Source

#: Bits of ``display``.
_SHOWN = {"pane": 1, "data_window": 2, "price_scale": 4, "status_line": 8, "pine_screener": 16}


def describe(source: Source, libraries: LibraryFinder, inputs: Mapping[str, Any] | None) -> dict[str, Any]:
    """JSON: the fields of the API's ``CheckAnswer``.

    Inputs and declaration are those of a script without errors. ``problem`` is what keeps it from running with the
    values of ``inputs``.
    """
    checked = check(source, libraries)
    said = heading(source.text)
    answer: dict[str, Any] = {
        "diagnostics": to_json(checked.diagnostics, checked.sources),
        "kind": said.kind,
        "title": said.title,
        "version": said.version,
        "inputs": [],
        "declaration": {},
        "problem": None,
    }
    if checked.program is None:
        return answer
    program = None
    for values in (dict(inputs or {}), {}):
        try:
            with deep_stack():
                program = lower(checked.program, values, resolve)
            break
        except PineryError as error:
            answer["problem"] = f"{error.message}; {error.hint}" if error.hint else error.message
    if program is None:
        return answer
    return answer | {
        "kind": program.kind,
        "title": str(program.declaration.get("title") or said.title),
        "version": program.version,
        "inputs": [_input(decl, number, program) for number, decl in enumerate(program.inputs, 1)],
        "declaration": {name: _plain(value) for name, value in program.declaration.items()},
    }


def _input(decl: n.InputDecl, number: int, program: n.Program) -> dict[str, Any]:
    alone = sum(other.title == decl.title for other in program.inputs) == 1
    titles: dict[str, str] = {}
    if decl.kind == "enum":
        name, _, _ = str(decl.default).rpartition(".")
        titles = {f"{name}.{member}": text for member, text in program.enum_titles.get(name, {}).items()}
    options = decl.options if decl.options is not None else (tuple(titles) or None)

    def value(of: Any) -> Any:
        if decl.kind == "color":
            return input_text(of, "color") if isinstance(of, int) else None
        return titles.get(of, _plain(of)) if isinstance(of, str) else _plain(of)

    return {
        "key": decl.title if alone else f"#{number}",
        "title": decl.title,
        "type": decl.kind,
        "default": value(decl.default),
        "value": value(decl.value),
        "min": _plain(decl.minval),
        "max": _plain(decl.maxval),
        "step": _plain(decl.step),
        "options": None if options is None else [value(option) for option in options],
        "group": decl.group,
        "inline": decl.inline,
        "tooltip": decl.tooltip,
        "confirm": decl.confirm,
        "display": [name for name, bit in _SHOWN.items() if decl.display is None or decl.display & bit],
    }


def _plain(value: Any) -> Any:
    """For JSON: na and infinities are null."""
    if isinstance(value, float):
        if value - value != 0:
            return None
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value if value is None or isinstance(value, bool | int | str) else str(value)
