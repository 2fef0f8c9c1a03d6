"""Writes the pages made from tables: ``docs/builtins.md`` and ``docs/diagnostics.md``.

``--check`` writes nothing and fails where a page is out of date.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

from pinery.lang.builtins import registry
from pinery.lang.builtins.schema import ALL, FunctionRow, VariableRow
from pinery.lang.codes import CODES

DOCS = Path(__file__).resolve().parent.parent / "docs"
Row = FunctionRow | VariableRow


def builtins_page() -> str:
    """Every built-in with its signatures, by namespace."""
    known = registry()
    groups: dict[str, list[Row]] = defaultdict(list)
    for table in (known.functions, known.variables):
        for row in table.values():
            groups[_namespace(row.name)].append(row)
    functions, variables = len(known.functions), len(known.variables)
    lines = [
        "# Built-ins",
        "",
        "Made from the tables in `src/pinery/lang/builtins` by `make docs`; do not edit.",
        "",
        f"{functions} functions and {variables} variables and constants. Without a note a built-in is there in "
        "versions 4, 5 and 6; a name ending in `@4` is what version 4 means by the name before the `@`. "
        "A parameter without a qualifier takes series values; `?` marks one that may be left out.",
        "",
        " · ".join(f"[{name}](#{_anchor(name)})" for name in sorted(groups)),
        "",
    ]
    for name in sorted(groups):
        lines += [f"## {name}", ""]
        rows = sorted(groups[name], key=lambda row: row.name.lower())
        constants = [row for row in rows if isinstance(row, VariableRow) and row.is_constant]
        for row in rows:
            if isinstance(row, FunctionRow):
                lines += [f"### {row.name}(){_versions(row)}", "", row.doc, "", "```"]
                lines += [f"{row.name}{overload.text}" for overload in row.overloads]
                lines += ["```", ""]
            elif not row.is_constant:
                lines += [
                    f"### {row.name}{_versions(row)}",
                    "",
                    f"`{row.qualifier.name.lower()} {row.type}`. {row.doc}",
                    "",
                ]
        if constants:
            lines += ["| constant | type | |", "|---|---|---|"]
            lines += [f"| `{row.name}` | {row.type} | {_cell(row.doc)}{_versions(row)} |" for row in constants]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def diagnostics_page() -> str:
    """Every code with its meaning."""
    lines = [
        "# Diagnostics",
        "",
        "Made from `src/pinery/lang/codes.py` by `make docs`; do not edit.",
        "",
        "Codes are stable: scripts and editors may rely on them. `pinery check` ends with exit code 1 when there is "
        "an error; warnings do not stop a run.",
        "",
        "| code | severity | what | meaning |",
        "|---|---|---|---|",
    ]
    for name, code in sorted(CODES.items()):
        lines.append(f"| {name} | {code.severity.value} | {_cell(code.title)} | {_cell(code.explanation)} |")
    return "\n".join(lines) + "\n"


def _namespace(name: str) -> str:
    return name.split(".")[0].split("@")[0] if "." in name else "global"


def _anchor(name: str) -> str:
    return name.lower()


def _versions(row: Row) -> str:
    if row.versions == ALL:
        return ""
    return " (v" + ", v".join(map(str, row.versions)) + ")"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


PAGES = {"builtins.md": builtins_page, "diagnostics.md": diagnostics_page}


def main() -> int:
    stale = []
    for name, make in PAGES.items():
        path, text = DOCS / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    if stale:
        print(("out of date: " if "--check" in sys.argv else "written: ") + ", ".join(stale))
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    raise SystemExit(main())
