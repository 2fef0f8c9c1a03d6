"""``pinery check``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pinery.app.failures import report
from pinery.app.libraries import LibraryFolders
from pinery.app.scripts import read_script
from pinery.app.terminal import console
from pinery.core.errors import PineryError
from pinery.lang.check import check
from pinery.lang.diagnostics import Diagnostic, Severity
from pinery.lang.render import render, summary, to_json


def check_files(files: Sequence[Path], libraries: Sequence[Path], *, as_json: bool, debug: bool) -> int:
    """Checks each file and prints what was found; the exit code is 1 if any has errors, 2 if one cannot be read."""
    shown = console()
    found: list[dict[str, Any]] = []
    all_diagnostics: list[Diagnostic] = []
    unreadable = 0
    for path in files:
        try:
            source = read_script(path)
            finder = LibraryFolders.beside(None if str(path) == "-" else path, libraries)
        except PineryError as error:
            unreadable = max(unreadable, report(error, debug=debug))
            continue
        checked = check(source, finder)
        all_diagnostics += checked.diagnostics
        if as_json:
            found += to_json(checked.diagnostics, checked.sources)
        elif checked.diagnostics:
            shown.print(render(checked.diagnostics, checked.sources), end="")
    failed = any(d.severity is Severity.ERROR for d in all_diagnostics)
    if as_json:
        json.dump(found, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        counted = "1 script" if len(files) == 1 else f"{len(files)} scripts"
        said = summary(all_diagnostics)
        if not unreadable or len(files) > 1:
            shown.print(f"{counted}: {said or 'no errors, no warnings'}", style="red" if failed else "green")
    return unreadable or (1 if failed else 0)
